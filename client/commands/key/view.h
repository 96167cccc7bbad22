#ifndef SEGEL_CLIENT_COMMANDS_KEY_VIEW_H
#define SEGEL_CLIENT_COMMANDS_KEY_VIEW_H

#include <stdio.h>

#include "client/call/key_words.h"
#include "proto/json.h"
#include "segel/v1/keys.pb-c.h"

/* Keys as officers see them. */

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
