#ifndef SEGEL_GATEWAY_STATUS_CELL_H
#define SEGEL_GATEWAY_STATUS_CELL_H

#include <stdatomic.h>

#include "gateway/policy/facts.h"

/* What is known of one key's certificate and its issuers: a value that the fetcher
 * publishes and that any thread copies without a lock. */
enum { STATUS_NUMBER_MAX = 20 }; /* RFC 5280 5.2.3: at most 20 octets */
enum status_source { STATUS_OFF, STATUS_NONE, STATUS_CRL, STATUS_OCSP };

struct status_view {
    enum status_source source; /* OFF: no status is asked for; NONE: nothing known yet */
    bool authentic;            /* every certificate of the chain has a proved statement */
    bool revoked;
    bool suspended;
    int64_t this_update_us; /* of the certificate whose newest statement is the oldest */
    int64_t next_update_us; /* of the one whose last statement ends first */
    int64_t fetched_us;     /* last fetch that went well; 0 = none since the start */
    bool fetch_failed;      /* the last one did not */
    /* The statement about the signing certificate itself, when source is CRL or OCSP. */
    int64_t told_us;                   /* thisUpdate */
    uint8_t number[STATUS_NUMBER_MAX]; /* cRLNumber, big-endian, right-aligned */
};

enum { STATUS_NUMBER_WORDS = 3, STATUS_WORDS = 5 + STATUS_NUMBER_WORDS };
/* A sequence lock over atomic words: odd while the one writer is at work. */
struct status_cell {
    atomic_uint_fast64_t sequence;
    atomic_uint_fast64_t generation; /* another number: another verdict may be due */
    atomic_int_fast64_t words[STATUS_WORDS];
};

/* One writer. What changes the verdict of a rule (all but times and fetches) begins a new
 * generation. */
void status_publish(struct status_cell *cell, const struct status_view *view);
/* Any thread; returns the generation that the view belongs to. */
uint64_t status_look(const struct status_cell *cell, struct status_view *out);
uint64_t status_generation(const struct status_cell *cell);

/* The status.* facts at a time. OFF sets none; NONE says so and leaves open what nobody
 * knows. */
void status_facts(const struct status_view *view, int64_t now_us, struct facts *facts);
const char *status_source_name(enum status_source source);
/* "good", "revoked", "suspended", "unknown", "off" */
const char *status_state_name(const struct status_view *view);

#endif
