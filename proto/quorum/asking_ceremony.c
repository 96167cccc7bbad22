#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "proto/key_kind.h"
#include "proto/quorum/asking_inside.h"
#include "proto/text.h"
#include "segel/v1/keys.pb-c.h"

/* Guarded methods of KeyService that change a token. */
enum { PERSONS_MAX = 16, PLACE_MAX = 128, CERTIFICATES_MAX = 8 };

static const char *const purposes[] = {
    [SEGEL__V1__KEY_PURPOSE__KEY_PURPOSE_SEAL] = "seal",
    [SEGEL__V1__KEY_PURPOSE__KEY_PURPOSE_SIGNATURE] = "signature",
};
static const char *const schemes[] = {
    [SEGEL__V1__SIGNATURE_ALGORITHM__SIGNATURE_ALGORITHM_RSA_PKCS1] = "rsa-pkcs1",
    [SEGEL__V1__SIGNATURE_ALGORITHM__SIGNATURE_ALGORITHM_RSA_PSS] = "rsa-pss",
    [SEGEL__V1__SIGNATURE_ALGORITHM__SIGNATURE_ALGORITHM_ECDSA] = "ecdsa",
};

/* "": the table has no such row. */
static const char *word_of(const char *const *rows, size_t count, unsigned index)
{
    return index < count && rows[index] != NULL ? rows[index] : "";
}

/* An absent time is no word. */
static enum sg_status put_day(const char *name, int64_t unix_us, struct asking *out,
                              struct sg_error *why)
{
    return unix_us == 0 ? SG_OK : asking_time(out, name, unix_us, why);
}

static enum sg_status put_persons(const char *name, char *const *persons, size_t count,
                                  struct asking *out, struct sg_error *why)
{
    char list[PERSONS_MAX * (GROUPS_NAME_MAX + 1)];
    size_t len = 0;

    if (count < 1 || count > PERSONS_MAX) {
        return sg_fail(why, SG_INVALID, "%s must name 1 to %d persons", name,
                       PERSONS_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        if (!text_name(slice_str(persons[i]))) {
            return sg_fail(why, SG_INVALID, "%s must be names of persons", name);
        }
        len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", i == 0 ? "" : ",",
                                persons[i]);
    }
    return asking_word(out, name, list, why);
}

static enum sg_status check_generate(const Segel__V1__GenerateKeyRequest *request,
                                     struct sg_error *why)
{
    struct slice place = slice_str(request->place);

    if (place.len < 1 || place.len > PLACE_MAX || !text_plain(place)) {
        return sg_fail(why, SG_INVALID, "place must have 1 to %d bytes of plain text",
                       PLACE_MAX);
    }
    return request->script_sha256.len == 32
               ? SG_OK
               : sg_fail(why, SG_INVALID,
                         "script_sha256 must be the 32 bytes of SHA-256 of the script");
}

static enum sg_status put_kind(const Segel__V1__GenerateKeyRequest *request,
                               struct asking *out, struct sg_error *why)
{
    const char *type = key_kind_name(request->type);
    const char *purpose = word_of(purposes, SG_COUNT(purposes), request->purpose);
    bool rsa = key_kind_is_rsa(request->type);
    unsigned algorithm = request->signature_algorithm;
    const char *scheme =
        !rsa && algorithm == 0 ? "ecdsa" : word_of(schemes, SG_COUNT(schemes), algorithm);

    if (type == NULL || purpose[0] == '\0') {
        return sg_fail(why, SG_INVALID,
                       "purpose must be seal or signature, and type RSA of 2048 to 4096 "
                       "bits, P-256 or P-384; the log key is made by 'segel-hsm keygen'");
    }
    if (rsa != (strncmp(scheme, "rsa", 3) == 0) || scheme[0] == '\0') {
        return sg_fail(why, SG_INVALID,
                       "signature_algorithm must be one that the type can do");
    }
    TRY(asking_word(out, "type", type, why));
    TRY(asking_word(out, "scheme", scheme, why));
    return asking_word(out, "purpose", purpose, why);
}

enum sg_status asking_generate(const ProtobufCMessage *from, struct asking *out,
                               struct sg_error *why)
{
    const Segel__V1__GenerateKeyRequest *request =
        (const Segel__V1__GenerateKeyRequest *)(const void *)from;
    struct asking lane = {.param = "-"};

    out->task = TASK_KEY_GENERATE;
    out->request_id = request->request_id;
    out->reason = request->reason;
    TRY(asking_object(request->key, "key", out, why));
    TRY(asking_object(request->lane, "lane", &lane, why));
    TRY(check_generate(request, why));
    TRY(asking_word(out, "lane", lane.object, why));
    TRY(put_kind(request, out, why));
    TRY(put_day("from", request->valid_from_us, out, why));
    TRY(put_day("until", request->valid_until_us, out, why));
    return put_persons("witness", &request->witness, 1, out, why);
}

/* The key's own certificate by its fingerprint; the issuers are in the hash of the
 * request. */
enum sg_status asking_import(const ProtobufCMessage *from, struct asking *out,
                             struct sg_error *why)
{
    const Segel__V1__ImportCertificateRequest *request =
        (const Segel__V1__ImportCertificateRequest *)(const void *)from;
    uint8_t hash[32];
    char hex[65];

    out->task = TASK_CERT_ACCEPT;
    out->request_id = request->request_id;
    out->reason = request->reason;
    TRY(asking_object(request->key, "key", out, why));
    if (request->n_certificates < 1 || request->n_certificates > CERTIFICATES_MAX) {
        return sg_fail(why, SG_INVALID,
                       "certificates must have 1 to %d entries, the key's own first",
                       CERTIFICATES_MAX);
    }
    (void)SHA256(request->certificates[0].data, request->certificates[0].len, hash);
    text_hex(slice_of(hash, sizeof(hash)), hex);
    return asking_word(out, "sha256", hex, why);
}

enum sg_status asking_destroy(const ProtobufCMessage *from, struct asking *out,
                              struct sg_error *why)
{
    const Segel__V1__DestroyKeyRequest *request =
        (const Segel__V1__DestroyKeyRequest *)(const void *)from;

    out->task = TASK_KEY_DESTROY;
    out->request_id = request->request_id;
    out->reason = request->reason;
    TRY(asking_object(request->key, "key", out, why));
    if (!request->backups_destroyed) {
        return sg_fail(why, SG_INVALID,
                       "backups_destroyed must be true: a key is not destroyed as long "
                       "as a copy of it is left");
    }
    TRY(put_persons("witnesses", request->witnesses, request->n_witnesses, out, why));
    return asking_word(out, "backups", "destroyed", why);
}
