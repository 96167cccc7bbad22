/* What names the letters may break off. */
#define _GNU_SOURCE /* NOLINT: the name is the C library's; fopencookie */
#include "client/commands/sign/source.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "client/commands/sign/inside.h"

enum { NAMES = 3 };

static struct sign_options options = {.from = "the list", .profile = "pades-b-b"};
static struct sg_error why;

/* A list whose medium fails behind its names, or comes to its end. */
struct medium {
    const char *text;
    size_t at;
    bool fails;
};

static ssize_t read_medium(void *context, char *out, size_t cap)
{
    struct medium *medium = (struct medium *)context;
    size_t left = strlen(medium->text) - medium->at;
    size_t len = left < cap ? left : cap;

    memcpy(out, medium->text + medium->at, len);
    medium->at += len;
    return len == 0 && medium->fails ? -1 : (ssize_t)len;
}

static enum sg_status count_names(struct medium *medium, unsigned *count)
{
    const cookie_io_functions_t functions = {.read = read_medium};
    struct sign_source *source = (struct sign_source *)calloc(1, sizeof(*source));
    struct sign_row row = {.block = NULL};
    enum sg_status status = SG_OK;

    cr_assert_not_null(source);
    source->options = &options;
    source->delimiter = '\n';
    source->file = fopencookie(medium, "r", functions);
    cr_assert_not_null(source->file);
    for (*count = 0; status == SG_OK && *count < 2 * NAMES; *count += 1) {
        status = sign_source_next(source, &row, &why);
        sign_row_fini(&row);
    }
    *count -= 1;
    sign_source_close(source);
    return status;
}

Test(sign_source, a_list_that_breaks_off_is_not_at_its_end)
{
    struct medium medium = {.text = "a.pdf\nb.pdf\nc.pdf\n"};
    unsigned count = 0;

    cr_expect_eq(count_names(&medium, &count), SG_NOT_FOUND);
    cr_expect_eq(count, NAMES);
    medium = (struct medium){.text = medium.text, .fails = true};
    cr_expect_eq(count_names(&medium, &count), SG_IO);
    cr_expect_not_null(strstr(why.text, "the list cannot be read"), "%s", why.text);
}
