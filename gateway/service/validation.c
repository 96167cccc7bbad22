#include "gateway/service/validation.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/log.h"
#include "gateway/service/inside.h"
#include "gateway/status/status.h"
#include "gateway/tsa/tsa.h"

/* --- The authority's certificates --------------------------------------------------- */

/* One chain that a token brought; of loop 0. */
struct validation {
    struct validation *older; /* owned */
    struct cert *cert;        /* owned */
    struct status_cell cell;
    uint64_t generation; /* of the chain */
};

static const char TSA_NAME[] = "*tsa"; /* no key has a name like it */
enum { CHAINS_MAX = 16 };              /* an authority changes its key once a year */

void validation_free(struct validation *validation)
{
    while (validation != NULL) {
        struct validation *older = validation->older;
        cert_free(validation->cert);
        free(validation);
        validation = older;
    }
}

static size_t depth(const struct validation *validation)
{
    size_t count = 0;

    for (; validation != NULL; validation = validation->older) {
        count++;
    }
    return count;
}

static bool load(struct services *services, struct validation *out)
{
    uint8_t chain[TSA_CHAIN_MAX];
    size_t len = 0;
    struct sg_error why = {0};

    out->generation = tsa_chain(services->tsa, chain, &len);
    enum sg_status status =
        cert_load_der(slice_of(chain, len), services->options.config->tsa_anchors_file,
                      clock_wall_us(), &out->cert, &why);
    if (status != SG_OK) {
        log_event(LOG_WARN, "tsa.unwatched", "why", why.text, NULL);
    }
    return status == SG_OK;
}

/* One that cannot be watched is not looked at again: the newest says which were. */
static void watch(struct services *services, struct status *status)
{
    struct validation *made = (struct validation *)calloc(1, sizeof(*made));

    if (made == NULL) {
        return;
    }
    bool good = load(services, made);
    const struct status_key key = {
        .name = TSA_NAME, .cert = made->cert, .cell = &made->cell, .stamps = true};
    if (good && status_add(status, &key) == SG_BUSY) {
        validation_free(made); /* at the next tick */
        return;
    }
    made->older = services->validation;
    services->validation = made;
}

void validation_tick(struct service_loop *loop)
{
    struct services *services = loop->services;
    const struct validation *newest = services->validation;
    struct status *status = services->options.status;

    if (loop->index != 0 || services->tsa == NULL || status == NULL) {
        return;
    }
    uint64_t generation = tsa_chain_generation(services->tsa);
    if (generation != (newest == NULL ? 0 : newest->generation) &&
        depth(newest) < CHAINS_MAX) {
        watch(services, status);
    }
}

/* --- The call ----------------------------------------------------------------------- */

enum {
    PARTS_MAX = 2 * STATUS_PROOFS_MAX,
    CERTS_MAX = 2 * (CERT_CHAIN_MAX + 1),
    ANSWER_MAX = 3 << 20 /* clients take 4 MiB */
};

struct answer {
    struct arena *arena;
    size_t bytes;
    Segel__V1__GetValidationDataResponse message;
    ProtobufCBinaryData certs[CERTS_MAX];
    ProtobufCBinaryData crls[PARTS_MAX];
    ProtobufCBinaryData ocsps[PARTS_MAX];
};

/* A chain may share its issuers, and their statements, with the other one. */
static bool known(const ProtobufCBinaryData *items, size_t count, struct slice bytes)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_equal(slice_of(items[i].data, items[i].len), bytes)) {
            return true;
        }
    }
    return false;
}

static bool add(struct answer *out, ProtobufCBinaryData *items, size_t *count,
                struct slice bytes)
{
    if (known(items, *count, bytes)) {
        return true;
    }
    out->bytes += bytes.len;
    uint8_t *copy =
        out->bytes > ANSWER_MAX ? NULL : (uint8_t *)arena_alloc(out->arena, bytes.len);
    if (copy == NULL) {
        return false;
    }
    memcpy(copy, bytes.data, bytes.len);
    items[(*count)++] = pb_bytes(slice_of(copy, bytes.len));
    return true;
}

static bool add_certificate(struct answer *out, X509 *cert)
{
    uint8_t *der = NULL;
    int len = i2d_X509(cert, &der);
    bool good = len > 0 && add(out, out->certs, &out->message.n_certificates,
                               slice_of(der, (size_t)len));

    OPENSSL_free(der);
    return good;
}

static bool add_proofs(struct answer *out, const struct status_proofs *proofs)
{
    bool good = true;

    for (size_t i = 0; good && i < proofs->cert_count; i++) {
        good = add_certificate(out, proofs->certs[i]);
    }
    for (size_t i = 0; good && i < proofs->count; i++) {
        struct slice bytes = status_bytes(proofs->items[i].blob);
        good = proofs->items[i].kind == STATUS_CRL
                   ? add(out, out->crls, &out->message.n_crls, bytes)
                   : add(out, out->ocsps, &out->message.n_ocsp_responses, bytes);
    }
    int64_t us = proofs->fetched_us;
    if (us != 0 && (out->message.fetched_us == 0 || us < out->message.fetched_us)) {
        out->message.fetched_us = us;
    }
    return good;
}

/* What is not whole proves nothing to whoever checks it in ten years. */
static enum sg_status prove(struct services *services, const char *name,
                            const char *whose, struct answer *out, struct sg_error *why)
{
    AUTO(status_proofs_fini) struct status_proofs proofs = {.count = 0};
    enum sg_status found = status_prove(services->options.status, name, &proofs);

    if (found != SG_OK || !proofs.whole) {
        return sg_fail(why, SG_LANE_DOWN,
                       "the gateway does not have a CRL or OCSP answer for every "
                       "certificate of %s yet; ask again in a moment, and see "
                       "'status.failed' in its log",
                       whose);
    }
    return add_proofs(out, &proofs)
               ? SG_OK
               : sg_fail(why, SG_TOO_LARGE,
                         "the CRLs are longer than an answer may be (3 MiB): use OCSP");
}

static enum sg_status collect(struct services *services, const char *key, bool with_tsa,
                              struct answer *out, struct sg_error *why)
{
    if (services->options.status == NULL) {
        return sg_fail(why, SG_UNSUPPORTED,
                       "the gateway asks for no CRLs and OCSP answers (status.dir)");
    }
    if (with_tsa && services->tsa == NULL) {
        return sg_fail(why, SG_UNSUPPORTED,
                       "no time stamp authority is configured (tsa.urls)");
    }
    TRY(prove(services, key, key, out, why));
    return with_tsa ? prove(services, TSA_NAME, "the time stamp authority", out, why)
                    : SG_OK;
}

/* Of the very key: what it has signed is to be proved, not what its heir has. */
static enum sg_status check(const struct services *services, const struct caller *caller,
                            const char *name, struct sg_error *why)
{
    const struct key *key =
        keyring_find(core_keys(services->options.core), slice_str(name));

    if (key == NULL) {
        return sg_fail(why, SG_NOT_FOUND, "there is no key of that name on this gateway");
    }
    if (!caller_entitled(caller, name)) {
        return sg_fail(why, SG_DENIED, "this caller is not entitled to the key");
    }
    return key_ready(key)
               ? SG_OK
               : sg_fail(why, SG_PRECONDITION, "the key has no certificate yet");
}

void validation_on_message(struct grpc_call *call, const ProtobufCMessage *message,
                           void *context)
{
    const Segel__V1__GetValidationDataRequest *request =
        (const Segel__V1__GetValidationDataRequest *)(const void *)message;
    struct services *services = (struct services *)context;
    const struct caller *caller = (const struct caller *)grpc_call_caller(call);
    struct arena *arena = &loop_of(services, call)->scratch;
    struct sg_error why = {0};

    arena_reset(arena);
    struct answer *out = (struct answer *)arena_alloc(arena, sizeof(*out));
    MUST(out != NULL);
    memset(out, 0, sizeof(*out));
    out->arena = arena;
    segel__v1__get_validation_data_response__init(&out->message);
    out->message.certificates = out->certs;
    out->message.crls = out->crls;
    out->message.ocsp_responses = out->ocsps;
    enum sg_status status = check(services, caller, request->key, &why);
    if (status == SG_OK) {
        status = collect(services, request->key, request->with_tsa != 0, out, &why);
    }
    if (status != SG_OK) {
        finish_plain(call, status, why.text);
    } else if (grpc_send(call, &out->message.base) == SG_OK) {
        finish_plain(call, SG_OK, NULL);
    }
}
