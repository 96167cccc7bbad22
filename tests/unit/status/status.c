#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>

#include "gateway/status/inside.h"

/* What the statements about one certificate say together. */

enum { MORNING = 6, NOON = 12, AFTERNOON = 13, NEXT_DAY = 30 };

static struct status_cell cell;
static struct watched links[2];
static struct status_entry entry;
static struct status status;
static struct status_view view;

/* A good list of the morning, and a good answer of noon that is soon over. */
static void prepare(void)
{
    struct source crl = {.kind = STATUS_CRL, .known = true};
    struct source ocsp = {.kind = STATUS_OCSP, .known = true};

    crl.finding = (struct status_finding){
        .this_update_us = MORNING, .next_update_us = NEXT_DAY, .number = {[19] = 7}};
    ocsp.finding =
        (struct status_finding){.this_update_us = NOON, .next_update_us = AFTERNOON};
    links[0] = (struct watched){.crl = crl, .ocsp = ocsp};
    links[1] = links[0];
    entry = (struct status_entry){.key = {.cell = &cell}, .link_count = 1, .whole = true};
    status = (struct status){.links = links, .entries = &entry, .entry_count = 1};
}

static void look(void)
{
    status_publish_all(&status);
    (void)status_look(&cell, &view);
}

TestSuite(together, .init = prepare);

Test(together, an_answer_that_is_over_ends_no_list)
{
    look();
    cr_expect_eq(view.next_update_us, NEXT_DAY);
    cr_expect_eq(view.this_update_us, NOON, "the newest word is the age");
    cr_expect_eq(view.source, STATUS_OCSP);
    cr_expect_eq(view.told_us, NOON);
}

Test(together, a_list_that_is_over_ends_no_answer)
{
    links[0].ocsp.finding.next_update_us = NEXT_DAY + 1;
    look();
    cr_expect_eq(view.next_update_us, NEXT_DAY + 1);
    links[0].crl.known = false;
    look();
    cr_expect_eq(view.next_update_us, NEXT_DAY + 1);
}

Test(together, what_is_not_known_ends_nothing)
{
    links[0].crl.known = false;
    look();
    cr_expect_eq(view.next_update_us, AFTERNOON);
}

Test(together, of_a_chain_the_first_certificate_without_a_statement_counts)
{
    entry.links[1] = 1;
    entry.link_count = 2;
    links[1].crl.known = false;
    look();
    cr_expect_eq(view.next_update_us, AFTERNOON);
    links[1].ocsp.known = false;
    look();
    cr_expect_not(view.authentic);
}

Test(together, an_older_list_lifts_no_hold_though_the_answer_is_over)
{
    links[0].ocsp.finding.suspended = true;
    look();
    cr_expect(view.suspended);
    links[0].crl.finding.this_update_us = NOON + 1;
    look();
    cr_expect_not(view.suspended, "a newer one does");
}

Test(together, either_tells_of_a_revocation)
{
    links[0].crl.finding.revoked = true;
    look();
    cr_expect(view.revoked);
    prepare();
    links[0].ocsp.finding.revoked = true;
    look();
    cr_expect(view.revoked);
}

Test(told, a_certificate_that_finds_no_place_to_be_watched, .init = cr_redirect_stderr)
{
    char said[256] = "";

    status.entry_count = STATUS_KEYS_MAX;
    status.added = (struct status_key){.name = "seal-demo"};
    status.has_added = true;
    status_take_added(&status);
    FILE *lines = cr_get_redirected_stderr();
    cr_assert_not_null(fgets(said, sizeof(said), lines));
    cr_expect_not_null(strstr(said, "status.unwatched key=seal-demo"), "%s", said);
}
