#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/ceremony/minutes_keys.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/log/members.h"
#include "gateway/core/officers/requests.h"
#include "gateway/ledger/rosters.h"
#include "proto/digest.h"
#include "proto/quorum/minutes.h"
#include "proto/text.h"

/* Minutes of ceremonies that the gateway keeps. The first signature brings their text,
 * which is the same from then on; by whose signatures they hold everybody can verify. */

/* What was handed in, and what stands here. */
struct signing {
    struct note note;
    struct minutes_rosters by; /* that they are judged by */
    uint8_t quorum[32];        /* hash of the first one */
    struct minutes minutes;    /* point into the order's note */
    struct minutes_votes own;
    unsigned person; /* who has signed */
    bool known;      /* the gateway keeps them already */
    struct ledger_minutes kept;
    struct minutes_votes before; /* of those signatures; none where it is not known */
    struct slice whole;          /* with the new one */
    char ceremony[65];           /* name of the script */
};

/* --- By whose word ------------------------------------------------------------------ */

/* One that was in force before. out is undefined unless it is found. */
static enum sg_status recall_roster(struct core *core, const uint8_t sha256[32],
                                    struct roster *out)
{
    AUTO(ledger_roster_fini) struct ledger_roster kept = {.index = 0};
    struct sg_error ignored;

    TRY(ledger_find_roster(core->ledger, sha256, &kept));
    return roster_parse(kept.text, out, &ignored) == SG_OK ? SG_OK : SG_NOT_FOUND;
}

/* The quorum file in force, and the one that the minutes name, if it ever was: who was
 * given another key since has signed with the earlier one. Where the one in force does
 * not have all who took part, as after the change of an officer who signs, who takes part
 * is found in the one that is named. votes and why are those of out->by. */
static enum sg_status count_votes(struct core *core, struct slice note,
                                  struct signing *out, struct sg_error *why)
{
    static struct roster named; /* large */
    const struct quorum *quorum = core->grants.quorum;
    uint8_t sha256[32];

    out->minutes.count = 0;
    out->by = (struct minutes_rosters){&quorum->roster, NULL};
    memcpy(out->quorum, quorum->sha256, sizeof(out->quorum));
    enum sg_status status =
        minutes_votes_by(&out->by, note, &out->minutes, &out->own, why);
    if ((status != SG_OK && status != SG_INVALID) ||
        digest_parse_sha256(minutes_get(&out->minutes, MINUTES_FIELD_QUORUM, 0),
                            sha256) != SG_OK ||
        memcmp(sha256, quorum->sha256, sizeof(sha256)) == 0) {
        return status;
    }
    enum sg_status found = recall_roster(core, sha256, &named);
    if (found != SG_OK) {
        return found == SG_NOT_FOUND ? status : found;
    }
    out->by.other = &named;
    if (status != SG_OK) {
        out->by = (struct minutes_rosters){&named, &quorum->roster};
        memcpy(out->quorum, sha256, sizeof(out->quorum));
    }
    return minutes_votes_by(&out->by, note, &out->minutes, &out->own, why);
}

/* --- Who has not signed ------------------------------------------------------------ */

static enum sg_status name_missing(const struct roster *roster, uint64_t persons,
                                   struct request_order *order)
{
    order->missing = (const char **)arena_alloc(
        &order->arena, roster->groups.leaf_count * sizeof(*order->missing) + 1);
    if (order->missing == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t p = 0; p < roster->groups.leaf_count; p++) {
        char *copy = (char *)arena_alloc(&order->arena, 65);
        if (copy == NULL) {
            return SG_NO_MEMORY;
        }
        (void)snprintf(copy, 65, "%s", roster->groups.leaves[p]);
        order->missing[order->missing_count] = copy;
        order->missing_count += persons >> p & 1;
    }
    return SG_OK;
}

/* --- Looking ----------------------------------------------------------------------- */

static enum sg_status room(struct request_order *order, size_t count)
{
    order->minutes = (struct ledger_minutes *)arena_alloc(
        &order->arena, count * sizeof(*order->minutes));
    return order->minutes == NULL ? SG_NO_MEMORY : SG_OK;
}

enum sg_status minutes_on_list(struct core *core, struct request_order *order)
{
    TRY(room(order, LEDGER_MINUTES_MAX));
    const struct ledger_minutes_query query = {order->query.below, order->query.limit,
                                               &order->arena};
    return ledger_list_minutes(core->ledger, &query, order->minutes,
                               &order->minutes_count);
}

enum sg_status minutes_on_get(struct core *core, struct request_order *order)
{
    static struct signing kept; /* large */
    struct sg_error why = {0};

    TRY(room(order, 1));
    enum sg_status found =
        ledger_find_minutes(core->ledger, order->id, &order->arena, order->minutes);
    if (found == SG_NOT_FOUND) {
        return request_refuse(
            order,
            sg_fail(&why, SG_NOT_FOUND, "no minutes '%s' are kept here", order->id),
            &why);
    }
    TRY(found);
    order->minutes_count = 1;
    if (core->grants.quorum == NULL) {
        return SG_OK;
    }
    enum sg_status status = count_votes(core, order->minutes->note, &kept, &why);
    if (status == SG_OK) {
        return name_missing(kept.by.roster, kept.own.must & ~kept.own.given, order);
    }
    return status == SG_LEDGER ? status : SG_OK;
}

/* --- What was handed in ------------------------------------------------------------- */

static enum sg_status find_signer(struct core *core, const struct request_order *order,
                                  struct signing *out, struct sg_error *why)
{
    if (note_parse(order->note, &out->note) != SG_OK || out->note.count != 1) {
        return sg_fail(why, SG_INVALID,
                       "note must be a C2SP signed note with exactly one signature");
    }
    enum sg_status status = count_votes(core, order->note, out, why);
    if (status != SG_OK) { /* whatever is wrong with them, the caller sent them */
        return status == SG_LEDGER || status == SG_NO_MEMORY ? status : SG_INVALID;
    }
    if (out->own.given == 0) {
        return sg_fail(why, SG_DENIED,
                       "the key that signed belongs to nobody in the quorum file who "
                       "takes part in these minutes");
    }
    out->person = (unsigned)__builtin_ctzll(out->own.given);
    return SG_OK;
}

static enum sg_status check_text(const struct request_order *order,
                                 const struct signing *signing, struct sg_error *why)
{
    if (minutes_rehearsed(&signing->minutes)) {
        return sg_fail(why, SG_INVALID, "minutes of a rehearsal are not kept here");
    }
    return slice_equal(minutes_get(&signing->minutes, MINUTES_FIELD_ID, 0),
                       slice_str(order->id))
               ? SG_OK
               : sg_fail(why, SG_INVALID, "these minutes have another id than '%s'",
                         order->id);
}

/* What is kept of that id must be the same text. */
static enum sg_status meet_kept(struct core *core, struct request_order *order,
                                struct signing *signing, struct sg_error *why)
{
    static struct minutes ignored;
    struct note note;
    enum sg_status found =
        ledger_find_minutes(core->ledger, order->id, &order->arena, &signing->kept);

    if (found == SG_NOT_FOUND) {
        return SG_OK;
    }
    TRY(found);
    signing->known = true;
    if (note_parse(signing->kept.note, &note) != SG_OK ||
        !slice_equal(note.text, signing->note.text)) {
        return sg_fail(why, SG_CONFLICT, "other minutes of the id '%s' are kept here",
                       order->id);
    }
    return minutes_votes_by(&signing->by, signing->kept.note, &ignored, &signing->before,
                            why) == SG_OK
               ? SG_OK
               : SG_PRECONDITION;
}

static enum sg_status check_turn(const struct signing *signing, struct sg_error *why)
{
    const char *name = signing->by.roster->groups.leaves[signing->person];
    uint64_t bit = (uint64_t)1 << signing->person;
    uint64_t witnesses = signing->own.witnesses;
    bool witness = (witnesses & bit) != 0;

    if (witness && (signing->own.must & ~witnesses & ~signing->before.given) != 0) {
        return sg_fail(why, SG_DENIED,
                       "the witness signs last: others must sign before '%s'", name);
    }
    return witness || (signing->before.given & witnesses) == 0
               ? SG_OK
               : sg_fail(why, SG_DENIED,
                         "a witness has signed already, and nobody may after that");
}

static enum sg_status judge(struct core *core, struct request_order *order,
                            struct signing *signing, struct sg_error *why)
{
    if (core->grants.quorum == NULL) {
        return sg_fail(why, SG_PRECONDITION,
                       "there is no quorum file (officers.quorum), so nobody's signature "
                       "can be known");
    }
    TRY(find_signer(core, order, signing, why));
    TRY(check_text(order, signing, why));
    TRY(meet_kept(core, order, signing, why));
    return (signing->before.given & signing->own.given) != 0 ? SG_OK
                                                             : check_turn(signing, why);
}

/* --- Keeping ----------------------------------------------------------------------- */

static enum sg_status put_together(struct request_order *order, struct signing *signing)
{
    struct lines_out lines;
    char *buffer = (char *)arena_alloc(&order->arena, MINUTES_NOTE_MAX);

    if (buffer == NULL) {
        return SG_NO_MEMORY;
    }
    if (!signing->known) {
        signing->whole = order->note;
        return SG_OK;
    }
    lines_start(&lines, buffer, MINUTES_NOTE_MAX);
    lines_put(&lines, signing->kept.note);
    note_repeat_signature(&lines, &signing->note.signatures[0]);
    return lines_finish(&lines, &signing->whole);
}

static enum sg_status write_first(struct core *core, const struct request_order *order,
                                  const struct signing *signing, const char *hash)
{
    struct members members = {.count = 0};
    char quorum[DIGEST_SHA256_SIZE];

    digest_sha256_text(signing->quorum, quorum);
    members_add(&members, "subject", order->id);
    members_add(&members, "ceremony", signing->ceremony);
    members_add(&members, "text", hash);
    members_add(&members, "quorum", quorum);
    members_add(&members, "handed_in_by", order->order.officer);
    return members_write(core, "ceremony.minutes", &members, NULL);
}

static enum sg_status write_signature(struct core *core,
                                      const struct request_order *order,
                                      const struct signing *signing, const char *hash,
                                      struct log_place *place)
{
    const struct roster *roster = signing->by.roster;
    size_t begin = signing->note.text.len + 1;
    struct members members = {.count = 0};
    char line[512];
    char cert[65];

    (void)snprintf(line, sizeof(line), "%.*s", (int)(order->note.len - begin) - 1,
                   (const char *)order->note.data + begin);
    text_hex(slice_of(order->order.caller_cert, 32), cert);
    members_add(&members, "subject", order->id);
    members_add(&members, "person", roster->groups.leaves[signing->person]);
    members_add(&members, "role",
                person_role_name(roster->persons[signing->person].role));
    members_add(&members, "signature", line);
    members_add(&members, "text", hash);
    members_add(&members, "handed_in_by", order->order.officer);
    members_add(&members, "caller_cert", cert);
    return members_write(core, "ceremony.sign", &members, place);
}

static enum sg_status keep(struct core *core, struct request_order *order,
                           struct signing *signing, uint64_t missing)
{
    struct slice text = signing->note.text;
    struct slice name = minutes_get(&signing->minutes, MINUTES_FIELD_CEREMONY, 0);
    struct ledger_minutes *kept = &signing->kept;
    struct log_place place;
    char hash[DIGEST_SHA256_SIZE];

    (void)snprintf(signing->ceremony, sizeof(signing->ceremony), "%.*s", (int)name.len,
                   (const char *)name.data);
    (void)SHA256(text.data, text.len, kept->sha256);
    digest_sha256_text(kept->sha256, hash);
    TRY(signing->known ? SG_OK : write_first(core, order, signing, hash));
    TRY(write_signature(core, order, signing, hash, &place));
    kept->id = order->id;
    kept->ceremony = signing->ceremony;
    kept->note = signing->whole;
    kept->missing = (uint32_t)__builtin_popcountll(missing);
    kept->since_us = signing->known ? kept->since_us : clock_wall_us();
    kept->log_index = place.index;
    memcpy(kept->log_hash, place.hash, sizeof(kept->log_hash));
    TRY(ledger_put_minutes(core->ledger, kept));
    return missing != 0 ? SG_OK : minutes_tell_keys(core, order, &signing->minutes);
}

enum sg_status minutes_on_sign(struct core *core, struct request_order *order)
{
    static struct signing signing; /* large */
    struct sg_error why = {0};

    memset(&signing, 0, sizeof(signing));
    enum sg_status status = judge(core, order, &signing, &why);
    if (status == SG_LEDGER || status == SG_NO_MEMORY) {
        return status;
    }
    if (status != SG_OK) {
        return request_refuse(order, status, &why);
    }
    uint64_t missing = signing.own.must & ~(signing.before.given | signing.own.given);
    TRY(room(order, 1));
    if ((signing.before.given & signing.own.given) == 0) { /* else it was signed before */
        TRY(put_together(order, &signing));
        TRY(keep(core, order, &signing, missing));
    }
    TRY(name_missing(signing.by.roster, missing, order));
    order->minutes_count = 1;
    return ledger_find_minutes(core->ledger, order->id, &order->arena, order->minutes);
}
