#include "gateway/transport/answer.h"

enum { STATUS_CODES = 17 };

/* Names and values are constants, or live as long as the call, unless flags say less. */
static nghttp2_nv field(struct slice name, struct slice value, uint8_t flags)
{
    /* nghttp2 does not write to them, but its struct does not say so. */
    union {
        const void *in;
        uint8_t *out;
    } the_name = {.in = name.data}, the_value = {.in = value.data};

    return (nghttp2_nv){.name = the_name.out,
                        .value = the_value.out,
                        .namelen = name.len,
                        .valuelen = value.len,
                        .flags = flags};
}

static nghttp2_nv fixed_field(const char *name, const char *value)
{
    return field(slice_str(name), slice_str(value),
                 NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE);
}

/* Texts are not put into the peer's header table: they seldom come twice. */
static nghttp2_nv text_field(const char *name, const char *value)
{
    return field(slice_str(name), slice_str(value),
                 NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_INDEX);
}

static size_t added_fields(const struct fields *added, nghttp2_nv *out)
{
    struct slice name;
    struct slice value;
    size_t count = 0;

    for (size_t at = 0; fields_next(added, &at, &name, &value);) {
        out[count++] = field(name, value, NGHTTP2_NV_FLAG_NO_INDEX);
    }
    return count;
}

static const char *code_text(enum sg_status status)
{
    static const char *const texts[STATUS_CODES] = {"0",  "1",  "2",  "3",  "4",  "5",
                                                    "6",  "7",  "8",  "9",  "10", "11",
                                                    "12", "13", "14", "15", "16"};
    size_t code = (size_t)sg_status_grpc(status);

    MUST(code < STATUS_CODES);
    return texts[code];
}

static nghttp2_nv accepted_encodings(void)
{
    return fixed_field("grpc-accept-encoding", "identity,gzip");
}

static size_t start(nghttp2_nv *out)
{
    out[0] = fixed_field(":status", "200");
    out[1] = fixed_field("content-type", "application/grpc");
    return 2;
}

size_t answer_headers(const struct grpc_call *call, nghttp2_nv *out)
{
    size_t count = start(out);

    if (call->gzip_named) {
        out[count++] = fixed_field("grpc-encoding", "gzip");
    }
    out[count++] = accepted_encodings();
    return count + added_fields(&call->headers, out + count);
}

size_t answer_trailers(const struct grpc_call *call, nghttp2_nv *out)
{
    size_t count = 0;

    out[count++] = fixed_field("grpc-status", code_text(call->status));
    if (call->text != NULL) {
        out[count++] = text_field("grpc-message", call->text);
    }
    if (call->details != NULL) {
        out[count++] = text_field("grpc-status-details-bin", call->details);
    }
    return count + added_fields(&call->trailers, out + count);
}

size_t answer_alone(const struct grpc_call *call, bool tell_encodings, nghttp2_nv *out)
{
    size_t count = start(out);

    if (tell_encodings) {
        out[count++] = accepted_encodings();
    }
    return count + answer_trailers(call, out + count);
}

nghttp2_nv answer_http(const char *status)
{
    return fixed_field(":status", status);
}
