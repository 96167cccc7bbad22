#include "gateway/transport/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static const char unix_prefix[] = "unix:";

static enum sg_status parse_path(const char *path, struct address *out,
                                 struct sg_error *why)
{
    size_t len = strlen(path);

    if (path[0] != '/' || len >= sizeof(out->local.sun_path)) {
        return sg_fail(why, SG_INVALID,
                       "'unix:%s' names no Unix socket; give an absolute path of at most "
                       "%zu bytes",
                       path, sizeof(out->local.sun_path) - 1);
    }
    out->local.sun_family = AF_UNIX;
    memcpy(out->local.sun_path, path, len + 1);
    out->len = sizeof(out->local);
    return SG_OK;
}

enum sg_status address_parse(const char *text, uint16_t port, struct address *out,
                             struct sg_error *why)
{
    *out = (struct address){.len = 0};
    if (strncmp(text, unix_prefix, sizeof(unix_prefix) - 1) == 0) {
        return parse_path(text + sizeof(unix_prefix) - 1, out, why);
    }
    if (inet_pton(AF_INET6, text, &out->v6.sin6_addr) == 1) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons(port);
        out->len = sizeof(out->v6);
        return SG_OK;
    }
    *out = (struct address){.len = sizeof(out->v4)};
    out->v4.sin_family = AF_INET;
    out->v4.sin_port = htons(port);
    if (inet_pton(AF_INET, text, &out->v4.sin_addr) == 1) {
        return SG_OK;
    }
    return sg_fail(why, SG_INVALID,
                   "'%s' is not an IPv4 or IPv6 address; host names are not looked up",
                   text);
}

bool address_is_local(const struct address *address)
{
    return address->any.sa_family == AF_UNIX;
}

uint16_t address_port(const struct address *address)
{
    if (address->any.sa_family == AF_INET6) {
        return ntohs(address->v6.sin6_port);
    }
    return address->any.sa_family == AF_INET ? ntohs(address->v4.sin_port) : 0;
}

void address_write(const struct address *address, char *out, size_t cap)
{
    char host[INET6_ADDRSTRLEN] = "";
    bool v6 = address->any.sa_family == AF_INET6;
    const void *bytes =
        v6 ? (const void *)&address->v6.sin6_addr : (const void *)&address->v4.sin_addr;

    if (address_is_local(address)) {
        (void)snprintf(out, cap, "unix");
        return;
    }
    (void)inet_ntop(address->any.sa_family, bytes, host, sizeof(host));
    (void)snprintf(out, cap, v6 ? "[%s]:%u" : "%s:%u", host,
                   (unsigned)address_port(address));
}
