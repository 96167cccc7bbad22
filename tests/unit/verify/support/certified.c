#include "tests/unit/verify/support/certified.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>
#include <openssl/evp.h>

#include "proto/base.h"
#include "tests/unit/cms/support/writable.h"
#include "tests/unit/verify/support/update.h"

enum { HOLE = 8192, DIGITS = 2 * HOLE };

#define REFERENCE                                                                        \
    "/Reference [<< /TransformMethod /DocMDP /TransformParams << /P 2 >> >>]"

static const char *const lawful[] = {
    "<< /Type /Catalog /Pages 2 0 R /AcroForm 4 0 R /Perms << /DocMDP 8 0 R >> >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << >> "
    "/Annots [5 0 R 6 0 R 7 0 R] >>",
    "<< /Fields [5 0 R 6 0 R 7 0 R] /SigFlags 3 >>",
    "<< /FT /Tx /T (nama) /V (Budi) /Type /Annot /Subtype /Widget /Rect [0 0 595 842] "
    "/P 3 0 R /AP << /N 9 0 R >> >>",
    "<< /FT /Sig /T (penyusun) /V 8 0 R /Type /Annot /Subtype /Widget /Rect [0 0 0 0] "
    "/P 3 0 R >>",
    "<< /FT /Sig /T (ttd) /Type /Annot /Subtype /Widget /Rect [0 0 0 0] /P 3 0 R >>",
    "null",
    "<< /Type /XObject /Subtype /Form /BBox [0 0 595 842] /Length 3 >>\nstream\nq "
    "Q\nendstream"};

static size_t find(struct slice pdf, const char *text, size_t from)
{
    while (memcmp(pdf.data + from, text, strlen(text)) != 0) {
        from++;
        cr_assert_lt(from + strlen(text), pdf.len);
    }
    return from;
}

/* The letter with places for ranges and CMS. */
static struct slice prepare(const char *filter)
{
    static char value[DIGITS + 512];
    const char *objects[SG_COUNT(lawful)];
    int len = snprintf(value, sizeof(value),
                       "<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter %s " REFERENCE
                       " /M (D:20260101000000Z) /ByteRange [0 000000000 000000000 "
                       "000000000] /Contents <",
                       filter);

    memset(value + len, '0', DIGITS);
    (void)snprintf(value + len + DIGITS, sizeof(value) - (size_t)len - DIGITS, "> >>");
    memcpy(objects, lawful, sizeof(lawful));
    objects[CERTIFIED_VALUE - 1] = value;
    return update_build(objects, SG_COUNT(objects));
}

/* What is signed, in two parts; the ranges are written before. */
static void measure(struct slice pdf, struct slice content[2])
{
    size_t open = find(pdf, "/Contents <", 0) + strlen("/Contents ");
    size_t close = find(pdf, ">", open) + 1;
    char text[80];

    (void)snprintf(text, sizeof(text), "/ByteRange [0 %09zu %09zu %09zu]", open, close,
                   pdf.len - close);
    memcpy(writable(pdf) + find(pdf, "/ByteRange [", 0), text, strlen(text));
    content[0] = slice_of(pdf.data, open);
    content[1] = slice_of(pdf.data + close, pdf.len - close);
}

static void put(struct slice pdf, size_t open, struct slice cms)
{
    char text[3];

    cr_assert_lt(cms.len, HOLE);
    for (size_t i = 0; i < cms.len; i++) {
        (void)snprintf(text, sizeof(text), "%02x", cms.data[i]);
        memcpy(writable(pdf) + open + 1 + 2 * i, text, 2);
    }
    OPENSSL_free(writable(cms));
}

struct slice certified_letter(struct maker maker)
{
    struct slice pdf = prepare("/ETSI.CAdES.detached");
    struct slice content[2];
    uint8_t digest[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    unsigned len = 0;

    measure(pdf, content);
    EVP_DigestInit_ex(hash, EVP_sha256(), NULL);
    EVP_DigestUpdate(hash, content[0].data, content[0].len);
    EVP_DigestUpdate(hash, content[1].data, content[1].len);
    EVP_DigestFinal_ex(hash, digest, &len);
    EVP_MD_CTX_free(hash);
    maker.digest = slice_of(digest, len);
    put(pdf, content[0].len, maker_make(&maker));
    return pdf;
}

struct slice certified_by_stamp(const struct authority *authority)
{
    struct slice pdf = prepare("/ETSI.RFC3161");
    struct slice content[2];

    measure(pdf, content);
    put(pdf, content[0].len, authority_token(authority, content[0], content[1]));
    return pdf;
}

struct slice certified_by_nobody(void)
{
    const char *objects[SG_COUNT(lawful)];

    memcpy(objects, lawful, sizeof(lawful));
    objects[0] = "<< /Type /Catalog /Pages 2 0 R /AcroForm 4 0 R /Perms << /DocMDP "
                 "<< " REFERENCE " >> >> >>";
    objects[5] = "<< /FT /Sig /T (penyusun) /Type /Annot /Subtype /Widget "
                 "/Rect [0 0 0 0] /P 3 0 R >>";
    return update_build(objects, SG_COUNT(objects));
}

struct slice certified_filled(struct slice pdf)
{
    char text[512];

    (void)snprintf(text, sizeof(text), "%s", lawful[CERTIFIED_TEXT - 1]);
    update_replace(text, "Budi", "Susi");
    update_replace(text, "9 0 R", "30 0 R");
    const struct update objects[] = {
        {CERTIFIED_TEXT, text},
        {30, "<< /Type /XObject /Subtype /Form /BBox [0 0 595 842] /Length 10 >>\n"
             "stream\n0 0 9 9 re\nendstream"}};
    return update_pdf(pdf, objects, SG_COUNT(objects), 1);
}
