/* Streams that were added: where they end, and how they are packed. Viewers look for the
 * end by themselves where something else stands there, and take the short names that
 * pictures within a page have. */
#include <stdlib.h>

#include "client/pdf/compare/compare.h"
#include "client/pdf/syntax.h"

static bool ends_there(struct slice text, size_t len)
{
    bool is_stream = false;
    size_t at = syntax_find_end(text, &is_stream);

    at += at < text.len && text.data[at] == '\r' ? 1 : 0;
    if (!is_stream || at >= text.len || text.data[at] != '\n' ||
        len > text.len - at - 1) {
        return false;
    }
    at = syntax_behind(text, at + 1 + len, "endstream");
    return syntax_behind(text, at, "endobj") < text.len;
}

static bool is_packed_plainly(const struct pdf_reader *reader, qpdf_oh dict)
{
    static const char *const others[] = {"/F", "/FFilter", "/FDecodeParms", "/DP", "/D"};
    qpdf_oh filter = pdf_get(reader, dict, "/Filter");
    qpdf_oh parameters = pdf_get(reader, dict, "/DecodeParms");
    bool none = qpdf_oh_is_null(reader->qpdf, parameters) != 0;
    bool plain = none || qpdf_oh_is_array(reader->qpdf, filter) ==
                             qpdf_oh_is_array(reader->qpdf, parameters);

    for (size_t i = 0; i < SG_COUNT(others); i++) {
        plain = plain && !qpdf_oh_has_key(reader->qpdf, dict, others[i]);
    }
    qpdf_oh_release(reader->qpdf, filter);
    qpdf_oh_release(reader->qpdf, parameters);
    return plain;
}

bool compare_stream_is_plain(const struct pdf_reader *reader, qpdf_oh object,
                             struct slice text)
{
    unsigned char *data = NULL;
    size_t len = 0;

    if (!qpdf_oh_is_stream(reader->qpdf, object)) {
        return true;
    }
    qpdf_oh dict = qpdf_oh_get_dict(reader->qpdf, object);
    QPDF_ERROR_CODE code =
        qpdf_oh_get_stream_data(reader->qpdf, object, qpdf_dl_none, NULL, &data, &len);
    bool plain = (code & QPDF_ERRORS) == 0 && is_packed_plainly(reader, dict) &&
                 ends_there(text, len);
    free(data);
    qpdf_oh_release(reader->qpdf, dict);
    return plain;
}
