#ifndef SEGEL_CLIENT_PDF_ARCHIVAL_H
#define SEGEL_CLIENT_PDF_ARCHIVAL_H

#include "client/pdf/reader.h"

/* Whether the letter says that it is PDF/A-1 (ISO 19005-1 section 6.7.11): part 1 in its
 * metadata, which that part wants unfiltered. */
bool pdf_is_a1(const struct pdf_reader *reader);

#endif
