#define _GNU_SOURCE /* SOCK_CLOEXEC */
#include "gateway/status/fetch.h"

#include <curl/curl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { FIRST_ROOM = 16384, HTTP_OK = 200, BREATH_MS = 100 };

/* One under way; free when curl is NULL. */
struct exchange {
    const struct fetch_limits *limits;
    CURL *curl;                 /* owned */
    struct curl_slist *headers; /* owned */
    const char *url;            /* borrowed */
    void *context;
    struct fetched answer; /* owned */
    bool too_big;
    bool forbidden; /* the name leads into the own network */
};

struct fetches {
    struct fetch_limits limits;
    CURLM *multi; /* owned */
    struct exchange exchanges[FETCHES_MAX];
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
    struct fetched *out = &exchange->answer;
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

/* --- One exchange ---------------------------------------------------------------- */

static bool set_limits(CURL *curl, struct exchange *exchange)
{
    const struct fetch_limits *limits = exchange->limits;

    return curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROXY, limits->proxy) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)limits->timeout_ms) ==
               CURLE_OK;
}

/* Each exchange stands for itself: no connection and no address is taken from an earlier
 * one. The thread that resolves a name ends by itself, because to wait for it would hold
 * up the others beyond any timeout. */
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

static bool set_request(struct exchange *exchange, struct slice request)
{
    CURL *curl = exchange->curl;

    if (curl_easy_setopt(curl, CURLOPT_URL, exchange->url) != CURLE_OK) {
        return false;
    }
    if (request.len == 0) {
        return true;
    }
    exchange->headers = curl_slist_append(NULL, "Content-Type: application/ocsp-request");
    return exchange->headers != NULL &&
           curl_easy_setopt(curl, CURLOPT_HTTPHEADER, exchange->headers) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)request.len) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, request.data) == CURLE_OK;
}

static void finish(struct fetches *fetches, struct exchange *exchange)
{
    if (exchange->curl != NULL) {
        (void)curl_multi_remove_handle(fetches->multi, exchange->curl);
        curl_easy_cleanup(exchange->curl);
    }
    curl_slist_free_all(exchange->headers);
    fetched_fini(&exchange->answer);
    *exchange = (struct exchange){0};
}

static enum sg_status explain(const struct exchange *exchange, CURLcode code,
                              struct sg_error *why)
{
    if (exchange->too_big) {
        return sg_fail(why, SG_INVALID, "%.200s sends more than %lld bytes",
                       exchange->url, (long long)exchange->limits->max_bytes);
    }
    if (exchange->forbidden) {
        return sg_fail(why, SG_INVALID,
                       "%.200s leads to an address of a private network; set "
                       "status.private_addresses to 1 if that is meant",
                       exchange->url);
    }
    return sg_fail(why, code == CURLE_OPERATION_TIMEDOUT ? SG_TIMEOUT : SG_IO,
                   "%.200s: %s", exchange->url, curl_easy_strerror(code));
}

static enum sg_status judge(const struct exchange *exchange, CURLcode result,
                            struct sg_error *why)
{
    long code = 0;

    if (result != CURLE_OK) {
        return explain(exchange, result, why);
    }
    if (curl_easy_getinfo(exchange->curl, CURLINFO_RESPONSE_CODE, &code) != CURLE_OK ||
        code != HTTP_OK) {
        return sg_fail(why, SG_IO, "%.200s answers with HTTP %ld", exchange->url, code);
    }
    return SG_OK;
}

/* --- Several at once ------------------------------------------------------------- */

enum sg_status fetches_new(const struct fetch_limits *limits, struct fetches **out)
{
    struct fetches *fetches = (struct fetches *)calloc(1, sizeof(*fetches));
    CURLM *multi = curl_multi_init();

    if (fetches == NULL || multi == NULL) {
        free(fetches);
        (void)curl_multi_cleanup(multi);
        return SG_NO_MEMORY;
    }
    fetches->limits = *limits;
    fetches->multi = multi;
    *out = fetches;
    return SG_OK;
}

void fetches_free(struct fetches *fetches)
{
    if (fetches == NULL) {
        return;
    }
    for (size_t i = 0; i < FETCHES_MAX; i++) {
        finish(fetches, &fetches->exchanges[i]);
    }
    (void)curl_multi_cleanup(fetches->multi);
    free(fetches);
}

static struct exchange *free_one(struct fetches *fetches)
{
    for (size_t i = 0; i < FETCHES_MAX; i++) {
        if (fetches->exchanges[i].curl == NULL) {
            return &fetches->exchanges[i];
        }
    }
    return NULL;
}

enum sg_status fetch_begin(struct fetches *fetches, const struct fetch *fetch,
                           struct sg_error *why)
{
    struct exchange *exchange = free_one(fetches);

    if (exchange == NULL) {
        return sg_fail(why, SG_BUSY, "too many addresses are asked at once");
    }
    *exchange = (struct exchange){.limits = &fetches->limits,
                                  .curl = curl_easy_init(),
                                  .url = fetch->url,
                                  .context = fetch->context};
    if (exchange->curl == NULL || !set_limits(exchange->curl, exchange) ||
        !set_apart(exchange->curl) || !set_functions(exchange->curl, exchange) ||
        !set_request(exchange, fetch->request) ||
        curl_multi_add_handle(fetches->multi, exchange->curl) != CURLM_OK) {
        finish(fetches, exchange);
        return sg_fail(why, SG_NO_MEMORY, "no memory to ask %.200s", fetch->url);
    }
    return SG_OK;
}

static bool take_ended(struct fetches *fetches, struct fetch_end *out)
{
    int more = 0;
    void *found = NULL;
    const CURLMsg *message = curl_multi_info_read(fetches->multi, &more);

    if (message == NULL || message->msg != CURLMSG_DONE) {
        return false;
    }
    MUST(curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &found) == CURLE_OK);
    struct exchange *exchange = (struct exchange *)found;
    *out = (struct fetch_end){.context = exchange->context};
    out->status = judge(exchange, message->data.result, &out->why);
    if (out->status == SG_OK) {
        out->answer = exchange->answer;
        exchange->answer = (struct fetched){0};
    }
    finish(fetches, exchange);
    return true;
}

/* False: libcurl has no memory to do so. */
static bool go_on(struct fetches *fetches)
{
    int running = 0;

    return curl_multi_perform(fetches->multi, &running) == CURLM_OK;
}

bool fetches_wait(struct fetches *fetches, int64_t wait_ms, struct fetch_end *out)
{
    int ms = wait_ms < 0 ? 0 : wait_ms > INT_MAX ? INT_MAX : (int)wait_ms;

    bool good = go_on(fetches);
    if (take_ended(fetches, out)) {
        return true;
    }
    good = good && curl_multi_poll(fetches->multi, NULL, 0, ms, NULL) == CURLM_OK;
    good = good && go_on(fetches);
    if (!good) {
        (void)poll(NULL, 0, BREATH_MS); /* or this thread would turn without an end */
    }
    return take_ended(fetches, out);
}

void fetches_wake(struct fetches *fetches)
{
    (void)curl_multi_wakeup(fetches->multi);
}
