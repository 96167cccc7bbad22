/* What a unary call costs the transport: a server whose one method gives each call to
 * another thread and answers when it comes back, as segeld does with its core, and does
 * nothing else. Beside it in the same run: the same service on gRPC C++ (grpcpp.cc).
 *
 *   handoff --tls DIR   server.pem and server.key in DIR; clients need no certificate
 *
 * Prints "ready PORT" and serves until its standard input ends. */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/mbox.h"
#include "gateway/transport/server.h"
#include "grpc/health/v1/health.pb-c.h"

/* A call on its way to the other thread and back. */
struct errand {
    struct letter letter; /* first */
    struct grpc_name name;
};

struct handoff {
    struct server *server;
    struct mbox there;
    struct mbox back;
    struct letters spare; /* of the loop */
    atomic_bool over;
};

static _Noreturn void give_up(const char *what, const char *why)
{
    (void)fprintf(stderr, "handoff: %s%s%s\n", what, why[0] == '\0' ? "" : ": ", why);
    _exit(1);
}

/* --- The loop's side --------------------------------------------------------------- */

static struct errand *take_errand(struct handoff *handoff)
{
    struct letter *letter = STAILQ_FIRST(&handoff->spare);

    if (letter != NULL) {
        STAILQ_REMOVE_HEAD(&handoff->spare, link);
        return (struct errand *)letter;
    }
    return (struct errand *)calloc(1, sizeof(struct errand));
}

static void on_check(struct grpc_call *call, const ProtobufCMessage *message,
                     void *context)
{
    struct handoff *handoff = (struct handoff *)context;
    struct letters batch = STAILQ_HEAD_INITIALIZER(batch);
    struct errand *errand = take_errand(handoff);

    (void)message;
    if (errand == NULL) {
        grpc_finish(call, SG_NO_MEMORY, NULL, slice_of(NULL, 0));
        return;
    }
    errand->name = grpc_call_name(call);
    STAILQ_INSERT_TAIL(&batch, &errand->letter, link);
    MUST(mbox_put(&handoff->there, &batch, 1) == SG_OK);
}

static void answer(struct handoff *handoff, const struct errand *errand)
{
    static const Grpc__Health__V1__HealthCheckResponse serving = {
        PROTOBUF_C_MESSAGE_INIT(&grpc__health__v1__health_check_response__descriptor),
        GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING};
    struct grpc_call *call = server_call(handoff->server, errand->name);

    if (call != NULL && grpc_send(call, &serving.base) == SG_OK) {
        grpc_finish(call, SG_OK, NULL, slice_of(NULL, 0));
    }
}

static void on_wake(void *context)
{
    struct handoff *handoff = (struct handoff *)context;
    struct letters mail = STAILQ_HEAD_INITIALIZER(mail);
    struct letter *letter;

    mbox_take(&handoff->back, &mail);
    STAILQ_FOREACH(letter, &mail, link)
    {
        answer(handoff, (struct errand *)letter);
    }
    STAILQ_CONCAT(&handoff->spare, &mail);
}

/* --- The other thread -------------------------------------------------------------- */

static void *serve(void *context)
{
    struct handoff *handoff = (struct handoff *)context;
    struct pollfd mail = {.fd = handoff->there.wake_fd, .events = POLLIN};

    while (!atomic_load(&handoff->over)) {
        struct letters letters = STAILQ_HEAD_INITIALIZER(letters);
        struct letter *letter;
        size_t count = 0;
        (void)poll(&mail, 1, 100);
        mbox_take(&handoff->there, &letters);
        STAILQ_FOREACH(letter, &letters, link)
        {
            count++;
        }
        MUST(count == 0 || mbox_put(&handoff->back, &letters, count) == SG_OK);
    }
    return NULL;
}

/* --- Start and end ----------------------------------------------------------------- */

static void *anybody(void *context, const struct peer *peer, struct sg_error *why)
{
    (void)peer;
    (void)why;
    return context;
}

static void start(struct handoff *handoff, const char *dir)
{
    static struct grpc_method method;
    static char certificate[512];
    static char key[512];
    const struct server_listener listener = {.address = "127.0.0.1"};
    struct sg_error why = {0};

    (void)snprintf(certificate, sizeof(certificate), "%s/server.pem", dir);
    (void)snprintf(key, sizeof(key), "%s/server.key", dir);
    method = (struct grpc_method){.path = "/grpc.health.v1.Health/Check",
                                  .kind = GRPC_UNARY,
                                  .request =
                                      &grpc__health__v1__health_check_request__descriptor,
                                  .max_request = 65536,
                                  .context = handoff,
                                  .on_message = on_check};
    const struct server_options options = {.listeners = &listener,
                                           .listener_count = 1,
                                           .certificate = certificate,
                                           .private_key = key,
                                           .loops = 1,
                                           .limits = SERVER_LIMITS_DEFAULT,
                                           .methods = &method,
                                           .method_count = 1,
                                           .identify = anybody,
                                           .context = handoff};
    if (server_new(&options, &handoff->server, &why) != SG_OK) {
        give_up("the server cannot be made", why.text);
    }
    server_watch(handoff->server, 0, handoff->back.wake_fd, on_wake, handoff);
    if (server_start(handoff->server, &why) != SG_OK) {
        give_up("the server does not start", why.text);
    }
}

int main(int argc, char **argv)
{
    static struct handoff handoff;
    pthread_t thread;
    char rest[64];

    if (argc != 3 || strcmp(argv[1], "--tls") != 0) {
        give_up("the file's head says what is wanted", "");
    }
    STAILQ_INIT(&handoff.spare);
    MUST(mbox_init(&handoff.there, 0) == SG_OK && mbox_init(&handoff.back, 0) == SG_OK);
    start(&handoff, argv[2]);
    MUST(pthread_create(&thread, NULL, serve, &handoff) == 0);
    (void)printf("ready %u\n", (unsigned)server_port(handoff.server, 0));
    (void)fflush(stdout);
    while (read(STDIN_FILENO, rest, sizeof(rest)) > 0) {
    }
    server_stop(handoff.server);
    atomic_store(&handoff.over, true);
    MUST(pthread_join(thread, NULL) == 0);
    server_free(handoff.server);
    return 0;
}
