#include "client/pdf/xref.h"

#include "client/pdf/syntax.h"

/* ISO 32000 wants the end marker within the last 1024 bytes. Writers that pad are
 * tolerated where something is appended behind it: some viewers look no further. */
enum { TAIL = 1024, TAIL_TOLERATED = 2048, DIGITS_MAX = 32 };

static const char keyword[] = "startxref";
enum { KEYWORD_LEN = sizeof(keyword) - 1 };

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

/* Position just after the last keyword; 0 = there is none, or it is a part of a longer
 * word, and to some viewers it is another that is the last. */
static size_t after_keyword(struct slice pdf, size_t tail)
{
    size_t first = pdf.len > tail ? pdf.len - tail : 0;

    for (size_t at = pdf.len; at >= first + KEYWORD_LEN; at--) {
        size_t begin = at - KEYWORD_LEN;
        if (memcmp(pdf.data + begin, keyword, KEYWORD_LEN) == 0) {
            return begin > 0 && syntax_is_blank(pdf.data[begin - 1]) ? at : 0;
        }
    }
    return 0;
}

/* The number after the keyword; leading zeros occur in real files. A parser that found
 * the keyword or the number glued to something else would go back to an older section:
 * what is appended must follow the one that was read, so both have to stand alone; a zero
 * byte is a blank to few. */
static bool read_offset(struct slice pdf, size_t at, size_t *offset)
{
    size_t value = 0;
    size_t first = syntax_skip_blanks(pdf, at);
    size_t end = first;

    for (; end < pdf.len && is_digit(pdf.data[end]) && value <= pdf.len; end++) {
        value = value * 10 + (size_t)(pdf.data[end] - '0');
    }
    *offset = value;
    return first > at && end - first <= DIGITS_MAX &&
           memchr(pdf.data + at, 0, first - at) == NULL && end > first &&
           value < pdf.len &&
           (end == pdf.len || syntax_is_blank(pdf.data[end]) || pdf.data[end] == '%');
}

enum sg_status pdf_xref_find(struct slice pdf, bool to_append, struct pdf_xref *xref,
                             struct pdf_verdict *verdict)
{
    size_t offset = 0;
    size_t at = after_keyword(pdf, to_append ? TAIL_TOLERATED : TAIL);

    if (at == 0) {
        return pdf_refuse(verdict, PDF_NO_STARTXREF, "no startxref");
    }
    if (!read_offset(pdf, at, &offset)) {
        return pdf_refuse(verdict, PDF_NO_STARTXREF, "it points outside the file");
    }
    size_t section = syntax_skip_blanks(pdf, offset);
    bool is_table = pdf.len - section > 4 && memcmp(pdf.data + section, "xref", 4) == 0;
    if (!is_table && (section == pdf.len || !is_digit(pdf.data[section]))) {
        return pdf_refuse(verdict, PDF_NO_STARTXREF, "it points to something else");
    }
    *xref = (struct pdf_xref){.offset = offset, .is_stream = !is_table};
    return SG_OK;
}
