#define _GNU_SOURCE /* SOCK_CLOEXEC */
#include "gateway/http/http.h"

#include <curl/curl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { FIRST_ROOM = 16384, BREATH_MS = 100 };

/* One under way; free when curl is NULL. */
struct exchange {
    CURL *curl;                 /* owned */
    struct curl_slist *headers; /* owned */
    const char *url;            /* borrowed */
    void *context;
    uint8_t *data; /* owned */
    size_t len;
    size_t room;
    size_t max_bytes;
    bool anywhere; /* private addresses, too */
    bool too_big;
    bool forbidden; /* the name leads into the own network */
};

struct http {
    const char *proxy; /* borrowed */
    CURLM *multi;      /* owned */
    struct exchange exchanges[HTTP_REQUESTS_MAX];
};

void http_answer_fini(struct http_answer *answer)
{
    free(answer->data);
    answer->data = NULL;
}

/* Asked after the name was resolved, for the very address that is connected to. Lanes are
 * started again while this thread works: they inherit no socket. */
static curl_socket_t on_socket(void *context, curlsocktype purpose,
                               struct curl_sockaddr *address)
{
    struct exchange *exchange = (struct exchange *)context;

    if (purpose != CURLSOCKTYPE_IPCXN ||
        (!exchange->anywhere && !http_address_public(&address->addr))) {
        exchange->forbidden = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* --- Bytes ----------------------------------------------------------------------- */

static bool make_room(struct exchange *exchange, size_t need)
{
    if (need <= exchange->room) {
        return true;
    }
    size_t room = need > 2 * exchange->room ? need : 2 * exchange->room;
    room = room > exchange->max_bytes ? exchange->max_bytes : room;
    uint8_t *grown = (uint8_t *)realloc(exchange->data, room);
    if (grown == NULL) {
        return false;
    }
    exchange->data = grown;
    exchange->room = room;
    return true;
}

static size_t on_bytes(char *bytes, size_t size, size_t count, void *context)
{
    struct exchange *exchange = (struct exchange *)context;
    size_t len = size * count;

    if (len > exchange->max_bytes - exchange->len) {
        exchange->too_big = true;
        return 0;
    }
    if (!make_room(exchange, exchange->len + len)) {
        return 0;
    }
    memcpy(exchange->data + exchange->len, bytes, len);
    exchange->len += len;
    return len;
}

/* --- One exchange ---------------------------------------------------------------- */

/* NOPROXY, or the environment could lead past the proxy. */
static bool set_bounds(CURL *curl, const struct http *http,
                       const struct http_request *request)
{
    return curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, request->schemes) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) ==
               CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROXY, http->proxy) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOPROXY, "") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms) ==
               CURLE_OK &&
           (request->ca[0] == '\0' ||
            curl_easy_setopt(curl, CURLOPT_CAINFO, request->ca) == CURLE_OK);
}

/* No connection and no address is taken from an earlier request. The thread that resolves
 * a name ends by itself: to wait for it would hold up the others beyond any timeout. */
static bool set_apart(CURL *curl)
{
    return curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_DNS_CACHE_TIMEOUT, 0L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK;
}

static bool set_functions(CURL *curl, struct exchange *exchange)
{
    return curl_easy_setopt(curl, CURLOPT_PRIVATE, exchange) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, on_socket) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, exchange) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEDATA, exchange) == CURLE_OK;
}

static bool set_request(struct exchange *exchange, const struct http_request *request)
{
    CURL *curl = exchange->curl;
    char header[96];

    if (curl_easy_setopt(curl, CURLOPT_URL, request->url) != CURLE_OK) {
        return false;
    }
    if (request->body.len == 0) {
        return true;
    }
    (void)snprintf(header, sizeof(header), "Content-Type: %s", request->type);
    exchange->headers = curl_slist_append(NULL, header);
    return exchange->headers != NULL &&
           curl_easy_setopt(curl, CURLOPT_HTTPHEADER, exchange->headers) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)request->body.len) ==
               CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, request->body.data) == CURLE_OK;
}

static void finish(struct http *http, struct exchange *exchange)
{
    if (exchange->curl != NULL) {
        (void)curl_multi_remove_handle(http->multi, exchange->curl);
        curl_easy_cleanup(exchange->curl);
    }
    curl_slist_free_all(exchange->headers);
    free(exchange->data);
    *exchange = (struct exchange){0};
}

static enum sg_status explain(const struct exchange *exchange, CURLcode code,
                              struct sg_error *why)
{
    if (exchange->too_big) {
        return sg_fail(why, SG_TOO_LARGE, "%.200s answers with more than %zu bytes",
                       exchange->url, exchange->max_bytes);
    }
    if (exchange->forbidden) {
        return sg_fail(why, SG_DENIED, "%.200s leads to an address of a private network",
                       exchange->url);
    }
    return sg_fail(why, code == CURLE_OPERATION_TIMEDOUT ? SG_TIMEOUT : SG_IO,
                   "%.200s: %s", exchange->url, curl_easy_strerror(code));
}

/* --- Several at once ------------------------------------------------------------- */

/* libcurl's own, once a process; later ones only read it. */
static CURLcode global = CURLE_FAILED_INIT;

static void set_up(void)
{
    global = curl_global_init(CURL_GLOBAL_DEFAULT);
}

enum sg_status http_new(const char *proxy, struct http **out)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    if (pthread_once(&once, set_up) != 0 || global != CURLE_OK) {
        return SG_NO_MEMORY;
    }
    struct http *http = (struct http *)calloc(1, sizeof(*http));
    CURLM *multi = curl_multi_init();

    if (http == NULL || multi == NULL) {
        free(http);
        (void)curl_multi_cleanup(multi);
        return SG_NO_MEMORY;
    }
    http->proxy = proxy;
    http->multi = multi;
    *out = http;
    return SG_OK;
}

void http_free(struct http *http)
{
    if (http == NULL) {
        return;
    }
    for (size_t i = 0; i < HTTP_REQUESTS_MAX; i++) {
        finish(http, &http->exchanges[i]);
    }
    (void)curl_multi_cleanup(http->multi);
    free(http);
}

size_t http_load(const struct http *http)
{
    size_t load = 0;

    for (size_t i = 0; i < HTTP_REQUESTS_MAX; i++) {
        load += http->exchanges[i].curl != NULL ? 1 : 0;
    }
    return load;
}

static struct exchange *free_one(struct http *http)
{
    for (size_t i = 0; i < HTTP_REQUESTS_MAX; i++) {
        if (http->exchanges[i].curl == NULL) {
            return &http->exchanges[i];
        }
    }
    return NULL;
}

enum sg_status http_begin(struct http *http, const struct http_request *request,
                          struct sg_error *why)
{
    struct exchange *exchange = free_one(http);

    if (exchange == NULL) {
        return sg_fail(why, SG_BUSY, "too many addresses are asked at once");
    }
    *exchange = (struct exchange){.curl = curl_easy_init(),
                                  .url = request->url,
                                  .context = request->context,
                                  .max_bytes = request->max_bytes,
                                  .anywhere = request->private_addresses ||
                                              http->proxy[0] != '\0'};
    if (exchange->curl == NULL || !make_room(exchange, FIRST_ROOM) ||
        !set_bounds(exchange->curl, http, request) || !set_apart(exchange->curl) ||
        !set_functions(exchange->curl, exchange) || !set_request(exchange, request) ||
        curl_multi_add_handle(http->multi, exchange->curl) != CURLM_OK) {
        finish(http, exchange);
        return sg_fail(why, SG_NO_MEMORY, "no memory to ask %.200s", request->url);
    }
    return SG_OK;
}

static void read_head(const struct exchange *exchange, struct http_answer *out)
{
    const char *type = NULL;

    (void)curl_easy_getinfo(exchange->curl, CURLINFO_RESPONSE_CODE, &out->code);
    if (curl_easy_getinfo(exchange->curl, CURLINFO_CONTENT_TYPE, &type) == CURLE_OK &&
        type != NULL && strlen(type) < sizeof(out->type)) {
        (void)snprintf(out->type, sizeof(out->type), "%s", type);
    }
}

static bool take_ended(struct http *http, struct http_answer *out)
{
    int more = 0;
    void *found = NULL;
    const CURLMsg *message = curl_multi_info_read(http->multi, &more);

    if (message == NULL || message->msg != CURLMSG_DONE) {
        return false;
    }
    MUST(curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &found) == CURLE_OK);
    struct exchange *exchange = (struct exchange *)found;
    CURLcode result = message->data.result;
    *out = (struct http_answer){.context = exchange->context};
    if (result == CURLE_OK) {
        read_head(exchange, out);
        out->status = SG_OK;
        out->data = exchange->data;
        out->len = exchange->len;
        exchange->data = NULL;
    } else {
        out->status = explain(exchange, result, &out->why);
    }
    finish(http, exchange);
    return true;
}

/* False: libcurl has no memory to do so. */
static bool go_on(struct http *http)
{
    int running = 0;

    return curl_multi_perform(http->multi, &running) == CURLM_OK;
}

bool http_wait(struct http *http, int64_t wait_ms, struct http_answer *out)
{
    int ms = wait_ms < 0 ? 0 : wait_ms > INT_MAX ? INT_MAX : (int)wait_ms;

    bool good = go_on(http);
    if (take_ended(http, out)) {
        return true;
    }
    good = good && curl_multi_poll(http->multi, NULL, 0, ms, NULL) == CURLM_OK;
    good = good && go_on(http);
    if (!good) {
        (void)poll(NULL, 0, BREATH_MS); /* or this thread would turn without an end */
    }
    return take_ended(http, out);
}

void http_wake(struct http *http)
{
    (void)curl_multi_wakeup(http->multi);
}
