#include "gateway/network.h"

#include <criterion/criterion.h>

static struct network_prefix prefix(const char *text)
{
    struct network_prefix out;

    cr_assert_eq(network_prefix_parse(text, &out), SG_OK, "%s", text);
    return out;
}

static bool holds(const char *network, const char *peer)
{
    struct network_prefix wanted = prefix(network);
    struct network_address address;

    cr_assert_eq(network_address_parse(peer, &address), SG_OK, "%s", peer);
    return network_holds(&wanted, &address);
}

static const struct {
    const char *network;
    const char *within;
    const char *without;
} rows[] = {
    {"10.20.0.0/16", "10.20.255.255:1", "10.21.0.0:1"},
    {"10.20.0.0/15", "10.21.0.1:1", "10.22.0.0:1"},
    {"192.0.2.7", "192.0.2.7:65535", "192.0.2.6:65535"},
    {"192.0.2.0/31", "192.0.2.1:1", "192.0.2.2:1"},
    {"0.0.0.0/0", "203.0.113.9:1", "[2001:db8::1]:1"},
    {"2001:db8::/32", "[2001:db8:ffff::1]:443", "[2001:db9::]:443"},
    {"::1", "[::1]:1", "[::2]:1"},
    {"::/0", "127.0.0.1:1", NULL},
    {"10.0.0.0/8", "[::ffff:10.1.2.3]:1", "[::10.1.2.3]:1"},
};

Test(network, holds_what_begins_with_its_prefix)
{
    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        cr_expect(holds(rows[i].network, rows[i].within), "row %zu", i);
        if (rows[i].without != NULL) {
            cr_expect_not(holds(rows[i].network, rows[i].without), "row %zu", i);
        }
    }
}

Test(network, refuses_what_is_none)
{
    static const char *const texts[] = {"",
                                        "10.0.0.0/",
                                        "10.0.0.0/33",
                                        "10.0.0.0/08",
                                        "10.0.0.0/-1",
                                        "10.0.0/8",
                                        "10.0.0.1/8",
                                        "::1/129",
                                        "2001:db8::1/64",
                                        "localhost",
                                        "10.0.0.0/8 ",
                                        "/8",
                                        "10.0.0.0/8/8"};
    struct network_prefix out;

    for (size_t i = 0; i < SG_COUNT(texts); i++) {
        cr_expect_eq(network_prefix_parse(texts[i], &out), SG_INVALID, "'%s'", texts[i]);
    }
}

Test(network, refuses_what_is_no_peer)
{
    static const char *const texts[] = {"",    "unix", "127.0.0.1", "[::1",
                                        "::1", "]",    "[]:1",      "x:1"};
    struct network_address out;

    for (size_t i = 0; i < SG_COUNT(texts); i++) {
        cr_expect_eq(network_address_parse(texts[i], &out), SG_INVALID, "'%s'", texts[i]);
    }
}
