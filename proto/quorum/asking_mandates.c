#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/quorum/asking_inside.h"
#include "proto/quorum/mandate.h"
#include "proto/text.h"
#include "segel/v1/mandates.pb-c.h"

/* Guarded methods of MandateService, and what they ask for. */

enum { PROFILES_MAX = 5, US_PER_S = 1000000 };

/* --- Fields ------------------------------------------------------------------------ */

static enum sg_status take_name(const char *from, const char *field,
                                char out[MANDATE_NAME_MAX + 1], struct sg_error *why)
{
    if (!text_name(slice_str(from))) {
        return sg_fail(why, SG_INVALID,
                       "%s must be a name: 1 to 64 bytes of letters, digits, '.', '_' "
                       "and '-'",
                       field);
    }
    (void)snprintf(out, MANDATE_NAME_MAX + 1, "%s", from);
    return SG_OK;
}

static enum sg_status take_classes(const Segel__V1__MandateTerms *from,
                                   struct mandate_terms *out, struct sg_error *why)
{
    char name[MANDATE_NAME_MAX + 1];
    size_t len = 0;

    if (from->n_document_classes < 1 || from->n_document_classes > MANDATE_CLASSES_MAX) {
        return sg_fail(why, SG_INVALID, "terms.document_classes must be 1 to %d names",
                       MANDATE_CLASSES_MAX);
    }
    for (size_t i = 0; i < from->n_document_classes; i++) {
        TRY(take_name(from->document_classes[i], "each of terms.document_classes", name,
                      why));
        len += (size_t)snprintf(out->classes + len, sizeof(out->classes) - len, "%s%s",
                                i == 0 ? "" : ",", name);
    }
    return SG_OK;
}

static enum sg_status take_profiles(const Segel__V1__MandateTerms *from,
                                    struct mandate_terms *out, struct sg_error *why)
{
    bool sound = from->n_profiles >= 1 && from->n_profiles <= PROFILES_MAX;

    for (size_t i = 0; sound && i < from->n_profiles; i++) {
        int profile = (int)from->profiles[i];
        sound = sg_profile_valid(profile) && (out->profiles >> profile & 1) == 0;
        out->profiles |= sound ? 1U << profile : 0;
    }
    return sound
               ? SG_OK
               : sg_fail(why, SG_INVALID,
                         "terms.profiles must be 1 to %d of SignatureProfile, each once",
                         PROFILES_MAX);
}

static bool is_whole_second(int64_t unix_us)
{
    return unix_us >= 0 && unix_us % US_PER_S == 0;
}

static enum sg_status take_time(const Segel__V1__MandateTerms *from,
                                struct mandate_terms *out, struct sg_error *why)
{
    enum { DAY_S = 86400 };
    const int64_t longest_us = (int64_t)MANDATE_DAYS_MAX * DAY_S * US_PER_S;

    if (!is_whole_second(from->from_us) || !is_whole_second(from->until_us) ||
        from->until_us <= from->from_us) {
        return sg_fail(why, SG_INVALID,
                       "terms.until_us must be a time after terms.from_us, both in whole "
                       "seconds");
    }
    if (from->from_us > 0 && from->until_us - from->from_us > longest_us) {
        return sg_fail(why, SG_INVALID, "a mandate holds for %d days at most",
                       MANDATE_DAYS_MAX);
    }
    out->from_us = from->from_us;
    out->until_us = from->until_us;
    return SG_OK;
}

static enum sg_status take_approval(const Segel__V1__MandateTerms *from,
                                    struct mandate_terms *out, struct sg_error *why)
{
    struct slice ref = slice_str(from->approval_ref);

    if (ref.len < 1 || ref.len > MANDATE_APPROVAL_MAX || !text_plain(ref)) {
        return sg_fail(why, SG_INVALID,
                       "terms.approval_ref must have 1 to %d bytes of plain text: the "
                       "consent that the mandate rests on",
                       MANDATE_APPROVAL_MAX);
    }
    (void)snprintf(out->approval_ref, sizeof(out->approval_ref), "%s",
                   from->approval_ref);
    return SG_OK;
}

static bool hash_all(const Segel__V1__MandateTerms *from, uint8_t out[32])
{
    EVP_MD_CTX *all = EVP_MD_CTX_new();
    bool done = all != NULL && EVP_DigestInit_ex(all, EVP_sha256(), NULL) == 1;

    for (size_t i = 0; done && i < from->n_digests; i++) {
        done = EVP_DigestUpdate(all, from->digests[i].data, from->digests[i].len) == 1;
    }
    done = done && EVP_DigestFinal_ex(all, out, NULL) == 1;
    EVP_MD_CTX_free(all);
    return done;
}

static bool are_of(const Segel__V1__MandateTerms *from, size_t len)
{
    for (size_t i = 0; i < from->n_digests; i++) {
        if (from->digests[i].len != len) {
            return false;
        }
    }
    return true;
}

static enum sg_status take_digests(const Segel__V1__MandateTerms *from,
                                   struct mandate_terms *out, struct sg_error *why)
{
    bool listed = from->n_digests > 0;

    if (from->n_digests > MANDATE_DIGESTS_MAX ||
        listed != sg_hash_valid((int)from->hash_algorithm)) {
        return sg_fail(why, SG_INVALID,
                       "terms.digests may be %d at most, and terms.hash_algorithm says "
                       "of which hash when there are any",
                       MANDATE_DIGESTS_MAX);
    }
    if (!listed) {
        return SG_OK;
    }
    out->hash = (enum sg_hash)from->hash_algorithm;
    out->digests = from->n_digests;
    if (!are_of(from, sg_hash_len(out->hash))) {
        return sg_fail(why, SG_INVALID, "each of terms.digests must be of %s: %zu bytes",
                       sg_hash_name(out->hash), sg_hash_len(out->hash));
    }
    return hash_all(from, out->sha256) ? SG_OK : SG_NO_MEMORY;
}

static enum sg_status take_max(const Segel__V1__MandateTerms *from,
                               struct mandate_terms *out, struct sg_error *why)
{
    out->max = from->max_signatures;
    if (out->max < 1 || out->max > MANDATE_SIGNATURES_MAX) {
        return sg_fail(why, SG_INVALID, "terms.max_signatures must be 1 to %d",
                       MANDATE_SIGNATURES_MAX);
    }
    return out->digests == 0 || out->digests == out->max
               ? SG_OK
               : sg_fail(why, SG_INVALID,
                         "terms.max_signatures must be the number of terms.digests");
}

static enum sg_status take_terms(const Segel__V1__MandateTerms *from,
                                 struct mandate_terms *out, struct sg_error *why)
{
    memset(out, 0, sizeof(*out));
    if (from == NULL) {
        return sg_fail(why, SG_INVALID, "terms are missing");
    }
    TRY(take_name(from->key, "terms.key", out->key, why));
    TRY(take_name(from->caller, "terms.caller", out->caller, why));
    TRY(take_classes(from, out, why));
    TRY(take_profiles(from, out, why));
    TRY(take_time(from, out, why));
    TRY(take_approval(from, out, why));
    TRY(take_digests(from, out, why));
    return take_max(from, out, why);
}

/* --- What is signed ---------------------------------------------------------------- */

/* One word has no blank: "%20" is one, and "%25" the sign itself. */
static enum sg_status put_approval(struct asking *out, const char *ref,
                                   struct sg_error *why)
{
    char word[3 * MANDATE_APPROVAL_MAX + 1];
    size_t len = 0;

    for (const char *at = ref; *at != '\0'; at++) {
        bool plain = *at != ' ' && *at != '%';
        len += (size_t)snprintf(word + len, sizeof(word) - len, plain ? "%c" : "%%%02x",
                                (unsigned char)*at);
    }
    return asking_word(out, "approval", word, why);
}

static enum sg_status put_profiles(struct asking *out, unsigned profiles,
                                   struct sg_error *why)
{
    char words[128] = "";
    size_t len = 0;

    for (int i = SG_PROFILE_NONE + 1; i < SG_PROFILE_COUNT; i++) {
        if ((profiles >> i & 1) != 0) {
            len += (size_t)snprintf(words + len, sizeof(words) - len, "%s%s",
                                    len == 0 ? "" : ",",
                                    sg_profile_name((enum sg_profile)i));
        }
    }
    return asking_word(out, "profiles", words, why);
}

static enum sg_status put_digests(struct asking *out, const struct mandate_terms *terms,
                                  struct sg_error *why)
{
    if (terms->digests == 0) {
        return SG_OK;
    }
    TRY(asking_word(out, "documents", sg_hash_name(terms->hash), why));
    char hash[65];
    text_hex(slice_of(terms->sha256, 32), hash);
    return asking_word(out, "list", hash, why);
}

enum sg_status asking_open_mandate(const ProtobufCMessage *from, struct asking *out,
                                   struct sg_error *why)
{
    const Segel__V1__OpenMandateRequest *request =
        (const Segel__V1__OpenMandateRequest *)(const void *)from;
    struct mandate_terms terms;

    out->task = TASK_MANDATE_OPEN;
    out->request_id = request->request_id;
    out->reason = request->reason;
    TRY(take_terms(request->terms, &terms, why));
    TRY(asking_object(terms.key, "terms.key", out, why));
    TRY(asking_word(out, "caller", terms.caller, why));
    TRY(asking_number(out, "max", terms.max, why));
    if (terms.from_us > 0) {
        TRY(asking_time(out, "from", terms.from_us, why));
    }
    TRY(asking_time(out, "until", terms.until_us, why));
    TRY(asking_word(out, "classes", terms.classes, why));
    TRY(put_profiles(out, terms.profiles, why));
    TRY(put_digests(out, &terms, why));
    return put_approval(out, terms.approval_ref, why);
}

/* --- From stored bytes ------------------------------------------------------------- */

static void free_message(Segel__V1__OpenMandateRequest **message)
{
    if (*message != NULL) {
        segel__v1__open_mandate_request__free_unpacked(*message, NULL);
    }
}

/* Equal ones come together. Their length is the same for all: one of three. */
#define BY_BYTES(len)                                                                    \
    static int by_##len(const void *one, const void *other)                              \
    {                                                                                    \
        return memcmp(*(const uint8_t *const *)one, *(const uint8_t *const *)other,      \
                      (len));                                                            \
    }
BY_BYTES(32)
BY_BYTES(48)
BY_BYTES(64)
#undef BY_BYTES

static void sort(const uint8_t **digests, size_t count, enum sg_hash hash)
{
    static int (*const orders[SG_HASH_COUNT])(const void *, const void *) = {
        [SG_HASH_SHA256] = by_32, [SG_HASH_SHA384] = by_48, [SG_HASH_SHA512] = by_64};

    qsort((void *)digests, count, sizeof(void *), orders[hash]);
}

static enum sg_status need_different(const Segel__V1__MandateTerms *from,
                                     enum sg_hash hash, struct sg_error *why)
{
    const uint8_t **sorted =
        (const uint8_t **)calloc(from->n_digests + 1, sizeof(void *));
    size_t len = sg_hash_len(hash);
    bool twice = false;

    if (sorted == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < from->n_digests; i++) {
        sorted[i] = from->digests[i].data;
    }
    sort(sorted, from->n_digests, hash);
    for (size_t i = 1; i < from->n_digests; i++) {
        twice = twice || memcmp(sorted[i - 1], sorted[i], len) == 0;
    }
    free((void *)sorted);
    return twice ? sg_fail(why, SG_INVALID, "two of terms.digests are the same document")
                 : SG_OK;
}

static enum sg_status keep_digests(const Segel__V1__MandateTerms *from,
                                   struct mandate_asked *out, struct sg_error *why)
{
    size_t len = sg_hash_len(out->terms.hash);

    if (from->n_digests == 0) {
        return SG_OK;
    }
    TRY(need_different(from, out->terms.hash, why));
    out->digests = (uint8_t *)malloc(from->n_digests * len);
    if (out->digests == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < from->n_digests; i++) {
        memcpy(out->digests + i * len, from->digests[i].data, len);
    }
    return SG_OK;
}

enum sg_status mandate_asked_read(struct slice message, struct mandate_asked *out,
                                  struct sg_error *why)
{
    AUTO(free_message)
    Segel__V1__OpenMandateRequest *request =
        segel__v1__open_mandate_request__unpack(NULL, message.len, message.data);

    out->digests = NULL;
    if (request == NULL) {
        return sg_fail(why, SG_INVALID, "the request is none for a mandate");
    }
    TRY(take_terms(request->terms, &out->terms, why));
    return keep_digests(request->terms, out, why);
}

void mandate_asked_fini(struct mandate_asked *asked)
{
    free(asked->digests);
    asked->digests = NULL;
}

struct slice mandate_asked_digest(const struct mandate_asked *asked, size_t at)
{
    size_t len = sg_hash_len(asked->terms.hash);

    return slice_of(asked->digests + at * len, len);
}
