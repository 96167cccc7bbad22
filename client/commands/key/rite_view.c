#include "client/commands/key/rite_view.h"

#include <stdio.h>
#include <string.h>

#include "client/call/approval_call.h"
#include "client/call/approval_words.h"
#include "client/call/key_words.h"
#include "client/console/screen.h"
#include "proto/json.h"

enum sg_status rite_begin(struct rite_style *style, struct sg_error *why)
{
    _Static_assert(sizeof(style->made) == APPROVAL_ID_SIZE, "room for an id");
    TRY(approval_language(style->lang, &style->indonesian, why));
    if (style->request_id == NULL) {
        TRY(approval_make_id(style->made, why));
        style->request_id = style->made;
    }
    return SG_OK;
}

/* --- The answer -------------------------------------------------------------------- */

static void print_key(const Segel__V1__Key *key, bool indonesian)
{
    (void)fputs(indonesian ? "kunci " : "key ", stdout);
    screen_text(stdout, key->name);
    (void)printf(": %s\n", key_state_text(key->state, indonesian));
    if (key->ceremony[0] != '\0') {
        (void)puts(indonesian ? "upacaranya sedang berlangsung; lihat lagi sebentar lagi"
                              : "its ceremony is under way; look again in a moment");
    }
    if (key->trouble[0] != '\0') {
        (void)fputs(indonesian ? "upacara terakhir gagal: "
                               : "its last ceremony failed: ",
                    stdout);
        screen_text(stdout, key->trouble);
        (void)fputc('\n', stdout);
    }
}

static void json_approval(struct json_out *out, const Segel__V1__Approval *approval)
{
    json_open_object(out, "approval");
    json_str(out, "id", approval->id);
    json_str(out, "state", approval_state_name(approval->state));
    json_uint(out, "given", approval->approvals_given);
    json_uint(out, "required", approval->approvals_required);
    json_end(out);
}

static void json_key(struct json_out *out, const Segel__V1__Key *key)
{
    json_open_object(out, "key");
    json_str(out, "name", key->name);
    json_str(out, "state", key_state_name(key->state));
    json_bool(out, "backup_confirmed", key->backup_confirmed != 0);
    json_str(out, "ceremony", key->ceremony);
    json_str(out, "trouble", key->trouble);
    json_end(out);
}

static void print_json(const Segel__V1__Approval *approval, const Segel__V1__Key *key)
{
    static char buffer[4096];
    struct json_out out;
    struct slice text;

    json_start(&out, buffer, sizeof(buffer));
    json_open_object(&out, NULL);
    if (approval != NULL) {
        json_approval(&out, approval);
    }
    if (key != NULL) {
        json_key(&out, key);
    }
    json_end(&out);
    if (json_finish(&out, &text) == SG_OK) {
        (void)printf("%.*s\n", (int)text.len, (const char *)text.data);
    }
}

enum sg_status rite_print(const Segel__V1__Approval *approval, const Segel__V1__Key *key,
                          const struct rite_style *style, struct sg_error *why)
{
    if (style->json) {
        print_json(approval, key);
    } else if (approval != NULL) {
        approval_print(approval, stdout, style->indonesian);
    }
    if (!style->json && key != NULL) {
        print_key(key, style->indonesian);
    }
    return approval_stands(approval, style->indonesian, why);
}

enum sg_status rite_names(char *list, char **names, size_t max, size_t *count,
                          struct sg_error *why)
{
    char *rest = list;
    char *name;

    *count = 0;
    while ((name = strsep(&rest, ",")) != NULL) {
        if (*count == max || name[0] == '\0') {
            return sg_fail(why, SG_INVALID,
                           "write 1 to %zu names with commas and no blanks between", max);
        }
        names[(*count)++] = name;
    }
    return SG_OK;
}
