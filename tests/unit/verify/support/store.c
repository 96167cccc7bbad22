#include "tests/unit/verify/support/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tests/unit/cms/support/writable.h"
#include "tests/unit/verify/support/update.h"

/* FORM: its number in a signed letter of pdf.h. */
enum { STREAM_MAX = 16384, FIRST = 100, FORM = 7, HOLE = 8192, DIGITS = 2 * HOLE };

/* A stream with the bytes in hexadecimal; to be freed. */
static char *stream(struct slice bytes)
{
    char *out = malloc(STREAM_MAX);
    size_t len = (size_t)snprintf(out, STREAM_MAX,
                                  "<< /Filter /ASCIIHexDecode /Length %zu >>\nstream\n",
                                  2 * bytes.len + 1);

    cr_assert_lt(2 * bytes.len + 200, STREAM_MAX);
    for (size_t i = 0; i < bytes.len; i++) {
        len += (size_t)snprintf(out + len, STREAM_MAX - len, "%02x", bytes.data[i]);
    }
    (void)snprintf(out + len, STREAM_MAX - len, ">\nendstream");
    return out;
}

struct slice store_put(struct slice pdf, const struct slice *crls, size_t count,
                       struct slice ocsp)
{
    struct update objects[8];
    char catalog[2048];
    char list[128] = "";
    size_t n = 1;

    for (size_t i = 0; i < count; i++) {
        objects[n] = (struct update){FIRST + (int)n, stream(crls[i])};
        (void)snprintf(list + strlen(list), sizeof(list) - strlen(list), "%d 0 R ",
                       objects[n++].number);
    }
    (void)snprintf(catalog, sizeof(catalog), "%s", update_text(pdf, 1));
    char dss[256];
    (void)snprintf(dss, sizeof(dss), "/DSS << /CRLs [%s] %s >> /Pages", list,
                   ocsp.len > 0 ? "/OCSPs [150 0 R]" : "");
    update_replace(catalog, "/Pages", dss);
    objects[0] = (struct update){1, catalog};
    if (ocsp.len > 0) {
        objects[n++] = (struct update){150, stream(ocsp)};
    }
    struct slice whole = update_pdf(pdf, objects, n, 1);
    for (size_t i = 1; i < n; i++) {
        free((void *)(uintptr_t)objects[i].text);
    }
    return whole;
}

struct slice store_add(struct slice pdf, const struct authority *authority,
                       int64_t this_s)
{
    const struct slice crls[] = {
        authority_crl(authority, &(struct authority_list){.this_s = this_s}),
        authority_crl(authority,
                      &(struct authority_list){.this_s = this_s, .root = true})};
    struct slice whole = store_put(pdf, crls, 2, slice_of(NULL, 0));

    OPENSSL_free(writable(crls[0]));
    OPENSSL_free(writable(crls[1]));
    return whole;
}

/* --- Time-stamps of the document ------------------------------------------------------
 */

static size_t find(struct slice pdf, const char *text, size_t from)
{
    while (memcmp(pdf.data + from, text, strlen(text)) != 0) {
        from++;
        cr_assert_lt(from + strlen(text), pdf.len);
    }
    return from;
}

/* Writes ranges and token into the places kept for them. */
static void fill(struct slice pdf, size_t from, const struct authority *authority)
{
    char *bytes = (char *)writable(pdf);
    char text[80];
    size_t open = find(pdf, "/Contents <", from) + strlen("/Contents ");
    size_t close = find(pdf, ">", open) + 1;
    size_t range = find(pdf, "/ByteRange [", from);

    (void)snprintf(text, sizeof(text), "/ByteRange [0 %09zu %09zu %09zu]", open, close,
                   pdf.len - close);
    memcpy(bytes + range, text, strlen(text));
    struct slice token = authority_token(authority, slice_of(pdf.data, open),
                                         slice_of(pdf.data + close, pdf.len - close));
    cr_assert_lt(token.len, HOLE);
    for (size_t i = 0; i < token.len; i++) {
        (void)snprintf(text, sizeof(text), "%02x", token.data[i]);
        memcpy(bytes + open + 1 + 2 * i, text, 2);
    }
    OPENSSL_free(writable(token));
}

/* The field has this name and number, and its value the next. */
static struct slice stamp(struct slice pdf, const struct authority *authority,
                          const char *name, int number)
{
    static char value[DIGITS + 256];
    char form[1024];
    char field[256];
    char by[32];
    int len = snprintf(value, sizeof(value),
                       "<< /Type /DocTimeStamp /SubFilter /ETSI.RFC3161 /ByteRange [0 "
                       "000000000 000000000 000000000] /Contents <");

    memset(value + len, '0', DIGITS);
    (void)snprintf(value + len + DIGITS, sizeof(value) - (size_t)len - DIGITS, "> >>");
    (void)snprintf(form, sizeof(form), "%s", update_text(pdf, FORM));
    (void)snprintf(by, sizeof(by), "%d 0 R ]", number);
    update_replace(form, "]", by);
    (void)snprintf(field, sizeof(field),
                   "<< /FT /Sig /T (%s) /Type /Annot /Subtype /Widget /Rect [0 0 0 0] "
                   "/P 3 0 R /V %d 0 R >>",
                   name, number + 1);
    const struct update objects[] = {{FORM, form}, {number, field}, {number + 1, value}};
    struct slice whole = update_pdf(pdf, objects, 3, 1);
    fill(whole, pdf.len, authority);
    return whole;
}

struct slice store_stamp(struct slice pdf, const struct authority *authority)
{
    return stamp(pdf, authority, "cap", 160);
}

struct slice store_stamp_again(struct slice pdf, const struct authority *authority)
{
    return stamp(pdf, authority, "cap2", 170);
}
