#ifndef SEGEL_CLIENT_PDF_SHOWN_TOKEN_H
#define SEGEL_CLIENT_PDF_SHOWN_TOKEN_H

#include "proto/base.h"
#include "proto/slice.h"

/* The words of a content stream, and of a CMap, which is written alike (ISO 32000-1
 * sections 7.2 and 7.8.2). Any bytes may come: what is no word is passed over, and each
 * call takes at least one byte. */
enum pdf_token_kind {
    PDF_TOKEN_END,
    PDF_TOKEN_NUMBER,
    PDF_TOKEN_NAME,   /* text: without '/', its #xx as they stand */
    PDF_TOKEN_STRING, /* text: its bytes, cut to PDF_TOKEN_STRING_MAX */
    PDF_TOKEN_WORD,   /* an operator, or another keyword */
    PDF_TOKEN_MARK    /* text: [ ] << >> { or } */
};
enum { PDF_TOKEN_STRING_MAX = 32767 }; /* ISO 32000-1 annex C */

struct pdf_tokens {
    struct slice in; /* borrowed */
    size_t at;
    struct slice text; /* of the last word; valid until the next call */
    double number;
    bool cut; /* a string so far was */
    uint8_t string[PDF_TOKEN_STRING_MAX];
};
void pdf_tokens_start(struct pdf_tokens *tokens, struct slice in);
enum pdf_token_kind pdf_tokens_next(struct pdf_tokens *tokens);
/* Behind the word ID: goes on behind the picture's bytes, at EI. */
void pdf_tokens_skip_picture(struct pdf_tokens *tokens);
bool pdf_token_is(const struct pdf_tokens *tokens, const char *word);

#endif
