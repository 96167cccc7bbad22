#ifndef SEGEL_CLIENT_PDF_SHOWN_SHOWN_H
#define SEGEL_CLIENT_PDF_SHOWN_SHOWN_H

#include "client/pdf/stamp/image.h"

/* What a letter shows of its signatures: the text and the pictures of their stamps, and
 * whether the statement that documents have to bear stands there, or in the letter's own
 * text. What is told is what searching and copying would find, whatever it looks like,
 * and whoever put it there: it says nothing of a signature's worth. */
enum { PDF_SHOWN_MAX = 64, PDF_SHOWN_TEXT_SIZE = 1024 };

struct pdf_shown_stamp {
    uint64_t range[4]; /* /ByteRange of the signature */
    int page;          /* whose annotation it is, from 1; 0 = it is on none */
    bool visible;      /* it has a size and an appearance, and is not hidden */
    bool statement;
    bool logo;    /* one of its pictures is the one that was asked for */
    bool unclear; /* some of its text cannot be read, or it was too much */
    unsigned pictures;
    char text[PDF_SHOWN_TEXT_SIZE]; /* UTF-8, cut */
};
struct pdf_shown {
    struct pdf_shown_stamp stamps[PDF_SHOWN_MAX]; /* the first; in no order */
    size_t count;
    int page; /* of whose own text the statement is part; 0 = none. Not looked for when
               * a stamp has it */
    bool unclear; /* some of the pages' text cannot be read, or it was too much */
};

/* statement: in letters and figures alone, whatever their case, blanks and marks.
 * NULL: any sentence that says that the document was signed electronically, with an
 * electronic certificate, in Indonesian or English. logo: NULL = none is asked for.
 * Takes at most 30 s and 1 GiB, as all reading. SG_INVALID: it cannot be read, and why
 * says what is wrong with it. */
SG_MUST_USE enum sg_status pdf_shown_read(struct slice pdf, const char *statement,
                                          const struct pdf_image *logo,
                                          struct pdf_shown *out, struct sg_error *why);

/* In the process that reads; for fuzzing. wanted: folded, "" = any; picture may be NULL.
 */
struct pdf_picture;
struct pdf_shown_order {
    struct slice pdf;
    const char *wanted;
    const struct pdf_picture *picture;
};
void pdf_shown_find(const void *order, struct pdf_buffer *answer);

#endif
