#include <stdio.h>

#include "client/pdf/stamp/inside.h"
#include "proto/text.h"

static const char *const months[2][12] = {
    {"Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus",
     "September", "Oktober", "November", "Desember"},
    {"January", "February", "March", "April", "May", "June", "July", "August",
     "September", "October", "November", "December"},
};

/* Two digits of a time as text_time writes it. */
static int digits(const char *text)
{
    return (text[0] - '0') * 10 + (text[1] - '0');
}

/* "26 November 2026", and with the time "26 November 2026 14.05 WIB", in English "14:05".
 */
static void write_time(const struct pdf_wish *wish, bool whole, char *out, size_t cap)
{
    static const int64_t hour_us = INT64_C(3600000000);
    const struct pdf_template *layout = wish->look->layout;
    char time[TEXT_TIME_SIZE];

    text_time(wish->signing_time_us + layout->zone_hours * hour_us, time);
    int len = snprintf(out, cap, "%d %s %.4s", digits(time + 8),
                       months[layout->english][(digits(time + 5) + 11) % 12], time);
    if (whole && len > 0 && (size_t)len < cap) {
        (void)snprintf(out + len, cap - (size_t)len, " %.2s%c%.2s %s", time + 11,
                       layout->english ? ':' : '.', time + 14, layout->zone);
    }
}

/* Times are written to room; other values are where the wish has them. */
static const char *value_of(const struct pdf_wish *wish, enum pdf_value value, char *room,
                            size_t cap)
{
    const char *const values[PDF_VALUES] = {
        [PDF_VALUE_NAME] = wish->name != NULL ? wish->name : wish->signer,
        [PDF_VALUE_SIGNER] = wish->signer,
        [PDF_VALUE_TITLE] = wish->title,
        [PDF_VALUE_RANK] = wish->rank,
        [PDF_VALUE_NIP] = wish->nip,
        [PDF_VALUE_UNIT] = wish->unit,
        [PDF_VALUE_REASON] = wish->reason,
        [PDF_VALUE_LOCATION] = wish->location,
    };

    if (value == PDF_VALUE_DATE || value == PDF_VALUE_TIME) {
        write_time(wish, value == PDF_VALUE_TIME, room, cap);
        return room;
    }
    return values[value] == NULL ? "" : values[value];
}

struct words {
    char *out;
    size_t len;
    bool whole; /* everything fitted */
};

static void put(struct words *words, const char *text, size_t len)
{
    if (len >= STAMP_WORDS_MAX - words->len) {
        words->whole = false;
        return;
    }
    memcpy(words->out + words->len, text, len);
    words->len += len;
}

bool stamp_words(const struct pdf_wish *wish, const char *line, char out[STAMP_WORDS_MAX],
                 bool *shown)
{
    struct words words = {.out = out, .whole = true};
    bool asked = false;
    bool given = false;

    while (*line != '\0') {
        char room[64];
        size_t len = strcspn(line, "{");
        put(&words, line, len);
        line += len;
        if (*line == '{') {
            len = strcspn(line, "}");
            const char *value = value_of(
                wish, pdf_value_find(slice_of(line + 1, len - 1)), room, sizeof(room));
            put(&words, value, strlen(value));
            asked = true;
            given = given || value[0] != '\0';
            line += len + 1;
        }
    }
    out[words.len] = '\0';
    *shown = !asked || given;
    return words.whole;
}

/* --- All that the stamp says -------------------------------------------------------- */

static void put_box(const struct pdf_wish *wish, const struct pdf_box *box,
                    struct pdf_buffer *all)
{
    for (size_t i = 0; i < box->text_count; i++) {
        char words[STAMP_WORDS_MAX];
        bool shown = false;
        (void)stamp_words(wish, box->texts[i], words, &shown);
        pdf_buffer_text(all, shown ? words : "");
        pdf_buffer_text(all, " ");
    }
}

enum sg_status pdf_stamp_check(const struct pdf_wish *wish, struct pdf_verdict *verdict)
{
    const struct pdf_template *layout = wish->look == NULL ? NULL : wish->look->layout;
    AUTO(pdf_buffer_fini) struct pdf_buffer all = {0};

    for (size_t i = 0; layout != NULL && i < layout->count; i++) {
        put_box(wish, &layout->boxes[i], &all);
    }
    pdf_buffer_put(&all, "", 1);
    TRY(pdf_buffer_check(&all));
    if (all.len > PDF_TEMPLATE_MAX) {
        return pdf_refuse(verdict, PDF_TEXT, "all that the stamp says");
    }
    return pdf_restates((const char *)all.data, wish->statement)
               ? pdf_refuse(verdict, PDF_STATEMENT, "lines of the stamp, read as one")
               : SG_OK;
}
