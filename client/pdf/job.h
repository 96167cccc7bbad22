#ifndef SEGEL_CLIENT_PDF_JOB_H
#define SEGEL_CLIENT_PDF_JOB_H

#include "client/pdf/signature.h"

/* A prepared letter: the appendix with its hole, and the digest to be signed. */
struct pdf_job {
    struct slice input;         /* borrowed */
    struct pdf_buffer appendix; /* owned */
    struct pdf_holes holes;
    size_t reserve; /* bytes of CMS */
    uint8_t digest[SG_HASH_MAX];
    size_t digest_len;
};

#endif
