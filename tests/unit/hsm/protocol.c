#include <criterion/criterion.h>

#include "tests/unit/hsm/support/peer.h"
#include "tests/unit/hsm/support/rig.h"

TestSuite(protocol, .init = rig_make, .fini = rig_remove, .timeout = 60);

/* The programs were replaced, and segeld was not restarted yet: no login is tried, and
 * nobody guesses what the other meant. */
Test(protocol, a_segeld_of_another_version_is_refused_in_one_sentence)
{
    struct wish wish = peer_wish("a1");

    rig_write("wrong", "99999999\n");
    wish.pin_path = rig_path("wrong");
    wish.threads = 999;
    wish.protocol = 1;
    struct peer peer = peer_start(&wish);
    cr_assert_not_null(peer.failed);
    cr_expect_eq((enum failure)peer.failed->failure, FAILURE_CONFIG);
    cr_expect_not_null(
        strstr(peer.failed->why, "one speaks version 1 of their protocol"));
    cr_expect_not_null(strstr(peer.failed->why, "; restart segeld"));
    cr_expect_eq(peer_stop(&peer), 1);
}
