#ifndef SEGEL_GATEWAY_TRANSPORT_REFLECTION_H
#define SEGEL_GATEWAY_TRANSPORT_REFLECTION_H

#include <sys/queue.h>

#include "gateway/transport/descriptors.h"
#include "gateway/transport/grpc.h"

/* grpc.reflection.v1.ServerReflection and its older name v1alpha, which is the same on
 * the wire: what a server serves, and the .proto files of it, for tools that have none at
 * hand (github.com/grpc/grpc doc/server-reflection.md). It knows nothing of what the
 * services do: the descriptors are data. Like every method it is closed to unknown
 * callers.
 *
 *     struct grpc_method methods[OWN + REFLECTION_METHODS] = {...};
 *     reflection_methods(&reflection, methods + OWN);
 *     TRY(reflection_init(&reflection, &(struct reflection_options){...}, why));
 */

enum { REFLECTION_METHODS = 2, REFLECTION_SERVICES_MAX = 32, REFLECTION_NAME_SIZE = 128 };

struct reflection_stream;
struct reflection_loop {
    LIST_HEAD(, reflection_stream) streams; /* open on this I/O loop */
    bool draining;
};

struct reflection {
    struct descriptors set;
    char services[REFLECTION_SERVICES_MAX][REFLECTION_NAME_SIZE]; /* in order */
    size_t service_count;
    struct reflection_loop *loops; /* owned */
    unsigned loop_count;
};

struct reflection_options {
    struct slice descriptors;          /* borrowed for the life of the reflection */
    const struct grpc_method *methods; /* all that are served, these two among them */
    size_t method_count;
    unsigned loops; /* of the server */
};

/* Writes its two rows of the server's table. */
void reflection_methods(struct reflection *reflection,
                        struct grpc_method rows[REFLECTION_METHODS]);

/* Reads the descriptors and lists the services that the methods belong to. SG_INVALID,
 * SG_TOO_LARGE: they are malformed, or do not declare a method that is served.
 * SG_NO_MEMORY. reflection_fini is due in any case. */
SG_MUST_USE enum sg_status reflection_init(struct reflection *reflection,
                                           const struct reflection_options *options,
                                           struct sg_error *why);
void reflection_fini(struct reflection *reflection);

/* On that loop's thread: streams end with UNAVAILABLE, and new ones too. */
void reflection_drain(struct reflection *reflection, unsigned loop);

#endif
