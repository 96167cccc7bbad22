#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "gateway/ledger/incidents.h"
#include "tests/unit/ledger/support/book.h"

static struct book book;
static struct arena arena;
static struct ledger_incident found;
static uint64_t all;
static uint64_t open_ones;

static void set_up(void)
{
    book_make(&book);
    book_open(&book);
    cr_assert_eq(arena_init(&arena, 1 << 20), SG_OK);
}

static void tear_down(void)
{
    arena_fini(&arena);
    book_remove(&book);
}

TestSuite(incidents, .init = set_up, .fini = tear_down);

static void keep(const char *id, const char *subject)
{
    const struct ledger_incident incident = {.id = id,
                                             .kind = "lockdown",
                                             .subject = subject,
                                             .why = "a card is missing",
                                             .person = "officer-a",
                                             .opened_us = 5,
                                             .oral_due_us = 50,
                                             .written_due_us = 500,
                                             .log_index = 7,
                                             .log_hash = {3}};

    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_assert_eq(ledger_add_incident(book.ledger, &incident), SG_OK);
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
}

static void look(const char *id)
{
    cr_assert_eq(ledger_find_incident(book.ledger, id, &arena, &found), SG_OK);
}

static void note(const char *id, const char *person, const char *request_id)
{
    const struct ledger_incident_note one = {.what = INCIDENT_ORAL,
                                             .person = person,
                                             .role = "officer",
                                             .request_id = request_id,
                                             .time_us = 20,
                                             .given_us = 19,
                                             .reference = "B-1",
                                             .text = ""};

    look(id);
    cr_assert_eq(ledger_add_incident_note(book.ledger, found.number, &one), SG_OK);
}

Test(incidents, outlive_the_gateway_with_their_notes)
{
    keep("incident-7", "lockdown-6");
    note("incident-7", "officer-a", "r1");
    note("incident-7", "officer-b", "r1");
    book_close(&book);
    book_open(&book);
    look("incident-7");
    cr_expect_str_eq(found.kind, "lockdown");
    cr_expect_str_eq(found.subject, "lockdown-6");
    cr_expect_str_eq(found.person, "officer-a");
    cr_expect_eq(found.opened_us, 5);
    cr_expect_eq(found.oral_due_us, 50);
    cr_expect_eq(found.written_due_us, 500);
    cr_expect_eq(found.closed_us, 0);
    cr_expect_eq(found.log_index, 7);
    cr_expect_eq(found.log_hash[0], 3);
    cr_assert_eq(found.note_count, 2);
    cr_expect_str_eq(found.notes[0].person, "officer-a");
    cr_expect_str_eq(found.notes[1].person, "officer-b");
    cr_expect_eq(found.notes[0].what, INCIDENT_ORAL);
    cr_expect_eq(found.notes[0].given_us, 19);
    cr_expect_str_eq(found.notes[0].reference, "B-1");
}

Test(incidents, are_found_by_a_note_of_a_person)
{
    keep("incident-1", "a");
    keep("incident-2", "b");
    note("incident-2", "officer-a", "r1");
    cr_assert_eq(
        ledger_find_incident_of_note(book.ledger, "officer-a", "r1", &arena, &found),
        SG_OK);
    cr_expect_str_eq(found.id, "incident-2");
    cr_expect_eq(
        ledger_find_incident_of_note(book.ledger, "officer-b", "r1", &arena, &found),
        SG_NOT_FOUND);
    cr_expect_eq(ledger_find_incident(book.ledger, "incident-3", &arena, &found),
                 SG_NOT_FOUND);
}

Test(incidents, that_are_closed_stay_so)
{
    keep("incident-1", "a");
    look("incident-1");
    found.oral_given_us = 21;
    cr_assert_eq(ledger_mark_incident(book.ledger, &found), SG_OK);
    cr_assert_eq(ledger_known_incidents(book.ledger, "lockdown", "a", &all, &open_ones),
                 SG_OK);
    cr_expect_eq(all, 1);
    cr_expect_eq(open_ones, 1);
    found.closed_us = 30;
    cr_assert_eq(ledger_mark_incident(book.ledger, &found), SG_OK);
    found.closed_us = 40;
    cr_expect_eq(ledger_mark_incident(book.ledger, &found), SG_NOT_FOUND);
    look("incident-1");
    cr_expect_eq(found.oral_given_us, 21);
    cr_expect_eq(found.closed_us, 30);
    cr_assert_eq(ledger_known_incidents(book.ledger, "lockdown", "a", &all, &open_ones),
                 SG_OK);
    cr_expect_eq(all, 1);
    cr_expect_eq(open_ones, 0);
    cr_assert_eq(ledger_known_incidents(book.ledger, "lockdown", "b", &all, &open_ones),
                 SG_OK);
    cr_expect_eq(all, 0);
}

static struct incident_page list(uint64_t below, size_t limit, bool closed)
{
    const struct incident_query query = {
        .below = below, .limit = limit, .closed = closed, .briefly = !closed};
    struct incident_page page;

    arena_reset(&arena);
    cr_assert_eq(ledger_list_incidents(book.ledger, &query, &arena, &page), SG_OK);
    return page;
}

Test(incidents, are_listed_from_the_newest_on_in_pages)
{
    for (unsigned i = 0; i < 5; i++) {
        char id[24];
        (void)snprintf(id, sizeof(id), "incident-%u", i);
        keep(id, id);
    }
    look("incident-3");
    found.closed_us = 9;
    cr_assert_eq(ledger_mark_incident(book.ledger, &found), SG_OK);
    struct incident_page page = list(INT64_MAX, 2, false);
    cr_assert_eq(page.count, 2);
    cr_expect_str_eq(page.items[0].id, "incident-4");
    cr_expect_str_eq(page.items[1].id, "incident-2");
    cr_expect_neq(page.next, 0);
    page = list(page.next, 2, false);
    cr_assert_eq(page.count, 2);
    cr_expect_str_eq(page.items[1].id, "incident-0");
    cr_expect_eq(page.next, 0);
    cr_expect_eq(list(INT64_MAX, 9, true).count, 5);
}

Test(incidents, a_small_arena_is_told)
{
    const struct incident_query query = {.below = INT64_MAX, .limit = 4};
    struct incident_page page;
    struct arena small = {0};

    keep("incident-1", "a");
    cr_assert_eq(arena_init(&small, 600), SG_OK);
    cr_expect_eq(ledger_list_incidents(book.ledger, &query, &small, &page), SG_NO_MEMORY);
    arena_fini(&small);
}

/* --- Reminders --------------------------------------------------------------------- */

static struct ledger_reminder reminder(const char *name, int64_t expires_us,
                                       uint32_t days)
{
    return (struct ledger_reminder){
        .what = "certificate", .name = name, .expires_us = expires_us, .days = days};
}

Test(incidents, reminders_are_known_by_what_ends_and_when)
{
    struct ledger_reminder one = reminder("seal", 1000, 30);
    struct ledger_reminder other = reminder("seal", 1001, 0);

    cr_expect_eq(ledger_recall_reminder(book.ledger, &one), SG_NOT_FOUND);
    cr_assert_eq(ledger_keep_reminder(book.ledger, &one), SG_OK);
    one.days = 7;
    cr_assert_eq(ledger_keep_reminder(book.ledger, &one), SG_OK);
    one.days = 99;
    cr_assert_eq(ledger_recall_reminder(book.ledger, &one), SG_OK);
    cr_expect_eq(one.days, 7);
    cr_expect_eq(ledger_recall_reminder(book.ledger, &other), SG_NOT_FOUND);
}

Test(incidents, old_reminders_are_forgotten)
{
    struct ledger_reminder old = reminder("seal", 1000, 0);
    struct ledger_reminder young = reminder("seal", 2000, 0);

    cr_assert_eq(ledger_keep_reminder(book.ledger, &old), SG_OK);
    cr_assert_eq(ledger_keep_reminder(book.ledger, &young), SG_OK);
    cr_assert_eq(ledger_drop_reminders(book.ledger, 2000), SG_OK);
    cr_expect_eq(ledger_recall_reminder(book.ledger, &old), SG_NOT_FOUND);
    cr_expect_eq(ledger_recall_reminder(book.ledger, &young), SG_OK);
}
