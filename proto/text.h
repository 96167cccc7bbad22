#ifndef SEGEL_PROTO_TEXT_H
#define SEGEL_PROTO_TEXT_H

#include "proto/base.h"
#include "proto/slice.h"

/* Small questions about text that comes from outside, and the few formats of ours. */

/* Valid UTF-8 (RFC 3629: no overlong forms, no surrogates) without NUL. */
bool text_utf8(struct slice text);
/* Length of its character at this place; 0 = it is none. */
size_t text_character(struct slice text, size_t at);
/* Puts '?' for each byte that is not part of it: a sentence that was cut to fit may end
 * inside of a character, and no reader of protobuf takes a string that does. */
void text_mend(char *text);
/* As text_utf8, and without control characters (U+0000 to U+001F, U+007F to U+009F) and
 * what text_hidden finds. */
bool text_plain(struct slice text);
/* 1 to max bytes of text_plain. */
bool text_fits(const char *text, size_t max);
/* Length of the sequence at this place if it does something to a screen instead of being
 * seen: C1 controls, separators of lines and paragraphs, changes of the direction of
 * writing. 0 = it is none. */
size_t text_hidden(struct slice text, size_t at);
/* 1 to 64 bytes of [A-Za-z0-9._-]: names of keys, callers, classes. */
bool text_name(struct slice text);

/* A name with this ending ('.' and all), whatever the case of ASCII letters, and with
 * something before it. */
bool text_ends_in(const char *name, const char *end);

/* Lower-case hexadecimal with a final NUL: out holds 2 * len + 1 bytes. */
void text_hex(struct slice bytes, char *out);
/* SG_INVALID: an odd length, another character, or more than cap bytes. */
SG_MUST_USE enum sg_status text_unhex(struct slice hex, uint8_t *out, size_t cap,
                                      size_t *len);

/* "2026-05-02T01:02:03.456789Z" and a NUL; years 1970 to 9999: from 0 on, before
 * TEXT_TIME_END_US. */
enum { TEXT_TIME_SIZE = 28 };
#define TEXT_TIME_END_US INT64_C(253402300800000000)
void text_time(int64_t unix_us, char out[TEXT_TIME_SIZE]);
/* "2026-05-02T01:02:03Z": the same without its fraction. */
void text_time_s(int64_t unix_us, char out[TEXT_TIME_SIZE]);
/* RFC 3339 with a zone ("Z" or "+07:00"), fraction of up to 6 digits optional. */
SG_MUST_USE enum sg_status text_time_parse(struct slice text, int64_t *unix_us);

/* Decimal digits only: no sign, blank, or leading zero. SG_INVALID otherwise or above
 * max. */
SG_MUST_USE enum sg_status text_uint(struct slice text, uint64_t max, uint64_t *value);

#endif
