#include "gateway/service/sign/validation.h"

#include <string.h>

#include "gateway/service/inside.h"
#include "gateway/service/sign/authorities.h"
#include "gateway/status/status.h"
#include "gateway/tsa/tsa.h"

enum {
    PARTS_MAX = (AUTHORITIES_MAX + 1) * STATUS_PROOFS_MAX,
    CERTS_MAX = (AUTHORITIES_MAX + 1) * (CERT_CHAIN_MAX + 1),
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

/* What does not fit any more leaves the answer as it was. */
static bool add(struct answer *out, ProtobufCBinaryData *items, size_t *count,
                struct slice bytes)
{
    if (known(items, *count, bytes)) {
        return true;
    }
    uint8_t *copy = bytes.len > ANSWER_MAX - out->bytes
                        ? NULL
                        : (uint8_t *)arena_alloc(out->arena, bytes.len);
    if (copy == NULL) {
        return false;
    }
    out->bytes += bytes.len;
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

static bool add_statement(struct answer *out, const struct status_proofs *proofs,
                          size_t item)
{
    struct slice bytes = status_bytes(proofs->items[item].blob);

    return proofs->items[item].kind == STATUS_CRL
               ? add(out, out->crls, &out->message.n_crls, bytes)
               : add(out, out->ocsps, &out->message.n_ocsp_responses, bytes);
}

static bool has_statement(const struct answer *out, const struct status_proofs *proofs,
                          size_t item)
{
    struct slice bytes = status_bytes(proofs->items[item].blob);

    return proofs->items[item].kind == STATUS_CRL
               ? known(out->crls, out->message.n_crls, bytes)
               : known(out->ocsps, out->message.n_ocsp_responses, bytes);
}

/* All that a chain needs, or nothing of it. */
static bool fits(const struct answer *out, const struct status_proofs *proofs)
{
    size_t bytes = out->bytes;

    for (size_t i = 0; i < proofs->cert_count; i++) {
        int len = i2d_X509(proofs->certs[i], NULL);
        bytes += len > 0 ? (size_t)len : 0;
    }
    for (size_t i = 0; i < proofs->count; i++) {
        bool more = !proofs->items[i].spare && !has_statement(out, proofs, i);
        bytes += more ? status_bytes(proofs->items[i].blob).len : 0;
    }
    return bytes <= ANSWER_MAX;
}

static bool add_needed(struct answer *out, const struct status_proofs *proofs)
{
    bool good = fits(out, proofs);

    for (size_t i = 0; good && i < proofs->cert_count; i++) {
        good = add_certificate(out, proofs->certs[i]);
    }
    for (size_t i = 0; good && i < proofs->count; i++) {
        good = proofs->items[i].spare || add_statement(out, proofs, i);
    }
    int64_t us = proofs->fetched_us;
    if (good && us != 0 &&
        (out->message.fetched_us == 0 || us < out->message.fetched_us)) {
        out->message.fetched_us = us;
    }
    return good;
}

/* A long CRL keeps nobody from what he needs: behind all that, and where there is room.
 */
static void add_spare(struct services *services, const char *name, struct answer *out)
{
    AUTO(status_proofs_fini) struct status_proofs proofs = {.count = 0};

    if (status_prove(services->options.status, name, &proofs) != SG_OK) {
        return;
    }
    for (size_t i = 0; i < proofs.count; i++) {
        if (proofs.items[i].spare) {
            (void)add_statement(out, &proofs, i);
        }
    }
}

/* Whose chain it is, and whether it is to be proved as it is now: of an authority that
 * stamps no more, what was said in its time is enough. */
struct proved {
    const char *name;
    const char *whose;
    bool now;
};

/* Whoever asks again in a moment hears no more. */
static enum sg_status refuse_silent(const struct status_proofs *proofs,
                                    const struct proved *of, struct sg_error *why)
{
    char name[CERT_NAME_SIZE];

    cert_name_of(proofs->silent, name);
    return sg_fail(why, SG_PRECONDITION,
                   "no CRL or OCSP answer can be had for a certificate of %s, %.250s: %s",
                   of->whose, name, proofs->never);
}

/* What is not whole proves nothing to whoever checks it in ten years; nor does a
 * statement that was over when the letter was signed. */
static enum sg_status prove(struct services *services, const struct proved *of,
                            struct answer *out, struct sg_error *why)
{
    AUTO(status_proofs_fini) struct status_proofs proofs = {.count = 0};
    enum sg_status found = status_prove(services->options.status, of->name, &proofs);

    if (proofs.never != NULL) {
        return refuse_silent(&proofs, of, why);
    }
    if (found != SG_OK || !proofs.whole) {
        return sg_fail(why, SG_LANE_DOWN,
                       "the gateway does not have a CRL or OCSP answer for every "
                       "certificate of %s yet; ask again in a moment, and see "
                       "'status.failed' in its log",
                       of->whose);
    }
    if (of->now && proofs.over) {
        return sg_fail(why, SG_LANE_DOWN,
                       "the CRL or OCSP answer for a certificate of %s is past its next "
                       "update, and no newer one can be had: 'status.failed' in the "
                       "gateway's log says why",
                       of->whose);
    }
    /* Not RESOURCE_EXHAUSTED: asked again it is no shorter. */
    return add_needed(out, &proofs)
               ? SG_OK
               : sg_fail(
                     why, SG_PRECONDITION,
                     "the CRLs of %s and its issuers are longer than an answer may be "
                     "(3 MiB), and no OCSP answer stands in for them: STATUS.md says "
                     "where one is asked for",
                     of->whose);
}

/* The authority that stamps now must be proved; those before it are, where they can. */
static enum sg_status prove_stamps(struct services *services, struct answer *out,
                                   struct sg_error *why)
{
    const struct authorities *all = services->authorities;
    unsigned newest = authorities_newest(all);
    unsigned count = authorities_count(all);
    struct sg_error ignored;

    if (newest == 0) {
        tsa_probe(services->tsa); /* at the start it may have been away */
        return sg_fail(why, SG_TSA,
                       "no time stamp authority has answered since the start, so nothing "
                       "proves its certificates: it is asked again; ask again in a "
                       "moment, and see 'tsa.failed' in the gateway's log");
    }
    if (newest == AUTHORITY_UNWATCHED) {
        return sg_fail(why, SG_TSA,
                       "the certificates of the time stamp authority that stamps now are "
                       "not watched, so nothing proves them: 'tsa.unwatched' in the "
                       "gateway's log says why");
    }
    if (authority_is_bad(all, newest - 1)) {
        tsa_probe(services->tsa); /* it, or the next one, may be good again */
        return sg_fail(
            why, SG_TSA,
            "the certificate of the time stamp authority, or that of an "
            "issuer, is revoked or on hold: take it out of tsa.urls, or let it "
            "get another one ('tsa.revoked' in the gateway's log)");
    }
    const struct proved stamping = {.name = authority_name(all, newest - 1),
                                    .whose = "the time stamp authority",
                                    .now = true};
    TRY(prove(services, &stamping, out, why));
    for (unsigned i = 0; i < count; i++) {
        const struct proved earlier = {.name = authority_name(all, i),
                                       .whose = "an earlier one"};
        (void)prove(services, &earlier, out, &ignored);
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
    TRY(prove(services, &(struct proved){.name = key, .whose = key, .now = true}, out,
              why));
    TRY(with_tsa ? prove_stamps(services, out, why) : SG_OK);
    add_spare(services, key, out);
    for (unsigned i = 0; with_tsa && i < authorities_count(services->authorities); i++) {
        add_spare(services, authority_name(services->authorities, i), out);
    }
    return SG_OK;
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
