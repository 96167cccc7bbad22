#ifndef SEGEL_PROTO_QUORUM_MINUTES_H
#define SEGEL_PROTO_QUORUM_MINUTES_H

#include "proto/quorum/roster.h"

/* Minutes of a ceremony: the text of a C2SP signed note. The first line is
 * "segel-minutes/v1"; each that follows is a field's name, a blank and its value, in the
 * order of minutes.def, and ends in LF. Pure; any thread. */
enum {
    MINUTES_TEXT_MAX = 49152,
    MINUTES_NOTE_MAX = 65536,
    MINUTES_LINES_MAX = 768,
    MINUTES_VALUE_MAX = 1024 /* bytes */
};

enum minutes_form {
    MINUTES_WORLD,      /* "real" or "REHEARSAL" */
    MINUTES_NAME,       /* as text_name */
    MINUTES_TEXT,       /* plain text, no blank at either end */
    MINUTES_TIME,       /* RFC 3339 in UTC, whole seconds: "2026-05-02T01:12:03Z" */
    MINUTES_HASH,       /* "sha256:…" */
    MINUTES_PERSON,     /* name and role: "officer-a officer" */
    MINUTES_NAMED_HASH, /* name and hash */
    MINUTES_NAMED_TEXT, /* name and plain text */
    MINUTES_RECORD      /* leaf index, and the leaf's hash as "sha256:…" */
};

enum minutes_field {
#define FIELD(id, name, form, fewest, most) MINUTES_FIELD_##id,
#include "proto/quorum/minutes.def"
#undef FIELD
    MINUTES_FIELD_COUNT
};
/* How many lines of a field there may be. */
enum {
#define FIELD(id, name, form, fewest, most) MINUTES_MOST_##id = (most),
#include "proto/quorum/minutes.def"
#undef FIELD
};

struct minutes_line {
    enum minutes_field field;
    struct slice value; /* borrowed */
};
/* The zero state is empty. */
struct minutes {
    size_t count;
    struct minutes_line lines[MINUTES_LINES_MAX];
};

const char *minutes_field_name(enum minutes_field field);
/* MINUTES_FIELD_COUNT: there is none of that name. */
enum minutes_field minutes_field_find(struct slice name);

/* Adds a line; value must outlive the minutes. SG_INVALID: it has not the field's form.
 * SG_TOO_LARGE: there are too many of the field. */
SG_MUST_USE enum sg_status minutes_add(struct minutes *minutes, enum minutes_field field,
                                       struct slice value, struct sg_error *why);
/* Lines go out in the order of the fields; of one field, in that of minutes_add.
 * SG_INVALID: a field is missing, a person stands twice, or it ended before it began. */
SG_MUST_USE enum sg_status minutes_write(const struct minutes *minutes,
                                         char out[MINUTES_TEXT_MAX], size_t *len,
                                         struct sg_error *why);
/* The same rules, for a text; what is read and written again is the same text. out points
 * into it. why names the line where there is one. */
SG_MUST_USE enum sg_status minutes_read(struct slice text, struct minutes *out,
                                        struct sg_error *why);

/* The value of the nth line of the field, from 0; empty: there is none. */
struct slice minutes_get(const struct minutes *minutes, enum minutes_field field,
                         size_t nth);
/* The rest of the first line of the field that begins with this name; empty: none does.
 */
struct slice minutes_find(const struct minutes *minutes, enum minutes_field field,
                          struct slice name);
/* "officer-a officer": the part before the first blank, and the part behind it. */
struct slice minutes_first(struct slice value);
struct slice minutes_rest(struct slice value);
bool minutes_rehearsed(const struct minutes *minutes);

/* Who signed a note of minutes. Bits: index in roster->persons. Signatures of keys that
 * the roster does not know are passed over. */
struct minutes_votes {
    uint64_t must; /* all participants and witnesses */
    uint64_t witnesses;
    uint64_t given;
    bool late; /* a participant's signature stands behind a witness' */
};
/* SG_INVALID: not a note of minutes, or they name somebody whom the roster does not have
 * in that role. SG_CORRUPT: a signature that names a key of the roster is false. minutes
 * point into the note. */
SG_MUST_USE enum sg_status minutes_votes(const struct roster *roster, struct slice note,
                                         struct minutes *minutes,
                                         struct minutes_votes *votes,
                                         struct sg_error *why);
/* The same by two quorum files. Who takes part is found in the first one, which has the
 * bits, too; a signature of a key that it does not know counts for the person whose key
 * the other one says it is, by name and role. */
struct minutes_rosters {
    const struct roster *roster;
    const struct roster *other; /* NULL = none */
};
SG_MUST_USE enum sg_status minutes_votes_by(const struct minutes_rosters *rosters,
                                            struct slice note, struct minutes *minutes,
                                            struct minutes_votes *votes,
                                            struct sg_error *why);
/* All have signed, the witnesses last. */
bool minutes_complete(const struct minutes_votes *votes);

#endif
