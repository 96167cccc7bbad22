#include <stdio.h>
#include <string.h>

#include "client/call/key_words.h"
#include "client/call/kind_words.h"
#include "client/call/lane_words.h"
#include "client/commands/status/page.h"
#include "client/console/screen.h"

/* `segel status` for people: tokens, keys, log, policy, disk and clock. */
enum {
    LANE_WIDTH = 16,
    STATUS_WIDTH = 22,
    STATE_WIDTH = 14,
    LABEL_WIDTH = 24,
    NUMBER_WIDTH = 20
};

static void coloured(bool well, const char *text, int width)
{
    int len = (int)strlen(text);

    (void)fputs(screen_colour(stdout, well ? SCREEN_GREEN : SCREEN_RED), stdout);
    screen_text(stdout, text);
    (void)fputs(screen_colour(stdout, SCREEN_PLAIN), stdout);
    (void)printf("%*s", len < width ? width - len : 1, "");
}

/* --- Tokens ------------------------------------------------------------------------ */

static const char *pin_words(const struct status_view *view,
                             const Segel__V1__TokenFacts *token)
{
    if (token->pin_locked) {
        return status_say(view, "PIN TERKUNCI", "PIN LOCKED");
    }
    if (token->pin_final_try) {
        return status_say(view, "SISA SATU PERCOBAAN PIN", "ONE TRY OF THE PIN LEFT");
    }
    if (token->pin_count_low) {
        return status_say(view, "sisa sedikit percobaan PIN",
                          "few tries of the PIN left");
    }
    return token->pin_failures > 0 ? status_say(view, "PIN ditolak", "PIN refused") : "";
}

static void print_tokens(const struct status_view *view)
{
    char text[32];

    (void)snprintf(text, sizeof(text), "%zu", view->got->n_tokens);
    status_line(status_say(view, "JALUR", "LANES"), true, text);
    for (size_t i = 0; i < view->got->n_tokens; i++) {
        const Segel__V1__TokenFacts *token = view->got->tokens[i];
        (void)fputs("  ", stdout);
        screen_cell(stdout, token->lane, LANE_WIDTH);
        coloured(strcmp(token->lane_state, "up") == 0,
                 lane_state_text(token->lane_state, view->indonesian), STATE_WIDTH);
        screen_cell(stdout, token->label, LABEL_WIDTH);
        (void)printf("%s\n", pin_words(view, token));
    }
}

/* --- Keys -------------------------------------------------------------------------- */

static bool needs_nobody(Segel__V1__KeyState state)
{
    return state != SEGEL__V1__KEY_STATE__KEY_STATE_HELD &&
           state != SEGEL__V1__KEY_STATE__KEY_STATE_COMPROMISED &&
           state != SEGEL__V1__KEY_STATE__KEY_STATE_REFUSED;
}

/* In use, or an empty or ended one that needs no lane. */
static bool serves(const Segel__V1__KeyStatus *key)
{
    Segel__V1__KeyState state = key->state;
    bool in_use = state >= SEGEL__V1__KEY_STATE__KEY_STATE_ACCEPTED &&
                  state <= SEGEL__V1__KEY_STATE__KEY_STATE_INACTIVE;

    return needs_nobody(state) && (!in_use || (key->usable && key->lanes_up > 0));
}

static void print_activation(const struct status_view *view,
                             const Segel__V1__KeyStatus *key)
{
    char span[SPAN_SIZE];

    if (key->activation_until_us > 0) {
        span_text(key->activation_until_us - view->got->now_us, view->indonesian, span);
        (void)printf(view->indonesian ? ", terbuka %s lagi" : ", open for %s", span);
    }
    if (key->activation_left > 0) {
        (void)printf(view->indonesian ? ", sisa %llu" : ", %llu left",
                     (unsigned long long)key->activation_left);
    }
    (void)fputc('\n', stdout);
}

static void print_key(const struct status_view *view, const Segel__V1__KeyStatus *key)
{
    char days[SPAN_SIZE] = "-";
    char today[32];

    if (key->certificate_until_us > 0) {
        int64_t left_us = key->certificate_until_us - view->got->now_us;
        (void)snprintf(days, sizeof(days),
                       view->indonesian ? "sisa %lld hari" : "%lld days left",
                       (long long)(left_us / 1000000 / 86400));
    }
    (void)snprintf(today, sizeof(today),
                   view->indonesian ? "%llu hari ini" : "%llu today",
                   (unsigned long long)key->used_today);
    (void)fputs("  ", stdout);
    screen_cell(stdout, key->key, LABEL_WIDTH);
    coloured(serves(key), key_state_text(key->state, view->indonesian), STATE_WIDTH);
    screen_cell(stdout, days, LANE_WIDTH);
    screen_cell(stdout,
                key->certificate_until_us == 0
                    ? "-"
                    : certificate_status_text(key->certificate_status, view->indonesian),
                STATUS_WIDTH);
    (void)fputs(today, stdout);
    print_activation(view, key);
}

static void print_keys(const struct status_view *view)
{
    char text[32];

    (void)snprintf(text, sizeof(text), "%zu", view->got->n_keys);
    status_line(status_say(view, "KUNCI", "KEYS"), true, text);
    for (size_t i = 0; i < view->got->n_keys; i++) {
        print_key(view, view->got->keys[i]);
    }
}

/* --- Log --------------------------------------------------------------------------- */

static void print_anchor(const struct status_view *view,
                         const Segel__V1__AnchorStatus *anchor)
{
    char lag[SPAN_SIZE];

    span_text(anchor->lag_us, view->indonesian, lag);
    (void)fputs("  ", stdout);
    screen_cell(stdout, anchor->name, LABEL_WIDTH);
    coloured(strcmp(anchor->state, "ok") == 0, anchor->state, STATE_WIDTH);
    (void)printf(view->indonesian ? "%llu catatan, tertinggal %s\n"
                                  : "%llu records, %s behind\n",
                 (unsigned long long)anchor->records, lag);
}

static void print_log(const struct status_view *view)
{
    const Segel__V1__LogStatus *log = view->got->log;
    char age[SPAN_SIZE] = "-";
    char text[192];

    if (log->checkpoint_us > 0) {
        span_text(view->got->now_us - log->checkpoint_us, view->indonesian, age);
    }
    (void)snprintf(text, sizeof(text),
                   view->indonesian ? "%llu catatan, checkpoint atas %llu, umurnya %s"
                                    : "%llu records, checkpoint of %llu, %s old",
                   (unsigned long long)log->records,
                   (unsigned long long)log->checkpoint_records, age);
    status_line("LOG", log->readable, text);
    if (log->n_anchors == 0) {
        (void)printf("  %s\n", status_say(view, "tidak ada saksi log", "no anchors"));
    }
    for (size_t i = 0; i < log->n_anchors; i++) {
        print_anchor(view, log->anchors[i]);
    }
}

/* --- Policy, disk, clock ----------------------------------------------------------- */

/* A day of the policy's zone. */
static void day_text(const Segel__V1__PolicyStatus *policy, int64_t us,
                     char out[INSTANT_SIZE])
{
    enum { FARTHEST = 24 * 60 };
    int64_t minutes = policy->zone_minutes;
    bool sound =
        us > 0 && us < INT64_MAX / 2 && minutes > -FARTHEST && minutes < FARTHEST;

    instant_text(sound ? us + minutes * 60000000 : 0, out);
}

static void print_policy(const struct status_view *view)
{
    const Segel__V1__PolicyStatus *policy = view->got->policy;
    char review[INSTANT_SIZE];
    char until[INSTANT_SIZE];
    char text[384];

    day_text(policy, policy->review_by_us, review);
    day_text(policy, policy->agreement_until_us, until);
    (void)snprintf(
        text, sizeof(text),
        view->indonesian
            ? "%.128s versi %lld, ditinjau sebelum %.10s, perjanjian sampai %.10s"
            : "%.128s version %lld, review by %.10s, agreement until %.10s",
        policy->id, (long long)policy->version, review, until);
    status_line(status_say(view, "KEBIJAKAN", "POLICY"), true, text);
}

static void print_disk(const struct status_view *view)
{
    const Segel__V1__DiskStatus *disk = view->got->disk;
    unsigned long long percent =
        disk->total_bytes == 0 ? 0 : disk->free_bytes / (disk->total_bytes / 100 + 1);
    char text[128];

    (void)snprintf(text, sizeof(text),
                   view->indonesian ? "%llu MiB bebas (%llu %%), cadangan %u %%"
                                    : "%llu MiB free (%llu %%), reserve %u %%",
                   (unsigned long long)disk->free_bytes >> 20, percent,
                   (unsigned)disk->reserve_percent);
    status_line("DISK", !disk->low, text);
}

static const char *clock_amiss(const struct status_view *view)
{
    const Segel__V1__ClockStatus *clock = view->got->clock;

    if (clock->stepped) {
        return status_say(view, ", MELOMPAT", ", JUMPED");
    }
    return clock->doubted ? status_say(view, ", DIRAGUKAN", ", DOUBTED") : "";
}

static void print_clock(const struct status_view *view)
{
    const Segel__V1__ClockStatus *clock = view->got->clock;
    char text[128];

    if (!clock->known) {
        status_line(status_say(view, "JAM", "CLOCK"), true,
                    status_say(view, "tidak diketahui", "not known"));
        return;
    }
    (void)snprintf(text, sizeof(text),
                   view->indonesian ? "%s, selisih %lld us%s" : "%s, offset %lld us%s",
                   clock->synchronised
                       ? status_say(view, "disetel", "synchronised")
                       : status_say(view, "tidak ada yang menyetelnya", "nobody sets it"),
                   (long long)clock->offset_us, clock_amiss(view));
    status_line(status_say(view, "JAM", "CLOCK"), !clock->stepped && !clock->doubted,
                text);
}

void status_print_machine(const struct status_view *view)
{
    print_tokens(view);
    print_keys(view);
    print_log(view);
    print_policy(view);
    print_disk(view);
    print_clock(view);
}
