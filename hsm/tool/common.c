#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "hsm/process/lock.h"
#include "hsm/process/process.h"
#include "hsm/process/sync.h"
#include "hsm/tool/tool.h"
#include "proto/json.h"
#include "proto/text.h"

#include <openssl/sha.h>

/* Protects the process, loads --module and finds --token (and --serial). */
static SG_MUST_USE enum sg_status tool_find(const struct tool *tool, struct token *token,
                                            struct trouble *trouble)
{
    struct module module;
    TRY(process_protect(trouble));
    TRY(module_load(tool->module, tool->init_args, &module, trouble));
    return token_find(&module, tool->token, tool->serial == NULL ? "" : tool->serial,
                      token, trouble);
}

enum sg_status tool_login(const struct tool *tool, bool writable, struct token *token,
                          struct trouble *trouble)
{
    TRY(tool_find(tool, token, trouble));
    if (writable && tool->sync != NULL) {
        TRY(lock_directory(token, tool->sync, LOCK_CEREMONY, trouble));
    }
    TRY(token_open(token, writable, trouble));
    return token_login(token, tool->pin_file, trouble);
}

enum sg_status tool_id(const struct tool *tool, struct key_ref *ref,
                       struct trouble *trouble)
{
    *ref = (struct key_ref){0};
    if (text_unhex(slice_str(tool->id), ref->id, sizeof(ref->id), &ref->id_len) !=
            SG_OK ||
        ref->id_len == 0) {
        return trouble_config(trouble,
                              "the id '%s' is not 1 to %d bytes in hexadecimal digits",
                              tool->id, KEY_ID_MAX);
    }
    (void)snprintf(ref->name, sizeof(ref->name), "%s", tool->id);
    return SG_OK;
}

enum sg_status tool_key(const struct tool *tool, const struct token *token,
                        struct key *key, struct trouble *trouble)
{
    struct key_ref ref;
    TRY(tool_id(tool, &ref, trouble));
    TRY(key_load((struct reach){token->fn, token->anchor}, &ref, key, trouble));
    if (!key->usable) {
        return trouble_config(trouble, "%s", key->why.text);
    }
    return SG_OK;
}

enum sg_status tool_sync(const struct tool *tool, struct trouble *trouble)
{
    return tool->sync == NULL ? SG_OK : sync_tree(tool->sync, trouble);
}

enum sg_status tool_write(const struct tool *tool, struct slice text,
                          struct trouble *trouble)
{
    FILE *file = tool->out == NULL ? stdout : fopen(tool->out, "we");
    if (file == NULL) {
        return trouble_config(trouble, "%s cannot be written: %s", tool->out,
                              trouble_system(errno));
    }
    bool good = fwrite(text.data, 1, text.len, file) == text.len && fflush(file) == 0;
    if (tool->out != NULL) {
        good = fclose(file) == 0 && good;
    }
    if (!good) {
        return trouble_config(trouble, "%s cannot be written: %s",
                              tool->out == NULL ? "standard output" : tool->out,
                              trouble_system(errno));
    }
    return SG_OK;
}

static void print_attributes(struct json_out *out, const struct key *key)
{
    json_open_object(out, "attributes");
    for (unsigned i = 0; i < KEY_ATTRIBUTE_COUNT; i++) {
        if ((key->known >> i & 1U) != 0) {
            json_bool(out, key_attribute_name(i), (key->attributes >> i & 1U) != 0);
        }
    }
    json_end(out);
    json_open_array(out, "allowed_mechanisms");
    for (size_t i = 0; i < key->allowed_count; i++) {
        json_uint(out, NULL, key->allowed[i]);
    }
    json_end(out);
}

static void print_public(struct json_out *out, const struct key *key)
{
    uint8_t hash[SHA256_DIGEST_LENGTH];
    char hex[2 * sizeof(hash) + 1];
    if (!key->usable) {
        json_str(out, "code", key->code);
        json_str(out, "why", key->why.text);
        return;
    }
    SHA256(key->spki, key->spki_len, hash);
    text_hex(slice_of(hash, sizeof(hash)), hex);
    json_str(out, "spki_sha256", hex);
}

void tool_print_key(const struct key *key, const char *omitted)
{
    static char text[8192];
    char id[2 * KEY_ID_MAX + 1];
    char kind[16];
    struct json_out out;
    struct slice line;
    text_hex(slice_of(key->ref.id, key->ref.id_len), id);
    key_kind(key, kind);
    json_start(&out, text, sizeof(text));
    json_open_object(&out, NULL);
    json_str(&out, "id", id);
    json_str(&out, "type", kind);
    json_str(&out, "name", key->label);
    print_public(&out, key);
    print_attributes(&out, key);
    json_str(&out, "start_date", key->start_date);
    json_str(&out, "end_date", key->end_date);
    if (omitted != NULL) {
        json_str(&out, "omitted", omitted);
    }
    json_end(&out);
    if (json_finish(&out, &line) == SG_OK) {
        printf("%.*s\n", (int)line.len, (const char *)line.data);
    }
}
