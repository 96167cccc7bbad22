#ifndef SEGEL_CLIENT_KEY_VIEW_H
#define SEGEL_CLIENT_KEY_VIEW_H

#include <stdio.h>

#include "client/home.h"
#include "proto/json.h"
#include "segel/v1/keys.pb-c.h"

/* Keys as officers see them, and calls of KeyService. */

/* One call; the caller gives *reply to unpack_free. method: "HoldKey". */
struct key_ask {
    const char *method;
    const ProtobufCMessage *request;
    const ProtobufCMessageDescriptor *reply_type;
};
SG_MUST_USE enum sg_status key_call(const struct home *home, const struct key_ask *ask,
                                    ProtobufCMessage **reply, struct sg_error *why);

/* "active", …: for people, in their language. */
const char *key_state_text(Segel__V1__KeyState state, bool indonesian);

/* A table: its head, and a line a key. */
void key_print_head(FILE *out, bool indonesian);
void key_print_row(const Segel__V1__Key *key, FILE *out, bool indonesian);
/* All that is known of one, a line a fact. */
void key_print(const Segel__V1__Key *key, FILE *out, bool indonesian);
/* One sentence: where it stands now. */
void key_print_state(const Segel__V1__Key *key, FILE *out, bool indonesian);

/* A JSON object for machines. */
void key_json(struct json_out *out, const Segel__V1__Key *key);
enum { KEY_JSON_MAX = 65536 };

#endif
