#ifndef SEGEL_CLIENT_PDF_REFUSAL_H
#define SEGEL_CLIENT_PDF_REFUSAL_H

#include "proto/base.h"

/* Why a letter is not signed: one row a reason; the letter stays as it is. */
enum pdf_refusal {
    PDF_ACCEPTED,
#define PDF_REFUSAL(name, code, again, text, indonesian) PDF_##name,
#include "client/pdf/refusals.def"
#undef PDF_REFUSAL
    PDF_REFUSAL_COUNT
};
const char *pdf_refusal_code(enum pdf_refusal refusal); /* stable, "encrypted" */
const char *pdf_refusal_text(enum pdf_refusal refusal); /* what to do about it */
/* Whether the letter is refused again whenever it is to be signed on the same terms. */
bool pdf_refusal_lasts(const char *code);
/* Such a text in Indonesian, with the detail that stood behind it. False: the sentence is
 * none of these. */
bool pdf_refusal_indonesian(const char *sentence, char *out, size_t size);

#endif
