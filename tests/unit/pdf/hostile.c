#define _GNU_SOURCE /* NOLINT: the name is the C library's */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/pdf/support/letter.h"
#include "tests/unit/pdf/support/signer.h"

/* Ends of files, sizes and cross-reference sections that lie: refused, and for the reason
 * that a person can do something about; or signed, and then the signature is there. */

static struct signer signer;

static void begin(void)
{
    signer_init(&signer);
}

static void end(void)
{
    signer_fini(&signer);
}

TestSuite(hostile, .init = begin, .fini = end, .timeout = 60);

static bool is_listed(struct slice whole)
{
    struct pdf_document *document = NULL;
    bool covers = false;

    cr_assert_eq(pdf_open(whole, &document, NULL), SG_OK);
    for (size_t i = 0; i < pdf_signature_count(document); i++) {
        covers = covers || pdf_signature(document, i)->covers_file;
    }
    pdf_close(document);
    return covers;
}

/* Takes the letter. */
static void expect(struct slice pdf, const char *what, enum pdf_refusal wanted)
{
    struct pdf_wish wish = signer_wish();
    enum pdf_refusal refusal = PDF_WISH;
    struct sg_error why = {.text = ""};
    struct slice whole;

    enum sg_status status = signer_sign(&signer, pdf, &wish, &whole, &refusal, &why);
    cr_expect_str_eq(pdf_refusal_code(refusal), pdf_refusal_code(wanted), "%s: %s", what,
                     why.text);
    cr_expect_eq(status == SG_OK, wanted == PDF_ACCEPTED);
    cr_expect(status != SG_OK || is_listed(whole), "%s", what);
    letter_free(whole);
    letter_free(pdf);
}

/* --- The end of the file ----------------------------------------------------------- */

/* @ is where the table begins. */
static const struct {
    const char *end;
    enum pdf_refusal refusal;
} ends[] = {
    {"startxref\n@\n%%EOF\n", PDF_ACCEPTED},
    {"startxref\r@", PDF_ACCEPTED},
    {"startxref 00000000000000000@ % that is all", PDF_ACCEPTED},
    {"startxref\n@\n%%EOF\nand some more", PDF_ACCEPTED},
    {"startxref\n@OF\n", PDF_NO_STARTXREF},
    {"startxref@\n", PDF_NO_STARTXREF},
    {"startxref\n-@\n", PDF_NO_STARTXREF},
    {"startxref\n@.0\n", PDF_NO_STARTXREF},
    {"startxref\n", PDF_NO_STARTXREF},
    {"startxref\n999999999999999999999999999999999@\n", PDF_NO_STARTXREF},
    {"startxref\n4294967296@\n", PDF_NO_STARTXREF},
    {"startxref\n0\n", PDF_NO_STARTXREF},
    /* The older section must not be read in place of the last. */
    {"startxref\n@\n%%EOF\nstartxref\n9OF\n", PDF_NO_STARTXREF},
    {"startxref\n@\n%%EOF\nstartxref9\n", PDF_NO_STARTXREF},
    {"startxref\n@\n%%EOF\nstartxref", PDF_NO_STARTXREF},
};

static struct slice letter_ending(const char *format)
{
    struct letter letter = letter_lawful();
    struct slice pdf = letter_build(&letter);
    const uint8_t *table = memmem(pdf.data, pdf.len, "\nxref\n", 6);
    char text[256];
    const char *at = strchr(format, '@');

    cr_assert_not_null(table);
    if (at == NULL) {
        (void)snprintf(text, sizeof(text), "%s", format);
    } else {
        (void)snprintf(text, sizeof(text), "%.*s%td%s", (int)(at - format), format,
                       table + 1 - pdf.data, at + 1);
    }
    letter_free(pdf);
    letter.end = text;
    return letter_build(&letter);
}

Test(hostile, end_that_is_not_plain_is_refused)
{
    for (size_t i = 0; i < SG_COUNT(ends); i++) {
        expect(letter_ending(ends[i].end), ends[i].end, ends[i].refusal);
    }
}

/* --- The trailer ------------------------------------------------------------------- */

/* qpdf takes the last of a key that stands twice. */
static const struct {
    const char *keys;
    enum pdf_refusal refusal;
} trailers[] = {
    {"/Info 9 0 R", PDF_ACCEPTED},      {"/ID [(a) (b)]", PDF_ACCEPTED},
    {"/ID [(a)]", PDF_ACCEPTED},        {"/ID (a)", PDF_ACCEPTED},
    {"/XRefStm 99999999", PDF_DAMAGED}, {"/Prev 99999999", PDF_DAMAGED},
    {"/Prev 4294967305", PDF_DAMAGED},  {"/Prev -1", PDF_DAMAGED},
    {"/Prev (x)", PDF_DAMAGED},         {"/Encrypt << >>", PDF_ENCRYPTED},
};

Test(hostile, trailer_that_points_astray_is_refused)
{
    for (size_t i = 0; i < SG_COUNT(trailers); i++) {
        struct letter letter = letter_lawful();
        letter.trailer = trailers[i].keys;
        expect(letter_build(&letter), trailers[i].keys, trailers[i].refusal);
    }
}

/* The letter with a word of its end replaced by another. */
static struct slice letter_with(const char *from, const char *to)
{
    struct letter letter = letter_lawful();
    struct slice pdf = letter_build(&letter);
    const uint8_t *found = memmem(pdf.data, pdf.len, from, strlen(from));
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    cr_assert(found != NULL && out != NULL);
    size_t head = (size_t)(found - pdf.data);
    (void)fwrite(pdf.data, 1, head, out);
    (void)fputs(to, out);
    (void)fwrite(found + strlen(from), 1, pdf.len - head - strlen(from), out);
    MUST(fclose(out) == 0);
    letter_free(pdf);
    return slice_of(text, len);
}

static const struct {
    const char *from;
    const char *to;
    enum pdf_refusal refusal;
} tables[] = {
    {"/Size 5", "/Size 6", PDF_ACCEPTED}, /* the one warning that is allowed */
    {"/Size 5", "/Size 4", PDF_ACCEPTED},
    {"/Size 5", "/Size 8388600", PDF_OBJECT_NUMBERS},
    {"/Size 5", "/Size 4294967301", PDF_REPAIRED},
    {"/Size 5", "/Size -5", PDF_ACCEPTED},
    {"/Size 5", "/Size 99999999999999999999999", PDF_DAMAGED},
    {"/Size 5", "/Size (5)", PDF_DAMAGED},
    {"/Size 5", "", PDF_DAMAGED},
    {"/Root 1 0 R", "/Root 1 1 R", PDF_DAMAGED},
    {"/Root 1 0 R", "/Root << /Pages 2 0 R >>", PDF_NO_PAGES},
    {"\n0000000009 00000 n", "\n9999999999 00000 n", PDF_DAMAGED},
    {"\n0000000009 00000 n", "\n0000000010 00000 n", PDF_DAMAGED},
    {"\n0000000009 00000 n", "\n0000000009 00001 n", PDF_DAMAGED},
    {"xref\n0 5", "xref\n1 5", PDF_DAMAGED},
    {"xref\n0 5", "xref\n0 99999999", PDF_DAMAGED},
    {"xref\n0 5", "xref\n4294967296 5", PDF_DAMAGED},
    {"trailer", "1 1\n0000000009 00000 n \ntrailer", PDF_REPAIRED},
    {"trailer", "3 1\n0000000000 00001 f \ntrailer", PDF_REPAIRED},
};

Test(hostile, table_that_lies_is_refused)
{
    for (size_t i = 0; i < SG_COUNT(tables); i++) {
        expect(letter_with(tables[i].from, tables[i].to), tables[i].to,
               tables[i].refusal);
    }
}

/* The letter with further sections, each a table and more of its trailer; the last one's
 * entry is of object 4 as it stands at its end. */
static struct slice letter_regenerated(const char *freed, const char *trailer)
{
    struct letter letter = letter_lawful();
    struct slice pdf = letter_build(&letter);
    const char *found = memmem(pdf.data, pdf.len, "startxref\n", 10);
    unsigned long last = 0;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    cr_assert(found != NULL && out != NULL);
    last = strtoul(found + 10, NULL, 10);
    (void)fwrite(pdf.data, 1, pdf.len, out);
    if (freed != NULL) {
        long at = ftell(out);
        (void)fprintf(out, "xref\n%strailer\n<< /Size 5 /Root 1 0 R /Prev %lu >>\n",
                      freed, last);
        last = (unsigned long)at;
    }
    long object = ftell(out);
    (void)fprintf(out, "4 1 obj\n(new)\nendobj\n");
    long table = ftell(out);
    (void)fprintf(out,
                  "xref\n4 1\n%010ld 00001 n \ntrailer\n<< /Size 5 /Root 1 0 R /Prev %lu "
                  "%s >>\nstartxref\n%ld\n%%%%EOF\n",
                  object, last, trailer, table);
    MUST(fclose(out) == 0);
    letter_free(pdf);
    return slice_of(text, len);
}

/* qpdf has both, viewers the newer one. */
Test(hostile, object_of_two_generations_is_refused)
{
    static const char freed[] = "4 1\n0000000000 00001 f \n";

    expect(letter_regenerated(NULL, ""), "not freed", PDF_REPAIRED);
    expect(letter_regenerated(NULL, "/X (\\)>> /Prev 1) /Y << /Prev 2 >>"), "not freed",
           PDF_REPAIRED);
    expect(letter_regenerated(freed, ""), "freed", PDF_REPAIRED);
}

Test(hostile, object_of_two_generations_is_signed_where_one_of_them_is_meant)
{
    static const char *const freed[] = {NULL, "4 1\n0000000000 00001 f \n"};

    for (size_t i = 0; i < SG_COUNT(freed); i++) {
        struct slice pdf = letter_regenerated(freed[i], "");
        char *meant = memmem(pdf.data, pdf.len, "4 0 R", 5);
        cr_assert_not_null(meant);
        meant[2] = '1';
        cr_expect_null(memmem(pdf.data, pdf.len, "4 0 R", 5));
        expect(pdf, freed[i] == NULL ? "not freed" : "freed", PDF_ACCEPTED);
    }
}

/* A parser that reads every entry meets it all the same, where object 0 stands in its
 * place: a signature in it would be found by nobody. */
Test(hostile, field_that_no_table_names_is_not_found)
{
    struct letter letter = letter_with_field();
    struct pdf_wish wish = signer_wish();
    struct slice pdf = letter_build(&letter);
    enum pdf_refusal refusal = PDF_ACCEPTED;
    struct slice whole;
    char *first = memmem(pdf.data, pdf.len, "0000000000 65535 f", 18);

    cr_assert_not_null(first);
    char *fifth = first + (size_t)5 * 20;
    memcpy(first, fifth, 18);
    memcpy(fifth, "0000000000 00000 f", 18);
    wish.field = "letter.head";
    cr_expect_eq(signer_sign(&signer, pdf, &wish, &whole, &refusal, NULL), SG_INVALID);
    cr_expect_eq(refusal, PDF_FIELD_UNKNOWN, "%s", pdf_refusal_code(refusal));
    letter_free(whole);
    letter_free(pdf);
}

/* --- Cross-reference streams ------------------------------------------------------- */

struct stream {
    const char *keys; /* /W, /Index, /Size */
    int widths[3];    /* of the entries as they are written */
    enum pdf_refusal refusal;
};

static const struct stream streams[] = {
    {"/W [1 2 1] /Size 6", {1, 2, 1}, PDF_ACCEPTED},
    {"/W [1 8 4] /Size 6", {1, 8, 4}, PDF_ACCEPTED},
    {"/W [1 2 0] /Size 6", {1, 2, 0}, PDF_ACCEPTED},
    {"/W [0 2 0] /Index [1 5] /Size 6", {0, 2, 0}, PDF_ACCEPTED},
    {"/W [1 2 1] /Index [0 6] /Size 6", {1, 2, 1}, PDF_ACCEPTED},
    {"/W [0 0 0] /Size 6", {1, 2, 1}, PDF_DAMAGED},
    {"/W [1 2] /Size 6", {1, 2, 1}, PDF_DAMAGED},
    {"/W [1 -2 1] /Size 6", {1, 2, 1}, PDF_DAMAGED},
    {"/W [9 9 9] /Size 6", {1, 2, 1}, PDF_DAMAGED},
    {"/W [1 99999999 1] /Size 6", {1, 2, 1}, PDF_DAMAGED},
    {"/W [1 2147483647 2147483647] /Size 6", {1, 2, 1}, PDF_DAMAGED},
    {"/W [4294967297 2 1] /Size 6", {1, 2, 1}, PDF_DAMAGED},
    {"/W 1 /Size 6", {1, 2, 1}, PDF_DAMAGED},
    {"/W [1 2 1] /Size 99999999", {1, 2, 1}, PDF_DAMAGED},
    {"/W [1 2 1] /Index [0 99999999] /Size 6", {1, 2, 1}, PDF_DAMAGED},
    {"/W [1 2 1] /Index [0] /Size 6", {1, 2, 1}, PDF_DAMAGED},
    {"/W [1 2 1] /Index [-1 6] /Size 6", {1, 2, 1}, PDF_DAMAGED},
    {"/W [1 2 1] /Index [0 2147483647 0 2147483647] /Size 6", {1, 2, 1}, PDF_DAMAGED},
    {"/W [1 2 1] /Index [0 3 2147483647 3] /Size 6", {1, 2, 1}, PDF_DAMAGED},
    {"/W [1 2 1] /Index [0 6 0 0] /Size 6", {1, 2, 1}, PDF_ACCEPTED},
    {"/W [1 2 1] /Index [0 5 4 1] /Size 6", {1, 2, 1}, PDF_REPAIRED},
    {"/W [1 2 1] /Size 6 /Prev 9", {1, 2, 1}, PDF_DAMAGED},
};

static void put_entry(FILE *out, const int widths[3], int type, long offset)
{
    const long values[] = {type, offset, 0};

    for (int i = 0; i < 3; i++) {
        if (widths[i] > 0) {
            (void)fprintf(out, "%0*lx", 2 * widths[i], (unsigned long)values[i]);
        }
    }
}

/* The lawful letter's objects, and number 5 that says where they are, in hexadecimal. */
static struct slice letter_streamed(const struct stream *stream)
{
    const struct letter letter = letter_lawful();
    char *text = NULL;
    size_t len = 0;
    long offsets[6] = {0};
    FILE *out = open_memstream(&text, &len);

    cr_assert_not_null(out);
    (void)fputs("%PDF-1.5\n", out);
    for (int i = 1; i < 5; i++) {
        offsets[i] = ftell(out);
        (void)fprintf(out, "%d 0 obj\n%s\nendobj\n", i, letter.objects[i - 1]);
    }
    offsets[5] = ftell(out);
    int width = stream->widths[0] + stream->widths[1] + stream->widths[2];
    int first = stream->widths[0] == 0 ? 1 : 0;
    (void)fprintf(
        out,
        "5 0 obj\n<< /Type /XRef /Root 1 0 R /Filter /ASCIIHexDecode /Length %d "
        "%s >>\nstream\n",
        2 * width * (6 - first), stream->keys);
    for (int i = first; i < 6; i++) {
        put_entry(out, stream->widths, i > 0, offsets[i]);
    }
    (void)fprintf(out, "\nendstream\nendobj\nstartxref\n%ld\n%%%%EOF\n", offsets[5]);
    MUST(fclose(out) == 0);
    return slice_of(text, len);
}

Test(hostile, stream_of_entries_that_lies_is_refused)
{
    for (size_t i = 0; i < SG_COUNT(streams); i++) {
        expect(letter_streamed(&streams[i]), streams[i].keys, streams[i].refusal);
    }
}

/* --- Hybrid files ------------------------------------------------------------------ */

static long place_of(struct slice pdf, const char *text)
{
    const uint8_t *found = memmem(pdf.data, pdf.len, text, strlen(text));

    cr_assert_not_null(found);
    return (long)(found - pdf.data) + 1;
}

/* The letter with a new content, which the stream beside the last table has. What the
 * table says of it: that it is free (0), the same (1), or where the old one is (2). */
static struct slice letter_hybrid(int how)
{
    const struct letter letter = letter_lawful();
    struct slice pdf = letter_build(&letter);
    long old = place_of(pdf, "\n4 0 obj");
    long last = place_of(pdf, "\nxref");
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    cr_assert_not_null(out);
    (void)fwrite(pdf.data, 1, pdf.len, out);
    long object = ftell(out);
    (void)fprintf(out, "4 0 obj\n<< /Length 2 >>\nstream\nq \nendstream\nendobj\n");
    const long places[] = {0, object, old};
    long stream = ftell(out);
    (void)fprintf(out,
                  "5 0 obj\n<< /Type /XRef /W [1 4 1] /Index [4 1] /Size 6 /Root 1 0 R "
                  "/Filter /ASCIIHexDecode /Length 12 >>\nstream\n01%08lx00\nendstream\n"
                  "endobj\n",
                  (unsigned long)object);
    long table = ftell(out);
    (void)fprintf(out,
                  "xref\n4 2\n%010ld 00000 %c \n%010ld 00000 n \ntrailer\n<< /Size 6 "
                  "/Root 1 0 R /Prev %ld /XRefStm %ld >>\nstartxref\n%ld\n%%%%EOF\n",
                  places[how], how == 0 ? 'f' : 'n', stream, last, stream, table);
    MUST(fclose(out) == 0);
    letter_free(pdf);
    return slice_of(text, len);
}

Test(hostile, table_and_stream_that_disagree_are_refused)
{
    expect(letter_hybrid(0), "hidden", PDF_ACCEPTED);
    expect(letter_hybrid(1), "the same", PDF_ACCEPTED);
    expect(letter_hybrid(2), "another", PDF_REPAIRED);
}
