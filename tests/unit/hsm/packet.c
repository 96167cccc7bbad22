/* A lane tells what became of all its keys in one packet. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hsm/wire/wire.h"

Test(packet, as_many_keys_as_a_configuration_may_have_fit)
{
    enum { SPKI = 550 };
    static struct token token;
    struct key *keys = calloc(WIRE_KEYS_MAX, sizeof(*keys));
    const struct lane_state state = {
        .token = &token, .keys = keys, .key_count = WIRE_KEYS_MAX, .note = ""};
    int ends[2];
    char text[64];

    cr_assert_not_null(keys);
    for (size_t i = 0; i < WIRE_KEYS_MAX; i++) {
        memset(keys[i].ref.name, 'k', sizeof(keys[i].ref.name) - 1);
        memset(keys[i].label, 'k', sizeof(keys[i].label) - 1);
        keys[i].code = "";
        keys[i].curve = "";
        keys[i].usable = true;
        keys[i].spki_len = SPKI;
    }
    cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
    cr_expect_eq(wire_opened(ends[0], &state), SG_OK);
    ssize_t len = recv(ends[1], text, sizeof(text), MSG_TRUNC);
    cr_expect_gt(len, (ssize_t)WIRE_KEYS_MAX * SPKI);
    (void)close(ends[0]);
    (void)close(ends[1]);
    free(keys);
}
