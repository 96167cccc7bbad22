#define _GNU_SOURCE /* strerror_r that returns the text */
#include "client/witness/server.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>

#include "client/witness/clock.h"
#include "client/witness/journal.h"
#include "client/witness/links.h"

enum {
    HEADERS_MAX = 8192,
    PATIENCE_MS = 10000,
    LAST_WORDS_MS = 200, /* answers that are under way at the end */
    NOT_ALLOWED = 405,
    HEX_LEN = 2 * TLOG_HASH_SIZE
};

static const char type_text[] = "text/plain; charset=utf-8";

struct server {
    const struct server_options *options;
    struct witness *witness;
    struct event_base *base; /* owned */
    struct evhttp *http;     /* owned */
    struct event *stops[2];  /* owned */
    struct links links;
    struct clock_watch clock;
    struct evhttp_bound_socket *bound; /* borrowed */
    enum sg_status outcome;
    struct sg_error why;
};

/* What a request is answered with. */
struct page {
    int code;
    const char *type;
    struct slice body;
};

/* --- Answers ----------------------------------------------------------------------- */

static void send_page(struct server *server, struct evhttp_request *request,
                      const struct page *page)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    struct evhttp_connection *connection = evhttp_request_get_connection(request);
    bool whole = evbuffer_add(evhttp_request_get_output_buffer(request), page->body.data,
                              page->body.len) == 0;

    if (!links_renew(&server->links, evhttp_connection_get_bufferevent(connection))) {
        (void)evhttp_add_header(headers, "Connection", "close");
    }
    (void)evhttp_add_header(headers, "Content-Type", page->type);
    (void)evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
    (void)evhttp_add_header(headers, "Cache-Control", "no-store");
    evhttp_send_reply(request, whole ? page->code : HTTP_INTERNAL, NULL, NULL);
}

static void say(struct server *server, struct evhttp_request *request, int code,
                const char *text)
{
    const struct page page = {.code = code, .type = type_text, .body = slice_str(text)};

    send_page(server, request, &page);
}

static void log_peer(struct journal *line, struct evhttp_request *request)
{
    char *peer = NULL;
    ev_uint16_t port = 0;

    evhttp_connection_get_peer(evhttp_request_get_connection(request), &peer, &port);
    json_str(&line->out, "peer", peer == NULL ? "" : peer);
}

/* --- add-checkpoint ---------------------------------------------------------------- */

static const char *level_of(const struct witness_reply *reply)
{
    if (reply->split || reply->answer == WITNESS_BROKEN ||
        reply->answer == WITNESS_CLOCK) {
        return "error";
    }
    return reply->answer == WITNESS_COSIGNED && !reply->adopted ? "info" : "warn";
}

static void log_request(struct evhttp_request *request, const struct witness_reply *reply)
{
    struct journal line;

    journal_begin(&line, level_of(reply), "add-checkpoint");
    json_int(&line.out, "code", witness_answer_code(reply->answer));
    json_str(&line.out, "answer", witness_answer_name(reply->answer));
    log_peer(&line, request);
    if (reply->origin[0] != '\0') {
        json_str(&line.out, "origin", reply->origin);
        json_uint(&line.out, "size", reply->size);
        json_uint(&line.out, "old", reply->old_size);
    }
    if (reply->why.text[0] != '\0') {
        json_str(&line.out, "why", reply->why.text);
    }
    journal_end(&line);
}

/* What an operator has to act upon, each on a line of its own. */
static void log_alarm(const struct witness_reply *reply, const char *event,
                      const char *text)
{
    struct journal line;

    journal_begin(&line, "error", event);
    json_str(&line.out, "origin", reply->origin);
    json_uint(&line.out, "size", reply->size);
    json_str(&line.out, "text", text);
    journal_end(&line);
}

static void log_alarms(const struct witness_reply *reply)
{
    static const char kept[] =
        "the log signed two different trees of this size: both notes are in the folder "
        "'evidence' of the state; tell everybody who relies on it";
    static const char not_kept[] =
        "the log signed two different trees of this size, but not both notes could be "
        "kept: the line before says why; ask its peer for the one that it handed in, "
        "and tell everybody who relies on the log";

    if (reply->split) {
        log_alarm(reply, "SPLIT-VIEW", reply->why.text[0] == '\0' ? kept : not_kept);
    }
    if (reply->adopted) {
        log_alarm(reply, "STATE-WAS-OLDER",
                  "the log has a later cosignature of this witness than its state had: "
                  "was the state restored from a backup? The later one counts now");
    }
    if (reply->answer == WITNESS_OTHER_SIZE && reply->behind) {
        log_alarm(reply, "state-behind",
                  "the client believes that a larger tree was cosigned here: if the "
                  "state was restored from a backup, this witness must not go on");
    }
}

static bool is_whole(struct evhttp_request *request, struct slice *body)
{
    struct evbuffer *input = evhttp_request_get_input_buffer(request);
    size_t len = evbuffer_get_length(input);
    const uint8_t *data = evbuffer_pullup(input, -1);

    *body = slice_of(data, data == NULL ? 0 : len);
    return data != NULL || len == 0;
}

static void stop(struct server *server, unsigned after_ms)
{
    const struct timeval soon = {.tv_usec = (suseconds_t)after_ms * 1000};

    if (server->bound != NULL) {
        evhttp_del_accept_socket(server->http, server->bound);
        server->bound = NULL;
        links_detach(&server->links);
    }
    (void)event_base_loopexit(server->base, &soon);
}

/* What stands on the disk is not known any more: a fresh process will read it. */
static void give_up(struct server *server, const struct sg_error *why)
{
    server->outcome = SG_IO;
    server->why = *why;
    stop(server, LAST_WORDS_MS);
}

static void add_checkpoint(struct server *server, struct evhttp_request *request)
{
    struct witness_reply reply;
    struct slice body = {0};

    if (server->outcome != SG_OK || !is_whole(request, &body)) {
        say(server, request, HTTP_INTERNAL, "the witness is stopping\n");
        return;
    }
    witness_add(server->witness, body, clock_now(&server->clock), &reply);
    log_request(request, &reply);
    log_alarms(&reply);
    const struct page page = {.code = witness_answer_code(reply.answer),
                              .type = reply.type,
                              .body = slice_str(reply.body)};
    send_page(server, request, &page);
    if (reply.answer == WITNESS_BROKEN) {
        give_up(server, &reply.why);
    }
}

/* --- Pages ------------------------------------------------------------------------- */

static void healthz(struct server *server, struct evhttp_request *request)
{
    bool healthy = witness_healthy(server->witness, clock_now(&server->clock));

    say(server, request, healthy ? HTTP_OK : HTTP_SERVUNAVAIL,
        healthy ? "ok\n" : "the clock is not believed\n");
}

static void latest(struct server *server, struct evhttp_request *request,
                   struct slice hex)
{
    struct page page = {.code = HTTP_OK, .type = type_text};

    if (witness_latest(server->witness, hex, &page.body) == SG_OK) {
        send_page(server, request, &page);
    } else {
        say(server, request, HTTP_NOTFOUND, "nothing was cosigned for this origin\n");
    }
}

/* "/<64 characters>/checkpoint" */
static bool is_checkpoint(const char *path, struct slice *hex)
{
    if (path[0] != '/' || strlen(path) <= HEX_LEN + 1 ||
        strcmp(path + 1 + HEX_LEN, "/checkpoint") != 0) {
        return false;
    }
    *hex = slice_of(path + 1, HEX_LEN);
    return true;
}

/* The path behind the prefix; "" when it does not begin so. */
static const char *path_of(const struct server *server, struct evhttp_request *request)
{
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
    const char *path = uri == NULL ? NULL : evhttp_uri_get_path(uri);
    size_t len = strlen(server->options->prefix);

    return path == NULL || strncmp(path, server->options->prefix, len) != 0 ? ""
                                                                            : path + len;
}

static void on_request(struct evhttp_request *request, void *context)
{
    struct server *server = (struct server *)context;
    const char *path = path_of(server, request);
    bool post = evhttp_request_get_command(request) == EVHTTP_REQ_POST;
    struct slice hex = {0};
    bool submission = strcmp(path, "/add-checkpoint") == 0;
    bool page = strcmp(path, "/healthz") == 0;
    bool checkpoint = is_checkpoint(path, &hex);

    if (submission && post) {
        add_checkpoint(server, request);
    } else if (page && !post) {
        healthz(server, request);
    } else if (checkpoint && !post) {
        latest(server, request, hex);
    } else {
        bool known = submission || page || checkpoint;
        say(server, request, known ? NOT_ALLOWED : HTTP_NOTFOUND,
            known ? "add-checkpoint takes POST, everything else GET\n"
                  : "there is no such page\n");
    }
}

/* --- Life -------------------------------------------------------------------------- */

static void on_stop(evutil_socket_t number, short what, void *context)
{
    (void)number;
    (void)what;
    stop((struct server *)context, LAST_WORDS_MS);
}

static enum sg_status make(struct server *server)
{
    static const int signals[] = {SIGTERM, SIGINT};
    const struct links_limits limits = {.patience_ms = PATIENCE_MS,
                                        .held_max = SUBMISSION_MAX + 2 * HEADERS_MAX};

    server->base = event_base_new();
    if (server->base == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < SG_COUNT(signals); i++) {
        server->stops[i] = evsignal_new(server->base, signals[i], on_stop, server);
        if (server->stops[i] == NULL || event_add(server->stops[i], NULL) != 0) {
            return SG_NO_MEMORY;
        }
    }
    TRY(links_init(&server->links, server->base, &limits));
    server->http = evhttp_new(server->base);
    if (server->http == NULL) {
        return SG_NO_MEMORY;
    }
    evhttp_set_max_headers_size(server->http, HEADERS_MAX);
    evhttp_set_max_body_size(server->http, SUBMISSION_MAX);
    evhttp_set_timeout(server->http, PATIENCE_MS / 1000 + 1);
    evhttp_set_allowed_methods(server->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST);
    evhttp_set_gencb(server->http, on_request, server);
    return SG_OK;
}

static enum sg_status listen_on(struct server *server, struct sg_error *why)
{
    const struct server_options *options = server->options;
    char reason[128];

    server->bound =
        evhttp_bind_socket_with_handle(server->http, options->host, options->port);
    if (server->bound == NULL) {
        return sg_fail(why, SG_IO, "cannot listen on %s port %u: %s", options->host,
                       (unsigned)options->port,
                       strerror_r(errno, reason, sizeof(reason)));
    }
    links_attach(&server->links, server->http, server->bound);
    return SG_OK;
}

static void log_ready(const struct server *server)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } name = {.v6 = {.sin6_family = AF_UNSPEC}};
    socklen_t len = sizeof(name);
    char address[96];
    char vkey[NOTE_VKEY_MAX];
    struct journal line;

    (void)getsockname(evhttp_bound_socket_get_fd(server->bound), &name.any, &len);
    bool v6 = name.any.sa_family == AF_INET6;
    (void)snprintf(address, sizeof(address), v6 ? "[%s]:%u" : "%s:%u",
                   server->options->host,
                   (unsigned)ntohs(v6 ? name.v6.sin6_port : name.v4.sin_port));
    note_vkey_format(witness_cosigner(server->witness), vkey);
    journal_begin(&line, "info", "ready");
    json_str(&line.out, "address", address);
    json_str(&line.out, "vkey", vkey);
    journal_end(&line);
}

static void release(struct server *server)
{
    if (server->http != NULL) {
        evhttp_free(server->http);
    }
    links_end(&server->links);
    for (size_t i = 0; i < SG_COUNT(server->stops); i++) {
        if (server->stops[i] != NULL) {
            event_free(server->stops[i]);
        }
    }
    if (server->base != NULL) {
        event_base_free(server->base);
    }
}

static void log_end(void)
{
    struct journal line;

    journal_begin(&line, "info", "stopped");
    journal_end(&line);
}

enum sg_status server_run(const struct server_options *options, struct witness *witness,
                          struct sg_error *why)
{
    struct server server = {.options = options, .witness = witness};

    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a limit on files reads as a full disk */
    enum sg_status status = make(&server);
    status = status == SG_OK ? listen_on(&server, why)
                             : sg_fail(why, status, "there is no memory for the server");
    if (status == SG_OK) {
        log_ready(&server);
        (void)event_base_dispatch(server.base);
        status = server.outcome;
        *why = server.why;
        log_end();
    }
    release(&server);
    return status;
}
