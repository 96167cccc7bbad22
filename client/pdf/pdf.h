#ifndef SEGEL_CLIENT_PDF_PDF_H
#define SEGEL_CLIENT_PDF_PDF_H

#include "client/pdf/refusal.h"
#include "proto/algorithm.h"
#include "proto/base.h"
#include "proto/slice.h"

/* Preparing a PDF for a signature and putting the CMS in: three steps, of which the
 * middle one (signing the digest) happens elsewhere. Append-only: no byte of the input is
 * touched, so earlier signatures stay valid. qpdf reads, our own writer appends. Each
 * thread its own jobs; nothing is shared. Reading happens in a child process that is
 * waited for: a hostile file takes at most 30 s of processor time and 1 GiB. */
struct pdf_job;

struct pdf_look;

struct pdf_rect {
    double x, y, width,
        height; /* points from the lower left corner of the visible page */
};

/* What is added to the letter. */
enum pdf_adds {
    PDF_ADDS_SIGNATURE,
    PDF_ADDS_STAMP, /* a document time stamp: an RFC 3161 token in place of the CMS */
    PDF_ADDS_STORE  /* nothing that is signed: the security store alone */
};

/* What proves signatures later on, in DER as it was received. */
enum pdf_dss_kind { PDF_DSS_CERTS, PDF_DSS_CRLS, PDF_DSS_OCSPS, PDF_DSS_KINDS };
enum { PDF_DSS_MAX = 128 }; /* of all kinds together */
struct pdf_dss {
    struct pdf_dss_part {
        const struct slice *items; /* borrowed, as their bytes */
        size_t count;
    } parts[PDF_DSS_KINDS];
    /* pdf_guard_serial() once all of it was there, and stays as it is until the last
     * letter has it; 0 = it may change after the call. */
    uint64_t serial;
};

/* What stands in the signature dictionary and in the visible field. */
struct pdf_wish {
    enum pdf_adds adds;
    enum sg_hash hash;
    const struct pdf_dss *dss; /* into the letter's security store; NULL = nothing */
    size_t reserve;            /* bytes of CMS to leave room for */
    int64_t signing_time_us;   /* /M */
    const char *reason;        /* UTF-8; NULL = absent; likewise below */
    const char *location;
    const char *name;
    const char *field;    /* sign this existing empty field; NULL = a new one */
    int page;             /* new field: 1…n, -1 = last; 0 = invisible on page 1 */
    bool shown;           /* the field has to be seen: what stands in it is required */
    struct pdf_rect rect; /* new visible field */
    /* Of the stamp alone: */
    const struct pdf_look *look; /* NULL = as the rectangle allows, without logos */
    const char *statement;
    const char *qr_text; /* of its QR code */
    const char *signer;  /* name in the certificate */
    const char *title;   /* the signer's office */
    const char *rank;
    const char *nip; /* number as a civil servant */
    const char *unit;
};

/* Reads the PDF, appends everything but the CMS, and hashes the byte ranges. pdf is
 * borrowed until pdf_job_free. SG_INVALID with *refusal set and a sentence in why:
 * refused. SG_NO_MEMORY. The caller owns *out. */
SG_MUST_USE enum sg_status pdf_prepare(struct slice pdf, const struct pdf_wish *wish,
                                       struct pdf_job **out, enum pdf_refusal *refusal,
                                       struct sg_error *why);
struct slice pdf_job_digest(const struct pdf_job *job); /* empty of PDF_ADDS_STORE */
void pdf_job_free(struct pdf_job *job);

/* The appended part with the CMS in place: the signed file is the input followed by it.
 * Of PDF_ADDS_STORE cms is empty.
 * SG_TOO_LARGE: the CMS does not fit the reserve. */
SG_MUST_USE enum sg_status pdf_embed(struct pdf_job *job, struct slice cms,
                                     struct slice *appendix);

/* Writes the signed file: path.part, fsync, rename, fsync of the folder. An interrupted
 * run never leaves a half file under path. SG_IO with the reason; of _new also where
 * something is there already that does not begin with the input. */
SG_MUST_USE enum sg_status pdf_write(const char *path, struct slice input,
                                     struct slice appendix, struct sg_error *why);
SG_MUST_USE enum sg_status pdf_write_new(const char *path, struct slice input,
                                         struct slice appendix, struct sg_error *why);

/* Several at once, in less time: the same holds of each of them, and what fails of one is
 * its own failure, of its folder that of all in it. None has its name before the end, and
 * a file is open for each until then. Of two that are begun together with one path, or
 * with that of the other's part, one may fail; its name never has the other's bytes. */
struct pdf_file {
    const char *path; /* borrowed */
    int fd;
    size_t len;
    size_t own; /* 0 = what is there is replaced; otherwise, set after _begin, only what
                 * has the same first bytes, so many, and where they are all, no more: the
                 * letter, by an earlier try */
    bool named; /* the path is a new file now */
    enum sg_status status; /* as pdf_write; at the end it is the last word */
    struct sg_error why;
};
/* The bytes are borrowed for the call. */
void pdf_file_begin(struct pdf_file *file, const char *path, struct slice input,
                    struct slice appendix);
/* All that were begun. */
void pdf_files_end(struct pdf_file *files, size_t count);

/* One signature of a PDF as the file states it: no cryptography yet. All slices point
 * into the file or the document object. */
struct pdf_signature {
    char field[128];
    char subfilter[64]; /* "ETSI.CAdES.detached" */
    char reason[256];
    char location[256];
    char time[32];     /* /M as written */
    uint64_t range[4]; /* /ByteRange */
    struct slice cms;  /* Contents, cut to its own length */
    /* starts at 0, the gap is exactly the Contents string: the CMS, then zeros only */
    bool ranges_sound;
    bool covers_file; /* second range ends at the end of the file */
    uint64_t covered; /* bytes from the start up to the end of the second range */
};
struct pdf_document;
/* Lists the signature fields with a value, in the order of their revisions. Document
 * time-stamps are among them. SG_INVALID: not readable as PDF (see why). pdf is borrowed
 * for the call only. The caller owns *out. */
SG_MUST_USE enum sg_status pdf_open(struct slice pdf, struct pdf_document **out,
                                    struct sg_error *why);
size_t pdf_signature_count(const struct pdf_document *document);
const struct pdf_signature *pdf_signature(const struct pdf_document *document,
                                          size_t index);
void pdf_close(struct pdf_document *document);

#endif
