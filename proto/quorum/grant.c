#include "proto/quorum/grant.h"

#include <string.h>

#include "proto/digest.h"
#include "proto/text.h"

/* Without and with a log. */
static const char *const headers[] = {"segel-grant/v1\n", "segel-grant/v2\n"};

/* --- Writing ----------------------------------------------------------------------- */

static bool is_param(const char *text)
{
    size_t len = strlen(text);

    return len >= 1 && len <= GRANT_PARAM_MAX && text[0] != ' ' && text[len - 1] != ' ' &&
           text_plain(slice_of(text, len));
}

static bool is_sound(const struct grant *grant)
{
    return (grant->log[0] == '\0' || note_name_valid(slice_str(grant->log))) &&
           text_name(slice_str(grant->id)) && grant->action < TASK_COUNT &&
           text_name(slice_str(grant->object)) && is_param(grant->param) &&
           text_name(slice_str(grant->requester)) && grant->not_after_us >= 0 &&
           grant->not_after_us % 1000000 == 0;
}

static void write_line(struct lines_out *out, const char *name, const char *value)
{
    lines_text(out, name);
    lines_text(out, " ");
    lines_text(out, value);
    lines_text(out, "\n");
}

static void write_hash(struct lines_out *out, const char *name, const uint8_t hash[32])
{
    char text[DIGEST_SHA256_SIZE];

    digest_sha256_text(hash, text);
    write_line(out, name, text);
}

static void write_time(struct lines_out *out, int64_t unix_us)
{
    char text[TEXT_TIME_SIZE];

    text_time_s(unix_us, text);
    write_line(out, "not-after", text);
}

enum sg_status grant_write(const struct grant *grant, char out[GRANT_TEXT_MAX],
                           size_t *len)
{
    struct lines_out lines;
    struct slice text;

    if (!is_sound(grant)) {
        return SG_INVALID;
    }
    lines_start(&lines, out, GRANT_TEXT_MAX);
    bool has_log = grant->log[0] != '\0';
    lines_text(&lines, headers[has_log]);
    if (has_log) {
        write_line(&lines, "log", grant->log);
    }
    write_line(&lines, "id", grant->id);
    write_line(&lines, "action", task_name(grant->action));
    write_line(&lines, "object", grant->object);
    write_line(&lines, "param", grant->param);
    write_hash(&lines, "request", grant->request);
    write_hash(&lines, "policy", grant->policy);
    write_line(&lines, "requester", grant->requester);
    write_time(&lines, grant->not_after_us);
    TRY(lines_finish(&lines, &text));
    *len = text.len;
    return SG_OK;
}

/* --- Who signed -------------------------------------------------------------------- */

static enum sg_status ask_person(const struct roster_person *person,
                                 const struct note *note, bool *has_signed)
{
    struct note_verdict verdict;

    *has_signed = false;
    for (size_t k = 0; k < person->key_count; k++) {
        enum sg_status status = note_verify(note, &person->keys[k], &verdict);
        if (status != SG_OK && status != SG_NOT_FOUND) {
            return status;
        }
        *has_signed |= status == SG_OK && verdict.signed_by;
    }
    return SG_OK;
}

static enum sg_status open_note(const struct grant *grant, struct slice bytes,
                                struct note *note, struct sg_error *why)
{
    char text[GRANT_TEXT_MAX];
    size_t len = 0;

    if (bytes.len > GRANT_NOTE_MAX || note_parse(bytes, note) != SG_OK) {
        return sg_fail(why, SG_INVALID, "this is no signed note of at most %d bytes",
                       GRANT_NOTE_MAX);
    }
    TRY(grant_write(grant, text, &len));
    return slice_equal(note->text, slice_of(text, len))
               ? SG_OK
               : sg_fail(why, SG_INVALID,
                         "what was signed is not the text of request '%s'", grant->id);
}

enum sg_status grant_signers(const struct roster *roster, const struct grant *grant,
                             struct slice note_bytes, uint64_t *persons,
                             struct sg_error *why)
{
    struct note note;

    *persons = 0;
    TRY(open_note(grant, note_bytes, &note, why));
    for (size_t p = 0; p < roster->groups.leaf_count; p++) {
        bool has_signed = false;
        if (ask_person(&roster->persons[p], &note, &has_signed) != SG_OK) {
            *persons = 0;
            return sg_fail(why, SG_CORRUPT, "the signature of '%s' is false",
                           roster->groups.leaves[p]);
        }
        *persons |= (uint64_t)has_signed << p;
    }
    return SG_OK;
}
