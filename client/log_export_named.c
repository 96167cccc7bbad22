#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>

#include "client/file.h"
#include "client/log_export.h"
#include "proto/text.h"

static void free_certificate(X509 **certificate)
{
    X509_free(*certificate);
}

static void free_bio(BIO **bio)
{
    BIO_free_all(*bio);
}

static bool is_named(struct named *named, const struct tlog_hash *hash)
{
    for (size_t i = 0; i < named->count; i++) {
        struct named_item *item = &named->items[i];
        if (item->named && !item->there && tlog_hash_equal(&item->hash, hash)) {
            item->there = true;
            return true;
        }
    }
    return false;
}

static enum sg_status put(struct export *export, const char *format,
                          const struct tlog_hash *hash, struct slice bytes)
{
    char hex[2 * TLOG_HASH_SIZE + 1];
    char path[BUNDLE_PATH_MAX + 1];

    text_hex(slice_of(hash->bytes, TLOG_HASH_SIZE), hex);
    (void)snprintf(path, sizeof(path), "%s/%s.%s", format, hex,
                   format[0] == 'p' ? "yaml" : "der");
    return bundle_write_file(&export->writer, path, bytes, &export->scratch, export->why);
}

static X509 *read_certificate(struct slice bytes)
{
    AUTO(free_bio) BIO *bio = BIO_new_mem_buf(bytes.data, (int)bytes.len);
    const uint8_t *at = bytes.data;
    X509 *pem = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL, NULL);

    return pem != NULL ? pem : d2i_X509(NULL, &at, (long)bytes.len);
}

static enum sg_status put_certificate(struct export *export, X509 *certificate,
                                      bool *taken)
{
    uint8_t *spki = NULL;
    uint8_t *der = NULL;
    int spki_len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &spki);
    int len = i2d_X509(certificate, &der);
    enum sg_status status = SG_OK;

    if (spki_len > 0 && len > 0 && len <= BUNDLE_CERTIFICATE_MAX) {
        struct tlog_hash hash = tlog_sha256(slice_of(spki, (size_t)spki_len));
        *taken = is_named(&export->certificates, &hash);
        status = *taken ? put(export, "certificates", &hash, slice_of(der, (size_t)len))
                        : SG_OK;
    }
    OPENSSL_free(spki);
    OPENSSL_free(der);
    return status;
}

enum sg_status export_file(struct export *export, const char *path, bool *taken)
{
    AUTO(file_free) struct file_bytes bytes = {0};

    *taken = false;
    TRY(file_read(path, BUNDLE_POLICY_MAX, &bytes, export->why));
    struct slice text = slice_of(bytes.data, bytes.len);
    struct tlog_hash hash = tlog_sha256(text);
    if (is_named(&export->policies, &hash)) {
        *taken = true;
        return put(export, "policies", &hash, text);
    }
    AUTO(free_certificate) X509 *certificate = read_certificate(text);
    return certificate == NULL ? SG_OK : put_certificate(export, certificate, taken);
}
