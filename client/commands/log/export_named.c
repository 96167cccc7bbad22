#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>

#include "client/bundle/key_hash.h"
#include "client/channel/unpack.h"
#include "client/commands/log/export.h"
#include "client/console/file.h"
#include "proto/text.h"
#include "segel/v1/policy.pb-c.h"

enum { PATIENCE_MS = 60000 };

static void free_certificate(X509 **certificate)
{
    X509_free(*certificate);
}

static void free_bio(BIO **bio)
{
    BIO_free_all(*bio);
}

static struct named_item *item_named(struct named *named, const struct tlog_hash *hash)
{
    for (size_t i = 0; i < named->count; i++) {
        struct named_item *item = &named->items[i];
        if (item->named && tlog_hash_equal(&item->hash, hash)) {
            return item;
        }
    }
    return NULL;
}

static enum sg_status put(struct export *export, bool policy,
                          const struct tlog_hash *hash, struct slice bytes)
{
    char hex[2 * TLOG_HASH_SIZE + 1];
    char path[BUNDLE_PATH_MAX + 1];

    text_hex(slice_of(hash->bytes, TLOG_HASH_SIZE), hex);
    (void)snprintf(path, sizeof(path),
                   policy ? "policies/%s.yaml" : "certificates/%s.der", hex);
    return bundle_write_file(&export->writer, path, bytes, &export->scratch, export->why);
}

static enum sg_status put_once(struct export *export, struct named_item *item,
                               bool policy, struct slice bytes, enum export_use *use)
{
    *use = item == NULL ? EXPORT_UNNAMED : item->there ? EXPORT_AGAIN : EXPORT_TAKEN;
    if (*use != EXPORT_TAKEN) {
        return SG_OK;
    }
    item->there = true;
    return put(export, policy, &item->hash, bytes);
}

static X509 *read_certificate(struct slice bytes)
{
    AUTO(free_bio) BIO *bio = BIO_new_mem_buf(bytes.data, (int)bytes.len);
    const uint8_t *at = bytes.data;
    X509 *pem = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL, NULL);

    return pem != NULL ? pem : d2i_X509(NULL, &at, (long)bytes.len);
}

static enum sg_status put_certificate(struct export *export, X509 *certificate,
                                      enum export_use *use)
{
    struct tlog_hash hash;
    uint8_t *der = NULL;
    int len = i2d_X509(certificate, &der);
    enum sg_status status = SG_OK;

    if (len > 0 && len <= BUNDLE_CERTIFICATE_MAX && key_hash(certificate, &hash)) {
        status = put_once(export, item_named(&export->certificates, &hash), false,
                          slice_of(der, (size_t)len), use);
    }
    OPENSSL_free(der);
    return status;
}

enum sg_status export_file(struct export *export, const char *path, enum export_use *use)
{
    AUTO(file_free) struct file_bytes bytes = {0};

    *use = EXPORT_UNNAMED;
    TRY(file_read(path, BUNDLE_POLICY_MAX, &bytes, export->why));
    struct slice text = slice_of(bytes.data, bytes.len);
    struct tlog_hash hash = tlog_sha256(text);
    struct named_item *policy = item_named(&export->policies, &hash);
    if (policy != NULL) {
        return put_once(export, policy, true, text, use);
    }
    AUTO(free_certificate) X509 *certificate = read_certificate(text);
    return certificate == NULL ? SG_OK : put_certificate(export, certificate, use);
}

/* --- What the gateway keeps -------------------------------------------------------- */

static enum sg_status take_policy(struct export *export, struct named_item *item,
                                  const Segel__V1__GetPolicyResponse *got)
{
    struct slice text = slice_of(got->text.data, got->text.len);
    struct tlog_hash hash = tlog_sha256(text);

    if (!tlog_hash_equal(&hash, &item->hash)) {
        return sg_fail(export->why, SG_CORRUPT,
                       "the gateway sent another policy than the one that was asked for");
    }
    item->there = true;
    return put(export, true, &item->hash, text);
}

/* SG_NOT_FOUND: the gateway does not have it, or is too old to be asked. */
static enum sg_status fetch_policy(struct export *export, struct named_item *item)
{
    Segel__V1__GetPolicyRequest request;
    ProtobufCMessage *reply = NULL;

    segel__v1__get_policy_request__init(&request);
    request.sha256 = (ProtobufCBinaryData){TLOG_HASH_SIZE, item->hash.bytes};
    request.with_text = 1;
    const struct unary unary = {.path = "/segel.v1.PolicyService/GetPolicy",
                                .timeout_ms = PATIENCE_MS,
                                .request = &request.base,
                                .reply_type =
                                    &segel__v1__get_policy_response__descriptor};
    enum sg_status asked =
        channel_unary(export->channel, &unary, &reply, NULL, export->why);
    if (asked != SG_OK) {
        return asked == SG_UNSUPPORTED ? SG_NOT_FOUND : asked;
    }
    enum sg_status status = take_policy(
        export, item, (const Segel__V1__GetPolicyResponse *)(const void *)reply);
    unpack_free(reply);
    return status;
}

enum sg_status export_policies(struct export *export, size_t *absent)
{
    struct named *named = &export->policies;

    *absent = named->beyond > 0 ? 1 : 0;
    for (size_t i = 0; i < named->count; i++) {
        struct named_item *item = &named->items[i];
        if (!item->named || item->there) {
            continue;
        }
        enum sg_status status = fetch_policy(export, item);
        if (status != SG_OK && status != SG_NOT_FOUND) {
            return status;
        }
        *absent += status == SG_NOT_FOUND ? 1 : 0;
    }
    export->why->text[0] = '\0';
    return SG_OK;
}
