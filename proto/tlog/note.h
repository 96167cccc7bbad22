#ifndef SEGEL_PROTO_TLOG_NOTE_H
#define SEGEL_PROTO_TLOG_NOTE_H

#include "proto/base.h"
#include "proto/slice.h"
#include "proto/tlog/lines.h"

/* Signed notes and verifier keys (C2SP signed-note, tlog-cosignature). Pure functions.
 * Signing is done elsewhere, by an HSM: it signs the text, and note_add_signature writes
 * the line. */
enum {
    NOTE_MAX = 262144, /* bytes of a whole note; signatures after quantum computers
                        * reach 5 kB each */
    NOTE_SIGNATURES_MAX = 32,
    NOTE_NAME_MAX = 255,
    NOTE_KEY_SIZE = 32,  /* Ed25519: the point */
    NOTE_SPKI_SIZE = 91, /* ECDSA on P-256: the SubjectPublicKeyInfo in DER */
    NOTE_PUBLIC_MAX = NOTE_SPKI_SIZE,
    NOTE_ED25519_SIZE = 64,
    NOTE_ECDSA_MAX = 72,                                /* DER of r and s */
    NOTE_VKEY_MAX = NOTE_NAME_MAX + 1 + 8 + 1 + 124 + 1 /* with a NUL */
};

/* The kinds that are verified; signatures of any other kind are ignored. ECDSA is on
 * P-256 and over SHA-256 of the text, as transparency-dev/formats has it; it is for logs
 * whose token has no Ed25519. */
enum note_kind { NOTE_ED25519 = 0x01, NOTE_ECDSA = 0x02, NOTE_COSIGNATURE = 0x04 };

struct note_key {
    char name[NOTE_NAME_MAX + 1];
    uint32_t id; /* follows from all the rest; of ECDSA from the public key alone */
    enum note_kind kind;
    uint8_t public_key[NOTE_PUBLIC_MAX]; /* what the kind leaves is 0 */
};

/* Not empty, at most NOTE_NAME_MAX bytes, UTF-8, no space of any kind, no control
 * character, no '+'. */
bool note_name_valid(struct slice name);
/* Names a public key of as many bytes as its kind has, and computes its id. SG_INVALID:
 * the name is not valid. */
SG_MUST_USE enum sg_status note_key_make(struct slice name, enum note_kind kind,
                                         const uint8_t *public_key, struct note_key *key);
/* The key of a log, as a token tells it: a SubjectPublicKeyInfo of Ed25519 or P-256.
 * SG_UNSUPPORTED: of another kind. SG_INVALID: the name is not valid. */
SG_MUST_USE enum sg_status note_key_of_spki(struct slice name, struct slice spki,
                                            struct note_key *key);
/* Whether keys of this kind sign checkpoints as a log. */
bool note_kind_of_log(enum note_kind kind);
/* Whether it is the same public key, by whatever name. */
bool note_key_same(const struct note_key *a, const struct note_key *b);
/* "<name>+<id>+<base64>". SG_INVALID: malformed, or the id does not belong to the key.
 * SG_UNSUPPORTED: a kind that is not verified here. */
SG_MUST_USE enum sg_status note_vkey_parse(struct slice vkey, struct note_key *key);
/* With a final NUL. */
void note_vkey_format(const struct note_key *key, char out[NOTE_VKEY_MAX]);

/* A note taken apart. Everything points into the note. */
struct note_signature {
    struct slice name;
    uint32_t id;
    struct slice base64; /* of id and signature; known to be canonical */
};
struct note {
    struct slice text; /* what is signed: with its last LF */
    size_t count;
    struct note_signature signatures[NOTE_SIGNATURES_MAX];
};

/* SG_INVALID: not a note. SG_TOO_LARGE: more bytes or signatures than the limits. Says
 * nothing about the signatures' worth. */
SG_MUST_USE enum sg_status note_parse(struct slice bytes, struct note *note);

/* The first line of that key, by name and id; NULL: there is none. Says nothing about the
 * signature's worth. */
const struct note_signature *note_signature_by(const struct note *note,
                                               const struct note_key *key);

/* What one known key has to say about a note. */
struct note_verdict {
    bool signed_by;  /* at least one good signature, and no bad one */
    uint64_t time_s; /* of a cosignature: the latest one; else 0 */
};
/* SG_OK: the key has signed (verdict->signed_by). SG_NOT_FOUND: no signature of this key.
 * SG_CORRUPT: name and id match but the signature is false: reject the whole note. */
SG_MUST_USE enum sg_status note_verify(const struct note *note,
                                       const struct note_key *key,
                                       struct note_verdict *verdict);

/* What a witness signs with Ed25519: header, time, and the note's text. */
SG_MUST_USE enum sg_status note_cosignature_text(struct slice text, uint64_t time_s,
                                                 char *out, size_t cap, size_t *len);

/* Writes a note: first its text, then each signature. An overflow shows in
 * lines_finish. */
void note_begin(struct lines_out *out, struct slice text);
void note_add_signature(struct lines_out *out, struct slice name, uint32_t id,
                        struct slice signature);
/* The line of another note, as it stood there. */
void note_repeat_signature(struct lines_out *out, const struct note_signature *signature);

#endif
