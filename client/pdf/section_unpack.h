#ifndef SEGEL_CLIENT_PDF_SECTION_UNPACK_H
#define SEGEL_CLIENT_PDF_SECTION_UNPACK_H

#include "client/pdf/buffer.h"

/* As the dictionary has them, without the brackets of a list of one; empty = none. */
struct section_packing {
    struct slice filter;
    struct slice parameters;
};

/* As many bytes as are needed, from where the stream begins. false: they cannot be had,
 * or are packed as nobody packs numbers. */
SG_MUST_USE bool section_unpack(struct slice stream, const struct section_packing *how,
                                size_t need, struct pdf_buffer *out);

#endif
