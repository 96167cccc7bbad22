#include "client/commands/mandate/view.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "client/console/screen.h"
#include "proto/algorithm.h"
#include "proto/text.h"

enum { ID_WIDTH = 30, COLUMN = 18, STATE_WIDTH = 14, COUNT_WIDTH = 10 };

static const struct {
    const char *name;
    const char *text[2]; /* English, Indonesian */
} states[] = {{"unknown", {"unknown", "tidak dikenal"}},
              {"pending", {"waits", "menunggu"}},
              {"open", {"open", "terbuka"}},
              {"exhausted", {"used up", "habis"}},
              {"expired", {"expired", "lewat waktu"}},
              {"revoked", {"revoked", "dicabut"}},
              {"rotated", {"rotated", "kunci diganti"}}};
enum { ROTATED = 6 }; /* of this table only: it is open, and its key was followed */

static size_t state_index(const Segel__V1__Mandate *mandate)
{
    if (mandate->followed_by[0] != '\0') {
        return ROTATED;
    }
    return (size_t)mandate->state < ROTATED ? (size_t)mandate->state : 0;
}

/* In UTC, as all times of the log; "" for none. */
static void moment_of(int64_t unix_us, char out[TEXT_TIME_SIZE])
{
    out[0] = '\0';
    if (unix_us > 0) {
        text_time_s(unix_us, out);
    }
}

static void join(char *const *names, size_t count, char *out, size_t cap)
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < count && len < cap; i++) {
        len +=
            (size_t)snprintf(out + len, cap - len, "%s%s", i == 0 ? "" : ", ", names[i]);
    }
}

static void join_profiles(const Segel__V1__MandateTerms *terms, char *out, size_t cap)
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < terms->n_profiles && len < cap; i++) {
        len += (size_t)snprintf(out + len, cap - len, "%s%s", i == 0 ? "" : ", ",
                                sg_profile_name((enum sg_profile)terms->profiles[i]));
    }
}

/* --- Table -------------------------------------------------------------------------- */

void mandate_view_head(FILE *out, bool indonesian)
{
    screen_cell(out, indonesian ? "MANDAT" : "MANDATE", ID_WIDTH);
    screen_cell(out, indonesian ? "KUNCI" : "KEY", COLUMN);
    screen_cell(out, indonesian ? "SISTEM" : "SYSTEM", COLUMN);
    screen_cell(out, indonesian ? "KEADAAN" : "STATE", STATE_WIDTH);
    screen_cell(out, indonesian ? "DIPAKAI" : "USED", COUNT_WIDTH);
    screen_cell(out, indonesian ? "SISA" : "LEFT", COUNT_WIDTH);
    (void)fprintf(out, "%s\n", indonesian ? "BERLAKU S.D." : "UNTIL");
}

void mandate_view_row(const Segel__V1__Mandate *mandate, FILE *out, bool indonesian)
{
    const Segel__V1__MandateTerms *terms = mandate->terms;
    char until[TEXT_TIME_SIZE];
    char used[24];
    char left[24];

    if (terms == NULL) {
        return;
    }
    moment_of(terms->until_us, until);
    (void)snprintf(used, sizeof(used), "%" PRIu64, mandate->used);
    (void)snprintf(left, sizeof(left), "%" PRIu64, mandate->left);
    screen_cell(out, mandate->id, ID_WIDTH);
    screen_cell(out, terms->key, COLUMN);
    screen_cell(out, terms->caller, COLUMN);
    screen_cell(out, states[state_index(mandate)].text[indonesian], STATE_WIDTH);
    screen_cell(out, used, COUNT_WIDTH);
    screen_cell(out, left, COUNT_WIDTH);
    (void)fprintf(out, "%s\n", until);
}

/* --- One ---------------------------------------------------------------------------- */

static void line(FILE *out, const char *name, const char *value)
{
    if (value[0] != '\0') {
        (void)fprintf(out, "  %-14s ", name);
        screen_text(out, value);
        (void)fputc('\n', out);
    }
}

static void number_line(FILE *out, const char *name, uint64_t value)
{
    (void)fprintf(out, "  %-14s %" PRIu64 "\n", name, value);
}

static void print_terms(const Segel__V1__MandateTerms *terms, FILE *out, bool indonesian)
{
    char text[1200];
    char when[TEXT_TIME_SIZE];

    line(out, indonesian ? "kunci" : "key", terms->key);
    line(out, indonesian ? "sistem" : "system", terms->caller);
    join(terms->document_classes, terms->n_document_classes, text, sizeof(text));
    line(out, indonesian ? "jenis dokumen" : "classes", text);
    join_profiles(terms, text, sizeof(text));
    line(out, indonesian ? "profil" : "profiles", text);
    line(out, indonesian ? "persetujuan" : "consent", terms->approval_ref);
    number_line(out, indonesian ? "tanda tangan" : "signatures", terms->max_signatures);
    moment_of(terms->from_us, when);
    line(out, indonesian ? "mulai" : "from", when);
    moment_of(terms->until_us, when);
    line(out, indonesian ? "berlaku s.d." : "until", when);
}

static void print_digests(const Segel__V1__Mandate *mandate, FILE *out, bool indonesian)
{
    const Segel__V1__MandateTerms *terms = mandate->terms;
    char hex[2 * SG_HASH_MAX + 1];

    if (mandate->digests_sha256.len == 32) {
        text_hex(slice_of(mandate->digests_sha256.data, 32), hex);
        line(out, indonesian ? "daftar SHA-256" : "list SHA-256", hex);
    }
    for (size_t i = 0; i < terms->n_digests; i++) {
        const ProtobufCBinaryData *digest = &terms->digests[i];
        if (digest->len <= SG_HASH_MAX) {
            text_hex(slice_of(digest->data, digest->len), hex);
            (void)fprintf(out, "%s\n", hex);
        }
    }
}

void mandate_view_print(const Segel__V1__Mandate *mandate, FILE *out, bool indonesian)
{
    char when[TEXT_TIME_SIZE];

    if (mandate->terms == NULL) {
        return;
    }
    line(out, indonesian ? "mandat" : "mandate", mandate->id);
    line(out, indonesian ? "keadaan" : "state",
         states[state_index(mandate)].text[indonesian]);
    line(out, indonesian ? "kunci baru" : "new key", mandate->followed_by);
    print_terms(mandate->terms, out, indonesian);
    number_line(out, indonesian ? "dipakai" : "used", mandate->used);
    number_line(out, indonesian ? "dipesan" : "reserved", mandate->reserved);
    number_line(out, indonesian ? "sisa" : "left", mandate->left);
    line(out, indonesian ? "diminta oleh" : "asked for by", mandate->requester);
    moment_of(mandate->opened_us, when);
    line(out, indonesian ? "dibuka" : "opened", when);
    moment_of(mandate->closed_us, when);
    line(out, indonesian ? "berakhir" : "ended", when);
    line(out, indonesian ? "alasan" : "reason", mandate->close_reason);
    if (mandate->log != NULL) {
        number_line(out, indonesian ? "nomor log" : "log record", mandate->log->index);
    }
    print_digests(mandate, out, indonesian);
}

/* --- JSON --------------------------------------------------------------------------- */

static json_t *classes_json(const Segel__V1__MandateTerms *terms)
{
    json_t *list = json_array();

    for (size_t i = 0; i < terms->n_document_classes; i++) {
        (void)json_array_append_new(list, json_string(terms->document_classes[i]));
    }
    return list;
}

static json_t *profiles_json(const Segel__V1__MandateTerms *terms)
{
    json_t *list = json_array();

    for (size_t i = 0; i < terms->n_profiles; i++) {
        const char *name = sg_profile_name((enum sg_profile)terms->profiles[i]);
        (void)json_array_append_new(list, json_string(name));
    }
    return list;
}

static json_t *digests_json(const Segel__V1__MandateTerms *terms)
{
    char hex[2 * SG_HASH_MAX + 1];
    json_t *list = json_array();

    for (size_t i = 0; i < terms->n_digests; i++) {
        const ProtobufCBinaryData *digest = &terms->digests[i];
        if (digest->len <= SG_HASH_MAX) {
            text_hex(slice_of(digest->data, digest->len), hex);
            (void)json_array_append_new(list, json_string(hex));
        }
    }
    return list;
}

void mandate_view_json(const Segel__V1__Mandate *mandate, FILE *out)
{
    const Segel__V1__MandateTerms *terms = mandate->terms;

    if (terms == NULL) {
        return;
    }
    json_t *value = json_pack(
        "{s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, "
        "s:s, s:s}",
        "id", mandate->id, "state", states[state_index(mandate)].name, "key", terms->key,
        "caller", terms->caller, "classes", classes_json(terms), "profiles",
        profiles_json(terms), "approval_ref", terms->approval_ref, "max",
        (json_int_t)terms->max_signatures, "used", (json_int_t)mandate->used, "reserved",
        (json_int_t)mandate->reserved, "left", (json_int_t)mandate->left, "from_us",
        (json_int_t)terms->from_us, "until_us", (json_int_t)terms->until_us, "opened_us",
        (json_int_t)mandate->opened_us, "closed_us", (json_int_t)mandate->closed_us,
        "requester", mandate->requester, "close_reason", mandate->close_reason);

    if (value != NULL && mandate->followed_by[0] != '\0') {
        (void)json_object_set_new(value, "followed_by",
                                  json_string(mandate->followed_by));
    }
    if (value != NULL && terms->n_digests > 0) {
        (void)json_object_set_new(value, "digests", digests_json(terms));
    }
    if (value != NULL) {
        (void)json_dumpf(value, out, JSON_COMPACT);
        (void)fprintf(out, "\n");
    }
    json_decref(value);
}
