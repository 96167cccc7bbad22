#include "gateway/status/fetch.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>

#include "gateway/status/inside.h"

static bool is_public(const char *text)
{
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};

    if (inet_pton(AF_INET, text, &four.sin_addr) == 1) {
        return fetch_address_public((const struct sockaddr *)&four);
    }
    cr_assert_eq(inet_pton(AF_INET6, text, &six.sin6_addr), 1, "%s", text);
    return fetch_address_public((const struct sockaddr *)&six);
}

Test(fetch, addresses_of_private_networks_are_known)
{
    static const char *const inside[] = {
        "0.0.0.0",     "10.1.2.3",        "100.64.0.1", "127.0.0.1",   "169.254.169.254",
        "172.16.0.1",  "172.31.255.255",  "192.0.0.8",  "192.168.1.1", "198.18.0.1",
        "224.0.0.1",   "255.255.255.255", "::",         "::1",         "::ffff:8.8.8.8",
        "64:ff9b::1",  "fc00::1",         "fd12::1",    "fe80::1",     "ff02::1",
        "2001:0:1::1", "2002:a00:1::1",   "2001:db8::1"};

    for (size_t i = 0; i < SG_COUNT(inside); i++) {
        cr_expect_not(is_public(inside[i]), "%s", inside[i]);
    }
}

Test(fetch, addresses_of_the_public_network_are_known)
{
    static const char *const outside[] = {
        "8.8.8.8",    "172.15.0.1",           "172.32.0.1",
        "100.63.0.1", "2606:2800:220:1::248", "193.0.0.1"};

    for (size_t i = 0; i < SG_COUNT(outside); i++) {
        cr_expect(is_public(outside[i]), "%s", outside[i]);
    }
}

static const struct config config = {.status_refresh_s = 600, .status_retry_max_s = 30};

Test(fetch, pauses_after_failures_grow_to_the_limit)
{
    for (unsigned failures = 1; failures < 100; failures++) {
        const struct source source = {.failures = failures};
        int64_t wanted_us = failures > 5 ? 30000000 : INT64_C(1000000) << (failures - 1);
        int64_t found_us = source_pause(&config, &source, 0);
        cr_expect_leq(found_us, wanted_us, "%u", failures);
        cr_expect_geq(found_us, wanted_us / 2, "%u", failures);
    }
}

Test(fetch, a_statement_is_asked_for_again_before_it_ends)
{
    struct source source = {.finding = {.next_update_us = INT64_C(400000000)}};

    cr_expect_eq(source_pause(&config, &source, 0), 300000000);
    source.finding.next_update_us = INT64_C(86400000000);
    cr_expect_eq(source_pause(&config, &source, 0), 600000000);
    source.finding.next_update_us = -5; /* already past: not in a hurry */
    cr_expect_eq(source_pause(&config, &source, 0), 60000000);
}

Test(fetch, numbers_times_and_revocations_do_not_go_back)
{
    struct status_finding held = {.this_update_us = 5, .number = {[19] = 7}};
    struct status_finding next = held;

    cr_expect(evidence_follows(&held, &next), "the same again");
    next.number[18] = 1;
    next.number[19] = 0;
    cr_expect(evidence_follows(&held, &next), "256 after 7");
    cr_expect_not(evidence_follows(&next, &held), "7 after 256");
    next = held;
    next.this_update_us = 4;
    cr_expect_not(evidence_follows(&held, &next), "an earlier time");
    next = held;
    held.suspended = true;
    cr_expect(evidence_follows(&held, &next), "a hold may end");
    held.revoked = true;
    cr_expect_not(evidence_follows(&held, &next), "a revocation may not");
}
