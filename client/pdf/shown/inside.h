#ifndef SEGEL_CLIENT_PDF_SHOWN_INSIDE_H
#define SEGEL_CLIENT_PDF_SHOWN_INSIDE_H

#include "client/pdf/shown/drawn.h"
#include "client/pdf/shown/shown.h"

/* Shared by shown.c and find.c; nobody else includes it. */
enum { SHOWN_WANTED_SIZE = 2048 };

/* What comes over the pipe: no bool, whose bytes might be neither. */
struct shown_answer {
    enum sg_status status;
    uint32_t refusal; /* enum pdf_refusal, where the status is not SG_OK */
    uint32_t count;
    int32_t page;
    uint8_t unclear;
    struct shown_stamp {
        uint64_t range[4];
        uint32_t pictures;
        int32_t page;
        uint8_t visible, statement, logo, unclear;
        char text[PDF_SHOWN_TEXT_SIZE];
    } stamps[PDF_SHOWN_MAX];
};
/* False: it holds what no reader says. */
bool shown_unpack(const struct shown_answer *answer, struct pdf_shown *out);

/* Small letters and figures of ASCII alone, cut to size: how texts are compared, wherever
 * lines were broken. Returns the length. */
size_t shown_fold(const char *text, char *out, size_t size);

#endif
