#include "gateway/service/sign/validation.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/log.h"
#include "gateway/service/inside.h"
#include "gateway/status/status.h"
#include "gateway/tsa/tsa.h"

/* --- The authorities' certificates -------------------------------------------------- */

/* Chains that tokens brought, each watched under a name of its own that no key has. What
 * is counted does not change any more: loop 0 adds, any loop looks. */
enum {
    CHAINS_MAX = TSA_CHAINS_MAX, /* an authority changes its key once a year */
    UNWATCHED = CHAINS_MAX + 1   /* the last token's chain is none of them */
};
struct validation {
    struct cert *cert; /* owned */
    struct status_cell cell;
    uint8_t sha256[32]; /* of the chain */
    char name[8];       /* "*tsa7" */
    const char *told;   /* loop 0's: "revoked" or "suspended"; NULL: no such thing */
};
struct validations {
    struct cert_anchors *anchors; /* owned; tsa.anchors as tokens are judged by them */
    struct validation chains[CHAINS_MAX];
    atomic_uint count;
    atomic_uint newest; /* of those: the last token's, plus 1; 0 = none yet; UNWATCHED */
    /* Loop 0's: */
    uint64_t generation;   /* of the tsa, as it was last taken */
    struct sg_error amiss; /* why the last that could not be watched is not, as told */
    int64_t told_us;       /* CLOCK_MONOTONIC */
};

/* The file is read here and never again: what is watched is judged by what tokens are. */
enum sg_status validation_new(struct services *services, struct sg_error *why)
{
    struct validations *made = (struct validations *)calloc(1, sizeof(*made));

    services->validations = made;
    if (made == NULL || services->tsa == NULL) {
        return made == NULL ? SG_NO_MEMORY : SG_OK;
    }
    return cert_anchors_load(services->options.config->tsa_anchors_file, &made->anchors,
                             why);
}

void validation_free(struct validations *validations)
{
    for (size_t i = 0; validations != NULL && i < CHAINS_MAX; i++) {
        cert_free(validations->chains[i].cert);
    }
    cert_anchors_free(validations == NULL ? NULL : validations->anchors);
    free(validations);
}

static unsigned find(const struct validations *all, const uint8_t sha256[32])
{
    unsigned count = atomic_load(&all->count);
    unsigned i = 0;

    while (i < count && memcmp(all->chains[i].sha256, sha256, 32) != 0) {
        i++;
    }
    return i;
}

/* SG_BUSY: at the next tick. */
static enum sg_status watch(struct services *services, struct slice chain, unsigned place,
                            struct sg_error *why)
{
    const struct cert_anchors *anchors = services->validations->anchors;
    struct validation *made = &services->validations->chains[place];

    (void)snprintf(made->name, sizeof(made->name), "*tsa%u", place);
    TRY(cert_load_der(chain, anchors, clock_wall_us(), &made->cert, why));
    const struct status_key key = {
        .name = made->name, .cert = made->cert, .cell = &made->cell, .stamps = true};
    enum sg_status status = status_add(services->options.status, &key);
    if (status != SG_OK) {
        cert_free(made->cert);
        made->cert = NULL;
    }
    return status;
}

static enum sg_status take_chain(struct services *services, struct slice chain,
                                 struct sg_error *why)
{
    struct validations *all = services->validations;
    uint8_t sha256[32];

    (void)SHA256(chain.data, chain.len, sha256);
    unsigned place = find(all, sha256);
    if (place == CHAINS_MAX) {
        return sg_fail(why, SG_TOO_LARGE,
                       "%d chains of certificates of time stamp authorities have been "
                       "seen since the start, and no more are watched; a restart begins "
                       "anew",
                       CHAINS_MAX);
    }
    if (place == atomic_load(&all->count)) {
        TRY(watch(services, chain, place, why));
        memcpy(all->chains[place].sha256, sha256, sizeof(sha256));
        atomic_store(&all->count, place + 1);
    }
    atomic_store(&all->newest, place + 1);
    return SG_OK;
}

/* Of many that stamp in turn some may be watched and others not: not a line each time. */
static void tell_unwatched(struct validations *all, const char *why)
{
    static const int64_t pause_us = INT64_C(3600) * 1000000;
    int64_t now_us = clock_mono_us();

    if (strcmp(all->amiss.text, why) != 0 || now_us - all->told_us >= pause_us) {
        (void)snprintf(all->amiss.text, sizeof(all->amiss.text), "%s", why);
        all->told_us = now_us;
        log_event(LOG_WARN, "tsa.unwatched", "why", why, NULL);
    }
}

/* A queue that is full, or no memory, passes; nothing else that is in the way does. */
static void take_newest(struct services *services)
{
    struct validations *all = services->validations;
    uint8_t chain[TSA_CHAIN_MAX];
    size_t len = 0;
    struct sg_error why = {0};

    if (tsa_chain_generation(services->tsa) == all->generation) {
        return;
    }
    uint64_t generation = tsa_chain(services->tsa, chain, &len);
    enum sg_status status = take_chain(services, slice_of(chain, len), &why);
    if (status == SG_BUSY || status == SG_NO_MEMORY) {
        return;
    }
    all->generation = generation;
    if (status != SG_OK) {
        atomic_store(&all->newest, UNWATCHED);
        tell_unwatched(all, why.text[0] != '\0' ? why.text : sg_status_text(status));
    }
}

/* NULL: nothing bad is known of it. */
static const char *fault_of(const struct validation *chain)
{
    struct status_view view;

    (void)status_look(&chain->cell, &view);
    return view.revoked || view.suspended ? status_state_name(&view) : NULL;
}

static void tell(const struct validation *chain, const char *fault)
{
    char subject[CERT_NAME_SIZE];
    const char *serial = cert_serial(chain->cert);

    cert_subject(chain->cert, subject);
    if (fault == NULL) {
        log_event(LOG_INFO, "tsa.good", "subject", subject, "serial", serial, NULL);
        return;
    }
    log_event(LOG_ERROR, "tsa.revoked", "subject", subject, "serial", serial, "state",
              fault, "why",
              "this certificate of a time stamp authority, or that of an issuer, is no "
              "longer good: its time stamps are refused; take it out of tsa.urls, or let "
              "it get another certificate",
              NULL);
}

/* Who of several authorities stamps now is asked at once: nobody else may come. */
static void look(struct services *services, struct validation *chain)
{
    const char *fault = fault_of(chain);

    if (fault == chain->told) {
        return;
    }
    chain->told = fault;
    tell(chain, fault);
    tsa_doubt(services->tsa, chain->sha256, fault != NULL);
    tsa_probe(services->tsa);
}

void validation_tick(struct service_loop *loop)
{
    struct services *services = loop->services;
    struct validations *all = services->validations;

    if (loop->index != 0 || services->tsa == NULL || services->options.status == NULL) {
        return;
    }
    take_newest(services);
    for (unsigned i = 0; i < atomic_load(&all->count); i++) {
        look(services, &all->chains[i]);
    }
}

/* --- The call ----------------------------------------------------------------------- */

enum {
    PARTS_MAX = (CHAINS_MAX + 1) * STATUS_PROOFS_MAX,
    CERTS_MAX = (CHAINS_MAX + 1) * (CERT_CHAIN_MAX + 1),
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
    /* Not RESOURCE_EXHAUSTED: asked again it is no shorter. */
    return add_proofs(out, &proofs)
               ? SG_OK
               : sg_fail(why, SG_PRECONDITION,
                         "the CRLs are longer than an answer may be (3 MiB): use OCSP");
}

/* The authority that stamps now must be proved; those before it are, where they can. */
static enum sg_status prove_stamps(struct services *services, struct answer *out,
                                   struct sg_error *why)
{
    const struct validations *all = services->validations;
    unsigned newest = atomic_load(&all->newest);
    unsigned count = atomic_load(&all->count);
    struct sg_error ignored;

    if (newest == UNWATCHED) {
        return sg_fail(why, SG_TSA,
                       "the certificates of the time stamp authority that stamps now are "
                       "not watched, so nothing proves them: 'tsa.unwatched' in the "
                       "gateway's log says why");
    }
    if (newest != 0 && fault_of(&all->chains[newest - 1]) != NULL) {
        tsa_probe(services->tsa); /* it, or the next one, may be good again */
        return sg_fail(
            why, SG_TSA,
            "the certificate of the time stamp authority, or that of an "
            "issuer, is revoked or on hold: take it out of tsa.urls, or let it "
            "get another one ('tsa.revoked' in the gateway's log)");
    }
    TRY(prove(services, newest == 0 ? "*tsa" : all->chains[newest - 1].name,
              "the time stamp authority", out, why));
    for (unsigned i = 0; i < count; i++) {
        enum sg_status status =
            prove(services, all->chains[i].name, "an earlier one", out, &ignored);
        if (status == SG_PRECONDITION) { /* too long */
            return sg_fail(why, status, "%s", ignored.text);
        }
    }
    return SG_OK;
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
    return with_tsa ? prove_stamps(services, out, why) : SG_OK;
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
