#include <openssl/rand.h>
#include <stdio.h>

#include "gateway/clock.h"
#include "gateway/core/lane/inside.h"
#include "gateway/core/lane/login.h"

/* What a lane makes of its own health: watchdog, breaker, canary, back-off. */

enum {
    TICK_US = 100000,
    PAUSE_US = 500000, /* ticks further apart: what is above does not count */
    SLOW_FACTOR = 10,
    PATIENCE_MAX_US = 60000000,
    RECENT = 20, /* operations that the breaker looks at */
    FIRST_PAUSE_US = 100000,
    SOUND_LIFE_US = 10000000, /* a life that was long enough, or */
    SOUND_SIGNED = 16,        /* signed enough, starts the next one at once */
};

/* --- Watchdog -------------------------------------------------------------------- */

/* An HSM that is slow by nature gets ten times what its slowest hundredth takes. */
static int64_t patience_us(const struct lane *lane, const struct hand *hand)
{
    int64_t slow_us = SLOW_FACTOR * latency_p99_us(&hand->latency);
    int64_t limit_us = slow_us < PATIENCE_MAX_US ? slow_us : PATIENCE_MAX_US;

    return limit_us > lane->options.timeout_us ? limit_us : lane->options.timeout_us;
}

static bool hand_hung(const struct lane *lane, const struct hand *hand, int64_t now_us)
{
    /* Looked at once a tick: it strikes before the limit rather than behind it. */
    int64_t limit_us = patience_us(lane, hand) - TICK_US;

    return hand->outstanding > 0 &&
           (now_us - hand->progress_us > limit_us ||
            (hand->overtaken_us != 0 && now_us - hand->overtaken_us > limit_us));
}

static void later(int64_t *at_us, int64_t by_us, int64_t now_us)
{
    int64_t moved_us = *at_us + by_us;

    *at_us = *at_us == 0 ? 0 : moved_us < now_us ? moved_us : now_us;
}

void lane_health_forgive_pause(struct lane *lane, int64_t now_us)
{
    int64_t by_us = lane->looked_us == 0 ? 0 : now_us - lane->looked_us - PAUSE_US;

    lane->looked_us = now_us;
    if (by_us <= 0) {
        return;
    }
    later(&lane->started_us, by_us, now_us);
    for (int kind = 0; kind < LANE_KINDS; kind++) {
        later(&lane->hands[kind].progress_us, by_us, now_us);
        later(&lane->hands[kind].overtaken_us, by_us, now_us);
    }
}

bool lane_health_hung(const struct lane *lane, int64_t now_us)
{
    bool hung = false;

    for (int kind = 0; kind < LANE_KINDS; kind++) {
        hung = hung || hand_hung(lane, &lane->hands[kind], now_us);
    }
    return hung && !lane->burying &&
           (lane->state == LANE_UP || lane->state == LANE_TRYING || lane->resting);
}

/* --- Breaker --------------------------------------------------------------------- */

static void note_recent(struct lane *lane, bool failed)
{
    lane->recent = (lane->recent << 1 | (failed ? 1U : 0U)) & ((1U << RECENT) - 1);
    lane->recent_count += lane->recent_count < RECENT ? 1 : 0;
}

bool lane_health_mostly_failing(const struct lane *lane)
{
    return lane->recent_count == RECENT && __builtin_popcount(lane->recent) > RECENT / 2;
}

void lane_health_note(struct lane *lane, enum sg_status status)
{
    if (status == SG_OK) {
        lane->counts.signed_count++;
        lane->counts.succeeded_us = clock_wall_us();
        lane->life_signed++;
    } else if (status != SG_TIMEOUT) { /* which is none of the token's */
        lane->counts.failed_count++;
        lane->counts.failed_us = clock_wall_us();
    }
    /* What the token refuses of one key a fresh process does not mend. */
    note_recent(lane, status == SG_HSM);
}

/* --- Canary ---------------------------------------------------------------------- */

static enum sg_scheme scheme_of(const struct lane_key *key)
{
    bool rsa = key->type[0] == 'r';
    bool pkcs1 = (key->mechanisms & (1U << SG_SCHEME_RSA_PKCS1)) != 0;

    if (rsa) {
        return pkcs1 ? SG_SCHEME_RSA_PKCS1 : SG_SCHEME_RSA_PSS;
    }
    return key->curve[0] == 'E' ? SG_SCHEME_NONE : SG_SCHEME_ECDSA;
}

/* A fresh nonce each time: an answer that was stored somewhere is no answer. */
static void send_canary(struct lane *lane, int64_t now_us)
{
    enum sg_hash hash = SG_HASH_SHA256;
    const struct lane_key *key = &lane->keys[lane->options.canary];
    struct lane_op op = {
        .owner = lane,
        .key = (uint32_t)lane->options.canary,
        .scheme = scheme_of(key),
        .hash = hash,
        .input = slice_of(lane->canary_digest, sg_hash_len(hash)),
        .deadline_us = 0,
    };

    if (op.scheme == SG_SCHEME_NONE) {
        op.hash = SG_HASH_NONE;
    }
    MUST(RAND_bytes(lane->canary_digest, (int)op.input.len) == 1);
    lane->canary_us = now_us;
    lane->canary_pending = true;
    traffic_put(lane, &op);
    lane_flush(lane);
}

/* --- Opening --------------------------------------------------------------------- */

static bool same_key(const struct lane_key *one, const struct lane_key *other)
{
    return one->usable && other->usable && one->spki_len > 0 &&
           slice_equal(slice_of(one->spki, one->spki_len),
                       slice_of(other->spki, other->spki_len));
}

/* The configuration may name one object by its id here and by its label there: the token
 * alone knows. A key that callers use must not sign the log, or as a canary, too. */
static bool names_one_twice(const struct lane *lane, char *why, size_t cap)
{
    const struct lane_options *options = &lane->options;

    for (size_t i = 0; i < options->key_count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (same_key(&lane->keys[i], &lane->keys[k])) {
                (void)snprintf(why, cap,
                               "'%s' and '%s' are one key of the token; give each a key "
                               "of its own",
                               options->keys[k].name, options->keys[i].name);
                return true;
            }
        }
    }
    return false;
}

void lane_health_opened(struct lane *lane)
{
    char why[sizeof(lane->why)];

    if (names_one_twice(lane, why, sizeof(why))) {
        lane->failure = FAILURE_CONFIG;
        lane_lose(lane, LANE_DOWN, why);
        return;
    }
    if (lane->options.canary == LANE_NO_CANARY) {
        lane_enter(lane, LANE_UP);
        return;
    }
    const struct lane_key *key = &lane->keys[lane->options.canary];
    if (!key->usable) {
        (void)snprintf(why, sizeof(why), "the canary cannot be used: %s", key->why);
        lane->failure = FAILURE_CONFIG;
        lane_lose(lane, LANE_DOWN, why);
        return;
    }
    lane_enter(lane, LANE_TRYING);
    send_canary(lane, clock_mono_us());
}

void lane_health_canary_done(struct lane *lane, const struct lane_result *result)
{
    char why[sizeof(lane->why)];

    lane->canary_pending = false;
    if (lane->burying) {
        return;
    }
    if (result->status != SG_OK) {
        (void)snprintf(why, sizeof(why), "the canary was not signed: %s", result->why);
        if (lane->state == LANE_TRYING) {
            lane_lose(lane, LANE_DOWN, why);
        } else { /* others may be in hand */
            lane_ebb(lane, why);
        }
        return;
    }
    lane->counts.canary_count++;
    lane->counts.succeeded_us = clock_wall_us();
    if (lane->state == LANE_TRYING) {
        lane_enter(lane, LANE_UP);
    }
}

void lane_health_tick(struct lane *lane, int64_t now_us)
{
    if (lane->state == LANE_UP && !lane->canary_pending &&
        lane->options.canary != LANE_NO_CANARY &&
        now_us - lane->canary_us >= lane->options.canary_us) {
        send_canary(lane, now_us);
    }
}

/* --- Back-off -------------------------------------------------------------------- */

/* Up to a tenth more, so that the lanes of many gateways do not come in step. */
static int64_t with_jitter(int64_t us)
{
    uint8_t random = 0;

    MUST(RAND_bytes(&random, 1) == 1);
    return us + us * random / 2560;
}

void lane_health_plan_retry(struct lane *lane, int64_t now_us)
{
    bool sound = lane->opened_us != 0 && (lane->life_signed >= SOUND_SIGNED ||
                                          now_us - lane->opened_us >= SOUND_LIFE_US);
    int64_t next_us = lane->backoff_us * 2;
    int64_t login_us = lane_login_pause_us(lane, now_us);

    if (login_us > 0) { /* each of them may have been a wrong PIN */
        lane->retry_us = now_us + with_jitter(login_us);
        return;
    }
    if (sound) {
        lane->backoff_us = 0;
        lane->retry_us = now_us;
        return;
    }
    /* The first one that fails gets a second at once; from then on there are pauses. */
    if (lane->backoff_us == 0) {
        lane->retry_us = lane->opened_us != 0 ? now_us : now_us + FIRST_PAUSE_US;
        lane->backoff_us = FIRST_PAUSE_US / 2;
        return;
    }
    lane->backoff_us =
        next_us < lane->options.retry_max_us ? next_us : lane->options.retry_max_us;
    lane->retry_us = now_us + with_jitter(lane->backoff_us);
}
