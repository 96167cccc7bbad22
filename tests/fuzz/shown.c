/* What a stamp shows: whatever its content and the map of its font hold, reading ends,
 * and what comes back is bounded and is text. Input: the content, a line "%map", the map.
 * Reading takes place in this process, not in the guarded one. */
#define _GNU_SOURCE /* NOLINT: the name is the C library's; memmem, open_memstream */
#include <stdio.h>
#include <stdlib.h>

#include "client/pdf/shown/inside.h"
#include "proto/text.h"
#include "tests/fuzz/support/fuzz.h"

#define RESOURCES "/Resources<</Font<</A 7 0 R/B 8 0 R>>/XObject<</X 6 0 R>>>>"
enum { OBJECTS = 9 };

static const char *const objects[OBJECTS] = {
    "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R]>>>>",
    "<</Type/Pages/Kids[3 0 R]/Count 1>>",
    "<</Type/Page/Parent 2 0 R/Contents 6 0 R/Annots[5 0 R]" RESOURCES ">>",
    "<</Type/Sig/ByteRange[0 1 2 3]/Contents<30>>>",
    "<</FT/Sig/T(a)/V 4 0 R/Subtype/Widget/Rect[0 0 9 9]/AP<</N 6 0 R>>>>",
    "/Subtype/Form" RESOURCES,
    "<</Type/Font/Subtype/Type1/ToUnicode 9 0 R/Encoding<</Differences[1/a/space]>>>>",
    "<</Type/Font/Subtype/Type0/ToUnicode 9 0 R>>",
    "",
};

static void put_stream(FILE *out, const char *keys, struct slice data)
{
    (void)fprintf(out, "<<%s/Length %zu>>\nstream\n", keys, data.len);
    (void)fwrite(data.data, 1, data.len, out);
    (void)fprintf(out, "\nendstream");
}

static struct slice build(struct slice content, struct slice map)
{
    char *text = NULL;
    size_t len = 0;
    long at[OBJECTS];
    FILE *out = open_memstream(&text, &len);

    MUST(out != NULL);
    (void)fprintf(out, "%%PDF-1.7\n");
    for (int i = 0; i < OBJECTS; i++) {
        at[i] = ftell(out);
        (void)fprintf(out, "%d 0 obj\n", i + 1);
        if (i == 5 || i == 8) {
            put_stream(out, objects[i], i == 5 ? content : map);
        } else {
            (void)fprintf(out, "%s", objects[i]);
        }
        (void)fprintf(out, "\nendobj\n");
    }
    long table = ftell(out);
    (void)fprintf(out, "xref\n0 %d\n0000000000 65535 f \n", OBJECTS + 1);
    for (int i = 0; i < OBJECTS; i++) {
        (void)fprintf(out, "%010ld 00000 n \n", at[i]);
    }
    (void)fprintf(out, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%ld\n%%%%EOF\n",
                  OBJECTS + 1, table);
    MUST(fclose(out) == 0);
    return slice_of(text, len);
}

static void check(const struct pdf_buffer *answer)
{
    static struct shown_answer got;
    static struct pdf_shown shown;

    MUST(!answer->failed && answer->len == sizeof(got));
    memcpy(&got, answer->data, sizeof(got));
    MUST(got.status == SG_OK && got.count == 1 && shown_unpack(&got, &shown));
    const struct pdf_shown_stamp *stamp = &shown.stamps[0];
    size_t len = strnlen(stamp->text, sizeof(stamp->text));
    MUST(len < sizeof(stamp->text) && text_utf8(slice_of(stamp->text, len)));
    MUST(stamp->page == 1 && stamp->range[3] == 3 && !stamp->logo);
    MUST(stamp->visible || (!stamp->statement && len == 0));
    MUST(!stamp->statement || shown.page == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const char mark[] = "\n%map\n";
    const size_t mark_len = sizeof(mark) - 1;
    const uint8_t *found = len == 0 ? NULL : memmem(data, len, mark, mark_len);
    size_t content_len = found == NULL ? len : (size_t)(found - data);
    size_t map_at = found == NULL ? len : content_len + mark_len;
    struct slice pdf =
        build(slice_of(data, content_len), slice_of(data + map_at, len - map_at));
    const struct pdf_shown_order order = {.pdf = pdf, .wanted = ""};
    struct pdf_buffer answer = {0};

    pdf_shown_find(&order, &answer);
    check(&answer);
    pdf_buffer_fini(&answer);
    free((void *)(uintptr_t)pdf.data);
    return 0;
}
