#include "gateway/transport/setup.h"

#include <stdlib.h>

#include "gateway/transport/session.h"
#include "gateway/transport/tls.h"

static int compare_slices(struct slice a, struct slice b)
{
    size_t shared = a.len < b.len ? a.len : b.len;
    int order = shared == 0 ? 0 : memcmp(a.data, b.data, shared);

    if (order != 0) {
        return order;
    }
    return (a.len > b.len) - (a.len < b.len);
}

static int by_path(const void *a, const void *b)
{
    const struct grpc_method *const *left = (const struct grpc_method *const *)a;
    const struct grpc_method *const *right = (const struct grpc_method *const *)b;

    return compare_slices(slice_str((*left)->path), slice_str((*right)->path));
}

static int path_to_method(const void *key, const void *row)
{
    const struct grpc_method *const *method = (const struct grpc_method *const *)row;

    return compare_slices(*(const struct slice *)key, slice_str((*method)->path));
}

const struct grpc_method *setup_method(const struct setup *setup, struct slice path)
{
    const struct grpc_method *const *found = (const struct grpc_method *const *)bsearch(
        &path, setup->methods, setup->method_count, sizeof(struct grpc_method *),
        path_to_method);

    return found == NULL ? NULL : *found;
}

static enum sg_status index_methods(struct setup *setup,
                                    const struct server_options *options)
{
    setup->methods = (const struct grpc_method **)calloc(
        options->method_count + 1, sizeof(const struct grpc_method *));
    if (setup->methods == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < options->method_count; i++) {
        setup->methods[i] = &options->methods[i];
        MUST(options->methods[i].request != NULL &&
             options->methods[i].on_message != NULL);
    }
    setup->method_count = options->method_count;
    qsort(setup->methods, setup->method_count, sizeof(struct grpc_method *), by_path);
    return SG_OK;
}

/* nghttp2's own limit of resets is out of the way: session.c has one that is counted and
 * tells the peer why. */
static enum sg_status make_options(struct setup *setup)
{
    if (nghttp2_option_new(&setup->options) != 0) {
        return SG_NO_MEMORY;
    }
    nghttp2_option_set_no_auto_window_update(setup->options, 1);
    nghttp2_option_set_no_closed_streams(setup->options, 1);
    nghttp2_option_set_server_fallback_rfc7540_priorities(setup->options, 0);
    /* Blanks around a value are malformed in HTTP (RFC 9113 section 8.2.1); gRPC asks to
     * strip them instead. */
    nghttp2_option_set_no_rfc9113_leading_and_trailing_ws_validation(setup->options, 1);
    nghttp2_option_set_stream_reset_rate_limit(setup->options, UINT32_MAX, UINT32_MAX);
    nghttp2_option_set_max_outbound_ack(setup->options, setup->limits.queued_frames);
    return SG_OK;
}

bool setup_speaks_tls(const struct server_options *options)
{
    bool tls = false;

    for (size_t i = 0; i < options->listener_count; i++) {
        tls = tls || !options->listeners[i].plain;
    }
    return tls;
}

static enum sg_status start_trust(const struct setup *setup,
                                  const struct server_options *options,
                                  struct sg_error *why)
{
    SSL_CTX *tls = NULL;

    if (setup->speaks_tls) {
        TRY(tls_context(options, &tls, why));
        trust_renew(setup->trust, tls);
    }
    return SG_OK;
}

/* Neither those that are not in yet nor those that are out may take the places of
 * clients: half of all connections, and an eighth, in equal parts for the loops. */
static void share_places(struct setup *setup, unsigned loops)
{
    uint32_t half = setup->limits.connections / 2 / loops + 1;

    setup->handshakes = setup->limits.handshakes < half ? setup->limits.handshakes : half;
    setup->lingering = setup->limits.connections / 8 / loops + 1;
}

enum sg_status setup_protocol(struct setup *setup, const struct server_options *options,
                              struct sg_error *why)
{
    unsigned loops = options->loops == 0 ? 1 : options->loops;

    *setup = (struct setup){.limits = options->limits,
                            .input_bytes = options->limits.input_bytes_total / loops,
                            .output_bytes = options->limits.output_bytes_total / loops,
                            .identity = options->identity,
                            .identify = options->identify,
                            .release = options->release,
                            .context = options->context};
    share_places(setup, loops);
    setup->guests = (struct guests *)malloc(sizeof(*setup->guests));
    if (setup->guests != NULL) {
        guests_init(setup->guests);
    }
    if (setup->guests == NULL || index_methods(setup, options) != SG_OK ||
        make_options(setup) != SG_OK || session_callbacks(&setup->callbacks) != SG_OK) {
        return sg_fail(why, SG_NO_MEMORY, "there is no memory for the server");
    }
    setup->trust = (struct trust *)calloc(1, sizeof(*setup->trust));
    if (setup->trust == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "there is no memory for the server");
    }
    trust_init(setup->trust);
    return SG_OK;
}

enum sg_status setup_init(struct setup *setup, const struct server_options *options,
                          struct sg_error *why)
{
    TRY(setup_protocol(setup, options, why));
    setup->speaks_tls = setup_speaks_tls(options);
    return start_trust(setup, options, why);
}

void setup_fini(struct setup *setup)
{
    if (setup->trust != NULL) {
        trust_fini(setup->trust);
    }
    free(setup->trust);
    nghttp2_session_callbacks_del(setup->callbacks);
    nghttp2_option_del(setup->options);
    free(setup->methods);
    if (setup->guests != NULL) {
        guests_fini(setup->guests);
        free(setup->guests);
    }
    *setup = (struct setup){0};
}
