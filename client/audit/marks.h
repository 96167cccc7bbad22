#ifndef SEGEL_CLIENT_AUDIT_MARKS_H
#define SEGEL_CLIENT_AUDIT_MARKS_H

#include "client/audit/scan.h"
#include "client/audit/seen.h"
#include "client/audit/siphash.h"
#include "proto/base.h"

/* What a record is about, by two pairs of its members. */
enum mark_pair {
    MARK_REQUEST, /* caller and request id, which together are signed once at most */
    MARK_WORK,    /* key and digest */
    MARK_PAIRS
};
enum { MARK_RECORD_MAX = 65535, MARK_HEAD = 5 };

/* How texts come to marks in this run, and room for those of one record of at most
 * MARK_RECORD_MAX bytes. Whoever made the log does not know the key, so they cannot make
 * two requests that come to one mark. */
struct marking {
    struct siphash_key key;
    uint8_t text[MARK_RECORD_MAX + 2 * MARK_HEAD];
};

/* Draws the key. */
void marking_start(struct marking *marking);
/* Two are equal when both members have the same texts, however they are escaped, and what
 * is absent is so in both. */
struct seen_mark mark_record(struct marking *marking, const struct scan *scan,
                             enum mark_pair pair);
/* Whether the record says the same, or has neither of the two members. One that is no
 * text fits nothing. */
bool mark_fits(struct marking *marking, const struct scan *scan, enum mark_pair pair,
               const struct seen_mark *mark);
/* Whether it has a request id: a text that is not empty. */
bool mark_is_named(const struct scan *scan);
struct seen_mark mark_number(const struct marking *marking, uint64_t number);

#endif
