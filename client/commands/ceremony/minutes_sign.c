#include "client/commands/ceremony/minutes_sign.h"

#include <stdio.h>

enum { NAMES_SIZE = 256 };

/* Who must is read from a note: a signature that nobody knows makes one of bare text. */
static struct slice as_note(const struct minutes_file *file, char *buffer, size_t cap)
{
    static const uint8_t nothing[NOTE_ED25519_SIZE] = {0};
    struct lines_out lines;
    struct slice note = slice_of(NULL, 0);

    if (file->signatures > 0) {
        return slice_of(file->bytes.data, file->bytes.len);
    }
    lines_start(&lines, buffer, cap);
    note_begin(&lines, file->text);
    note_add_signature(&lines, slice_str("nobody"), 0,
                       slice_of(nothing, sizeof(nothing)));
    return lines_finish(&lines, &note) == SG_OK ? note : slice_of(NULL, 0);
}

enum sg_status minutes_missing(const struct known_people *known,
                               const struct minutes_file *file,
                               struct minutes_votes *votes, uint64_t *missing,
                               struct sg_error *why)
{
    static char buffer[MINUTES_NOTE_MAX];
    static struct minutes minutes;

    TRY(minutes_votes(&known->roster, as_note(file, buffer, sizeof(buffer)), &minutes,
                      votes, why));
    *missing = votes->must & ~votes->given;
    return SG_OK;
}

static enum sg_status check_turn(const struct known_people *known, unsigned person,
                                 const struct minutes_votes *votes, uint64_t missing,
                                 struct sg_error *why)
{
    uint64_t bit = (uint64_t)1 << person;
    bool witness = (votes->witnesses & bit) != 0;
    const char *name = known->roster.groups.leaves[person];
    char names[NAMES_SIZE];

    if ((votes->must & bit) == 0) {
        return sg_fail(why, SG_DENIED, "'%s' takes no part in these minutes", name);
    }
    if ((votes->given & bit) != 0) {
        return sg_fail(why, SG_CONFLICT, "'%s' has signed these minutes already", name);
    }
    known_names(known, missing & ~votes->witnesses, names, sizeof(names));
    if (witness && names[0] != '\0') {
        return sg_fail(why, SG_DENIED, "the witness signs last: %s must sign before '%s'",
                       names, name);
    }
    if (!witness && (votes->given & votes->witnesses) != 0) {
        return sg_fail(why, SG_DENIED,
                       "a witness has signed already, and nobody may after that");
    }
    return SG_OK;
}

static enum sg_status add(const char *path, const struct minutes_file *file,
                          const struct note_signature *signature, struct sg_error *why)
{
    static char buffer[MINUTES_NOTE_MAX];
    struct lines_out lines;
    struct slice note;

    lines_start(&lines, buffer, sizeof(buffer));
    lines_put(&lines, slice_of(file->bytes.data, file->bytes.len));
    note_repeat_signature(&lines, signature);
    if (lines_finish(&lines, &note) != SG_OK) {
        return sg_fail(why, SG_TOO_LARGE, "minutes have at most %d bytes",
                       MINUTES_NOTE_MAX);
    }
    return minutes_file_keep(path, note, why);
}

enum sg_status minutes_sign(const struct known_people *known, const char *path,
                            struct slice bytes, struct sg_error *why)
{
    AUTO(minutes_file_free) struct minutes_file file = {.signatures = 0};
    struct minutes_votes votes;
    struct note note;
    uint64_t missing = 0;

    TRY(minutes_file_load(path, &file, why));
    if (note_parse(bytes, &note) != SG_OK || note.count != 1 ||
        !slice_equal(note.text, file.text)) {
        return sg_fail(why, SG_INVALID, "this is no signature under these minutes");
    }
    unsigned person = known_signer(known, &note);
    if (person == GROUPS_NONE) {
        return sg_fail(
            why, SG_DENIED,
            "this key belongs to nobody in the quorum file; if another one was "
            "in force on that day, give it with --quorum");
    }
    TRY(minutes_missing(known, &file, &votes, &missing, why));
    TRY(check_turn(known, person, &votes, missing, why));
    return add(path, &file, &note.signatures[0], why);
}
