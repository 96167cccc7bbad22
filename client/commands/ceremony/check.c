#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/timex.h>

#include "client/call/approval_call.h"
#include "client/call/key_words.h"
#include "client/channel/unpack.h"
#include "client/commands/ceremony/ceremony.h"
#include "client/commands/ceremony/talk.h"
#include "client/commands/ceremony/token_facts.h"
#include "client/console/program_hash.h"
#include "proto/digest.h"
#include "proto/text.h"

void ceremony_found(struct ceremony_finding *out, bool good, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(out->text, sizeof(out->text), format, args);
    va_end(args);
    out->good = good;
    /* a sentence of the gateway's, or one that was cut inside of a letter */
    for (size_t i = 0; !text_plain(slice_str(out->text)) && out->text[i] != '\0'; i++) {
        if (out->text[i] < ' ' || out->text[i] > '~') {
            out->text[i] = '?';
        }
    }
}

/* --- This machine ------------------------------------------------------------------ */

static enum sg_status check_clock(struct ceremony *ceremony,
                                  const struct script_step *step,
                                  struct ceremony_finding *out, struct sg_error *why)
{
    struct timex clock = {.modes = 0};
    int state = adjtimex(&clock);

    (void)ceremony, (void)step, (void)why;
    bool kept = state != -1 && state != TIME_ERROR && (clock.status & STA_UNSYNC) == 0;
    ceremony_found(out, kept,
                   kept ? "the clock is synchronised, to %ld us at most"
                        : "the clock of this machine is not synchronised (maximum error "
                          "%ld us)",
                   clock.maxerror);
    return SG_OK;
}

/* What is on paper only a person can compare. */
static enum sg_status check_tool(struct ceremony *ceremony,
                                 const struct script_step *step,
                                 struct ceremony_finding *out, struct sg_error *why)
{
    char answer[TALK_LINE_MAX];
    char text[DIGEST_SHA256_SIZE];
    uint8_t hash[32];

    (void)step;
    TRY(program_hash(hash, why));
    digest_sha256_text(hash, text);
    (void)printf("    segel %s  %s\n", SEGEL_VERSION, text);
    TRY(talk_ask(ceremony->indonesian ? "Sama? [y/t]" : "Is it the same? [y/n]", answer,
                 why));
    bool same = answer[0] == 'y' || answer[0] == 'Y';
    ceremony_found(out, same,
                   same ? "it is the program of the release"
                        : "this is not the program of the release");
    return SG_OK;
}

/* --- Quorum file ------------------------------------------------------------------- */

static enum sg_status check_quorum(struct ceremony *ceremony,
                                   const struct script_step *step,
                                   struct ceremony_finding *out, struct sg_error *why)
{
    char text[DIGEST_SHA256_SIZE];

    (void)step;
    TRY(known_from_gateway(ceremony->home, &ceremony->now, why));
    digest_sha256_text(ceremony->now.sha256, text);
    bool same = CRYPTO_memcmp(ceremony->known.sha256, ceremony->now.sha256, 32) == 0;
    ceremony_found(out, same, same ? "%s, %zu persons" : "it is another one now: %s, %zu",
                   text, ceremony->now.roster.groups.leaf_count);
    return SG_OK;
}

static bool on_roster(const struct ceremony *ceremony, const char *name, const char *role)
{
    const struct roster *roster = &ceremony->now.roster;
    unsigned person = groups_find_leaf(&roster->groups, slice_str(name));

    return person != GROUPS_NONE &&
           (role == NULL ||
            strcmp(role, person_role_name(roster->persons[person].role)) == 0);
}

static enum sg_status check_roster(struct ceremony *ceremony,
                                   const struct script_step *step,
                                   struct ceremony_finding *out, struct sg_error *why)
{
    const char *name = state_answered(&ceremony->state, "person");
    const char *role = state_answered(&ceremony->state, "role");

    (void)step;
    TRY(known_from_gateway(ceremony->home, &ceremony->now, why));
    bool there = on_roster(ceremony, name, role);
    ceremony_found(out, there, "the quorum file %s '%s' as %s", there ? "has" : "has not",
                   name, role);
    return SG_OK;
}

static enum sg_status check_absent(struct ceremony *ceremony,
                                   const struct script_step *step,
                                   struct ceremony_finding *out, struct sg_error *why)
{
    const char *name = state_answered(&ceremony->state, "leaver");

    (void)step;
    TRY(known_from_gateway(ceremony->home, &ceremony->now, why));
    bool there = on_roster(ceremony, name, NULL);
    ceremony_found(out, !there, "the quorum file %s '%s'",
                   there ? "still has" : "has not", name);
    return SG_OK;
}

/* --- Lock-down --------------------------------------------------------------------- */

static enum sg_status locked(const struct ceremony *ceremony, bool wanted,
                             struct ceremony_finding *out, struct sg_error *why)
{
    ProtobufCMessage *reply = NULL;

    TRY(approval_roster(ceremony->home, &reply, why));
    const Segel__V1__LockDownState *state =
        ((const Segel__V1__GetRosterResponse *)(const void *)reply)->lock_down;
    bool active = state != NULL && state->active != 0;
    ceremony_found(out, active == wanted,
                   active ? "a lock-down is in force" : "there is no lock-down");
    unpack_free(reply);
    return SG_OK;
}

static enum sg_status check_locked(struct ceremony *ceremony,
                                   const struct script_step *step,
                                   struct ceremony_finding *out, struct sg_error *why)
{
    (void)step;
    return locked(ceremony, true, out, why);
}

static enum sg_status check_unlocked(struct ceremony *ceremony,
                                     const struct script_step *step,
                                     struct ceremony_finding *out, struct sg_error *why)
{
    (void)step;
    return locked(ceremony, false, out, why);
}

/* --- Tokens and keys --------------------------------------------------------------- */

static bool is_word(const struct script_step *step, const char *state)
{
    for (size_t i = 0; i < step->word_count; i++) {
        if (strcmp(step->words[i], state) == 0) {
            return true;
        }
    }
    return false;
}

static enum sg_status check_lane(struct ceremony *ceremony,
                                 const struct script_step *step,
                                 struct ceremony_finding *out, struct sg_error *why)
{
    const char *lane = state_answered(&ceremony->state, "lane");
    struct facts facts;

    TRY(facts_of_token(ceremony->home, lane, &facts, why));
    ceremony_found(out, is_word(step, facts.state), "the lane '%s' is %s", lane,
                   facts.state);
    return SG_OK;
}

static enum sg_status check_changed(struct ceremony *ceremony,
                                    const struct script_step *step,
                                    struct ceremony_finding *out, struct sg_error *why)
{
    const char *lane = state_answered(&ceremony->state, "lane");
    struct slice text = minutes_get(&ceremony->state.minutes, MINUTES_FIELD_BEGAN, 0);
    struct facts facts;
    int64_t began_us = 0;

    (void)step;
    TRY(facts_of_token(ceremony->home, lane, &facts, why));
    bool since =
        text_time_parse(text, &began_us) == SG_OK && facts.pin_changed_us >= began_us;
    ceremony_found(out, since,
                   since ? "the token of lane '%s' has another PIN since this began"
                         : "the PIN of the token of lane '%s' was not changed since this "
                           "began: 'segel pin set' on the gateway's machine",
                   lane);
    return SG_OK;
}

static enum sg_status compare_one(struct ceremony *ceremony, const struct fact *fact,
                                  enum minutes_field field, bool *same,
                                  struct sg_error *why)
{
    struct slice known =
        minutes_find(&ceremony->state.minutes, field, slice_str(fact->name));

    (void)printf("    %-22s %s\n", fact->name, fact->value);
    *same = known.len == 0 || slice_equal(known, slice_str(fact->value));
    return known.len > 0 ? SG_OK
                         : state_note(&ceremony->state, why, field, "%s %s", fact->name,
                                      fact->value);
}

/* What the minutes do not have yet goes in, the rest is compared. */
static enum sg_status compare(struct ceremony *ceremony, const struct facts *facts,
                              enum minutes_field field, const char **other,
                              struct sg_error *why)
{
    *other = NULL;
    for (size_t i = 0; i < facts->count; i++) {
        bool same = false;
        TRY(compare_one(ceremony, &facts->list[i], field, &same, why));
        *other = same ? *other : facts->list[i].name;
    }
    return SG_OK;
}

static enum sg_status check_token(struct ceremony *ceremony,
                                  const struct script_step *step,
                                  struct ceremony_finding *out, struct sg_error *why)
{
    const char *lane = state_answered(&ceremony->state, "lane");
    const char *other = NULL;
    struct facts facts;

    (void)step;
    TRY(facts_of_token(ceremony->home, lane, &facts, why));
    TRY(compare(ceremony, &facts, MINUTES_FIELD_TOKEN, &other, why));
    ceremony_found(out, other == NULL,
                   other == NULL ? "the token of lane '%s'%s%s"
                                 : "the token of lane '%s' shows another %s%s",
                   lane, other == NULL ? "" : other, "");
    return SG_OK;
}

/* This ceremony has had its key destroyed. */
static bool destroyed_here(const struct ceremony *ceremony)
{
    for (size_t i = 0; i < ceremony->state.next; i++) {
        const struct script_step *step = &ceremony->found.script.steps[i];
        if (step->kind == STEP_RUN && step->row == ACTION_KEY_DESTROY) {
            return true;
        }
    }
    return false;
}

/* One whose generation broke off leaves an empty slot behind: that is as it was wanted
 * where it was destroyed just now, and nowhere else. */
static const char *state_of(const struct ceremony *ceremony, const struct facts *facts)
{
    bool empty = strcmp(facts->state,
                        key_state_name(SEGEL__V1__KEY_STATE__KEY_STATE_UNSPECIFIED)) == 0;

    return empty && destroyed_here(ceremony) ? "destroyed" : facts->state;
}

static enum sg_status check_key(struct ceremony *ceremony, const struct script_step *step,
                                struct ceremony_finding *out, struct sg_error *why)
{
    const char *key = state_answered(&ceremony->state, "key");
    const char *other = NULL;
    char hash[DIGEST_SHA256_SIZE];
    struct facts facts;

    TRY(facts_of_key(ceremony->home, key, &facts, why));
    const char *state = state_of(ceremony, &facts);
    bool fits = is_word(step, state);
    if (fits && strcmp(state, "destroyed") != 0) {
        TRY(compare(ceremony, &facts, MINUTES_FIELD_ATTRIBUTE, &other, why));
    }
    /* of a key that was named by mistake nothing stays: nothing takes it back */
    if (fits && other == NULL && facts.has_spki &&
        minutes_get(&ceremony->state.minutes, MINUTES_FIELD_SPKI, 0).len == 0) {
        digest_sha256_text(facts.spki, hash);
        TRY(state_note(&ceremony->state, why, MINUTES_FIELD_SPKI, "%s", hash));
    }
    ceremony_found(out, fits && other == NULL, "the key '%s' is %s%s%s", key, state,
                   other == NULL ? "" : ", and shows another ",
                   other == NULL ? "" : other);
    return SG_OK;
}

/* --- The table --------------------------------------------------------------------- */

enum sg_status ceremony_check(struct ceremony *ceremony, const struct script_step *step,
                              struct ceremony_finding *out, struct sg_error *why)
{
    static enum sg_status (*const checks[CHECK_KIND_COUNT])(
        struct ceremony *, const struct script_step *, struct ceremony_finding *,
        struct sg_error *) = {
        [CHECK_CLOCK] = check_clock,     [CHECK_TOOL] = check_tool,
        [CHECK_QUORUM] = check_quorum,   [CHECK_LANE] = check_lane,
        [CHECK_TOKEN] = check_token,     [CHECK_KEY] = check_key,
        [CHECK_LOCKED] = check_locked,   [CHECK_UNLOCKED] = check_unlocked,
        [CHECK_ROSTER] = check_roster,   [CHECK_ABSENT] = check_absent,
        [CHECK_CHANGED] = check_changed,
    };

    MUST(step->row < CHECK_KIND_COUNT);
    return checks[step->row](ceremony, step, out, why);
}
