#define _GNU_SOURCE /* memmem */
#include "client/pdf/archival.h"

#include <stdlib.h>
#include <string.h>

static const char key[] = "pdfaid:part";

/* An element (>1<) or an attribute (="1"), with blanks where XML allows them. */
static bool says_one(struct slice rest)
{
    for (size_t i = 0; i < rest.len; i++) {
        char letter = (char)rest.data[i];
        if (strchr("=>\"' \t\r\n", letter) == NULL || letter == '\0') {
            return letter == '1';
        }
    }
    return false;
}

/* XMP may be UTF-16 or UTF-32: what is looked for is ASCII between zeros. */
static size_t without_zeros(uint8_t *data, size_t len)
{
    size_t kept = 0;

    for (size_t i = 0; i < len; i++) {
        if (data[i] != 0) {
            data[kept++] = data[i];
        }
    }
    return kept;
}

static bool names_part_one(struct slice text)
{
    size_t len = strlen(key);
    const uint8_t *found =
        text.len == 0 ? NULL : (const uint8_t *)memmem(text.data, text.len, key, len);

    if (found == NULL) {
        return false;
    }
    size_t at = (size_t)(found - text.data) + len;
    return says_one(slice_of(text.data + at, text.len - at));
}

bool pdf_is_a1(const struct pdf_reader *reader)
{
    qpdf_oh stream = pdf_get(reader, reader->root, "/Metadata");
    unsigned char *data = NULL;
    size_t len = 0;

    if (!qpdf_oh_is_stream(reader->qpdf, stream) ||
        qpdf_oh_get_stream_data(reader->qpdf, stream, qpdf_dl_none, NULL, &data, &len) !=
            QPDF_SUCCESS) {
        free(data);
        return false;
    }
    bool found = names_part_one(slice_of(data, without_zeros(data, len)));
    free(data);
    return found;
}
