#include "client/call/key_words.h"
#include "client/commands/assess/sheet.h"

/* Tokens with their lanes, keys with their certificates. */

/* --- Tokens ------------------------------------------------------------------------ */

static void on_token(struct sheet *sheet, const Segel__V1__TokenFacts *token)
{
    bool hardware = strcmp(token->assurance, "hardware") == 0;
    bool unknown = token->assurance[0] == '\0';

    assess_add(sheet,
               hardware  ? ASSESS_PASS
               : unknown ? ASSESS_WARN
                         : ASSESS_FAIL,
               token->lane,
               sheet->indonesian ? "%s: %.64s %.64s, firmware %.32s, seri %.64s"
                                 : "%s: %.64s %.64s, firmware %.32s, serial %.64s",
               unknown ? (sheet->indonesian ? "belum pernah terbuka" : "never opened yet")
                       : token->assurance,
               token->manufacturer, token->model, token->firmware, token->serial);
}

void assess_tokens(struct sheet *sheet)
{
    for (size_t i = 0; i < sheet->status->n_tokens; i++) {
        on_token(sheet, sheet->status->tokens[i]);
    }
}

static enum assess_verdict of_lane(const Segel__V1__TokenFacts *token)
{
    if (strcmp(token->lane_state, "up") != 0 || token->pin_locked ||
        token->pin_final_try) {
        return ASSESS_FAIL;
    }
    return token->pin_count_low ? ASSESS_WARN : ASSESS_PASS;
}

static void on_lane(struct sheet *sheet, const Segel__V1__TokenFacts *token)
{
    const char *tries = "";

    if (token->pin_locked || token->pin_final_try) {
        tries = sheet->indonesian ? "; PIN terkunci, atau tersisa satu percobaan"
                                  : "; its PIN is locked, or has one try left";
    } else if (token->pin_count_low) {
        tries = sheet->indonesian ? "; PIN pernah ditolak" : "; its PIN was refused once";
    }
    assess_add(sheet, of_lane(token), token->lane, "%.32s%s%.255s%s", token->lane_state,
               token->why[0] == '\0' ? "" : ": ", token->why, tries);
}

void assess_lane_states(struct sheet *sheet)
{
    for (size_t i = 0; i < sheet->status->n_tokens; i++) {
        on_lane(sheet, sheet->status->tokens[i]);
    }
}

/* --- Keys -------------------------------------------------------------------------- */

/* What a state of a key's life is worth when the key itself is in order. A state that is
 * not here, of a newer gateway, is a warning. */
static const struct {
    Segel__V1__KeyState state;
    enum assess_verdict verdict;
    bool in_use; /* it must be usable, and its certificate good */
} states[] = {
    {SEGEL__V1__KEY_STATE__KEY_STATE_UNSPECIFIED, ASSESS_NOT, false},
    {SEGEL__V1__KEY_STATE__KEY_STATE_GENERATED, ASSESS_NOT, false},
    {SEGEL__V1__KEY_STATE__KEY_STATE_CERTIFIED, ASSESS_NOT, false},
    {SEGEL__V1__KEY_STATE__KEY_STATE_ACCEPTED, ASSESS_PASS, true},
    {SEGEL__V1__KEY_STATE__KEY_STATE_ACTIVE, ASSESS_PASS, true},
    {SEGEL__V1__KEY_STATE__KEY_STATE_INACTIVE, ASSESS_PASS, true},
    {SEGEL__V1__KEY_STATE__KEY_STATE_HELD, ASSESS_WARN, false},
    {SEGEL__V1__KEY_STATE__KEY_STATE_RETIRED, ASSESS_NOT, false},
    {SEGEL__V1__KEY_STATE__KEY_STATE_COMPROMISED, ASSESS_FAIL, false},
    {SEGEL__V1__KEY_STATE__KEY_STATE_DESTROYED, ASSESS_NOT, false},
    {SEGEL__V1__KEY_STATE__KEY_STATE_REFUSED, ASSESS_FAIL, true},
};

static enum assess_verdict of_state(Segel__V1__KeyState state, bool *in_use)
{
    for (size_t i = 0; i < SG_COUNT(states); i++) {
        if (states[i].state == state) {
            *in_use = states[i].in_use;
            return states[i].verdict;
        }
    }
    *in_use = false;
    return ASSESS_WARN;
}

static void on_key(struct sheet *sheet, const Segel__V1__KeyStatus *key)
{
    bool in_use = false;
    enum assess_verdict verdict = of_state(key->state, &in_use);
    bool empty = key->state == SEGEL__V1__KEY_STATE__KEY_STATE_UNSPECIFIED;
    /* An inactive key waits for its activation, and is not usable for that alone. */
    bool waits = key->state == SEGEL__V1__KEY_STATE__KEY_STATE_INACTIVE;

    if (in_use && (key->lanes_up == 0 || !key->known || (!key->usable && !waits))) {
        verdict = ASSESS_FAIL;
    }
    assess_add(sheet, verdict, key->key,
               sheet->indonesian ? "%s; jalur %u dari %u%s%.255s"
                                 : "%s; %u of %u lanes%s%.255s",
               empty ? (sheet->indonesian ? "slot kosong" : "an empty slot")
                     : key_state_text(key->state, sheet->indonesian),
               key->lanes_up, key->lanes, key->why[0] == '\0' ? "" : "; ", key->why);
}

void assess_keys(struct sheet *sheet)
{
    for (size_t i = 0; i < sheet->status->n_keys; i++) {
        on_key(sheet, sheet->status->keys[i]);
    }
}

static enum assess_verdict of_certificate(const char *status)
{
    static const struct {
        const char *status;
        enum assess_verdict verdict;
    } verdicts[] = {{"good", ASSESS_PASS},
                    {"off", ASSESS_WARN},
                    {"unknown", ASSESS_WARN},
                    {"revoked", ASSESS_FAIL},
                    {"suspended", ASSESS_FAIL}};

    for (size_t i = 0; i < SG_COUNT(verdicts); i++) {
        if (strcmp(verdicts[i].status, status) == 0) {
            return verdicts[i].verdict;
        }
    }
    return ASSESS_WARN;
}

static void on_certificate(struct sheet *sheet, const Segel__V1__KeyStatus *key)
{
    const char *status = key->certificate_status;
    bool off = strcmp(status, "off") == 0;

    if (key->certificate_until_us > 0) {
        assess_end(sheet, key->key, key->certificate_until_us);
    }
    if (key->chain_untrusted) {
        assess_add(sheet, ASSESS_FAIL, key->key,
                   sheet->indonesian ? "rantainya tidak sampai ke jangkar mana pun"
                                     : "its chain leads to no anchor");
    }
    assess_add(sheet, of_certificate(status), key->key,
               sheet->indonesian ? "status %.32s%s" : "its status is %.32s%s", status,
               off ? (sheet->indonesian
                          ? ": status.dir tidak diatur, pencabutan tidak diketahui"
                          : ": status.dir is not set, and a revocation would "
                            "not be known")
                   : "");
}

void assess_certificates(struct sheet *sheet)
{
    for (size_t i = 0; i < sheet->status->n_keys; i++) {
        bool in_use = false;
        (void)of_state(sheet->status->keys[i]->state, &in_use);
        if (in_use) {
            on_certificate(sheet, sheet->status->keys[i]);
        }
    }
}
