#ifndef SEGEL_CLIENT_PDF_APPEND_H
#define SEGEL_CLIENT_PDF_APPEND_H

#include "client/pdf/pdf.h"
#include "client/pdf/reader.h"

/* What is appended to the letter: objects, their cross-reference section, the trailer.
 * Offsets count from the start of the letter. */

enum { PDF_APPEND_OBJECTS = 32 + PDF_DSS_MAX };

struct pdf_append_entry {
    int number;
    int generation;
    size_t offset;
};

struct pdf_append {
    struct pdf_buffer out; /* owned */
    size_t base;           /* length of the letter */
    int next_number;
    struct pdf_append_entry entries[PDF_APPEND_OBJECTS];
    size_t count;
    size_t id; /* where PDF_APPEND_ID hex digits of /ID are to be filled in; 0 = none */
};

enum { PDF_APPEND_ID = 32 };

/* first_number: no object of the letter has this number or a higher one. */
void pdf_append_init(struct pdf_append *append, struct slice pdf, int first_number);
void pdf_append_fini(struct pdf_append *append);

/* A number for a new object. */
int pdf_append_number(struct pdf_append *append);
/* Between begin and end the object's text is written to append->out. */
void pdf_append_begin(struct pdf_append *append, int number, int generation);
void pdf_append_end(struct pdf_append *append);
/* Begins a new version of an object of the letter. */
void pdf_append_rewrite(struct pdf_append *append, const struct pdf_reader *reader,
                        qpdf_oh node);

/* Cross-reference section of the same kind as the letter's last one, trailer and end. */
SG_MUST_USE enum sg_status pdf_append_finish(struct pdf_append *append,
                                             const struct pdf_reader *reader);

#endif
