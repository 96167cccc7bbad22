#define _GNU_SOURCE /* NOLINT: the name is the C library's */
#include "tests/unit/pdf/support/letter.h"

#include <stdio.h>
#include <stdlib.h>

struct letter letter_lawful(void)
{
    return (struct letter){
        .header = "%PDF-1.7\n",
        .objects =
            {
                "<< /Type /Catalog /Pages 2 0 R >>",
                "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Contents 4 0 R "
                "/Resources << >> >>",
                "<< /Length 5 >>\nstream\nq Q \n\nendstream",
            },
        .trailer = "/ID [<000102030405060708090a0b0c0d0e0f> <00>]",
    };
}

struct letter letter_with_field(void)
{
    struct letter letter = letter_lawful();

    letter.objects[0] =
        "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [5 0 R] >> >>";
    letter.objects[2] =
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Contents 4 0 R "
        "/Resources << >> /Annots [6 0 R] >>";
    letter.objects[4] = "<< /T (letter) /Kids [6 0 R] >>";
    letter.objects[5] = "<< /T (head) /Parent 5 0 R /FT /Sig /Type /Annot "
                        "/Subtype /Widget /Rect [20 20 220 80] /P 3 0 R /F 4 >>";
    return letter;
}

static size_t count_objects(const struct letter *letter)
{
    size_t count = 0;

    while (count < LETTER_OBJECTS && letter->objects[count] != NULL) {
        count++;
    }
    return count;
}

static void put_object(FILE *out, long *offset, size_t number, const char *text)
{
    *offset = ftell(out);
    (void)fprintf(out, "%zu 0 obj\n%s\nendobj\n", number, text);
}

static void put_end(FILE *out, const struct letter *letter, const long *offsets,
                    size_t count)
{
    long xref = ftell(out);

    (void)fprintf(out, "xref\n0 %zu\n0000000000 65535 f \n", count + 1);
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(out, "%010ld 00000 n \n", offsets[i]);
    }
    (void)fprintf(out, "trailer\n<< /Size %zu /Root 1 0 R %s >>\n", count + 1,
                  letter->trailer);
    if (letter->end != NULL) {
        (void)fprintf(out, "%s", letter->end);
    } else {
        (void)fprintf(out, "startxref\n%ld\n%%%%EOF\n", xref);
    }
}

struct slice letter_chain(const struct letter *letter, int chain)
{
    char *text = NULL;
    char stream[64];
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    size_t count = count_objects(letter);
    size_t all = count + (size_t)chain;
    long *offsets = calloc(all + 1, sizeof(*offsets));

    MUST(out != NULL && offsets != NULL);
    (void)fprintf(out, "%s", letter->header);
    for (size_t i = 0; i < all; i++) {
        (void)snprintf(stream, sizeof(stream),
                       "<< /Length %zu 0 R >>\nstream\nx\nendstream", i + 2);
        put_object(out, &offsets[i], i + 1, i < count ? letter->objects[i] : stream);
    }
    put_end(out, letter, offsets, all);
    MUST(fclose(out) == 0);
    free(offsets);
    return slice_of(text, len);
}

struct slice letter_build(const struct letter *letter)
{
    return letter_chain(letter, 0);
}

struct slice letter_read(const char *path)
{
    FILE *file = fopen(path, "rb");
    MUST(file != NULL && fseek(file, 0, SEEK_END) == 0);
    long len = ftell(file);
    MUST(len >= 0 && fseek(file, 0, SEEK_SET) == 0);
    uint8_t *data = malloc((size_t)len + 1);
    MUST(data != NULL && fread(data, 1, (size_t)len, file) == (size_t)len);
    (void)fclose(file);
    return slice_of(data, (size_t)len);
}

void letter_write(const char *path, struct slice bytes)
{
    FILE *file = fopen(path, "wb");

    MUST(file != NULL && fwrite(bytes.data, 1, bytes.len, file) == bytes.len);
    MUST(fclose(file) == 0);
}

void letter_free(struct slice pdf)
{
    free(letter_own(pdf.data));
}
