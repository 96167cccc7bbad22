/* service: grpc.testing.TestService on the gateway's own transport, for gRPC's own
 * clients. Prints one JSON line with its ports once it is ready, and ends when its input
 * closes. It lets everybody in and belongs to the tests only. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/transport/server.h"
#include "tests/interop/testing.h"

enum {
    LISTENERS_MAX = 3,
    PATH_SIZE = 512,
    CONNECTIONS = 4096,
    STREAMS = 8192,
    DESCRIPTORS_MAX = 1 << 20
};

struct service_options {
    bool plain;
    const char *tls;
    const char *unix_path;
    const char *client_ca;
    const char *descriptors;
    unsigned long loops;
};

/* What a listener is called in the JSON line. */
struct service {
    struct testing testing;
    struct reflection reflection;
    uint8_t descriptors[DESCRIPTORS_MAX];
    struct server_listener listeners[LISTENERS_MAX];
    const char *names[LISTENERS_MAX];
    size_t count;
    char certificate[PATH_SIZE];
    char private_key[PATH_SIZE];
    char unix_address[PATH_SIZE];
};

static const char usage[] =
    "usage: service [--plain] [--tls DIR] [--unix PATH] [--client-ca FILE]\n"
    "               [--descriptors FILE] [--loops N]\n"
    "  --plain       HTTP/2 without TLS on a free port of 127.0.0.1\n"
    "  --tls         TLS on another one, with DIR/server.pem and DIR/server.key\n"
    "  --unix        HTTP/2 without TLS on a Unix socket\n"
    "  --client-ca   ask for client certificates of these issuers\n"
    "  --descriptors answer grpc.reflection from what protoc --descriptor_set_out made\n"
    "  --loops       I/O threads, 1 to 8 (default: 1)\n";

static void *let_in(void *context, const struct peer *peer, struct sg_error *why)
{
    (void)peer;
    (void)why;
    return context;
}

static void on_tick(void *context)
{
    answers_tick((struct answers_list *)context);
}

static void die(const char *text)
{
    (void)fprintf(stderr, "service: %s\n", text);
    exit(1);
}

static bool take_option(struct service_options *options, const char *name,
                        const char *value)
{
    char *end = NULL;

    if (strcmp(name, "--tls") == 0) {
        options->tls = value;
    } else if (strcmp(name, "--unix") == 0) {
        options->unix_path = value;
    } else if (strcmp(name, "--client-ca") == 0) {
        options->client_ca = value;
    } else if (strcmp(name, "--descriptors") == 0) {
        options->descriptors = value;
    } else if (strcmp(name, "--loops") == 0) {
        options->loops = strtoul(value, &end, 10);
        return *end == '\0' && options->loops >= 1 && options->loops <= TESTING_LOOPS_MAX;
    } else {
        return false;
    }
    return true;
}

static struct service_options read_options(int argc, char **argv)
{
    struct service_options options = {.loops = 1};

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--plain") == 0) {
            options.plain = true;
        } else if (i + 1 == argc || !take_option(&options, argv[i], argv[i + 1])) {
            die(usage);
        } else {
            i++;
        }
    }
    return options;
}

static void add_listener(struct service *service, const char *name, const char *address,
                         bool plain)
{
    service->names[service->count] = name;
    service->listeners[service->count++] =
        (struct server_listener){.address = address, .plain = plain};
}

static void choose_listeners(struct service *service,
                             const struct service_options *options)
{
    if (options->plain) {
        add_listener(service, "plain", "127.0.0.1", true);
    }
    if (options->tls != NULL) {
        add_listener(service, "tls", "127.0.0.1", false);
        (void)snprintf(service->certificate, PATH_SIZE, "%s/server.pem", options->tls);
        (void)snprintf(service->private_key, PATH_SIZE, "%s/server.key", options->tls);
    }
    if (options->unix_path != NULL) {
        (void)snprintf(service->unix_address, PATH_SIZE, "unix:%s", options->unix_path);
        add_listener(service, "unix", service->unix_address, true);
    }
    if (service->count == 0) {
        die(usage);
    }
}

static void add_reflection(struct service *service, const struct service_options *options,
                           struct grpc_method *methods, size_t *count)
{
    struct sg_error why = {0};
    FILE *file = fopen(options->descriptors, "rbe");

    if (file == NULL) {
        die("the file of the descriptors cannot be read");
        return;
    }
    size_t len = fread(service->descriptors, 1, DESCRIPTORS_MAX, file);
    (void)fclose(file);
    reflection_methods(&service->reflection, methods + *count);
    *count += REFLECTION_METHODS;
    const struct reflection_options made = {.descriptors =
                                                slice_of(service->descriptors, len),
                                            .methods = methods,
                                            .method_count = *count,
                                            .loops = (unsigned)options->loops};
    if (reflection_init(&service->reflection, &made, &why) != SG_OK) {
        die(why.text);
    }
}

static struct server *make_server(struct service *service,
                                  const struct service_options *options)
{
    struct sg_error why = {0};
    struct server *server = NULL;
    struct server_options made = {
        .listeners = service->listeners,
        .listener_count = service->count,
        .certificate = options->tls == NULL ? NULL : service->certificate,
        .private_key = options->tls == NULL ? NULL : service->private_key,
        .client_ca = options->client_ca,
        .loops = (unsigned)options->loops,
        .limits = SERVER_LIMITS_DEFAULT,
        .identify = let_in,
        .context = service};

    struct grpc_method *methods = testing_methods(&service->testing, &made.method_count);
    if (options->descriptors != NULL) {
        add_reflection(service, options, methods, &made.method_count);
    }
    made.methods = methods;
    made.limits.connections = CONNECTIONS;
    made.limits.concurrent_streams = STREAMS;
    if (server_new(&made, &server, &why) != SG_OK) {
        die(why.text);
    }
    for (unsigned i = 0; i < made.loops; i++) {
        server_every(server, i, ANSWERS_TICK_MS, on_tick, &service->testing.loops[i]);
    }
    if (server_start(server, &why) != SG_OK) {
        die(why.text);
    }
    return server;
}

static void tell_ready(const struct service *service, const struct server *server)
{
    (void)printf("{");
    for (size_t i = 0; i < service->count; i++) {
        (void)printf("%s\"%s\": %u", i == 0 ? "" : ", ", service->names[i],
                     (unsigned)server_port(server, i));
    }
    (void)printf("}\n");
    (void)fflush(stdout);
}

static void wait_for_end(void)
{
    char byte;

    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
}

int main(int argc, char **argv)
{
    static struct service service;
    const struct service_options options = read_options(argc, argv);

    testing_init(&service.testing);
    choose_listeners(&service, &options);
    struct server *server = make_server(&service, &options);
    tell_ready(&service, server);
    wait_for_end();
    server_free(server);
    reflection_fini(&service.reflection);
    return 0;
}
