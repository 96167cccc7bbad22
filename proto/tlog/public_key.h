#ifndef SEGEL_PROTO_TLOG_PUBLIC_KEY_H
#define SEGEL_PROTO_TLOG_PUBLIC_KEY_H

#include "proto/tlog/note.h"

/* The kinds of note keys, inside this module. Each has one length of public key and its
 * own signature over the bytes that are signed. */

/* Bytes of the public key of a kind; 0: the kind is not verified here. */
size_t public_key_len(unsigned kind);
/* Whether the bytes, as many as the kind asks for, are such a key. Of a key on a curve
 * whose form can be false: the point is on it. */
bool public_key_valid(enum note_kind kind, const uint8_t *bytes);
/* Whether the key signed exactly these bytes. */
bool public_key_signed(const struct note_key *key, struct slice bytes,
                       struct slice signature);

#endif
