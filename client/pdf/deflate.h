#ifndef SEGEL_CLIENT_PDF_DEFLATE_H
#define SEGEL_CLIENT_PDF_DEFLATE_H

#include "client/pdf/buffer.h"

/* The bytes of a stream with /FlateDecode, packed as small as it goes. SG_NO_MEMORY. */
SG_MUST_USE enum sg_status pdf_deflate(struct slice plain, struct pdf_buffer *out);

#endif
