#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "gateway/service/keys/keys.h"
#include "proto/text.h"

/* Calls that lead to a change of a token. */
#define SERVICE "/segel.v1.KeyService/"

enum { MEDIUM_MAX = 128, SUBJECT_MAX = 512 };

/* --- What several must agree to ---------------------------------------------------- */

/* The approval, and once it was executed the key as it is now: the ceremony begins with
 * the last signature and has not ended yet. */
static bool put_both(struct asked *asked, Segel__V1__Approval **approval,
                     Segel__V1__Key **key)
{
    *approval = approvals_approval(asked);
    if (*approval == NULL) {
        return false;
    }
    if ((*approval)->state != SEGEL__V1__APPROVAL_STATE__APPROVAL_STATE_EXECUTED) {
        return true;
    }
    *key = keys_of_order(asked, asked->order.object, NULL);
    return *key != NULL;
}

static ProtobufCMessage *answer_generate(struct asked *asked)
{
    Segel__V1__GenerateKeyResponse *out =
        (Segel__V1__GenerateKeyResponse *)approvals_make(
            asked, &segel__v1__generate_key_response__descriptor);
    bool put = out != NULL && put_both(asked, &out->approval, &out->key);

    return put ? &out->base : NULL;
}

static ProtobufCMessage *answer_import(struct asked *asked)
{
    Segel__V1__ImportCertificateResponse *out =
        (Segel__V1__ImportCertificateResponse *)approvals_make(
            asked, &segel__v1__import_certificate_response__descriptor);
    bool put = out != NULL && put_both(asked, &out->approval, &out->key);

    return put ? &out->base : NULL;
}

static ProtobufCMessage *answer_destroy(struct asked *asked)
{
    Segel__V1__DestroyKeyResponse *out = (Segel__V1__DestroyKeyResponse *)approvals_make(
        asked, &segel__v1__destroy_key_response__descriptor);
    bool put = out != NULL && put_both(asked, &out->approval, &out->key);

    return put ? &out->base : NULL;
}

void keys_on_generate(struct grpc_call *call, const ProtobufCMessage *message,
                      void *services)
{
    static const struct guarded guarded = {.method = SERVICE "GenerateKey",
                                           .refusal =
                                               "asking for a key needs the role officer",
                                           .answer = answer_generate};

    approvals_guard(call, (struct services *)services, &guarded, message);
}

void keys_on_import(struct grpc_call *call, const ProtobufCMessage *message,
                    void *services)
{
    static const struct guarded guarded = {
        .method = SERVICE "ImportCertificate",
        .refusal = "bringing a certificate needs the role officer",
        .answer = answer_import};

    approvals_guard(call, (struct services *)services, &guarded, message);
}

void keys_on_destroy(struct grpc_call *call, const ProtobufCMessage *message,
                     void *services)
{
    static const struct guarded guarded = {
        .method = SERVICE "DestroyKey",
        .refusal = "asking for the destruction of a key needs the role officer",
        .answer = answer_destroy};

    approvals_guard(call, (struct services *)services, &guarded, message);
}

/* --- What one officer does --------------------------------------------------------- */

static ProtobufCMessage *answer_backup(struct asked *asked)
{
    Segel__V1__ConfirmBackupResponse *out =
        (Segel__V1__ConfirmBackupResponse *)approvals_make(
            asked, &segel__v1__confirm_backup_response__descriptor);

    if (out == NULL) {
        return NULL;
    }
    out->key = keys_of_order(asked, asked->order.object, &out->log);
    return out->key == NULL ? NULL : &out->base;
}

static ProtobufCMessage *answer_csr(struct asked *asked)
{
    const struct request_order *order = &asked->order;
    uint8_t *hash = (uint8_t *)approvals_room(asked, SHA256_DIGEST_LENGTH);
    Segel__V1__CreateCertificateRequestResponse *out =
        (Segel__V1__CreateCertificateRequestResponse *)approvals_make(
            asked, &segel__v1__create_certificate_request_response__descriptor);

    if (out == NULL || hash == NULL) {
        return NULL;
    }
    (void)SHA256(order->csr.data, order->csr.len, hash);
    out->csr = pb_bytes(order->csr);
    out->csr_sha256 = pb_bytes(slice_of(hash, SHA256_DIGEST_LENGTH));
    out->log = approvals_position(asked, order->order.log_index, order->order.log_hash);
    return out->log == NULL ? NULL : &out->base;
}

/* Fields that both messages have. */
struct alone {
    enum order_kind kind;
    const char *request_id;
    const char *key;
    const char *text;
    size_t text_max;
    const char *bad_text;
    ProtobufCMessage *(*answer)(struct asked *asked);
};

static bool sound(struct grpc_call *call, const struct alone *alone)
{
    if (!approvals_identified(call, alone->request_id)) {
        return false;
    }
    if (!text_name(slice_str(alone->key))) {
        finish_plain(call, SG_INVALID, "key is missing or no name of a key");
        return false;
    }
    return approvals_fits(call, alone->text, alone->text_max, alone->bad_text);
}

static void order(struct grpc_call *call, struct services *services,
                  const struct alone *alone)
{
    if (!sound(call, alone)) {
        return;
    }
    struct asked *asked = approvals_open(call, services, alone->kind);
    if (asked == NULL) {
        return;
    }
    asked->answer = alone->answer;
    (void)snprintf(asked->order.object, sizeof(asked->order.object), "%s", alone->key);
    (void)snprintf(asked->order.text, sizeof(asked->order.text), "%s", alone->text);
    (void)snprintf(asked->order.order.request_id, sizeof(asked->order.order.request_id),
                   "%s", alone->request_id);
    approvals_submit(call, asked);
}

void keys_on_backup(struct grpc_call *call, const ProtobufCMessage *message,
                    void *services)
{
    const Segel__V1__ConfirmBackupRequest *request =
        (const Segel__V1__ConfirmBackupRequest *)(const void *)message;
    const struct alone alone = {
        ORDER_KEY_BACKUP, request->request_id,
        request->key,     request->medium,
        MEDIUM_MAX,       "medium must have 1 to 128 bytes of plain text",
        answer_backup};

    if (approvals_may(call, ROLE_OFFICER, "confirming a backup needs the role officer")) {
        order(call, (struct services *)services, &alone);
    }
}

void keys_on_csr(struct grpc_call *call, const ProtobufCMessage *message, void *services)
{
    const Segel__V1__CreateCertificateRequestRequest *request =
        (const Segel__V1__CreateCertificateRequestRequest *)(const void *)message;
    const struct alone alone = {
        ORDER_KEY_CSR, request->request_id,
        request->key,  request->subject,
        SUBJECT_MAX,   "subject must have 1 to 512 bytes, as in /C=ID/O=Kota/CN=Segel",
        answer_csr};

    if (!approvals_may(call, ROLE_OFFICER,
                       "a certificate request needs the role officer")) {
        return;
    }
    if (request->hash_algorithm != 0) {
        finish_plain(call, SG_INVALID,
                     "hash_algorithm must be absent: the key's type decides");
        return;
    }
    order(call, (struct services *)services, &alone);
}
