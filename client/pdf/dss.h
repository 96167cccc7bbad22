#ifndef SEGEL_CLIENT_PDF_DSS_H
#define SEGEL_CLIENT_PDF_DSS_H

#include "client/pdf/append.h"

/* The document security store (ISO 32000-2 12.8.4.3): what proves the signatures of a
 * letter when nobody can be asked any more. */

/* A dictionary of the catalog as it is to be, for whoever writes the catalog. */
enum { PDF_DSS_PATCHES = 2 };
struct pdf_dss_patches {
    struct pdf_buffer dss;        /* owned: reference to the store */
    struct pdf_buffer extensions; /* owned: with the one of EN 319 142-1 section 5.6 */
    struct pdf_patch patches[PDF_DSS_PATCHES];
};
void pdf_dss_patches_fini(struct pdf_dss_patches *patches);

/* Appends what the letter's store does not hold yet, and the store with both. */
SG_MUST_USE enum sg_status pdf_dss_append(struct pdf_append *append,
                                          const struct pdf_reader *reader,
                                          const struct pdf_dss *dss,
                                          struct pdf_dss_patches *out,
                                          struct pdf_verdict *verdict);

#endif
