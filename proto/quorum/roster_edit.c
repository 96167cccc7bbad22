#include "proto/quorum/roster_edit.h"

#include "proto/quorum/words.h"
#include "proto/tlog/lines.h"

/* The file on its way, line by line. */
struct editing {
    const struct roster_change *change; /* borrowed */
    struct lines_out out;
    bool known;         /* the person stands in the file */
    bool placed;        /* his lines are written */
    uint32_t joined;    /* of the groups that he joins: found, a bit each */
    struct slice raw;   /* the line with its LF */
    struct words words; /* of it; none: a comment, or nothing */
};

static bool is_person_line(const struct words *words)
{
    for (int role = 0; words->count == 3 && role < PERSON_ROLE_COUNT; role++) {
        if (slice_equal(words->word[0],
                        slice_str(person_role_name((enum person_role)role)))) {
            return true;
        }
    }
    return false;
}

static bool is_about(const struct editing *it)
{
    return is_person_line(&it->words) &&
           slice_equal(it->words.word[1], it->change->person);
}

static bool is_group(const struct words *words)
{
    return words->count > 3 && slice_equal(words->word[0], slice_str("group"));
}

/* --- One line ---------------------------------------------------------------------- */

static enum sg_status read_line(struct editing *it, struct slice *rest,
                                struct sg_error *why)
{
    struct slice line;
    size_t number = it->words.number;

    if (!lines_next(rest, &line)) {
        return rest->len == 0
                   ? SG_NOT_FOUND
                   : sg_fail(why, SG_INVALID, "it does not end with a line feed");
    }
    it->raw = slice_of(line.data, line.len + 1);
    struct slice one = it->raw;
    enum sg_status status = words_next(&one, &it->words, why);
    it->words.number = number + 1;
    return status == SG_NOT_FOUND ? SG_OK : status;
}

static void put_word(struct editing *it, struct slice word, bool first)
{
    lines_text(&it->out, first ? "" : " ");
    lines_put(&it->out, word);
}

static void place(struct editing *it)
{
    const struct roster_change *change = it->change;

    for (size_t i = 0; !it->placed && !change->remove && i < change->key_count; i++) {
        put_word(it, slice_str(person_role_name(change->role)), true);
        put_word(it, change->person, false);
        put_word(it, change->keys[i], false);
        lines_text(&it->out, "\n");
    }
    it->placed = true;
}

static bool has_member(const struct words *words, struct slice person)
{
    for (size_t i = 3; i < words->count; i++) {
        if (slice_equal(words->word[i], person)) {
            return true;
        }
    }
    return false;
}

static bool joins(struct editing *it)
{
    for (size_t i = 0; i < it->change->group_count; i++) {
        if (slice_equal(it->change->groups[i], it->words.word[1])) {
            it->joined |= UINT32_C(1) << i;
            return true;
        }
    }
    return false;
}

static void put_without(struct editing *it)
{
    for (size_t i = 0; i < it->words.count; i++) {
        if (i < 3 || !slice_equal(it->words.word[i], it->change->person)) {
            put_word(it, it->words.word[i], i == 0);
        }
    }
    lines_text(&it->out, "\n");
}

static void edit_group(struct editing *it)
{
    bool member = has_member(&it->words, it->change->person);

    if (it->change->remove && member) {
        put_without(it);
    } else if (!it->change->remove && joins(it) && !member) {
        lines_put(&it->out, slice_of(it->raw.data, it->raw.len - 1));
        put_word(it, it->change->person, false);
        lines_text(&it->out, "\n");
    } else {
        lines_put(&it->out, it->raw);
    }
}

/* A person stands above the groups that name him. */
static void edit_line(struct editing *it)
{
    if (is_about(it)) {
        place(it);
    } else if (is_group(&it->words)) {
        if (!it->known) {
            place(it);
        }
        edit_group(it);
    } else {
        lines_put(&it->out, it->raw);
    }
}

/* --- The whole --------------------------------------------------------------------- */

static enum sg_status look_for(struct editing *it, struct slice text,
                               struct sg_error *why)
{
    enum sg_status status = SG_OK;

    while ((status = read_line(it, &text, why)) == SG_OK) {
        it->known = it->known || is_about(it);
    }
    it->words.number = 0;
    if (status != SG_NOT_FOUND) {
        return status;
    }
    return it->known || !it->change->remove
               ? SG_OK
               : sg_fail(why, SG_NOT_FOUND, "'%.*s' is not in the quorum file",
                         (int)it->change->person.len,
                         (const char *)it->change->person.data);
}

static enum sg_status check_joined(const struct editing *it, struct sg_error *why)
{
    for (size_t i = 0; i < it->change->group_count; i++) {
        if ((it->joined >> i & 1) == 0) {
            return sg_fail(why, SG_NOT_FOUND, "the quorum file has no group '%.*s'",
                           (int)it->change->groups[i].len,
                           (const char *)it->change->groups[i].data);
        }
    }
    return SG_OK;
}

enum sg_status roster_edit(struct slice text, const struct roster_change *change,
                           char out[ROSTER_TEXT_MAX], size_t *len, struct sg_error *why)
{
    struct editing it = {.change = change};
    enum sg_status status = SG_OK;
    struct slice made;

    TRY(look_for(&it, text, why));
    lines_start(&it.out, out, ROSTER_TEXT_MAX);
    while ((status = read_line(&it, &text, why)) == SG_OK) {
        edit_line(&it);
    }
    if (status != SG_NOT_FOUND) {
        return status;
    }
    place(&it);
    TRY(check_joined(&it, why));
    if (lines_finish(&it.out, &made) != SG_OK) {
        return sg_fail(why, SG_TOO_LARGE, "a quorum file has at most %d bytes",
                       ROSTER_TEXT_MAX);
    }
    *len = made.len;
    return SG_OK;
}
