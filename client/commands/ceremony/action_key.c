#include <openssl/pem.h>
#include <openssl/sha.h>
#include <stdio.h>

#include "client/call/gateway_call.h"
#include "client/channel/unpack.h"
#include "client/commands/ceremony/action.h"
#include "client/commands/ceremony/minutes_file.h"
#include "proto/text.h"

enum { PEOPLE_MAX = 16, CERTIFICATES_MAX = 8, CERTIFICATE_MAX = 16384, PEM_MAX = 262144 };

/* --- People of the minutes -----------------------------------------------------------
 */

struct people {
    size_t count;
    char names[PEOPLE_MAX][SCRIPT_NAME_SIZE];
    char *list[PEOPLE_MAX];
};

static void find_people(const struct ceremony *ceremony, enum minutes_field field,
                        struct people *out)
{
    struct slice line;

    out->count = 0;
    while (out->count < PEOPLE_MAX &&
           (line = minutes_get(&ceremony->state.minutes, field, out->count)).len > 0) {
        struct slice name = minutes_first(line);
        char *at = out->names[out->count];
        (void)snprintf(at, SCRIPT_NAME_SIZE, "%.*s", (int)name.len,
                       (const char *)name.data);
        out->list[out->count++] = at;
    }
}

/* --- Generation -------------------------------------------------------------------- */

static const struct {
    const char *name;
    Segel__V1__KeyType type;
    Segel__V1__SignatureAlgorithm scheme;
} types[] = {
#define TYPE(name, type, scheme)                                                         \
    {                                                                                    \
        name, SEGEL__V1__KEY_TYPE__KEY_TYPE_##type,                                      \
            SEGEL__V1__SIGNATURE_ALGORITHM__SIGNATURE_ALGORITHM_##scheme                 \
    }
    TYPE("rsa-2048", RSA_2048, RSA_PKCS1),
    TYPE("rsa-3072", RSA_3072, RSA_PKCS1),
    TYPE("rsa-4096", RSA_4096, RSA_PKCS1),
    TYPE("rsa-3072/pss", RSA_3072, RSA_PSS),
    TYPE("p-256", P256, ECDSA),
    TYPE("p-384", P384, ECDSA),
#undef TYPE
};

static enum sg_status set_type(const char *name, Segel__V1__GenerateKeyRequest *request,
                               struct sg_error *why)
{
    for (size_t i = 0; i < SG_COUNT(types); i++) {
        if (strcmp(types[i].name, name) == 0) {
            request->type = types[i].type;
            request->signature_algorithm = types[i].scheme;
            return SG_OK;
        }
    }
    return sg_fail(why, SG_INVALID, "'%s' is no type of keys that a ceremony makes",
                   name);
}

/* "2027-05-02" */
static enum sg_status set_until(const char *date, Segel__V1__GenerateKeyRequest *request,
                                struct sg_error *why)
{
    char text[32];

    (void)snprintf(text, sizeof(text), "%.10sT00:00:00Z", date);
    return text_time_parse(slice_str(text), &request->valid_until_us) == SG_OK
               ? SG_OK
               : sg_fail(why, SG_INVALID, "'%s' is no date", date);
}

enum sg_status act_generate(struct ceremony *ceremony, struct action_answer *out,
                            struct sg_error *why)
{
    Segel__V1__GenerateKeyRequest request;
    ProtobufCMessage *reply = NULL;
    char witness[SCRIPT_NAME_SIZE];
    struct people people;

    segel__v1__generate_key_request__init(&request);
    TRY(set_type(act_answer(ceremony, "type"), &request, why));
    TRY(set_until(act_answer(ceremony, "until"), &request, why));
    find_people(ceremony, MINUTES_FIELD_PARTICIPANT, &people);
    ceremony_first(ceremony, true, witness);
    request.request_id = ceremony->state.request;
    request.key = act_answer(ceremony, "key");
    request.purpose = SEGEL__V1__KEY_PURPOSE__KEY_PURPOSE_SEAL;
    request.lane = act_answer(ceremony, "lane");
    request.place = act_answer(ceremony, "place");
    request.participants = people.list;
    request.n_participants = people.count;
    request.witness = witness;
    request.reason = act_answer(ceremony, "reason");
    request.script_sha256.data = ceremony->found.script.sha256;
    request.script_sha256.len = sizeof(ceremony->found.script.sha256);
    const struct gateway_ask ask = {"/segel.v1.KeyService/GenerateKey", &request.base,
                                    &segel__v1__generate_key_response__descriptor};
    TRY(gateway_call(ceremony->home, &ask, &reply, why));
    act_take_approval(
        out, ((const Segel__V1__GenerateKeyResponse *)(const void *)reply)->approval);
    unpack_free(reply);
    return SG_OK;
}

/* --- Backup and certificate request ---------------------------------------------------
 */

enum sg_status act_backup(struct ceremony *ceremony, struct action_answer *out,
                          struct sg_error *why)
{
    Segel__V1__ConfirmBackupRequest request;
    ProtobufCMessage *reply = NULL;

    segel__v1__confirm_backup_request__init(&request);
    request.request_id = ceremony->state.request;
    request.key = act_answer(ceremony, "key");
    request.medium = act_answer(ceremony, "medium");
    const struct gateway_ask ask = {"/segel.v1.KeyService/ConfirmBackup", &request.base,
                                    &segel__v1__confirm_backup_response__descriptor};
    TRY(gateway_call(ceremony->home, &ask, &reply, why));
    act_take_log(out,
                 ((const Segel__V1__ConfirmBackupResponse *)(const void *)reply)->log);
    unpack_free(reply);
    return SG_OK;
}

static void free_bio(BIO **bio)
{
    BIO_free_all(*bio);
}

static enum sg_status save_csr(const char *path, struct slice der, struct sg_error *why)
{
    AUTO(free_bio) BIO *memory = BIO_new(BIO_s_mem());
    char *text = NULL;

    if (memory == NULL ||
        PEM_write_bio(memory, PEM_STRING_X509_REQ, "", der.data, (long)der.len) <= 0) {
        return sg_fail(why, SG_NO_MEMORY, "the request could not be written as PEM");
    }
    long len = BIO_get_mem_data(memory, &text);
    return minutes_file_keep(path, slice_of(text, (size_t)len), why);
}

enum sg_status act_csr(struct ceremony *ceremony, struct action_answer *out,
                       struct sg_error *why)
{
    Segel__V1__CreateCertificateRequestRequest request;
    ProtobufCMessage *reply = NULL;

    segel__v1__create_certificate_request_request__init(&request);
    request.request_id = ceremony->state.request;
    request.key = act_answer(ceremony, "key");
    request.subject = act_answer(ceremony, "subject");
    const struct gateway_ask ask = {
        "/segel.v1.KeyService/CreateCertificateRequest", &request.base,
        &segel__v1__create_certificate_request_response__descriptor};
    TRY(gateway_call_long(ceremony->home, &ask, &reply, why));
    const Segel__V1__CreateCertificateRequestResponse *got =
        (const Segel__V1__CreateCertificateRequestResponse *)(const void *)reply;
    struct slice der = slice_of(got->csr.data, got->csr.len);
    (void)SHA256(der.data, der.len, out->csr); /* computed here, not believed */
    out->made_csr = true;
    act_take_log(out, got->log);
    enum sg_status status = save_csr(act_answer(ceremony, "csr"), der, why);
    unpack_free(reply);
    return status;
}

/* --- Certificates ------------------------------------------------------------------ */

struct chain {
    size_t count;
    ProtobufCBinaryData list[CERTIFICATES_MAX];
    uint8_t room[CERTIFICATES_MAX][CERTIFICATE_MAX];
};

static bool add_certificate(X509 *certificate, struct chain *out)
{
    int len = i2d_X509(certificate, NULL);
    uint8_t *at = out->room[out->count];

    if (len <= 0 || len > CERTIFICATE_MAX) {
        return false;
    }
    out->list[out->count] = (ProtobufCBinaryData){.len = (size_t)len, .data = at};
    out->count++;
    return i2d_X509(certificate, &at) == len;
}

static enum sg_status read_chain(const char *path, struct chain *out,
                                 struct sg_error *why)
{
    struct file_bytes bytes = {0};
    bool good = true;

    out->count = 0;
    TRY(file_read(path, PEM_MAX, &bytes, why));
    AUTO(free_bio) BIO *memory = BIO_new_mem_buf(bytes.data, (int)bytes.len);
    while (good && out->count < CERTIFICATES_MAX) {
        X509 *certificate =
            memory == NULL ? NULL : PEM_read_bio_X509(memory, NULL, NULL, NULL);
        if (certificate == NULL) {
            break;
        }
        good = add_certificate(certificate, out);
        X509_free(certificate);
    }
    file_free(&bytes);
    return good && out->count > 0
               ? SG_OK
               : sg_fail(why, SG_INVALID, "%s holds no certificates in PEM form", path);
}

enum sg_status act_accept(struct ceremony *ceremony, struct action_answer *out,
                          struct sg_error *why)
{
    static struct chain chain;
    Segel__V1__ImportCertificateRequest request;
    ProtobufCMessage *reply = NULL;

    TRY(read_chain(act_answer(ceremony, "certificate"), &chain, why));
    segel__v1__import_certificate_request__init(&request);
    request.request_id = ceremony->state.request;
    request.key = act_answer(ceremony, "key");
    request.n_certificates = chain.count;
    request.certificates = chain.list;
    request.reason = act_answer(ceremony, "reason");
    const struct gateway_ask ask = {"/segel.v1.KeyService/ImportCertificate",
                                    &request.base,
                                    &segel__v1__import_certificate_response__descriptor};
    TRY(gateway_call(ceremony->home, &ask, &reply, why));
    act_take_approval(
        out,
        ((const Segel__V1__ImportCertificateResponse *)(const void *)reply)->approval);
    unpack_free(reply);
    return SG_OK;
}

/* --- Rotation and destruction ---------------------------------------------------------
 */

enum sg_status act_rotate(struct ceremony *ceremony, struct action_answer *out,
                          struct sg_error *why)
{
    Segel__V1__RotateKeyRequest request;
    ProtobufCMessage *reply = NULL;
    uint64_t days = 0;

    segel__v1__rotate_key_request__init(&request);
    if (text_uint(slice_str(act_answer(ceremony, "overlap")), 90, &days) != SG_OK) {
        return sg_fail(why, SG_INVALID, "the overlap is 0 to 90 days");
    }
    request.request_id = ceremony->state.request;
    request.key = act_answer(ceremony, "key");
    request.successor = act_answer(ceremony, "successor");
    request.overlap_days = (uint32_t)days;
    request.reason = act_answer(ceremony, "reason");
    const struct gateway_ask ask = {"/segel.v1.KeyService/RotateKey", &request.base,
                                    &segel__v1__rotate_key_response__descriptor};
    TRY(gateway_call(ceremony->home, &ask, &reply, why));
    act_take_approval(
        out, ((const Segel__V1__RotateKeyResponse *)(const void *)reply)->approval);
    unpack_free(reply);
    return SG_OK;
}

enum sg_status act_destroy(struct ceremony *ceremony, struct action_answer *out,
                           struct sg_error *why)
{
    Segel__V1__DestroyKeyRequest request;
    ProtobufCMessage *reply = NULL;
    struct people witnesses;

    segel__v1__destroy_key_request__init(&request);
    find_people(ceremony, MINUTES_FIELD_WITNESS, &witnesses);
    request.request_id = ceremony->state.request;
    request.key = act_answer(ceremony, "key");
    request.reason = act_answer(ceremony, "reason");
    request.witnesses = witnesses.list;
    request.n_witnesses = witnesses.count;
    request.backups_destroyed = 1; /* a step of the script, confirmed by a witness */
    const struct gateway_ask ask = {"/segel.v1.KeyService/DestroyKey", &request.base,
                                    &segel__v1__destroy_key_response__descriptor};
    TRY(gateway_call(ceremony->home, &ask, &reply, why));
    act_take_approval(
        out, ((const Segel__V1__DestroyKeyResponse *)(const void *)reply)->approval);
    unpack_free(reply);
    return SG_OK;
}
