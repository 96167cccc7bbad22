#ifndef SEGEL_CLIENT_PDF_READER_H
#define SEGEL_CLIENT_PDF_READER_H

#include <qpdf/qpdf-c.h>

#include "client/pdf/buffer.h"
#include "client/pdf/refuse.h"
#include "client/pdf/xref.h"

/* qpdf as a read-only parser. Handles (qpdf_oh) live until pdf_reader_close unless they
 * are released before. Ask for a value's type before its value: qpdf notes a warning for
 * a wrong type, and a warning refuses the letter. */

/* Larger letters are refused unread. */
enum { PDF_INPUT_MAX = 256 * 1024 * 1024 };
/* Viewers agree on no larger object number (ISO 32000-1 annex C). */
enum { PDF_OBJECT_MAX = 8388607 };

struct pdf_reader {
    struct slice pdf;     /* borrowed */
    struct pdf_xref last; /* the newest cross-reference section */
    qpdf_data qpdf;       /* owned */
    qpdf_oh trailer;
    qpdf_oh root;
};

/* Parses without repairing anything. lenient: warnings do not refuse, for files that are
 * only looked at. pdf is borrowed until pdf_reader_close, which must be called whatever
 * the outcome. */
SG_MUST_USE enum sg_status pdf_reader_open(struct pdf_reader *reader, struct slice pdf,
                                           bool lenient, struct pdf_verdict *verdict);
/* qpdf resolves objects when they are first looked at: ask again after looking. */
SG_MUST_USE enum sg_status pdf_reader_settle(const struct pdf_reader *reader,
                                             struct pdf_verdict *verdict);
/* Of a letter that was refused: SG_INVALID, as it was, or as too complex where the memory
 * ran out meanwhile, since what was missing then is no fault of the letter. */
SG_MUST_USE enum sg_status pdf_reader_refused(const struct pdf_reader *reader,
                                              struct pdf_verdict *verdict);
/* The first object number that nothing in the file uses or refers to. */
SG_MUST_USE enum sg_status pdf_reader_free_number(const struct pdf_reader *reader,
                                                  int *number,
                                                  struct pdf_verdict *verdict);
void pdf_reader_close(struct pdf_reader *reader);

/* The value of a key; a null object when node is no dictionary or has no such key. */
qpdf_oh pdf_get(const struct pdf_reader *reader, qpdf_oh node, const char *key);
/* The same of a page or field, or of the first of those that they name as /Parent, one
 * after the other, which has it. The caller may release the handle. */
qpdf_oh pdf_inherited(const struct pdf_reader *reader, qpdf_oh from, const char *key);
bool pdf_is_dict(const struct pdf_reader *reader, qpdf_oh node);
bool pdf_is_name(const struct pdf_reader *reader, qpdf_oh node, const char *name);
/* fallback when the node is no integer. */
long long pdf_int(const struct pdf_reader *reader, qpdf_oh node, long long fallback);
/* Copies a text string as UTF-8, cut to size; "" when the node is no string. */
void pdf_text(const struct pdf_reader *reader, qpdf_oh node, char *out, size_t size);
/* Length of an array; 0 when the node is none. */
int pdf_count(const struct pdf_reader *reader, qpdf_oh node);
bool pdf_same(const struct pdf_reader *reader, qpdf_oh a, qpdf_oh b);

/* A key to be written otherwise than the file has it; an empty value = left out. */
struct pdf_patch {
    const char *key;
    struct slice value;
};
/* The dictionary as it stands, but for the patches. */
void pdf_put_dict(const struct pdf_reader *reader, qpdf_oh dict,
                  const struct pdf_patch *patches, size_t count, struct pdf_buffer *out);
/* An array (or, when the node is none, an empty one) with one more reference. */
void pdf_put_array(const struct pdf_reader *reader, qpdf_oh array, int reference,
                   struct pdf_buffer *out);
/* The value as it stands in the file: a reference stays a reference. */
void pdf_put(const struct pdf_reader *reader, qpdf_oh node, struct pdf_buffer *out);

#endif
