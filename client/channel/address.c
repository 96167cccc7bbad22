#include "client/channel/address.h"

#include <arpa/inet.h>
#include <string.h>

#include "proto/text.h"

static bool is_ip(const char *host)
{
    struct in6_addr scratch;

    return inet_pton(AF_INET, host, &scratch) == 1 ||
           inet_pton(AF_INET6, host, &scratch) == 1;
}

static bool copy(char *out, size_t cap, struct slice text)
{
    if (text.len == 0 || text.len >= cap || !text_plain(text)) {
        return false;
    }
    memcpy(out, text.data, text.len);
    out[text.len] = '\0';
    return true;
}

/* The host without the brackets that an IPv6 address needs. */
static struct slice bare_host(struct slice host)
{
    if (host.len >= 2 && host.data[0] == '[' && host.data[host.len - 1] == ']') {
        return slice_of(host.data + 1, host.len - 2);
    }
    return host;
}

enum sg_status address_parse(const char *text, struct address *out, struct sg_error *why)
{
    const char *colon = strrchr(text, ':');
    struct slice host =
        colon == NULL ? slice_of(NULL, 0) : slice_of(text, (size_t)(colon - text));
    struct slice bare = bare_host(host);
    struct slice port = slice_str(colon == NULL ? "" : colon + 1);
    uint64_t number = 0;
    /* Unbracketed, the colons of an IPv6 address could not be told from the port's. */
    bool ambiguous =
        bare.len == host.len && host.len > 0 && memchr(host.data, ':', host.len) != NULL;

    if (ambiguous || !copy(out->host, sizeof(out->host), bare) ||
        !copy(out->port, sizeof(out->port), port) ||
        text_uint(port, 65535, &number) != SG_OK || number == 0) {
        return sg_fail(why, SG_INVALID,
                       "'%.100s' is not an address: write host:port, for example "
                       "gw1.example.go.id:7443",
                       text);
    }
    out->is_ip = is_ip(out->host);
    return SG_OK;
}
