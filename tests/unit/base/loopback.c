#include "gateway/loopback.h"

#include <criterion/criterion.h>

Test(loopback, takes_addresses_of_this_machine)
{
    static const char *const ours[] = {"127.0.0.1", "127.255.255.254", "::1", "0:0::0:1"};

    for (size_t i = 0; i < SG_COUNT(ours); i++) {
        cr_expect(loopback_address(ours[i]), "%s", ours[i]);
    }
}

Test(loopback, refuses_every_other)
{
    static const char *const others[] = {
        "",           "0.0.0.0",          "126.255.255.255",
        "128.0.0.1",  "10.0.0.1",         "::",
        "::2",        "localhost",        "127.1",
        "127.0.0.1 ", "127.0.0.1:1",      "[::1]",
        "fe80::1",    "::ffff:127.0.0.1", "0x7f000001"};

    for (size_t i = 0; i < SG_COUNT(others); i++) {
        cr_expect_not(loopback_address(others[i]), "%s", others[i]);
    }
}

Test(loopback, takes_hosts_as_browsers_write_them)
{
    static const char *const ours[] = {"localhost", "LocalHost", "127.0.0.1", "[::1]",
                                       "::1"};

    for (size_t i = 0; i < SG_COUNT(ours); i++) {
        cr_expect(loopback_host(ours[i]), "%s", ours[i]);
    }
}

Test(loopback, refuses_hosts_that_are_names_of_others)
{
    static const char *const others[] = {
        "",
        "[",
        "[]",
        "[::1",
        "::1]",
        "[127.0.0.1",
        "a",
        "localhost.a",
        "[localhost]",
        "a.127.0.0.1",
        "[::2]",
        "[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb]"};

    for (size_t i = 0; i < SG_COUNT(others); i++) {
        cr_expect_not(loopback_host(others[i]), "%s", others[i]);
    }
}
