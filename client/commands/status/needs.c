#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client/call/checkpoint_age.h"
#include "client/call/kind_words.h"
#include "client/commands/status/page.h"

/* What needs a person: each row of the table looks at one matter. English and Indonesian
 * stand side by side, and take the same values in the same order. */

__attribute__((format(printf, 2, 3))) static void need(struct needs *out,
                                                       const char *format, ...)
{
    va_list values;

    if (out->count == NEEDS_MAX) {
        out->more++;
        return;
    }
    va_start(values, format);
    (void)vsnprintf(out->text[out->count++], NEED_SIZE, format, values);
    va_end(values);
}

/* --- Signing ----------------------------------------------------------------------- */

bool status_signs(const Segel__V1__GetStatusResponse *got)
{
    bool any = false;

    for (size_t i = 0; i < got->n_keys; i++) {
        any = any || (got->keys[i]->usable && got->keys[i]->lanes_up > 0);
    }
    return any && got->gateway->signing;
}

/* In these states a key is meant to sign, or to be activated for it. */
static bool is_in_use(const Segel__V1__KeyStatus *key)
{
    return key->state == SEGEL__V1__KEY_STATE__KEY_STATE_ACCEPTED ||
           key->state == SEGEL__V1__KEY_STATE__KEY_STATE_ACTIVE ||
           key->state == SEGEL__V1__KEY_STATE__KEY_STATE_INACTIVE ||
           key->state == SEGEL__V1__KEY_STATE__KEY_STATE_REFUSED;
}

/* What is amiss with a key that is in use, or was, is said of the key itself. */
static bool lacks_keys(const Segel__V1__GetStatusResponse *got)
{
    bool any = false;

    for (size_t i = 0; i < got->n_keys; i++) {
        any = any || is_in_use(got->keys[i]) ||
              got->keys[i]->state == SEGEL__V1__KEY_STATE__KEY_STATE_HELD ||
              got->keys[i]->state == SEGEL__V1__KEY_STATE__KEY_STATE_COMPROMISED;
    }
    return !any;
}

static void on_signing(const struct status_view *view, struct needs *out)
{
    const Segel__V1__GatewayStatus *gateway = view->got->gateway;
    const Segel__V1__LockDownState *lock_down = view->got->lock_down;

    if (lock_down->active) {
        need(out,
             view->indonesian ? "semua penandatanganan dihentikan oleh %.64s: %.128s"
                              : "all signing was stopped by %.64s: %.128s",
             lock_down->person, lock_down->reason);
    } else if (gateway->draining) {
        need(out, "%s",
             status_say(view, "gerbang sedang diakhiri", "the gateway is ending"));
    } else if (gateway->denied_by[0] != '\0') {
        need(out,
             view->indonesian ? "tidak ada yang ditandatangani: %.255s"
                              : "nothing is signed: %.255s",
             gateway->denied_why);
    } else if (gateway->rotation != NULL && gateway->rotation->out) {
        need(out,
             view->indonesian ? "gerbang dikeluarkan dari rotasi oleh %.64s: %.160s"
                              : "the gateway was taken out of rotation by %.64s: %.160s",
             gateway->rotation->by, gateway->rotation->reason);
    } else if (!gateway->signing) {
        need(out, "%s",
             status_say(view, "gerbang tidak menandatangani",
                        "the gateway does not sign"));
    } else if (lacks_keys(view->got)) {
        need(out, "%s",
             status_say(view,
                        "tidak ada kunci yang dapat menandatangani: lihat 'segel key "
                        "list'",
                        "there is no key that may sign: see 'segel key list'"));
    }
}

static void on_incident(const struct status_view *view,
                        const Segel__V1__Incident *incident, struct needs *out)
{
    const struct notice_times oral = {incident->oral_due_us, incident->oral_given_us,
                                      view->got->now_us};
    const struct notice_times written = {incident->written_due_us,
                                         incident->written_given_us, view->got->now_us};

    if (notice_late(&oral) || notice_late(&written)) {
        need(out,
             view->indonesian ? "%.64s: pemberitahuan kepada CA TERLAMBAT"
                              : "%.64s: the notice to the CA is LATE",
             incident->id);
    } else {
        need(out,
             view->indonesian ? "%.64s masih terbuka: %.128s" : "%.64s is open: %.128s",
             incident->id, incident_words(incident->kind, view->indonesian));
    }
}

static void on_incidents(const struct status_view *view, struct needs *out)
{
    for (size_t i = 0; i < view->got->n_incidents; i++) {
        on_incident(view, view->got->incidents[i], out);
    }
}

/* --- Tokens and keys --------------------------------------------------------------- */

static void on_token(const struct status_view *view, const Segel__V1__TokenFacts *token,
                     struct needs *out)
{
    if (strcmp(token->lane_state, "pin-latched") == 0) {
        need(out,
             view->indonesian ? "jalur %.64s: PIN ditolak ('segel token unlock')"
                              : "lane %.64s: its PIN was refused ('segel token unlock')",
             token->lane);
    } else if (strcmp(token->lane_state, "up") != 0) {
        need(out,
             view->indonesian ? "jalur %.64s tidak bekerja: %.128s"
                              : "lane %.64s does not work: %.128s",
             token->lane, token->why);
    }
    if (token->pin_locked || token->pin_final_try) {
        need(out,
             view->indonesian ? "token %.64s: PIN terkunci, atau tersisa satu percobaan"
                              : "token %.64s: its PIN is locked, or has one try left",
             token->label);
    }
}

static void on_tokens(const struct status_view *view, struct needs *out)
{
    for (size_t i = 0; i < view->got->n_tokens; i++) {
        on_token(view, view->got->tokens[i], out);
    }
}

static void on_state(const struct status_view *view, const Segel__V1__KeyStatus *key,
                     struct needs *out)
{
    if (key->state == SEGEL__V1__KEY_STATE__KEY_STATE_HELD) {
        need(out, view->indonesian ? "kunci %.64s ditahan" : "key %.64s is held",
             key->key);
    } else if (key->state == SEGEL__V1__KEY_STATE__KEY_STATE_COMPROMISED) {
        need(out,
             view->indonesian ? "kunci %.64s bocor dan harus dimusnahkan"
                              : "key %.64s is compromised and has to be destroyed",
             key->key);
    } else if (is_in_use(key) && (key->lanes_up == 0 || !key->usable)) {
        need(out,
             view->indonesian ? "kunci %.64s tidak dapat dipakai"
                              : "key %.64s cannot be used",
             key->key);
    } else if (is_in_use(key) && key->failed_why[0] != '\0') {
        need(out,
             view->indonesian ? "kunci %.64s: %u operasi terakhir gagal: %.128s"
                              : "key %.64s: its last %u operations failed: %.128s",
             key->key, (unsigned)key->failures_in_row, key->failed_why);
    }
}

static void on_key(const struct status_view *view, const Segel__V1__KeyStatus *key,
                   struct needs *out)
{
    const char *status = key->certificate_status;

    on_state(view, key, out);
    if (is_in_use(key) && strcmp(status, "good") != 0 && strcmp(status, "off") != 0) {
        need(out,
             view->indonesian ? "kunci %.64s: status sertifikat %.32s"
                              : "key %.64s: the status of its certificate is %.32s",
             key->key, status);
    }
}

static void on_keys(const struct status_view *view, struct needs *out)
{
    for (size_t i = 0; i < view->got->n_keys; i++) {
        on_key(view, view->got->keys[i], out);
    }
}

/* --- What waits, what ends --------------------------------------------------------- */

static void on_requests(const struct status_view *view, struct needs *out)
{
    for (size_t i = 0; i < view->got->n_requests; i++) {
        const Segel__V1__Approval *request = view->got->requests[i];
        need(out,
             view->indonesian ? "permintaan %.64s menunggu persetujuan Anda: %.32s %.64s"
                              : "request %.64s waits for your approval: %.32s %.64s",
             request->id, request->task, request->object);
    }
}

static void on_reminders(const struct status_view *view, struct needs *out)
{
    for (size_t i = 0; i < view->got->n_reminders; i++) {
        const Segel__V1__Reminder *reminder = view->got->reminders[i];
        char span[SPAN_SIZE];
        bool over = reminder->until_us <= view->got->now_us;
        span_text(reminder->until_us - view->got->now_us, view->indonesian, span);
        if (reminder->urgent) {
            need(out, "%.64s %.64s: %s %s",
                 expiry_words(reminder->what, view->indonesian), reminder->name,
                 over ? status_say(view, "lewat", "over since")
                      : status_say(view, "sisa", "ends in"),
                 span);
        }
    }
}

/* --- Log and machine --------------------------------------------------------------- */

static void on_log(const struct status_view *view, struct needs *out)
{
    const Segel__V1__LogStatus *log = view->got->log;
    int64_t age_us;

    if (!log->readable) {
        need(out, "%s",
             status_say(view, "log tidak dapat dibaca", "the log cannot be read"));
    }
    if (checkpoint_is_late(view->got, &age_us)) {
        need(out, "%s",
             status_say(view, "log tidak lagi ditandatangani (checkpoint)",
                        "the log's checkpoints are not signed any more"));
    }
    for (size_t i = 0; i < log->n_anchors; i++) {
        const Segel__V1__AnchorStatus *anchor = log->anchors[i];
        if (strcmp(anchor->state, "alarm") == 0 ||
            strcmp(anchor->state, "failing") == 0) {
            need(out,
                 view->indonesian ? "saksi log %.64s: %.128s" : "anchor %.64s: %.128s",
                 anchor->name, anchor->why);
        }
    }
}

/* What is in force is not what the files say. */
static void on_file(const struct status_view *view, struct needs *out)
{
    const Segel__V1__GatewayStatus *gateway = view->got->gateway;

    if (gateway->reload_refused[0] != '\0') {
        need(out,
             view->indonesian
                 ? "konfigurasi ditolak saat dimuat ulang: %.512s"
                 : "the last reload of the configuration was refused: %.512s",
             gateway->reload_refused);
    }
    if (gateway->need_restart[0] != '\0') {
        need(out,
             view->indonesian
                 ? "gerbang perlu dimulai ulang agar perubahan berlaku: %.512s"
                 : "changed settings count from the next start of the gateway: %.512s",
             gateway->need_restart);
    }
}

static void on_machine(const struct status_view *view, struct needs *out)
{
    if (view->got->disk->low) {
        need(out,
             view->indonesian ? "disk hampir penuh: %.512s"
                              : "the disk is nearly full: %.512s",
             view->got->disk->why);
    }
    if (view->got->clock->stepped) {
        need(out, "%s",
             status_say(view, "jam mesin melompat", "the machine's clock has jumped"));
    }
    if (view->got->clock->doubted) {
        need(out, "%s",
             status_say(view,
                        "jam mesin lebih dari sehari di depan akhir jalannya yang lalu, "
                        "dan belum disetel: biarkan sumber waktu menyetelnya",
                        "the machine's clock is more than a day past the last run, and "
                        "nobody has set it: have a time source set it"));
    }
}

/* --- The whole --------------------------------------------------------------------- */

enum sg_status status_check(const Segel__V1__GetStatusResponse *got, struct sg_error *why)
{
    const void *const parts[] = {got->gateway, got->lock_down, got->log,
                                 got->policy,  got->disk,      got->clock};

    for (size_t i = 0; i < SG_COUNT(parts); i++) {
        if (parts[i] == NULL) {
            return sg_fail(
                why, SG_INTERNAL,
                "the gateway's answer lacks a part: is it of another version?");
        }
    }
    return SG_OK;
}

void status_needs(const struct status_view *view, struct needs *out)
{
    static void (*const matters[])(const struct status_view *, struct needs *) = {
        on_signing,   on_incidents, on_tokens, on_keys,   on_requests,
        on_reminders, on_log,       on_file,   on_machine};

    out->count = 0;
    out->more = 0;
    for (size_t i = 0; i < SG_COUNT(matters); i++) {
        matters[i](view, out);
    }
}
