#include <criterion/criterion.h>
#include <stdio.h>

#include "gateway/core/core_inside.h"
#include "gateway/core/watch/agenda.h"

/* Ends that other threads tell of. */

static struct core core;

enum { CALLERS = 256, ISSUERS = 16 };

static bool is_expected(enum expiry_kind kind, const char *name)
{
    bool found = false;

    for (size_t i = 0; i < core.agenda.expected_count; i++) {
        const struct agenda_item *item = &core.agenda.expected[i];
        found = found || (item->kind == kind && strcmp(item->name, name) == 0);
    }
    return found;
}

Test(agenda, every_caller_that_a_configuration_may_have_finds_a_place)
{
    char names[ISSUERS][16];
    struct agenda_end issuers[ISSUERS];
    char name[16];

    for (int i = 0; i < ISSUERS; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "issuer-%d", i);
        issuers[i] = (struct agenda_end){names[i], 1};
    }
    core_expect_all(&core, EXPIRY_CLIENT_CA, issuers, ISSUERS);
    core_expect_all(&core, EXPIRY_TSA_ANCHOR, issuers, ISSUERS);

    core_expect(&core, EXPIRY_TLS, "gw1", 1);
    core_expect(&core, EXPIRY_TLS_ISSUER, "gw1", 1);
    core_expect(&core, EXPIRY_CLIENT_CRL, "gw1", 1);
    for (int i = 0; i < CALLERS; i++) {
        (void)snprintf(name, sizeof(name), "caller-%d", i);
        core_expect(&core, EXPIRY_CLIENT, name, 1);
        cr_expect(is_expected(EXPIRY_CLIENT, name), "%s", name);
    }
    cr_expect(is_expected(EXPIRY_TLS, "gw1"));
    cr_expect(is_expected(EXPIRY_CLIENT_CRL, "gw1"));
    cr_expect(is_expected(EXPIRY_CLIENT_CA, "issuer-15"));
    cr_expect(is_expected(EXPIRY_TSA_ANCHOR, "issuer-15"));
}

Test(agenda, what_is_told_at_once_takes_the_place_of_what_was_told_before)
{
    const struct agenda_end before[] = {{"old", 1}, {"both", 1}};
    const struct agenda_end now[] = {{"both", 2}, {"new", 1}};

    core_expect(&core, EXPIRY_CLIENT, "old", 1);
    core_expect_all(&core, EXPIRY_CLIENT_CA, before, SG_COUNT(before));
    core_expect_all(&core, EXPIRY_CLIENT_CA, now, SG_COUNT(now));
    cr_expect_not(is_expected(EXPIRY_CLIENT_CA, "old"));
    cr_expect(is_expected(EXPIRY_CLIENT_CA, "both"));
    cr_expect(is_expected(EXPIRY_CLIENT_CA, "new"));
    cr_expect(is_expected(EXPIRY_CLIENT, "old"), "of another kind");
    cr_expect_eq(core.agenda.expected_count, 3);
}
