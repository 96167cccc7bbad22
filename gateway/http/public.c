#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "gateway/http/http.h"

struct net4 {
    uint32_t net;
    uint32_t mask;
};

static bool public4(uint32_t address)
{
    /* RFC 6890: not of the public network. */
    static const struct net4 nets[] = {
        {0x00000000, 0xff000000}, {0x0a000000, 0xff000000}, {0x64400000, 0xffc00000},
        {0x7f000000, 0xff000000}, {0xa9fe0000, 0xffff0000}, {0xac100000, 0xfff00000},
        {0xc0000000, 0xffffff00}, {0xc0000200, 0xffffff00}, {0xc0a80000, 0xffff0000},
        {0xc6120000, 0xfffe0000}, {0xc6336400, 0xffffff00}, {0xcb007100, 0xffffff00},
        {0xe0000000, 0xe0000000},
    };

    for (size_t i = 0; i < SG_COUNT(nets); i++) {
        if ((address & nets[i].mask) == nets[i].net) {
            return false;
        }
    }
    return true;
}

/* Global unicast is 2000::/3; of it, 6to4 and Teredo carry an IPv4 address inside. */
static bool public6(const uint8_t bytes[16])
{
    bool teredo = bytes[0] == 0x20 && bytes[1] == 1 && bytes[2] == 0 && bytes[3] == 0;
    bool sixtofour = bytes[0] == 0x20 && bytes[1] == 2;
    bool documents =
        bytes[0] == 0x20 && bytes[1] == 1 && bytes[2] == 0x0d && bytes[3] == 0xb8;

    return (bytes[0] & 0xe0) == 0x20 && !teredo && !sixtofour && !documents;
}

bool http_address_public(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof(in));
        return public4(ntohl(in.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, address, sizeof(in));
        return public6(in.sin6_addr.s6_addr);
    }
    return false;
}

/* libcurl takes other schemes for other protocols, and would tell only when it asks. */
enum sg_status http_check_proxy(const char *setting, const char *proxy,
                                struct sg_error *why)
{
    static const char scheme[] = "http://";
    const char *host =
        proxy +
        (strncmp(proxy, scheme, sizeof(scheme) - 1) == 0 ? sizeof(scheme) - 1 : 0);
    bool good = host[0] != '\0';

    for (const char *at = host; good && *at != '\0'; at++) {
        good = *at > ' ' && *at <= '~' && strchr("/?#\\\"<>", *at) == NULL;
    }
    return good || proxy[0] == '\0'
               ? SG_OK
               : sg_fail(why, SG_INVALID,
                         "%s: '%.200s' is no HTTP proxy; write http://HOST:PORT", setting,
                         proxy);
}
