#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>

#include "gateway/http/http.h"

static bool is_public(const char *text)
{
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};

    if (inet_pton(AF_INET, text, &four.sin_addr) == 1) {
        return http_address_public((const struct sockaddr *)&four);
    }
    cr_assert_eq(inet_pton(AF_INET6, text, &six.sin6_addr), 1, "%s", text);
    return http_address_public((const struct sockaddr *)&six);
}

Test(public, addresses_of_private_networks_are_known)
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

Test(public, addresses_of_the_public_network_are_known)
{
    static const char *const outside[] = {
        "8.8.8.8",    "172.15.0.1",           "172.32.0.1",
        "100.63.0.1", "2606:2800:220:1::248", "193.0.0.1"};

    for (size_t i = 0; i < SG_COUNT(outside); i++) {
        cr_expect(is_public(outside[i]), "%s", outside[i]);
    }
}
