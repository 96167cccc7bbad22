#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>

#include "client/call/gateway_call.h"
#include "client/channel/unpack.h"
#include "client/commands/key/rite_view.h"
#include "proto/json.h"
#include "proto/text.h"

/* `segel key csr NAME` */
struct csr_options {
    const char *subject;
    const char *out;
    struct rite_style style;
};

static const struct option rows[] = {
    {"subject", 0, "/C=…", "the subject, as in /C=ID/O=Kota/CN=Segel",
     offsetof(struct csr_options, subject)},
    {"out", 'o', "FILE", "where to write it, as PEM (default: standard output)",
     offsetof(struct csr_options, out)},
    {"request-id", 0, "ID", "your own id for it",
     offsetof(struct csr_options, style.request_id)},
    {"lang", 0, "id|en", "language of the answer (default: en)",
     offsetof(struct csr_options, style.lang)},
    {"json", 0, NULL, "what was made as one line of JSON; the request goes to --out",
     offsetof(struct csr_options, style.json)},
};

static void free_request(X509_REQ **request)
{
    X509_REQ_free(*request);
}

/* A request that does not prove that it holds its key is of no use to a CA. */
static SG_MUST_USE enum sg_status write_pem(const ProtobufCBinaryData *csr,
                                            const char *path, struct sg_error *why)
{
    const unsigned char *at = csr->data;
    AUTO(free_request) X509_REQ *request = d2i_X509_REQ(NULL, &at, (long)csr->len);

    if (request == NULL || at != csr->data + csr->len ||
        X509_REQ_verify(request, X509_REQ_get0_pubkey(request)) != 1) {
        return sg_fail(why, SG_CORRUPT,
                       "what the gateway has sent is no request signed by its key");
    }
    FILE *file = path == NULL ? stdout : fopen(path, "we");
    if (file == NULL) {
        return sg_fail(why, SG_IO, "%s cannot be written", path);
    }
    bool good = PEM_write_X509_REQ(file, request) == 1 && fflush(file) == 0;
    good = (path == NULL || fclose(file) == 0) && good;
    return good ? SG_OK
                : sg_fail(why, SG_IO, "%s cannot be written",
                          path == NULL ? "standard output" : path);
}

static void say(const Segel__V1__CreateCertificateRequestResponse *response,
                const struct csr_options *options)
{
    static char buffer[1024];
    char hash[65];
    struct json_out out;
    struct slice text;
    unsigned long long index = response->log == NULL ? 0 : response->log->index;

    text_hex(slice_of(response->csr_sha256.data,
                      response->csr_sha256.len == 32 ? (size_t)32 : (size_t)0),
             hash);
    if (!options->style.json) {
        (void)fprintf(stderr,
                      options->style.indonesian
                          ? "SHA-256 %s, tercatat pada log sebagai nomor %llu\n"
                          : "SHA-256 %s, the log holds it as record %llu\n",
                      hash, index);
        return;
    }
    json_start(&out, buffer, sizeof(buffer));
    json_open_object(&out, NULL);
    json_str(&out, "csr_sha256", hash);
    json_uint(&out, "log_index", index);
    json_end(&out);
    if (json_finish(&out, &text) == SG_OK) {
        (void)printf("%.*s\n", (int)text.len, (const char *)text.data);
    }
}

static SG_MUST_USE enum sg_status make(const struct home *home, const struct words *words,
                                       struct csr_options *options, struct sg_error *why)
{
    Segel__V1__CreateCertificateRequestRequest request;
    ProtobufCMessage *reply = NULL;

    if (words->count != 1) {
        return sg_fail(why, SG_INVALID, "name one key: segel key csr NAME --subject …");
    }
    TRY(options_need(&command_key_csr.options, options, "subject", why));
    if (options->style.json && options->out == NULL) {
        return sg_fail(why, SG_INVALID, "--json needs --out for the request itself");
    }
    TRY(rite_begin(&options->style, why));
    segel__v1__create_certificate_request_request__init(&request);
    request.request_id = sg_unconst_text(options->style.request_id);
    request.key = sg_unconst_text(words->at[0]);
    request.subject = sg_unconst_text(options->subject);
    const struct gateway_ask call = {
        "/segel.v1.KeyService/CreateCertificateRequest", &request.base,
        &segel__v1__create_certificate_request_response__descriptor};
    TRY(gateway_call_long(home, &call, &reply, why));
    const Segel__V1__CreateCertificateRequestResponse *response =
        (const Segel__V1__CreateCertificateRequestResponse *)(const void *)reply;
    enum sg_status status = write_pem(&response->csr, options->out, why);
    if (status == SG_OK) {
        say(response, options);
    }
    unpack_free(reply);
    return status;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct csr_options options = {.style = {.lang = "en"}};
    struct sg_error why = {0};

    if (command_parse(&command_key_csr, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status = make(home, words, &options, &why);
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_key_csr = {
    .name = "key csr",
    .operands = "NAME",
    .summary = "have a key sign the request for its certificate (PKCS#10)",
    .examples =
        "For officers. The lanes of the token rest for the moment of the signature. "
        "Hand\n"
        "the request to the CA.\n\n"
        "Examples:\n"
        "  segel key csr seal-2027 --subject \"/C=ID/O=Kota/CN=Segel\" -o seal.csr\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
