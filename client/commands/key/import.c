#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>

#include "client/call/gateway_call.h"
#include "client/channel/unpack.h"
#include "client/commands/key/rite_view.h"
#include "client/console/file.h"

/* `segel key import-cert NAME FILE…` */
enum { CERTIFICATES_MAX = 8, FILE_MAX = 1 << 18 };

struct import_options {
    const char *reason;
    struct rite_style style;
};

static const struct option rows[] = {
    {"reason", 0, "TEXT", "why, for the log; no personal data",
     offsetof(struct import_options, reason)},
    {"request-id", 0, "ID", "your own id; the same one again is the same request",
     offsetof(struct import_options, style.request_id)},
    {"lang", 0, "id|en", "language of the answer (default: en)",
     offsetof(struct import_options, style.lang)},
    {"json", 0, NULL, "the answer as one line of JSON",
     offsetof(struct import_options, style.json)},
};

/* Certificates in DER. */
struct chain {
    ProtobufCBinaryData items[CERTIFICATES_MAX]; /* owned by OpenSSL */
    size_t count;
};

static void free_chain(struct chain *chain)
{
    for (size_t i = 0; i < chain->count; i++) {
        OPENSSL_free(chain->items[i].data);
    }
}

static void free_bio(BIO **bio)
{
    (void)BIO_free(*bio);
}

static SG_MUST_USE enum sg_status add(struct chain *chain, X509 *certificate,
                                      struct sg_error *why)
{
    unsigned char *der = NULL;

    if (chain->count == CERTIFICATES_MAX) {
        return sg_fail(why, SG_TOO_LARGE, "there are more than %d certificates",
                       CERTIFICATES_MAX);
    }
    int len = i2d_X509(certificate, &der);
    if (len <= 0) {
        return sg_fail(why, SG_INVALID, "a certificate cannot be written as DER");
    }
    chain->items[chain->count++] = (ProtobufCBinaryData){.data = der, .len = (size_t)len};
    return SG_OK;
}

/* All certificates of a PEM file, or one in DER. */
static SG_MUST_USE enum sg_status add_file(struct chain *chain, const char *path,
                                           struct sg_error *why)
{
    AUTO(file_free) struct file_bytes bytes = {0};
    size_t before = chain->count;

    TRY(file_read(path, FILE_MAX, &bytes, why));
    AUTO(free_bio) BIO *bio = BIO_new_mem_buf(bytes.data, (int)bytes.len);
    X509 *one = NULL;
    enum sg_status status = bio == NULL ? SG_NO_MEMORY : SG_OK;
    while (status == SG_OK && (one = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        status = add(chain, one, why);
        X509_free(one);
    }
    const unsigned char *at = bytes.data;
    if (status == SG_OK && chain->count == before &&
        (one = d2i_X509(NULL, &at, (long)bytes.len)) != NULL) {
        status = add(chain, one, why);
        X509_free(one);
    }
    ERR_clear_error();
    return status != SG_OK || chain->count > before
               ? status
               : sg_fail(why, SG_INVALID, "%s holds no certificate in PEM or DER", path);
}

static SG_MUST_USE enum sg_status bring(const struct home *home,
                                        const struct words *words,
                                        const struct import_options *options,
                                        struct sg_error *why)
{
    AUTO(free_chain) struct chain chain = {.count = 0};
    Segel__V1__ImportCertificateRequest request;
    ProtobufCMessage *reply = NULL;

    for (size_t i = 1; i < words->count; i++) {
        TRY(add_file(&chain, words->at[i], why));
    }
    segel__v1__import_certificate_request__init(&request);
    request.request_id = sg_unconst_text(options->style.request_id);
    request.key = sg_unconst_text(words->at[0]);
    request.reason = sg_unconst_text(options->reason);
    request.certificates = chain.items;
    request.n_certificates = chain.count;
    const struct gateway_ask call = {"/segel.v1.KeyService/ImportCertificate",
                                     &request.base,
                                     &segel__v1__import_certificate_response__descriptor};
    TRY(gateway_call(home, &call, &reply, why));
    const Segel__V1__ImportCertificateResponse *response =
        (const Segel__V1__ImportCertificateResponse *)(const void *)reply;
    enum sg_status status =
        rite_print(response->approval, response->key, &options->style, why);
    unpack_free(reply);
    return status;
}

static SG_MUST_USE enum sg_status
check(const struct words *words, struct import_options *options, struct sg_error *why)
{
    if (words->count < 2) {
        return sg_fail(why, SG_INVALID,
                       "name the key, its certificate and the issuers: segel key "
                       "import-cert NAME FILE…");
    }
    TRY(options_need(&command_key_import.options, options, "reason", why));
    return rite_begin(&options->style, why);
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct import_options options = {.style = {.lang = "en"}};
    struct sg_error why = {0};

    if (command_parse(&command_key_import, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status = check(words, &options, &why);
    status = status == SG_OK ? bring(home, words, &options, &why) : status;
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_key_import = {
    .name = "key import-cert",
    .operands = "NAME FILE…",
    .summary = "bring the CA's certificate of a key, which other officers must approve",
    .examples =
        "For officers. The key's own certificate first, then its issuers up to and\n"
        "without the anchor, in PEM or DER. What does not fit is refused at once, with\n"
        "every check that failed.\n\n"
        "Examples:\n"
        "  segel key import-cert seal-2027 seal.pem issuing-ca.pem \\\n"
        "    --reason \"as issued by the CA on 2 May\"\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
