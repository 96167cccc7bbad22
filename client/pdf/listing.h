#ifndef SEGEL_CLIENT_PDF_LISTING_H
#define SEGEL_CLIENT_PDF_LISTING_H

#include "client/pdf/buffer.h"
#include "client/pdf/reader.h"

/* Reading the signature fields of a file: the part that meets hostile input. */

enum { PDF_SIGNATURES_MAX = 1024 };

/* What comes back from the process that read the file: this, then so many struct
 * pdf_signature, then the CMS of all of them, one after the other. */
struct pdf_listed {
    enum sg_status status;
    size_t count;
    struct sg_error why;
};

/* In the child process: context is the struct slice of the file; answer gets all that. */
void pdf_list(const void *context, struct pdf_buffer *answer);

/* The four numbers of a /ByteRange; false = it is none. */
bool pdf_list_range(const struct pdf_reader *reader, qpdf_oh array, uint64_t range[4]);

#endif
