#define _GNU_SOURCE /* NOLINT: the name is the C library's */
#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client/channel/moment.h"
#include "client/segel/gateway.h"
#include "client/segel/plan.h"
#include "tests/unit/client/support/link.h"
#include "tests/unit/segel/support/bench.h"

/* Plans that share what the gateway said of their key. Tests run beside each other at one
 * server: each counts questions about a key of its own. */

static const char *counted;

LINK_BEFORE_ALL_TESTS
LINK_AFTER_ALL_TESTS

TestSuite(offers, .init = bench_open, .fini = bench_close, .timeout = 30);

static struct segel_plan *plan_of_row(unsigned row, const char *stamp)
{
    struct segel_terms terms = SEGEL_INIT(terms);
    struct segel_plan *plan = NULL;
    char approval[32];

    (void)snprintf(approval, sizeof(approval), "ND/%u/2026", row);
    terms.key = counted;
    terms.document_class = "surat_keterangan";
    terms.approval = approval;
    terms.stamp = stamp;
    cr_assert_eq(segel_plan_make(segel, &terms, &plan, &error), SEGEL_OK, "%s",
                 error.text);
    return plan;
}

/* How often the gateway was asked about the key, this time included. */
static int64_t questions(void)
{
    const struct segel_signer *signer = NULL;

    cr_assert_eq(segel_signer_get(segel, counted, NULL, &signer, &error), SEGEL_OK);
    int64_t count = signer->certificate_not_after_us;
    segel_signer_free(signer);
    return count;
}

static void make_rows(void)
{
    struct segel_plan *first = plan_of_row(0, NULL);

    for (unsigned row = 1; row < 40; row++) {
        struct segel_plan *plan = plan_of_row(row, NULL);
        cr_expect_eq(plan->offered, first->offered, "a stamp of its own");
        cr_expect_neq(strcmp(plan->terms.approval_ref, first->terms.approval_ref), 0);
        segel_plan_free(plan);
    }
    segel_plan_free(first);
}

Test(offers, rows_with_an_approval_each_ask_about_the_key_once)
{
    counted = "counted-rows";
    int64_t before = questions();

    make_rows();
    cr_expect_eq(questions(), before + 2);
    make_rows();
    cr_expect_eq(questions(), before + 3);
}

Test(offers, what_a_key_offers_is_asked_again_after_a_minute_or_a_lost_connection)
{
    counted = "counted-minute";
    int64_t before = questions();

    make_rows();
    segel->offers.rows[0].until_us = moment_mono_us() - 1;
    make_rows();
    cr_expect_eq(questions(), before + 3);
    channel_close(segel->channel);
    segel->channel = NULL;
    cr_expect_eq(questions(), before + 4);
    make_rows();
    cr_expect_eq(questions(), before + 6);
}

/* A key that was rotated: callers go on to use its old name. */
Test(offers, what_is_told_by_the_successors_name_is_kept_for_the_one_that_was_asked_for)
{
    counted = "counted-rows-rotated";
    int64_t before = questions();

    make_rows();
    cr_expect_eq(questions(), before + 2);
}

static int template_of(const char *words)
{
    int fd = memfd_create("stamp", 0);
    char text[256];
    int len = snprintf(text, sizeof(text),
                       "stamp Uji\nsize 180 60\npage first\nat 5 5\nbox statement\n"
                       "size 180 40\nbox text\nat 0 42\nsize 180 18\ntext %s\n",
                       words);

    cr_assert(fd >= 0 && write(fd, text, (size_t)len) == len);
    return fd;
}

static void show(struct segel_plan *plan, size_t *len)
{
    struct segel_letter letter = bench_letter("outliving");
    struct segel_prepared *prepared = NULL;

    cr_assert_eq(segel_prepare(plan, &letter, &prepared, &error), SEGEL_OK, "%s",
                 error.text);
    cr_assert_eq(segel_embed(prepared, "", 0, NULL, &error), SEGEL_OK);
    (void)segel_prepared_pdf(prepared, len);
    segel_prepared_free(prepared);
    segel_plan_free(plan);
}

Test(offers, each_template_has_a_stamp_of_its_own_that_outlives_the_handle)
{
    static const char *const words[] = {"SURAT", "BERITA ACARA SERAH TERIMA BARANG"};
    struct segel_plan *plans[SG_COUNT(words)];
    size_t lens[SG_COUNT(words)] = {0};
    char path[32];

    counted = "counted-stamps";
    for (size_t i = 0; i < SG_COUNT(words); i++) {
        int fd = template_of(words[i]); /* open to the end: each has its own path */
        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        plans[i] = plan_of_row(1, path);
    }
    cr_expect_neq(plans[0]->offered, plans[1]->offered);
    segel_close(segel);
    segel = NULL;
    for (size_t i = 0; i < SG_COUNT(words); i++) {
        show(plans[i], &lens[i]);
    }
    cr_expect_neq(lens[0], lens[1], "the same stamp");
}
