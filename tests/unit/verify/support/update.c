#include "tests/unit/verify/support/update.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

enum { TEXT_MAX = 65536, NUMBERS_MAX = 64 };

static size_t last_startxref(struct slice pdf)
{
    size_t at = pdf.len - 9;

    while (at > 0 && memcmp(pdf.data + at, "startxref", 9) != 0) {
        at--;
    }
    return strtoul((const char *)pdf.data + at + 9, NULL, 10);
}

/* Above all numbers that are used here, and that of the revision before. */
static size_t next_size(struct slice pdf)
{
    static const char key[] = "/Size ";
    size_t at = pdf.len - sizeof(key);

    while (memcmp(pdf.data + at, key, sizeof(key) - 1) != 0) {
        at--;
    }
    size_t size = strtoul((const char *)pdf.data + at + sizeof(key) - 1, NULL, 10);
    return size < 400 ? 400 : size + 100;
}

/* One subsection for each object: they need not be sorted then. */
static size_t put_table(char *out, size_t cap, const struct update *objects,
                        const size_t *at, size_t count)
{
    size_t len = (size_t)snprintf(out, cap, "xref\n");

    for (size_t i = 0; i < count; i++) {
        len += (size_t)snprintf(out + len, cap - len, "%d 1\n%010zu %05d n \n",
                                objects[i].number % UPDATE_NEXT, at[i],
                                objects[i].number / UPDATE_NEXT);
    }
    return len;
}

struct slice update_pdf(struct slice pdf, const struct update *objects, size_t count,
                        int root)
{
    size_t cap = pdf.len + TEXT_MAX;
    char *out = malloc(cap);
    size_t at[NUMBERS_MAX];
    size_t len = pdf.len;

    cr_assert(out != NULL && count <= NUMBERS_MAX);
    memcpy(out, pdf.data, pdf.len);
    out[len++] = '\n';
    for (size_t i = 0; i < count; i++) {
        at[i] = len;
        len += (size_t)snprintf(out + len, cap - len, "%d %d obj\n%s\nendobj\n",
                                objects[i].number % UPDATE_NEXT,
                                objects[i].number / UPDATE_NEXT, objects[i].text);
    }
    size_t table = len;
    len += put_table(out + len, cap - len, objects, at, count);
    len += (size_t)snprintf(out + len, cap - len,
                            "trailer\n<< /Size %zu /Root %d 0 R /Prev %zu >>\nstartxref\n"
                            "%zu\n%%%%EOF\n",
                            next_size(pdf), root, last_startxref(pdf), table);
    return slice_of(out, len);
}

struct slice update_build(const char *const *objects, size_t count)
{
    char *out = malloc(TEXT_MAX);
    size_t at[NUMBERS_MAX];

    cr_assert(out != NULL && count <= NUMBERS_MAX);
    size_t len = (size_t)snprintf(out, TEXT_MAX, "%%PDF-1.7\n");
    for (size_t i = 0; i < count; i++) {
        at[i] = len;
        len += (size_t)snprintf(out + len, TEXT_MAX - len, "%zu 0 obj\n%s\nendobj\n",
                                i + 1, objects[i]);
    }
    size_t table = len;
    len += (size_t)snprintf(out + len, TEXT_MAX - len,
                            "xref\n0 %zu\n0000000000 65535 f \n", count + 1);
    for (size_t i = 0; i < count; i++) {
        len += (size_t)snprintf(out + len, TEXT_MAX - len, "%010zu 00000 n \n", at[i]);
    }
    len += (size_t)snprintf(out + len, TEXT_MAX - len,
                            "trailer\n<< /Size %zu /Root 1 0 R >>\nstartxref\n%zu\n"
                            "%%%%EOF\n",
                            count + 1, table);
    return slice_of(out, len);
}

static struct slice point(struct slice pdf, int number, size_t at, const char *state)
{
    char *out = malloc(pdf.len + 512);

    cr_assert_not_null(out);
    memcpy(out, pdf.data, pdf.len);
    int more =
        snprintf(out + pdf.len, 512,
                 "\nxref\n%d 1\n%010zu %s \ntrailer\n<< /Size %zu /Root 1 0 "
                 "R /Prev %zu >>\nstartxref\n%zu\n%%%%EOF\n",
                 number, at, state, next_size(pdf), last_startxref(pdf), pdf.len + 1);
    return slice_of(out, pdf.len + (size_t)more);
}

struct slice update_point(struct slice pdf, int number, size_t at)
{
    return point(pdf, number, at, "00000 n");
}

struct slice update_free(struct slice pdf, int number)
{
    return point(pdf, number, 0, "00001 f");
}

static size_t find_last(struct slice pdf, const char *text, size_t before)
{
    size_t len = strlen(text);

    for (size_t at = before - len; at > 0; at--) {
        if (memcmp(pdf.data + at, text, len) == 0) {
            return at;
        }
    }
    cr_assert_fail("no '%s'", text);
    return 0;
}

char *update_text(struct slice pdf, int number)
{
    static char text[TEXT_MAX];
    char head[32];

    (void)snprintf(head, sizeof(head), "\n%d 0 obj\n", number);
    size_t from = find_last(pdf, head, pdf.len) + strlen(head);
    size_t len = 0;
    while (memcmp(pdf.data + from + len, "endobj", 6) != 0) {
        len++;
    }
    cr_assert_lt(len, sizeof(text));
    memcpy(text, pdf.data + from, len);
    text[len] = '\0';
    return text;
}

void update_replace(char *text, const char *from, const char *to)
{
    char *at = strstr(text, from);

    cr_assert_not_null(at, "no '%s' in: %s", from, text);
    size_t rest = strlen(at + strlen(from)) + 1;
    memmove(at + strlen(to), at + strlen(from), rest);
    memcpy(at, to, strlen(to));
}
