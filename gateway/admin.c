#define _GNU_SOURCE /* strerror_r that returns the text */
#include "gateway/admin.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/admin_links.h"
#include "gateway/loopback.h"
#include "gateway/thread.h"

enum { HEADERS_MAX = 8192, SILENCE_S = 5, LIFE_MS = 10000, NOT_ALLOWED_HERE = 403 };
/* evhttp would answer those that it is not to allow with 501. */
enum { EVERY_METHOD = UINT16_MAX };

struct admin {
    struct admin_options options;
    struct event_base *base; /* owned */
    struct evhttp *http;     /* owned */
    struct event *stop;      /* owned */
    struct admin_links links;
    int stop_fd; /* owned */
    pthread_t thread;
    bool running;
    char address[64];
};

/* --- Whose address ----------------------------------------------------------------- */

enum sg_status admin_check(const char *address, struct sg_error *why)
{
    return loopback_address(address)
               ? SG_OK
               : sg_fail(why, SG_INVALID,
                         "admin.address is '%s': the local pages have no access control, "
                         "so only 127.0.0.1 or ::1 is accepted",
                         address);
}

/* --- Pages ------------------------------------------------------------------------- */

static const struct admin_page *find_page(const struct admin *admin,
                                          struct evhttp_request *request)
{
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
    const char *path = uri == NULL ? NULL : evhttp_uri_get_path(uri);

    for (size_t i = 0; path != NULL && i < admin->options.page_count; i++) {
        if (strcmp(admin->options.pages[i].path, path) == 0) {
            return &admin->options.pages[i];
        }
    }
    return NULL;
}

/* evhttp would send a body with HEAD as well. */
static bool add_body(struct evhttp_request *request, const char *text, size_t len)
{
    char number[24];

    if (evhttp_request_get_command(request) != EVHTTP_REQ_HEAD) {
        return evbuffer_add(evhttp_request_get_output_buffer(request), text, len) == 0;
    }
    (void)snprintf(number, sizeof(number), "%zu", len);
    return evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Length",
                             number) == 0;
}

static void send_answer(struct evhttp_request *request, int status, const char *type)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);

    (void)evhttp_add_header(headers, "Content-Type", type);
    (void)evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
    (void)evhttp_add_header(headers, "Cache-Control", "no-store");
    (void)evhttp_add_header(headers, "Connection", "close");
    evhttp_send_reply(request, status, NULL, NULL);
}

static void send_page(const struct admin *admin, struct evhttp_request *request,
                      const struct admin_page *page)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    int status = HTTP_INTERNAL;

    if (out != NULL) {
        int wanted = page->write(admin->options.context, out);
        bool whole = fclose(out) == 0 && add_body(request, text, len);
        status = whole ? wanted : HTTP_INTERNAL;
    }
    free(text);
    send_answer(request, status, page->type);
}

static void refuse(struct evhttp_request *request, int status, const char *sentence)
{
    (void)add_body(request, sentence, strlen(sentence));
    send_answer(request, status, "text/plain; charset=utf-8");
}

static bool only_reads(struct evhttp_request *request)
{
    return (evhttp_request_get_command(request) & (EVHTTP_REQ_GET | EVHTTP_REQ_HEAD)) !=
           0;
}

static void on_request(struct evhttp_request *request, void *context)
{
    const struct admin *admin = (const struct admin *)context;
    const struct admin_page *page = find_page(admin, request);
    const char *host = evhttp_request_get_host(request);

    /* Who sends no Host is no browser. */
    if (host != NULL && !loopback_host(host)) {
        refuse(request, NOT_ALLOWED_HERE, "name this machine by 127.0.0.1\n");
    } else if (page == NULL) {
        refuse(request, HTTP_NOTFOUND, "there is no such page\n");
    } else if (!only_reads(request)) {
        (void)evhttp_add_header(evhttp_request_get_output_headers(request), "Allow",
                                "GET, HEAD");
        refuse(request, HTTP_BADMETHOD, "this page can be read only\n");
    } else {
        send_page(admin, request, page);
    }
}

/* --- Life -------------------------------------------------------------------------- */

static void on_stop(evutil_socket_t fd, short what, void *context)
{
    struct admin *admin = (struct admin *)context;

    (void)fd;
    (void)what;
    (void)event_base_loopbreak(admin->base);
}

static enum sg_status make_base(struct admin *admin)
{
    struct event_config *config = event_config_new();

    if (config != NULL && event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) == 0) {
        admin->base = event_base_new_with_config(config);
    }
    if (config != NULL) {
        event_config_free(config);
    }
    admin->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (admin->base == NULL || admin->stop_fd < 0) {
        return SG_NO_MEMORY;
    }
    admin->stop = event_new(admin->base, admin->stop_fd, EV_READ, on_stop, admin);
    TRY(admin_links_init(&admin->links, admin->base, admin->options.life_ms));
    admin->http = evhttp_new(admin->base);
    bool good =
        admin->stop != NULL && admin->http != NULL && event_add(admin->stop, NULL) == 0;
    return good ? SG_OK : SG_NO_MEMORY;
}

static void set_limits(struct admin *admin)
{
    evhttp_set_max_headers_size(admin->http, HEADERS_MAX);
    evhttp_set_max_body_size(admin->http, 0);
    evhttp_set_timeout(admin->http, SILENCE_S);
    evhttp_set_allowed_methods(admin->http, EVERY_METHOD);
    evhttp_set_gencb(admin->http, on_request, admin);
}

static enum sg_status listen_on(struct admin *admin, struct sg_error *why)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } name = {.v6 = {.sin6_family = AF_UNSPEC}};
    socklen_t len = sizeof(name);
    char reason[128];
    const char *address = admin->options.address;
    struct evhttp_bound_socket *bound =
        evhttp_bind_socket_with_handle(admin->http, address, admin->options.port);

    if (bound == NULL ||
        getsockname(evhttp_bound_socket_get_fd(bound), &name.any, &len) != 0) {
        return sg_fail(why, SG_IO,
                       "cannot listen on %s port %u for the local pages: %s; choose "
                       "another admin.port",
                       address, (unsigned)admin->options.port,
                       strerror_r(errno, reason, sizeof(reason)));
    }
    admin_links_attach(&admin->links, admin->http, bound);
    bool v6 = name.any.sa_family == AF_INET6;
    (void)snprintf(admin->address, sizeof(admin->address), v6 ? "[%s]:%u" : "%s:%u",
                   address, (unsigned)ntohs(v6 ? name.v6.sin6_port : name.v4.sin_port));
    return SG_OK;
}

enum sg_status admin_new(const struct admin_options *options, struct admin **out,
                         struct sg_error *why)
{
    TRY(admin_check(options->address, why));
    struct admin *admin = (struct admin *)calloc(1, sizeof(*admin));
    if (admin == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "there is no memory for the local pages");
    }
    admin->options = *options;
    if (admin->options.life_ms == 0) {
        admin->options.life_ms = LIFE_MS;
    }
    enum sg_status status = make_base(admin);
    if (status != SG_OK) {
        admin_free(admin);
        return sg_fail(why, status, "there is no memory for the local pages");
    }
    set_limits(admin);
    status = listen_on(admin, why);
    if (status != SG_OK) {
        admin_free(admin);
        return status;
    }
    *out = admin;
    return SG_OK;
}

const char *admin_address(const struct admin *admin)
{
    return admin->address;
}

static void *run(void *context)
{
    struct admin *admin = (struct admin *)context;

    (void)event_base_dispatch(admin->base);
    return NULL;
}

/* Signals are for the main thread. */
enum sg_status admin_start(struct admin *admin, struct sg_error *why)
{
    admin->running = thread_start(&admin->thread, "segeld-pages", run, admin) == SG_OK;
    return admin->running ? SG_OK
                          : sg_fail(why, SG_NO_MEMORY,
                                    "the thread of the local pages could not be started; "
                                    "is the limit of threads reached?");
}

static void stop_thread(struct admin *admin)
{
    const uint64_t one = 1;

    if (admin->running) {
        MUST(write(admin->stop_fd, &one, sizeof(one)) == (ssize_t)sizeof(one));
        MUST(pthread_join(admin->thread, NULL) == 0);
        admin->running = false;
    }
}

void admin_free(struct admin *admin)
{
    if (admin == NULL) {
        return;
    }
    stop_thread(admin);
    if (admin->http != NULL) {
        evhttp_free(admin->http);
    }
    admin_links_fini(&admin->links);
    if (admin->stop != NULL) {
        event_free(admin->stop);
    }
    if (admin->base != NULL) {
        event_base_free(admin->base);
    }
    if (admin->stop_fd >= 0) {
        (void)close(admin->stop_fd);
    }
    free(admin);
}
