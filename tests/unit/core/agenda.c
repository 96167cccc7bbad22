#include <criterion/criterion.h>
#include <stdio.h>

#include "gateway/core/core_inside.h"
#include "gateway/core/watch/agenda.h"

/* Ends that other threads tell of. */

static struct core core;

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
    enum { CALLERS = 256 };
    char name[16];

    core_expect(&core, EXPIRY_TLS, "gw1", 1);
    core_expect(&core, EXPIRY_CLIENT_CRL, "gw1", 1);
    for (int i = 0; i < CALLERS; i++) {
        (void)snprintf(name, sizeof(name), "caller-%d", i);
        core_expect(&core, EXPIRY_CLIENT, name, 1);
        cr_expect(is_expected(EXPIRY_CLIENT, name), "%s", name);
    }
    cr_expect(is_expected(EXPIRY_TLS, "gw1"));
    cr_expect(is_expected(EXPIRY_CLIENT_CRL, "gw1"));
}
