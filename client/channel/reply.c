#include "client/channel/reply.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/text.h"

enum { GRPC_CODE_MAX = 16, NO_CODE = -1 };

void reply_start(struct reply *reply)
{
    reply->http_status = 0;
    reply->is_grpc = false;
    reply->ended = false;
    reply->grpc_code = NO_CODE;
    reply->header_bytes = 0;
    reply->text[0] = '\0';
    reply->details = NULL;
    reply->details_len = 0;
}

void reply_fini(struct reply *reply)
{
    free(reply->details);
    reply_start(reply);
}

void reply_set(struct reply *reply, int grpc_code, const char *text)
{
    reply->grpc_code = grpc_code;
    (void)snprintf(reply->text, sizeof(reply->text), "%s", text);
}

/* grpc-message: bytes outside 0x20 to 0x7E and '%' come as %XX. */
static void take_text(struct reply *reply, struct slice value)
{
    size_t len = 0;

    for (size_t i = 0; i < value.len && len + 1 < sizeof(reply->text); i++) {
        uint8_t byte = value.data[i];
        size_t one;
        if (byte == '%' && value.len - i > 2 &&
            text_unhex(slice_of(value.data + i + 1, 2), &byte, 1, &one) == SG_OK) {
            i += 2;
        }
        /* Control characters could move the cursor of the terminal that shows it. */
        byte = byte < 0x20 || byte == 0x7F ? ' ' : byte;
        memcpy(reply->text + len++, &byte, 1);
    }
    reply->text[len] = '\0';
    if (!text_utf8(slice_of(reply->text, len))) {
        reply->text[0] = '\0';
    }
}

static void take_http_status(struct reply *reply, struct slice value)
{
    uint64_t number;

    if (text_uint(value, 999, &number) == SG_OK) {
        reply->http_status = (int)number;
    }
}

static void take_content_type(struct reply *reply, struct slice value)
{
    static const char wanted[] = "application/grpc";
    size_t len = sizeof(wanted) - 1;

    reply->is_grpc = value.len >= len && memcmp(value.data, wanted, len) == 0;
}

static void take_grpc_status(struct reply *reply, struct slice value)
{
    uint64_t number;

    /* 2 is UNKNOWN: what doc/statuscodes.md asks for when the code makes no sense. */
    reply->grpc_code =
        text_uint(value, GRPC_CODE_MAX, &number) == SG_OK ? (int)number : 2;
}

/* Base64 with or without padding. Details that cannot be read are left out: the code and
 * the text still tell the story. */
static void take_details(struct reply *reply, struct slice value)
{
    while (value.len > 0 && value.data[value.len - 1] == '=') {
        value.len--;
    }
    size_t padded = (value.len + 3) / 4 * 4;
    size_t len = value.len * 3 / 4;
    uint8_t *text = (uint8_t *)malloc(padded + 1);
    uint8_t *bytes = (uint8_t *)malloc(padded / 4 * 3 + 1);

    if (text != NULL && bytes != NULL && value.len % 4 != 1) {
        memcpy(text, value.data, value.len);
        memset(text + value.len, '=', padded - value.len);
        if (EVP_DecodeBlock(bytes, text, (int)padded) >= 0) {
            free(reply->details);
            reply->details = bytes;
            reply->details_len = len;
            bytes = NULL;
        }
    }
    free(text);
    free(bytes);
}

static const struct {
    const char *name;
    void (*take)(struct reply *reply, struct slice value);
} fields[] = {
    {":status", take_http_status},
    {"content-type", take_content_type},
    {"grpc-status", take_grpc_status},
    {"grpc-message", take_text},
    {"grpc-status-details-bin", take_details},
};

enum sg_status reply_field(struct reply *reply, struct slice name, struct slice value)
{
    reply->header_bytes += name.len + value.len + 32; /* RFC 9113 section 6.5.2 */
    if (reply->header_bytes > REPLY_HEADERS_MAX) {
        return SG_TOO_LARGE;
    }
    for (size_t i = 0; i < SG_COUNT(fields); i++) {
        if (slice_equal(name, slice_str(fields[i].name))) {
            fields[i].take(reply, value);
            return SG_OK;
        }
    }
    return SG_OK;
}

/* gRPC's table of HTTP statuses (doc/http-grpc-status-mapping.md) makes a refusal of a
 * proxy's 403. No gateway said that word: it counts as a connection that broke. */
static int code_of_http(struct reply *reply)
{
    (void)snprintf(
        reply->text, sizeof(reply->text),
        "what answered is no Segel gateway (HTTP status %d): check the address, "
        "and what stands between",
        reply->http_status);
    return NO_CODE;
}

static const struct {
    uint32_t h2;
    int grpc;
    const char *text;
} by_reset[] = {
    {0x7, 14, "the gateway refused the call before it began; try again"},
    {0x8, 1, "the gateway broke the call off"},
    {0xb, 8, "the gateway asks for fewer calls; try again later"},
    {0xc, NO_CODE, "the gateway asks for stronger transport security"},
};

static int code_of_reset(struct reply *reply, uint32_t h2_error)
{
    for (size_t i = 0; i < SG_COUNT(by_reset); i++) {
        if (by_reset[i].h2 == h2_error) {
            (void)snprintf(reply->text, sizeof(reply->text), "%s", by_reset[i].text);
            return by_reset[i].grpc;
        }
    }
    (void)snprintf(reply->text, sizeof(reply->text),
                   "the gateway ended the call without a status (HTTP/2 error %u)",
                   (unsigned)h2_error);
    return 13;
}

bool reply_is_grpc(const struct reply *reply)
{
    return reply->is_grpc && reply->http_status == 200;
}

int reply_code(struct reply *reply, uint32_t h2_error)
{
    uint32_t reset = reply->ended ? 0 : h2_error;

    if (reply->grpc_code >= 0) {
        return reply->grpc_code;
    }
    if (reply->http_status != 0 && !reply_is_grpc(reply)) {
        return code_of_http(reply);
    }
    return code_of_reset(reply, reset);
}
