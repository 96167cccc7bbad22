#include "gateway/loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>

bool loopback_address(const char *address)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (inet_pton(AF_INET, address, &v4) == 1) {
        return ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET;
    }
    return inet_pton(AF_INET6, address, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool loopback_host(const char *host)
{
    char bare[INET6_ADDRSTRLEN];
    size_t len = strlen(host);

    if (len < 2 || host[0] != '[' || host[len - 1] != ']') {
        return strcasecmp(host, "localhost") == 0 || loopback_address(host);
    }
    if (len - 2 >= sizeof(bare)) {
        return false;
    }
    memcpy(bare, host + 1, len - 2);
    bare[len - 2] = '\0';
    return loopback_address(bare);
}
