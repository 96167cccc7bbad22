#ifndef SEGEL_CLIENT_PDF_FIELD_H
#define SEGEL_CLIENT_PDF_FIELD_H

#include "client/pdf/append.h"
#include "client/pdf/font/fonts.h"
#include "client/pdf/place.h"

/* What the letter's field, page and form have to say about a new signature. */
struct pdf_signing {
    const struct pdf_reader *reader;
    const struct pdf_wish *wish;
    const struct pdf_place *place;
    struct pdf_append *append;
    struct pdf_verdict *verdict;
    const struct pdf_fonts *fonts;   /* of the stamp; NULL = it is not visible */
    int signature;                   /* object number of the signature dictionary */
    bool has_others;                 /* the form has other fields than signatures */
    const struct pdf_patch *catalog; /* what else the catalog has to say; NULL: nothing */
    size_t catalog_count;
};

/* Appends stamp and field, and new versions of the page, the form and the catalog, as few
 * of them as refer to the field. */
SG_MUST_USE enum sg_status pdf_field_append(const struct pdf_signing *signing);
/* After it: what else the catalog has to say, where that was not written with the form.
 */
void pdf_catalog_append(const struct pdf_signing *signing);

#endif
