#include "gateway/service/health/pages.h"

#include <criterion/criterion.h>

#include "gateway/clock.h"

/* What a start says of itself, before there is anything to serve. */

static struct pages pages;
static char text[512];

static int status_of(const char *path)
{
    struct admin_options options = {.page_count = 0};
    int status = 0;

    pages_offer(&pages, &options);
    for (size_t i = 0; i < options.page_count; i++) {
        if (strcmp(options.pages[i].path, path) == 0) {
            FILE *out = fmemopen(text, sizeof(text), "w");
            cr_assert_not_null(out);
            status = options.pages[i].write(options.context, out);
            (void)fclose(out);
        }
    }
    return status;
}

static void expect_unfit(const char *sentence)
{
    static const char *const paths[] = {"/readyz", "/healthz", "/metrics"};

    for (size_t i = 0; i < SG_COUNT(paths); i++) {
        cr_expect_eq(status_of(paths[i]), 503, "%s", paths[i]);
        cr_expect_not_null(strstr(text, sentence), "%s: %s", paths[i], text);
    }
}

Test(pages, a_start_is_alive_and_not_ready)
{
    expect_unfit("the gateway starts\n");
    cr_expect_eq(status_of("/livez"), 200);
}

Test(pages, one_that_waits_for_a_pin_is_alive_as_long_as_it_moves)
{
    enum { STANDSTILL_US = 10000000 };

    pages_wait(&pages);
    expect_unfit("waits for a PIN");
    cr_expect_eq(status_of("/livez"), 200);
    atomic_store(&pages.waiting_us, clock_mono_us() - STANDSTILL_US);
    cr_expect_eq(status_of("/livez"), 503);
    cr_expect_str_eq(text, "the start stands still\n");
    pages_go_on(&pages);
    expect_unfit("the gateway starts\n");
    cr_expect_eq(status_of("/livez"), 200);
}
