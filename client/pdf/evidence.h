#ifndef SEGEL_CLIENT_PDF_EVIDENCE_H
#define SEGEL_CLIENT_PDF_EVIDENCE_H

#include "client/pdf/buffer.h"

/* The document security store of a PDF as it is (ISO 32000-2 section 12.8.4.3): its
 * certificates, CRLs and OCSP answers, unjudged. */
enum pdf_evidence_kind { PDF_EVIDENCE_CERT, PDF_EVIDENCE_CRL, PDF_EVIDENCE_OCSP };

/* What is beyond these limits is left out. */
enum { PDF_EVIDENCE_MAX = 512, PDF_EVIDENCE_BYTES_MAX = 16 << 20 };

/* Items one after the other, to be walked with pdf_evidence_next. Empty: no store. */
struct pdf_evidence {
    struct pdf_buffer items; /* owned */
    size_t at;
};
/* Takes at most 30 s and 1 GiB. SG_INVALID: the file cannot be read. */
SG_MUST_USE enum sg_status
pdf_evidence_read(struct slice pdf, struct pdf_evidence *evidence, struct sg_error *why);
/* false: that was the last one. The slice lives as long as the evidence. */
bool pdf_evidence_next(struct pdf_evidence *evidence, enum pdf_evidence_kind *kind,
                       struct slice *der);
void pdf_evidence_fini(struct pdf_evidence *evidence);

#endif
