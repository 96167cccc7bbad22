#ifndef SEGEL_CLIENT_PDF_SECTION_DICT_H
#define SEGEL_CLIENT_PDF_SECTION_DICT_H

#include "proto/base.h"
#include "proto/slice.h"

/* The dictionary of a cross-reference section, read without a parser: it says where the
 * parser's tables come from. */

struct section_value {
    const char *key;   /* without the slash */
    struct slice text; /* comes out: as it stands, unread; empty = no such key */
};

/* Past blanks and comments. */
size_t section_skip(struct slice pdf, size_t at);
/* An unsigned number at *at, which is moved behind it; what follows ends it. */
SG_MUST_USE bool section_number(struct slice pdf, size_t *at, size_t *number);
/* The values of these keys; *at is moved behind the dictionary. */
SG_MUST_USE bool section_dict(struct slice pdf, size_t *at, struct section_value *values,
                              size_t count);
/* The value is one number and nothing else; without a value: fallback. */
SG_MUST_USE bool section_value_number(const struct section_value *value, size_t fallback,
                                      size_t *number);

#endif
