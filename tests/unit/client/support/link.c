#include "tests/unit/client/support/link.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "segel/v1/signing.pb-c.h"

/* The channel against gRPC's own server: one for all tests, in the runner's process. */
static struct server shared;
static bool shared_runs;

void link_start(void)
{
    shared_runs = server_start(&shared);
    if (shared_runs) {
        server_publish(&shared);
    }
}

void link_stop(void)
{
    if (shared_runs) {
        server_stop(&shared);
    }
}

struct server server;
char address[64];
struct channel_options options;
struct channel *channel;
struct sg_error why;

void find_server(void)
{
    if (!server_found(&server)) {
        cr_skip("no Python with grpc");
    }
    server_address(&server, "grpc", address);
    options = server_options(&server, address);
}

void connect_to_server(void)
{
    find_server();
    cr_assert_eq(channel_open(&options, &channel, &why), SG_OK, "%s", why.text);
}

void disconnect(void)
{
    channel_close(channel);
}

enum sg_status get_signer(const char *key, uint32_t timeout_ms, ProtobufCMessage **reply,
                          struct slice *details)
{
    Segel__V1__GetSignerRequest request;
    segel__v1__get_signer_request__init(&request);
    char name[16];

    (void)snprintf(name, sizeof(name), "%s", key);
    request.key = name;
    struct unary unary = {.path = "/segel.v1.SigningService/GetSigner",
                          .timeout_ms = timeout_ms,
                          .request = &request.base,
                          .reply_type = &segel__v1__get_signer_response__descriptor};
    return channel_unary(channel, &unary, reply, details, &why);
}
