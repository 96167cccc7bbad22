#include "gateway/service/sign/authorities.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/log.h"
#include "gateway/service/inside.h"
#include "gateway/status/status.h"

struct authority {
    struct cert *cert; /* owned */
    struct status_cell cell;
    uint8_t sha256[32]; /* of the chain */
    char name[8];       /* "*tsa7" */
    const char *told;   /* loop 0's: "revoked" or "suspended"; NULL: no such thing */
};
struct authorities {
    struct cert_anchors *anchors; /* owned; tsa.anchors as tokens are judged by them */
    struct authority chains[AUTHORITIES_MAX];
    atomic_uint count;
    atomic_uint newest; /* of those: the last token's, plus 1; 0 = none yet;
                           AUTHORITY_UNWATCHED */
    /* Loop 0's: */
    uint64_t generation;   /* of the tsa, as it was last taken */
    struct sg_error amiss; /* why the last that could not be watched is not, as told */
    int64_t told_us;       /* CLOCK_MONOTONIC */
};

/* The file is read here and never again: what is watched is judged by what tokens are. */
enum sg_status authorities_new(struct services *services, struct sg_error *why)
{
    struct authorities *made = (struct authorities *)calloc(1, sizeof(*made));

    services->authorities = made;
    if (made == NULL || services->tsa == NULL) {
        return made == NULL ? SG_NO_MEMORY : SG_OK;
    }
    return cert_anchors_load(services->options.config->tsa_anchors_file, &made->anchors,
                             why);
}

void authorities_free(struct authorities *authorities)
{
    for (size_t i = 0; authorities != NULL && i < AUTHORITIES_MAX; i++) {
        cert_free(authorities->chains[i].cert);
    }
    cert_anchors_free(authorities == NULL ? NULL : authorities->anchors);
    free(authorities);
}

static unsigned find(const struct authorities *all, const uint8_t sha256[32])
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
    const struct cert_anchors *anchors = services->authorities->anchors;
    struct authority *made = &services->authorities->chains[place];

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
    struct authorities *all = services->authorities;
    uint8_t sha256[32];

    (void)SHA256(chain.data, chain.len, sha256);
    unsigned place = find(all, sha256);
    if (place == AUTHORITIES_MAX) {
        return sg_fail(why, SG_TOO_LARGE,
                       "%d chains of certificates of time stamp authorities have been "
                       "seen since the start, and no more are watched; a restart begins "
                       "anew",
                       AUTHORITIES_MAX);
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
static void tell_unwatched(struct authorities *all, const char *why)
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
    struct authorities *all = services->authorities;
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
        atomic_store(&all->newest, AUTHORITY_UNWATCHED);
        tell_unwatched(all, why.text[0] != '\0' ? why.text : sg_status_text(status));
    }
}

/* NULL: nothing bad is known of it. */
static const char *fault_of(const struct authority *chain)
{
    struct status_view view;

    (void)status_look(&chain->cell, &view);
    return view.revoked || view.suspended ? status_state_name(&view) : NULL;
}

static void tell(const struct authority *chain, const char *fault)
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
static void look(struct services *services, struct authority *chain)
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

void authorities_tick(struct service_loop *loop)
{
    struct services *services = loop->services;
    struct authorities *all = services->authorities;

    if (loop->index != 0 || services->tsa == NULL || services->options.status == NULL) {
        return;
    }
    take_newest(services);
    for (unsigned i = 0; i < atomic_load(&all->count); i++) {
        look(services, &all->chains[i]);
    }
}

/* --- For those who prove them ---------------------------------------------------------
 */

unsigned authorities_newest(const struct authorities *all)
{
    return atomic_load(&all->newest);
}

unsigned authorities_count(const struct authorities *all)
{
    return atomic_load(&all->count);
}

const char *authority_name(const struct authorities *all, unsigned place)
{
    return all->chains[place].name;
}

bool authority_is_bad(const struct authorities *all, unsigned place)
{
    return fault_of(&all->chains[place]) != NULL;
}
