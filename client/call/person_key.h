#ifndef SEGEL_CLIENT_CALL_PERSON_KEY_H
#define SEGEL_CLIENT_CALL_PERSON_KEY_H

#include "client/card/card.h"
#include "client/console/home.h"

/* The key that a person signs notes with, wherever it is: in a file under a passphrase,
 * or on a card. The zero state is valid for _fini. */
struct person_key {
    char path[HOME_PATH_SIZE + sizeof("/officer.pem")]; /* "" = on a card */
    struct card *card;                                  /* owned */
    struct note_key verifier;                           /* of a card's key */
};

/* given: a path, a PKCS#11 URI, or NULL: officer.pem in the home folder. name: of a key
 * on a card, as it stands in the quorum file; NULL: its label there. Nothing is asked
 * yet. SG_INVALID, and as card_open and officer_key_look. */
SG_MUST_USE enum sg_status person_key_find(const struct home *home, const char *given,
                                           const char *name, struct person_key *out,
                                           struct sg_error *why);
/* How to come by what opens it. */
struct person_secret {
    const char *passphrase_fd; /* NULL: it is asked for on the terminal */
    const char *pin_fd;
    bool indonesian;
};
enum { PERSON_NOTE_MAX = 65536 }; /* as large as minutes may be */
struct person_note {
    struct slice note; /* in bytes */
    char bytes[PERSON_NOTE_MAX];
};
/* Asks once for passphrase or PIN, and makes the note of the text with the one signature
 * of the key. Once for a key that was found. */
SG_MUST_USE enum sg_status person_key_sign(struct person_key *key,
                                           const struct person_secret *secret,
                                           struct slice text, struct person_note *out,
                                           struct sg_error *why);
/* For AUTO. */
void person_key_fini(struct person_key *key);

#endif
