#include "gateway/core/ceremony/minutes_keys.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "gateway/core/core_inside.h"
#include "gateway/core/officers/request_grant.h"
#include "proto/digest.h"

/* A change of a key by a request. */
struct change {
    size_t key;      /* index in the ring */
    uint64_t number; /* of the request, in the order of asking */
};

/* The changes that minutes are of, one by one. */
struct walk {
    struct core *core;
    struct request_order *order;
    const struct minutes *minutes;
    size_t used; /* of the order's arena, when it began */
    size_t next; /* line */
};

/* --- What minutes are of ------------------------------------------------------------ */

static bool takes_part(const struct minutes *minutes, const char *person)
{
    struct slice line;

    for (size_t n = 0;
         (line = minutes_get(minutes, MINUTES_FIELD_PARTICIPANT, n)).len > 0; n++) {
        if (slice_equal(minutes_first(line), slice_str(person))) {
            return true;
        }
    }
    return false;
}

/* Who was not there cannot name the hash: it is over the signatures of the approvers. */
static bool has_note(const struct ledger_request *request, struct slice hash)
{
    static char note[GRANT_NOTE_MAX];
    uint8_t sha256[32];
    char text[DIGEST_SHA256_SIZE];
    size_t len = 0;

    if (request_note(request, slice_str(""), note, &len) != SG_OK) {
        return false;
    }
    (void)SHA256((const uint8_t *)note, len, sha256);
    digest_sha256_text(sha256, text);
    return slice_equal(hash, slice_str(text));
}

/* SG_NOT_FOUND: the line is not of a change that they are of. */
static enum sg_status read_change(struct walk *walk, struct slice grant,
                                  struct change *out)
{
    struct ledger_request request;
    char id[65];
    struct slice name = minutes_first(grant);

    (void)snprintf(id, sizeof(id), "%.*s", (int)name.len, (const char *)name.data);
    TRY(ledger_find_request(walk->core->ledger, id, &walk->order->arena, &request));
    *out = (struct change){register_find(walk->core, request.object), request.number};
    bool done = request.state == REQUEST_EXECUTED &&
                strncmp(request.task, "key.", 4) == 0 &&
                out->key < walk->core->keyring.count;
    return done && takes_part(walk->minutes, request.person) &&
                   has_note(&request, minutes_rest(grant))
               ? SG_OK
               : SG_NOT_FOUND;
}

static struct walk begin(struct core *core, struct request_order *order,
                         const struct minutes *minutes)
{
    return (struct walk){core, order, minutes, order->arena.used, 0};
}

/* SG_NOT_FOUND: there is no more. A request may have a megabyte, and minutes name as many
 * as they like: each is put where the last one was, or the arena would be full in the
 * middle of a turn. */
static enum sg_status next_change(struct walk *walk, struct change *out)
{
    enum sg_status status = SG_NOT_FOUND;
    struct slice line;

    do {
        walk->order->arena.used = walk->used;
        line = minutes_get(walk->minutes, MINUTES_FIELD_GRANT, walk->next++);
        status = line.len > 0 ? read_change(walk, line, out) : SG_NOT_FOUND;
    } while (line.len > 0 && status == SG_NOT_FOUND);
    walk->order->arena.used = walk->used;
    return status;
}

/* --- Which a key names -------------------------------------------------------------- */

/* The newest change of the key that the minutes are of; 0: none. */
static enum sg_status newest_of(struct walk walk, size_t key, uint64_t *number)
{
    enum sg_status status = SG_OK;
    struct change change;

    *number = 0;
    while ((status = next_change(&walk, &change)) == SG_OK) {
        if (change.key == key && change.number > *number) {
            *number = change.number;
        }
    }
    return status == SG_NOT_FOUND ? SG_OK : status;
}

/* Of minutes that are kept whole. */
static enum sg_status told_of(struct core *core, struct request_order *order, size_t key,
                              uint64_t *number)
{
    static struct minutes before; /* large */
    struct ledger_minutes kept;
    struct sg_error ignored;
    struct note note;
    const struct keyreg *row = register_row(core, key);

    *number = 0;
    if (row->minutes[0] == '\0') {
        return SG_OK;
    }
    enum sg_status found =
        ledger_find_minutes(core->ledger, row->minutes, &order->arena, &kept);
    if (found != SG_OK) {
        return found == SG_NOT_FOUND ? SG_OK : found;
    }
    return kept.missing != 0 || note_parse(kept.note, &note) != SG_OK ||
                   minutes_read(note.text, &before, &ignored) != SG_OK
               ? SG_OK
               : newest_of(begin(core, order, &before), key, number);
}

static enum sg_status tell_key(struct core *core, struct request_order *order,
                               const struct change *change)
{
    struct keyreg *row = register_row(core, change->key);
    uint64_t before = 0;

    TRY(told_of(core, order, change->key, &before));
    if (before >= change->number) {
        return SG_OK;
    }
    (void)snprintf(row->minutes, sizeof(row->minutes), "%s", order->id);
    return register_keep(core, change->key, NULL);
}

enum sg_status minutes_tell_keys(struct core *core, struct request_order *order,
                                 const struct minutes *minutes)
{
    struct walk walk = begin(core, order, minutes);
    enum sg_status status = SG_OK;
    struct change change;

    while ((status = next_change(&walk, &change)) == SG_OK) {
        TRY(tell_key(core, order, &change));
    }
    return status == SG_NOT_FOUND ? SG_OK : status;
}
