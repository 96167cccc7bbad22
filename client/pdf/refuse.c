#include "client/pdf/refuse.h"

#include <stdio.h>
#include <string.h>

enum again { PERHAPS, ALWAYS };
struct row {
    const char *code;
    enum again again;
    const char *text;
    const char *indonesian;
};

static const struct row rows[PDF_REFUSAL_COUNT] = {
    [PDF_ACCEPTED] = {"accepted", PERHAPS, "the letter can be signed",
                      "surat dapat ditandatangani"},
#define PDF_REFUSAL(name, code, again, text, indonesian)                                 \
    [PDF_##name] = {code, again, text, indonesian},
#include "client/pdf/refusals.def"
#undef PDF_REFUSAL
};

/* The numbers come from our own enum, but a caller may have stored one for long. */
static const struct row *row_of(enum pdf_refusal refusal)
{
    static const struct row unknown = {"unknown", PERHAPS, "the reason is not known",
                                       "alasannya tidak diketahui"};

    return (unsigned)refusal < PDF_REFUSAL_COUNT ? &rows[refusal] : &unknown;
}

const char *pdf_refusal_code(enum pdf_refusal refusal)
{
    return row_of(refusal)->code;
}

const char *pdf_refusal_text(enum pdf_refusal refusal)
{
    return row_of(refusal)->text;
}

bool pdf_refusal_lasts(const char *code)
{
    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        if (strcmp(rows[i].code, code) == 0) {
            return rows[i].again == ALWAYS;
        }
    }
    return false;
}

bool pdf_refusal_indonesian(const char *sentence, char *out, size_t size)
{
    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        size_t len = strlen(rows[i].text);
        if (strncmp(sentence, rows[i].text, len) == 0 &&
            (sentence[len] == '\0' || sentence[len] == ' ')) {
            (void)snprintf(out, size, "%s%s", rows[i].indonesian, sentence + len);
            return true;
        }
    }
    return false;
}

/* A hostile file must not write control sequences to somebody's terminal. */
static void copy_printable(const char *from, char *to, size_t size)
{
    size_t len = 0;

    for (; from[len] != '\0' && len + 1 < size; len++) {
        bool printable = from[len] >= ' ' && from[len] <= '~';
        to[len] = (char)(printable ? from[len] : '?');
    }
    to[len] = '\0';
}

enum sg_status pdf_refuse(struct pdf_verdict *verdict, enum pdf_refusal refusal,
                          const char *detail)
{
    char clean[160];

    verdict->refusal = refusal;
    if (detail == NULL || detail[0] == '\0') {
        return sg_fail(verdict->why, SG_INVALID, "%s", pdf_refusal_text(refusal));
    }
    copy_printable(detail, clean, sizeof(clean));
    return sg_fail(verdict->why, SG_INVALID, "%s (%s)", pdf_refusal_text(refusal), clean);
}
