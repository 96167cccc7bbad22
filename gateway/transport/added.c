#include "gateway/transport/call.h"
#include "gateway/transport/metadata.h"

/* Metadata of a call: what its method wants of the request, and what its service adds to
 * the answer. */

static bool wanted(const struct grpc_method *method, struct slice name)
{
    for (const char *const *at = method->metadata; at != NULL && *at != NULL; at++) {
        if (slice_equal(name, slice_str(*at))) {
            return true;
        }
    }
    return false;
}

static enum sg_status keep(struct grpc_call *call, struct slice name, struct slice value)
{
    return fields_add(&call->metadata, name, value, GRPC_METADATA_MAX,
                      &call->conn->input);
}

/* Values may have been joined by commas on the way, which base64 does not have. */
static enum sg_status keep_binary(struct grpc_call *call, struct slice name,
                                  struct slice list)
{
    uint8_t bytes[GRPC_METADATA_MAX];
    struct slice text;
    size_t len = 0;

    while (metadata_item(&list, &text)) {
        if (text.len > sizeof(bytes)) {
            return SG_TOO_LARGE;
        }
        if (!metadata_from_base64(text, bytes, &len)) {
            return SG_INVALID;
        }
        TRY(keep(call, name, slice_of(bytes, len)));
    }
    return SG_OK;
}

void call_keep_metadata(struct grpc_call *call, struct slice name, struct slice value)
{
    struct request *request = &call->request;

    if (call->method == NULL || request->metadata != SG_OK ||
        call->conn->caller == NULL || !wanted(call->method, name)) {
        return;
    }
    if (metadata_is_binary(name)) {
        request->metadata = keep_binary(call, name, value);
    } else if (metadata_value(metadata_trim(value))) {
        request->metadata = keep(call, name, metadata_trim(value));
    }
}

struct slice grpc_metadata(const struct grpc_call *call, const char *name, size_t at)
{
    return fields_value(&call->metadata, slice_str(name), at);
}

static enum sg_status add_binary(struct fields *fields, struct budget *budget,
                                 struct slice name, struct slice value)
{
    char text[METADATA_BASE64(GRPC_METADATA_MAX)];

    return fields_add(fields, name, slice_of(text, metadata_base64(value, text)),
                      GRPC_METADATA_MAX, budget);
}

static enum sg_status add(struct fields *fields, struct budget *budget, const char *text,
                          struct slice value)
{
    const struct slice name = slice_str(text);

    if (!metadata_name(name)) {
        return SG_INVALID;
    }
    if (value.len > GRPC_METADATA_MAX || fields->count == GRPC_METADATA_FIELDS_MAX) {
        return SG_TOO_LARGE;
    }
    if (metadata_is_binary(name)) {
        return add_binary(fields, budget, name, value);
    }
    return metadata_value(value)
               ? fields_add(fields, name, value, GRPC_METADATA_MAX, budget)
               : SG_INVALID;
}

enum sg_status grpc_add_header(struct grpc_call *call, const char *name,
                               struct slice value)
{
    return call->ended || call->answered
               ? SG_CANCELLED
               : add(&call->headers, &call->conn->output, name, value);
}

enum sg_status grpc_add_trailer(struct grpc_call *call, const char *name,
                                struct slice value)
{
    return call->ended ? SG_CANCELLED
                       : add(&call->trailers, &call->conn->output, name, value);
}

bool grpc_compress(struct grpc_call *call, bool on)
{
    bool able = call->request.accepts_gzip && !call->ended &&
                (call->gzip_named || !call->answered);

    call->gzip = on && able;
    call->gzip_named = call->gzip_named || call->gzip;
    return able;
}
