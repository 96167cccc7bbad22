#include <stdio.h>

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
struct life {
    Segel__V1__KeyState state;
    enum assess_verdict verdict;
    bool in_use;    /* it must be usable */
    bool certified; /* its certificate must be good: it signs, or may again */
};

static const struct life lives[] = {
    {SEGEL__V1__KEY_STATE__KEY_STATE_UNSPECIFIED, ASSESS_NOT, false, false},
    {SEGEL__V1__KEY_STATE__KEY_STATE_GENERATED, ASSESS_NOT, false, false},
    {SEGEL__V1__KEY_STATE__KEY_STATE_CERTIFIED, ASSESS_NOT, false, false},
    {SEGEL__V1__KEY_STATE__KEY_STATE_ACCEPTED, ASSESS_PASS, true, true},
    {SEGEL__V1__KEY_STATE__KEY_STATE_ACTIVE, ASSESS_PASS, true, true},
    {SEGEL__V1__KEY_STATE__KEY_STATE_INACTIVE, ASSESS_PASS, true, true},
    {SEGEL__V1__KEY_STATE__KEY_STATE_HELD, ASSESS_WARN, false, true},
    {SEGEL__V1__KEY_STATE__KEY_STATE_RETIRED, ASSESS_NOT, false, false},
    {SEGEL__V1__KEY_STATE__KEY_STATE_COMPROMISED, ASSESS_FAIL, false, false},
    {SEGEL__V1__KEY_STATE__KEY_STATE_DESTROYED, ASSESS_NOT, false, false},
    {SEGEL__V1__KEY_STATE__KEY_STATE_REFUSED, ASSESS_FAIL, true, true},
};

static const struct life *life_of(const Segel__V1__KeyStatus *key)
{
    static const struct life newer = {.verdict = ASSESS_WARN, .certified = true};

    for (size_t i = 0; i < SG_COUNT(lives); i++) {
        if (lives[i].state == key->state) {
            return &lives[i];
        }
    }
    return &newer;
}

enum { TOLD_SIZE = 512 };

static void put(char out[TOLD_SIZE], const char *before, const char *word)
{
    size_t len = strlen(out);

    (void)snprintf(out + len, TOLD_SIZE - len, "%s%s", before, word);
}

/* "; the token says: sensitive; it does not say: made on it": what the policy's key gate
 * has judged, which is told of a sound key, too. Nothing of one that was never opened. */
static void told(const struct sheet *sheet, const Segel__V1__KeyStatus *key,
                 char out[TOLD_SIZE])
{
    static const char *const words[][2] = {
        {"sensitive", "sensitif"},
        {"always sensitive", "selalu sensitif"},
        {"not extractable", "tidak dapat diekstrak"},
        {"never extractable", "tidak pernah dapat diekstrak"},
        {"made on it", "dibuat di sana"}};
    static const char *const heads[][2] = {
        {"; the token says: ", "; token menyatakan: "},
        {"; it does not say: ", "; tidak menyatakan: "}};
    const bool facts[SG_COUNT(words)] = {
        key->sensitive != 0, key->always_sensitive != 0, key->not_extractable != 0,
        key->never_extractable != 0, key->made_on_token != 0};

    out[0] = '\0';
    for (size_t head = 0; key->known && head < SG_COUNT(heads); head++) {
        const char *before = heads[head][sheet->indonesian ? 1 : 0];
        for (size_t i = 0; i < SG_COUNT(words); i++) {
            if (facts[i] == (head == 0)) {
                put(out, before, words[i][sheet->indonesian ? 1 : 0]);
                before = ", ";
            }
        }
    }
}

/* Nothing that the token told rules it out. */
static bool may_be_outside(const Segel__V1__KeyStatus *key)
{
    return key->known && (!key->sensitive || !key->always_sensitive ||
                          !key->not_extractable || !key->never_extractable);
}

/* What of the policy lets a key sign that may be outside of its token. */
static void permitted(const struct sheet *sheet, const Segel__V1__KeyStatus *key,
                      char out[TOLD_SIZE])
{
    bool none = key->keeping_rules[0] == '\0';

    put(out,
        sheet->indonesian ? "; kuncinya mungkin ada di luar token, dan kebijakan "
                            "membolehkannya menandatangani: "
                          : "; it may be outside of the token, and the policy lets it "
                            "sign: ",
        !none               ? key->keeping_rules
        : sheet->indonesian ? "tidak ada aturan yang memintanya"
                            : "no rule asks for these");
}

static void on_key(struct sheet *sheet, const Segel__V1__KeyStatus *key)
{
    const struct life *life = life_of(key);
    enum assess_verdict verdict = life->verdict;
    bool empty = key->state == SEGEL__V1__KEY_STATE__KEY_STATE_UNSPECIFIED;
    /* An inactive key waits for its activation, and is not usable for that alone. */
    bool waits = key->state == SEGEL__V1__KEY_STATE__KEY_STATE_INACTIVE;
    char tokens[TOLD_SIZE];

    if (life->in_use && (key->lanes_up == 0 || !key->known || (!key->usable && !waits))) {
        verdict = ASSESS_FAIL;
    }
    told(sheet, key, tokens);
    if (verdict == ASSESS_PASS && may_be_outside(key)) {
        verdict = ASSESS_WARN;
        permitted(sheet, key, tokens);
    }
    assess_add(sheet, verdict, key->key,
               sheet->indonesian ? "%s; jalur %u dari %u%s%.255s%s"
                                 : "%s; %u of %u lanes%s%.255s%s",
               empty ? (sheet->indonesian ? "slot kosong" : "an empty slot")
                     : key_state_text(key->state, sheet->indonesian),
               key->lanes_up, key->lanes, key->why[0] == '\0' ? "" : "; ", key->why,
               tokens);
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
        const Segel__V1__KeyStatus *key = sheet->status->keys[i];
        if (life_of(key)->certified) {
            on_certificate(sheet, key);
        } else {
            assess_add(sheet, ASSESS_NOT, key->key, "%s",
                       sheet->indonesian ? "kuncinya tidak menandatangani apa pun"
                                         : "its key signs nothing");
        }
    }
}
