#include <criterion/criterion.h>
#include <stdio.h>

#include "gateway/core/ceremony/ceremony.h"
#include "gateway/core/core_inside.h"

/* The PIN of a ceremony on a lane whose PIN is typed. */

Test(ceremony_pin, nobody_types_it_for_a_ceremony_that_was_called_off)
{
    static struct core core;
    struct ceremony *ceremony = &core.ceremony;

    ceremony->phase = CEREMONY_AWAITING;
    ceremony->work.berth = 1;
    ceremony->pin.pipe = -1;
    cr_expect(ceremony_awaits(&core, &core.berths[1]));
    cr_expect_not(ceremony_awaits(&core, &core.berths[0]));
    (void)snprintf(ceremony->pin.called_off, sizeof(ceremony->pin.called_off), "uid 0");
    cr_expect_not(ceremony_awaits(&core, &core.berths[1]));
}
