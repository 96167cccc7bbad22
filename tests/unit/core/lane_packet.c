/* A lane is told all its keys in one packet: as many as a configuration may have. */
#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/core/lane/wire.h"

/* Those of the configuration, the canary and the log's; names as long as they may be, a
 * public key of RSA-4096. */
enum { KEYS = 258, SPKI = 550, ID = 32, NAME = 64 };

Test(lane_packet, as_many_keys_as_a_configuration_may_have_fit)
{
    static const uint8_t bytes[SPKI];
    static struct lane_key_ref keys[KEYS];
    static char text[NAME + 1];
    static const struct config_lane config = {.name = "lane0", .module = "module"};
    struct lane_options options = {.config = &config, .keys = keys, .key_count = KEYS};
    int ends[2];

    memset(text, 'k', NAME);
    for (size_t i = 0; i < KEYS; i++) {
        keys[i] = (struct lane_key_ref){.name = text,
                                        .id = slice_of(bytes, ID),
                                        .label = text,
                                        .spki = slice_of(bytes, SPKI)};
    }
    cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
    cr_expect_eq(wire_open(ends[0], &options), SG_OK);
    ssize_t len = recv(ends[1], text, sizeof(text), MSG_TRUNC);
    cr_expect_gt(len, (ssize_t)KEYS * SPKI);
    (void)close(ends[0]);
    (void)close(ends[1]);
}
