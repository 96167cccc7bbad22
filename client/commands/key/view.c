#include "client/commands/key/view.h"

#include <string.h>

#include "client/console/screen.h"
#include "proto/key_kind.h"
#include "proto/text.h"

enum { PATIENCE_MS = 30000, PATH_SIZE = 64, NAME_WIDTH = 20, STATE_WIDTH = 14 };
enum { TYPE_WIDTH = 12, ENDS_WIDTH = 12, WORD_SIZE = 160 };

/* --- Words ------------------------------------------------------------------------- */

static const char *type_text(Segel__V1__KeyType type)
{
    const char *name = key_kind_name(type);

    if (name != NULL) {
        return name;
    }
    return type == SEGEL__V1__KEY_TYPE__KEY_TYPE_ED25519 ? "ed25519" : "-";
}

static const char *mode_text(Segel__V1__ActivationMode mode)
{
    static const char *const names[] = {"-", "one_time", "count", "window"};

    return (size_t)mode < SG_COUNT(names) ? names[mode] : "-";
}

/* "2026-05-02T01:02:03Z"; "-" for no moment. */
static const char *moment(int64_t unix_us, char out[TEXT_TIME_SIZE + 1])
{
    char full[TEXT_TIME_SIZE];

    if (unix_us <= 0) {
        return "-";
    }
    text_time(unix_us, full);
    (void)snprintf(out, TEXT_TIME_SIZE + 1, "%.19sZ", full);
    return out;
}

/* For how long it is open: "7 of 20 until …". */
static void open_text(const Segel__V1__Activation *activation, bool indonesian,
                      char out[WORD_SIZE])
{
    char until[TEXT_TIME_SIZE + 1];
    char jobs[64];
    unsigned long long used = activation->used_jobs;
    unsigned long long max = activation->max_jobs;

    (void)snprintf(jobs, sizeof(jobs),
                   indonesian ? "%llu dokumen ditandatangani" : "%llu signed", used);
    if (max != 0) {
        (void)snprintf(jobs, sizeof(jobs),
                       indonesian ? "%llu dari %llu ditandatangani"
                                  : "%llu of %llu signed",
                       used, max);
    }
    if (activation->until_us == 0) {
        (void)snprintf(out, WORD_SIZE, "%s", jobs);
    } else {
        (void)snprintf(out, WORD_SIZE, indonesian ? "%s, s.d. %s" : "%s, until %s", jobs,
                       moment(activation->until_us, until));
    }
}

/* --- Tables ------------------------------------------------------------------------ */

void key_print_head(FILE *out, bool indonesian)
{
    screen_cell(out, indonesian ? "KUNCI" : "KEY", NAME_WIDTH);
    screen_cell(out, indonesian ? "KEADAAN" : "STATE", STATE_WIDTH);
    screen_cell(out, indonesian ? "JENIS" : "TYPE", TYPE_WIDTH);
    screen_cell(out, indonesian ? "BERAKHIR" : "ENDS", ENDS_WIDTH);
    (void)fprintf(out, "%s\n", indonesian ? "KETERANGAN" : "NOTES");
}

/* The one thing that matters besides its state; "" = nothing. */
static void note_of(const Segel__V1__Key *key, bool indonesian, char out[WORD_SIZE])
{
    char until[TEXT_TIME_SIZE + 1];

    out[0] = '\0';
    if (key->activation != NULL) {
        open_text(key->activation, indonesian, out);
    } else if (key->hold_reason[0] != '\0') {
        (void)snprintf(out, WORD_SIZE, "%.150s", key->hold_reason);
    } else if (key->n_refusals > 0) {
        (void)snprintf(out, WORD_SIZE, "%.150s", key->refusals[0]->message);
    } else if (key->successor[0] != '\0') {
        (void)snprintf(out, WORD_SIZE,
                       indonesian ? "diteruskan oleh %.64s" : "followed by %.64s",
                       key->successor);
    }
    if (key->overlap_until_us != 0 && out[0] != '\0') {
        size_t len = strlen(out);
        (void)snprintf(out + len, WORD_SIZE - len,
                       indonesian ? "; ikut menandatangani s.d. %s" : "; signs until %s",
                       moment(key->overlap_until_us, until));
    }
}

void key_print_row(const Segel__V1__Key *key, FILE *out, bool indonesian)
{
    char note[WORD_SIZE];
    char ends[TEXT_TIME_SIZE + 1] = "-";

    if (key->certificate != NULL) {
        (void)moment(key->certificate->not_after_us, ends);
        ends[10] = '\0'; /* its day */
    }
    note_of(key, indonesian, note);
    screen_cell(out, key->name, NAME_WIDTH);
    (void)fputs(screen_colour(out, key_state_colour(key->state)), out);
    screen_cell(out, key_state_text(key->state, indonesian), STATE_WIDTH);
    (void)fputs(screen_colour(out, SCREEN_PLAIN), out);
    screen_cell(out, type_text(key->type), TYPE_WIDTH);
    screen_cell(out, ends, ENDS_WIDTH);
    screen_text(out, note);
    (void)fputc('\n', out);
}

/* --- One key ----------------------------------------------------------------------- */

static void line(FILE *out, const char *name, const char *value)
{
    if (value[0] != '\0') {
        (void)fprintf(out, "  %-16s ", name);
        screen_text(out, value);
        (void)fputc('\n', out);
    }
}

static void print_certificate(const Segel__V1__CertificateFacts *from, FILE *out,
                              bool indonesian)
{
    char begins[TEXT_TIME_SIZE + 1];
    char ends[TEXT_TIME_SIZE + 1];
    char text[WORD_SIZE];

    line(out, indonesian ? "nomor seri" : "serial", from->serial_hex);
    line(out, indonesian ? "pemilik" : "subject", from->subject);
    line(out, indonesian ? "penerbit" : "issuer", from->issuer);
    (void)snprintf(text, sizeof(text), "%s - %s", moment(from->not_before_us, begins),
                   moment(from->not_after_us, ends));
    line(out, indonesian ? "berlaku" : "valid", text);
    line(out, "status", from->status);
    for (size_t i = 0; i < from->n_policy_oids; i++) {
        line(out, indonesian ? "OID kebijakan" : "policy OID", from->policy_oids[i]);
    }
}

static void print_token(const Segel__V1__KeyOnToken *token, FILE *out, bool indonesian)
{
    const char *there = indonesian ? "tersedia" : "available";
    const char *away = indonesian ? "tidak tersedia" : "not available";
    char text[WORD_SIZE];

    (void)snprintf(text, sizeof(text), "%.64s, %.32s, CKA_ID %.40s, %s", token->lane,
                   token->token, token->ckaid_hex, token->available ? there : away);
    line(out, "token", text);
    (void)snprintf(text, sizeof(text),
                   "LOCAL=%d SENSITIVE=%d EXTRACTABLE=%d DECRYPT=%d "
                   "UNWRAP=%d MODIFIABLE=%d COPYABLE=%d",
                   token->local, token->sensitive, token->extractable, token->decrypt,
                   token->unwrap, token->modifiable, token->copyable);
    line(out, indonesian ? "atribut" : "attributes", text);
}

static void print_activation(const Segel__V1__Activation *activation, FILE *out,
                             bool indonesian)
{
    char text[WORD_SIZE];

    open_text(activation, indonesian, text);
    line(out, indonesian ? "aktivasi" : "activation", text);
    line(out, indonesian ? "permintaan" : "request", activation->approval);
}

static void print_chain(const Segel__V1__Key *key, FILE *out, bool indonesian)
{
    char when[TEXT_TIME_SIZE + 1];

    line(out, indonesian ? "pendahulu" : "predecessor", key->predecessor);
    line(out, indonesian ? "penerus" : "successor", key->successor);
    if (key->overlap_until_us != 0) {
        line(out, indonesian ? "ikut s.d." : "signs until",
             moment(key->overlap_until_us, when));
    }
}

static void print_life(const Segel__V1__Key *key, FILE *out, bool indonesian)
{
    char text[WORD_SIZE];
    char when[TEXT_TIME_SIZE + 1];

    line(out, indonesian ? "sejak" : "since", moment(key->changed_us, when));
    line(out, indonesian ? "alasan" : "reason", key->hold_reason);
    if (key->activation != NULL) {
        print_activation(key->activation, out, indonesian);
    }
    if (key->backup_confirmed) {
        line(out, indonesian ? "cadangan" : "backup", indonesian ? "ada" : "confirmed");
    }
    print_chain(key, out, indonesian);
    line(out, indonesian ? "upacara" : "ceremony", key->ceremony);
    line(out, indonesian ? "kendala" : "trouble", key->trouble);
    line(out, indonesian ? "berita acara" : "minutes", key->minutes);
    (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)key->signatures);
    line(out, indonesian ? "tanda tangan" : "signatures", text);
}

void key_print(const Segel__V1__Key *key, FILE *out, bool indonesian)
{
    char hash[65];

    screen_text(out, key->name);
    (void)fprintf(out, ": %s\n", key_state_text(key->state, indonesian));
    print_life(key, out, indonesian);
    line(out, indonesian ? "jenis" : "type", type_text(key->type));
    if (key->spki_sha256.len == 32) {
        text_hex(slice_of(key->spki_sha256.data, 32), hash);
        line(out, "SPKI SHA-256", hash);
    }
    if (key->certificate != NULL) {
        print_certificate(key->certificate, out, indonesian);
    }
    for (size_t i = 0; i < key->n_tokens; i++) {
        print_token(key->tokens[i], out, indonesian);
    }
    for (size_t i = 0; i < key->n_refusals; i++) {
        line(out, key->refusals[i]->code, key->refusals[i]->message);
    }
}

void key_print_state(const Segel__V1__Key *key, FILE *out, bool indonesian)
{
    char note[WORD_SIZE];

    note_of(key, indonesian, note);
    (void)fputs(indonesian ? "kunci " : "key ", out);
    screen_text(out, key->name);
    (void)fprintf(out, ": %s%s", key_state_text(key->state, indonesian),
                  note[0] == '\0' ? "" : " (");
    screen_text(out, note);
    (void)fputs(note[0] == '\0' ? "\n" : ")\n", out);
}

/* --- For machines ------------------------------------------------------------------ */

static void json_activation(struct json_out *out, const Segel__V1__Activation *from)
{
    json_open_object(out, "activation");
    json_str(out, "mode", mode_text(from->mode));
    if (from->until_us != 0) {
        json_time(out, "until", from->until_us);
    }
    json_uint(out, "max_jobs", from->max_jobs);
    json_uint(out, "used_jobs", from->used_jobs);
    json_uint(out, "idle_limit_s", from->idle_limit_s);
    json_str(out, "approval", from->approval);
    json_end(out);
}

static void json_certificate(struct json_out *out,
                             const Segel__V1__CertificateFacts *from)
{
    json_open_object(out, "certificate");
    json_str(out, "serial", from->serial_hex);
    json_str(out, "subject", from->subject);
    json_str(out, "issuer", from->issuer);
    json_time(out, "not_before", from->not_before_us);
    json_time(out, "not_after", from->not_after_us);
    json_str(out, "status", from->status);
    json_end(out);
}

static void json_tokens(struct json_out *out, const Segel__V1__Key *key)
{
    json_open_array(out, "tokens");
    for (size_t i = 0; i < key->n_tokens; i++) {
        json_open_object(out, NULL);
        json_str(out, "lane", key->tokens[i]->lane);
        json_str(out, "token", key->tokens[i]->token);
        json_str(out, "ckaid", key->tokens[i]->ckaid_hex);
        json_bool(out, "available", key->tokens[i]->available != 0);
        json_end(out);
    }
    json_end(out);
}

void key_json(struct json_out *out, const Segel__V1__Key *key)
{
    char hash[65];

    json_open_object(out, NULL);
    json_str(out, "key", key->name);
    json_str(out, "state", key_state_name(key->state));
    json_str(out, "state_before_hold",
             key->state_before_hold == 0 ? "" : key_state_name(key->state_before_hold));
    json_str(out, "hold_reason", key->hold_reason);
    json_str(out, "type", type_text(key->type));
    text_hex(slice_of(key->spki_sha256.data, key->spki_sha256.len % 33), hash);
    json_str(out, "spki_sha256", hash);
    json_str(out, "predecessor", key->predecessor);
    json_str(out, "successor", key->successor);
    if (key->overlap_until_us != 0) {
        json_time(out, "overlap_until", key->overlap_until_us);
    }
    json_bool(out, "backup_confirmed", key->backup_confirmed != 0);
    json_str(out, "ceremony", key->ceremony);
    json_str(out, "trouble", key->trouble);
    json_str(out, "minutes", key->minutes);
    json_uint(out, "signatures", key->signatures);
    json_known_time(out, "changed", key->changed_us);
    if (key->activation != NULL) {
        json_activation(out, key->activation);
    }
    if (key->certificate != NULL) {
        json_certificate(out, key->certificate);
    }
    json_tokens(out, key);
    json_end(out);
}
