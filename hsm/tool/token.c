#include <stdio.h>
#include <string.h>

#include "hsm/process/process.h"
#include "hsm/token/object.h"
#include "hsm/token/pin.h"
#include "hsm/tool/tool.h"
#include "proto/json.h"
#include "proto/text.h"

/* init-token and list. */

static enum sg_status find_free(const struct module *module, const char *label,
                                struct token *token, struct trouble *trouble)
{
    bool found = false;
    struct token each;
    *token = (struct token){.fn = module->fn};
    for (size_t i = 0; i < module->slot_count; i++) {
        if (!token_read(module, i, &each)) {
            continue;
        }
        if (token_initialized(&each) && strcmp(each.label, label) == 0) {
            return trouble_config(
                trouble,
                "there is a token '%s' already (serial %s); it is left as "
                "it is",
                label, each.serial);
        }
        if (!token_initialized(&each) && !found) {
            *token = each;
            found = true;
        }
    }
    return found ? SG_OK
                 : trouble_config(trouble, "the module has no slot with a free token");
}

static enum sg_status set_pins(struct token *token, const struct pin *officer,
                               const struct pin *user, struct trouble *trouble)
{
    CK_RV rv = token->fn->C_Login(token->anchor, CKU_SO, officer->data, officer->len);
    if (rv != CKR_OK) {
        return trouble_rv(trouble, rv, "the security officer's login failed");
    }
    rv = token->fn->C_InitPIN(token->anchor, user->data, user->len);
    if (rv != CKR_OK) {
        return trouble_rv(trouble, rv,
                          "the token refuses the user PIN (is its length right?)");
    }
    return SG_OK;
}

static void print_token(const struct token *token)
{
    char text[1024];
    struct json_out out;
    struct slice line;
    json_start(&out, text, sizeof(text));
    json_open_object(&out, NULL);
    json_str(&out, "token", token->label);
    json_str(&out, "serial", token->serial);
    json_str(&out, "manufacturer", token->manufacturer);
    json_str(&out, "model", token->model);
    json_str(&out, "firmware", token->firmware);
    json_str(&out, "library", token->library);
    json_bool(&out, "hardware", token->hardware);
    json_end(&out);
    if (json_finish(&out, &line) == SG_OK) {
        printf("%.*s\n", (int)line.len, (const char *)line.data);
    }
}

static enum sg_status initialize(const struct tool *tool, struct token *token,
                                 struct trouble *trouble)
{
    AUTO(pin_wipe) struct pin officer = {0};
    AUTO(pin_wipe) struct pin user = {0};
    unsigned char label[32];
    TRY(pin_read(tool->so_pin_file, &officer, trouble));
    TRY(pin_read(tool->pin_file, &user, trouble));
    memset(label, ' ', sizeof(label));
    memcpy(label, tool->label, strlen(tool->label));
    CK_RV rv = token->fn->C_InitToken(token->slot, officer.data, officer.len, label);
    if (rv != CKR_OK) {
        return trouble_rv(trouble, rv, "the token cannot be initialised");
    }
    TRY(token_open(token, true, trouble));
    return set_pins(token, &officer, &user, trouble);
}

enum sg_status tool_init_token(const struct tool *tool, struct trouble *trouble)
{
    struct module module;
    struct token token;
    size_t len = strlen(tool->label);
    if (len == 0 || len > 32 || !text_plain(slice_str(tool->label))) {
        return trouble_config(trouble,
                              "a token's label has 1 to 32 printable characters");
    }
    TRY(process_protect(trouble));
    TRY(module_load(tool->module, tool->init_args, &module, trouble));
    TRY(find_free(&module, tool->label, &token, trouble));
    TRY(initialize(tool, &token, trouble));
    TRY(tool_sync(tool, trouble));
    module.slots[0] = token.slot;
    if (token_read(&module, 0, &token)) {
        print_token(&token);
    }
    return SG_OK;
}

static void print_token_row(const struct tool *tool, const struct token *token)
{
    if (tool->json) {
        print_token(token);
        return;
    }
    printf("%-32s  %-16s  %s %s\n", token->label, token->serial, token->manufacturer,
           token->model);
}

static enum sg_status list_tokens(const struct tool *tool, struct trouble *trouble)
{
    struct module module;
    struct token token;
    TRY(process_protect(trouble));
    TRY(module_load(tool->module, tool->init_args, &module, trouble));
    if (!tool->json) {
        printf("%-32s  %-16s  %s\n", "TOKEN", "SERIAL", "MADE BY");
    }
    for (size_t i = 0; i < module.slot_count; i++) {
        if (token_read(&module, i, &token) && token_initialized(&token)) {
            print_token_row(tool, &token);
        }
    }
    return SG_OK;
}

static void print_key_row(const struct tool *tool, const struct key *key)
{
    if (tool->json) {
        tool_print_key(key, NULL);
        return;
    }
    char id[2 * KEY_ID_MAX + 1];
    char kind[16];
    text_hex(slice_of(key->ref.id, key->ref.id_len), id);
    key_kind(key, kind);
    printf("%-32s  %-8s  %-20s  %s\n", id, kind, key->label,
           key->usable ? "usable" : key->code);
}

enum { LIST_MAX = 1024 };

static enum sg_status find_all(struct reach reach, CK_OBJECT_HANDLE *handles,
                               CK_ULONG *count, struct trouble *trouble)
{
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE filter = {CKA_CLASS, &class, sizeof(class)};
    CK_RV rv = reach.fn->C_FindObjectsInit(reach.session, &filter, 1);
    if (rv == CKR_OK) {
        rv = reach.fn->C_FindObjects(reach.session, handles, LIST_MAX, count);
        (void)reach.fn->C_FindObjectsFinal(reach.session);
    }
    return rv == CKR_OK ? SG_OK : trouble_rv(trouble, rv, "the token cannot be searched");
}

static enum sg_status list_one(const struct tool *tool, struct object object,
                               struct trouble *trouble)
{
    struct key key;
    struct key_ref ref = {.id_len = sizeof(ref.id)};
    if (object_bytes(object, CKA_ID, ref.id, &ref.id_len) != CKR_OK) {
        ref.id_len = 0;
    }
    object_text(object, CKA_LABEL, ref.name, sizeof(ref.name));
    if (ref.id_len == 0) {
        memcpy(ref.label, ref.name, sizeof(ref.label));
    }
    if (ref.id_len == 0 && ref.label[0] == '\0') {
        key = (struct key){.ref = ref, .code = "", .curve = ""};
        key_useless(&key, "KEY_UNNAMED",
                    "has no label, and no CKA_ID of 1 to 64 bytes: nothing can name it");
    } else {
        TRY(key_load(object.reach, &ref, &key, trouble));
    }
    print_key_row(tool, &key);
    return SG_OK;
}

static enum sg_status list_keys(const struct tool *tool, struct trouble *trouble)
{
    static CK_OBJECT_HANDLE handles[LIST_MAX];
    CK_ULONG count = 0;
    struct token token;
    TRY(tool_login(tool, false, &token, trouble));
    struct reach reach = {token.fn, token.anchor};
    TRY(find_all(reach, handles, &count, trouble));
    if (!tool->json) {
        printf("%-32s  %-8s  %-20s  %s\n", "ID", "TYPE", "NAME", "STATE");
    }
    for (CK_ULONG i = 0; i < count; i++) {
        TRY(list_one(tool, (struct object){reach, handles[i]}, trouble));
    }
    return SG_OK;
}

enum sg_status tool_list(const struct tool *tool, struct trouble *trouble)
{
    if (tool->token == NULL) {
        return list_tokens(tool, trouble);
    }
    if (tool->pin_file == NULL) {
        return trouble_config(trouble,
                              "the keys of a token are shown only after a login: "
                              "--pin-file is missing");
    }
    return list_keys(tool, trouble);
}
