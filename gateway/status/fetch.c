#define _GNU_SOURCE /* SOCK_CLOEXEC */
#include "gateway/status/fetch.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { FIRST_ROOM = 16384, HTTP_OK = 200 };

/* One exchange under way. */
struct exchange {
    const struct fetch_limits *limits;
    struct fetched *out;
    bool too_big;
    bool forbidden; /* the name leads into the own network */
};

enum sg_status fetch_setup(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? SG_OK : SG_NO_MEMORY;
}

void fetched_fini(struct fetched *fetched)
{
    free(fetched->data);
    *fetched = (struct fetched){0};
}

/* --- Addresses ------------------------------------------------------------------- */

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

bool fetch_address_public(const struct sockaddr *address)
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

/* Asked after the name was resolved, for the very address that is connected to. */
static curl_socket_t on_socket(void *context, curlsocktype purpose,
                               struct curl_sockaddr *address)
{
    struct exchange *exchange = (struct exchange *)context;
    bool by_proxy = exchange->limits->proxy[0] != '\0';

    if (purpose != CURLSOCKTYPE_IPCXN ||
        (!exchange->limits->private_addresses && !by_proxy &&
         !fetch_address_public(&address->addr))) {
        exchange->forbidden = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* --- Bytes ----------------------------------------------------------------------- */

static bool make_room(struct fetched *out, size_t need, size_t limit)
{
    size_t room = out->room == 0 ? FIRST_ROOM : out->room;

    while (room < need) {
        room *= 2;
    }
    room = room > limit ? limit : room;
    if (room <= out->room) {
        return true;
    }
    uint8_t *grown = (uint8_t *)realloc(out->data, room);
    if (grown == NULL) {
        return false;
    }
    out->data = grown;
    out->room = room;
    return true;
}

static size_t on_bytes(char *bytes, size_t size, size_t count, void *context)
{
    struct exchange *exchange = (struct exchange *)context;
    struct fetched *out = exchange->out;
    size_t limit = (size_t)exchange->limits->max_bytes;
    size_t len = size * count;

    if (len > limit - out->len) {
        exchange->too_big = true;
        return 0;
    }
    if (len == 0) {
        return 0;
    }
    if (!make_room(out, out->len + len, limit)) {
        return 0;
    }
    memcpy(out->data + out->len, bytes, len);
    out->len += len;
    return len;
}

static int on_progress(void *context, curl_off_t total, curl_off_t now,
                       curl_off_t up_total, curl_off_t up_now)
{
    const struct exchange *exchange = (const struct exchange *)context;

    (void)total;
    (void)now;
    (void)up_total;
    (void)up_now;
    return atomic_load(exchange->limits->stop) ? 1 : 0;
}

/* --- The exchange ---------------------------------------------------------------- */

static void free_curl(CURL **curl)
{
    curl_easy_cleanup(*curl);
}

static void free_headers(struct curl_slist **headers)
{
    curl_slist_free_all(*headers);
}

static bool set_limits(CURL *curl, struct exchange *exchange)
{
    const struct fetch_limits *limits = exchange->limits;

    return curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROXY, limits->proxy) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)limits->timeout_ms) ==
               CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFODATA, exchange) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, on_socket) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, exchange) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEDATA, exchange) == CURLE_OK;
}

static bool set_request(CURL *curl, const char *url, struct slice request,
                        struct curl_slist **headers)
{
    if (curl_easy_setopt(curl, CURLOPT_URL, url) != CURLE_OK) {
        return false;
    }
    if (request.len == 0) {
        return true;
    }
    *headers = curl_slist_append(NULL, "Content-Type: application/ocsp-request");
    return *headers != NULL &&
           curl_easy_setopt(curl, CURLOPT_HTTPHEADER, *headers) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)request.len) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.data) == CURLE_OK;
}

static enum sg_status explain(const struct exchange *exchange, const char *url,
                              CURLcode code, struct sg_error *why)
{
    if (exchange->too_big) {
        return sg_fail(why, SG_INVALID, "%.200s sends more than %lld bytes", url,
                       (long long)exchange->limits->max_bytes);
    }
    if (exchange->forbidden) {
        return sg_fail(why, SG_INVALID,
                       "%.200s leads to an address of a private network; set "
                       "status.private_addresses to 1 if that is meant",
                       url);
    }
    return sg_fail(why, code == CURLE_OPERATION_TIMEDOUT ? SG_TIMEOUT : SG_IO,
                   "%.200s: %s", url, curl_easy_strerror(code));
}

static enum sg_status perform(CURL *curl, const struct exchange *exchange,
                              const char *url, struct sg_error *why)
{
    long code = 0;
    CURLcode result = curl_easy_perform(curl);

    if (result != CURLE_OK) {
        return explain(exchange, url, result, why);
    }
    if (curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code) != CURLE_OK ||
        code != HTTP_OK) {
        return sg_fail(why, SG_IO, "%.200s answers with HTTP %ld", url, code);
    }
    return SG_OK;
}

enum sg_status fetch(const struct fetch_limits *limits, const char *url,
                     struct slice request, struct fetched *out, struct sg_error *why)
{
    struct exchange exchange = {.limits = limits, .out = out};
    AUTO(free_headers) struct curl_slist *headers = NULL;
    AUTO(free_curl) CURL *curl = curl_easy_init();

    *out = (struct fetched){0};
    if (curl == NULL || !set_limits(curl, &exchange) ||
        !set_request(curl, url, request, &headers)) {
        return sg_fail(why, SG_NO_MEMORY, "no memory to ask %.200s", url);
    }
    enum sg_status status = perform(curl, &exchange, url, why);
    if (status != SG_OK) {
        fetched_fini(out);
    }
    return status;
}
