#include <openssl/x509.h>
#include <stdio.h>

#include "client/call/signer.h"
#include "client/console/command.h"
#include "client/console/screen.h"
#include "proto/algorithm.h"
#include "proto/json.h"
#include "proto/text.h"

/* `segel signer KEY` */
struct signer_options {
    const char *lang;
    bool json;
};

static const struct option rows[] = {
    {"lang", 0, "id|en", "language of the statement (default: id)",
     offsetof(struct signer_options, lang)},
    {"json", 0, NULL, "one JSON object for machines",
     offsetof(struct signer_options, json)},
};

static void free_certificate(X509 **certificate)
{
    X509_free(*certificate);
}

/* Subject of the signer's certificate, RFC 2253 form; empty when it cannot be read. */
static void subject_of(const Segel__V1__GetSignerResponse *signer, char *out, size_t cap)
{
    AUTO(free_certificate) X509 *certificate = NULL;

    out[0] = '\0';
    if (signer->n_certificates == 0) {
        return;
    }
    const uint8_t *der = signer->certificates[0].data;
    certificate = d2i_X509(NULL, &der, (long)signer->certificates[0].len);
    BIO *text = BIO_new(BIO_s_mem());
    if (certificate != NULL && text != NULL &&
        X509_NAME_print_ex(text, X509_get_subject_name(certificate), 0,
                           XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0) {
        int len = BIO_read(text, out, (int)cap - 1);
        out[len > 0 ? len : 0] = '\0';
    }
    BIO_free(text);
}

/* Names of enum values, as both outputs show them. */
static const char *profile_name(int value)
{
    return sg_profile_valid(value) ? sg_profile_name((enum sg_profile)value) : "unknown";
}

static const char *hash_name(int value)
{
    return sg_hash_valid(value) ? sg_hash_name((enum sg_hash)value) : "unknown";
}

static const char *scheme_name(int value)
{
    return sg_scheme_valid(value) ? sg_scheme_name((enum sg_scheme)value) : "unknown";
}

static void row(const char *name, const char *text)
{
    (void)printf("%-18s ", name);
    screen_text(stdout, text);
    (void)fputc('\n', stdout);
}

/* A row with several names, blanks between them. */
struct cell {
    char text[1024];
    size_t len;
};
static void add(struct cell *cell, const char *name)
{
    int len = snprintf(cell->text + cell->len, sizeof(cell->text) - cell->len, "%s%s",
                       cell->len == 0 ? "" : " ", name);

    if (len > 0 && (size_t)len < sizeof(cell->text) - cell->len) {
        cell->len += (size_t)len;
    }
}

static void print_algorithms(const Segel__V1__GetSignerResponse *signer)
{
    struct cell profiles = {.len = 0};
    struct cell hashes = {.len = 0};
    struct cell schemes = {.len = 0};

    for (size_t i = 0; i < signer->n_profiles; i++) {
        add(&profiles, profile_name((int)signer->profiles[i]));
    }
    for (size_t i = 0; i < signer->n_hash_algorithms; i++) {
        add(&hashes, hash_name((int)signer->hash_algorithms[i]));
    }
    for (size_t i = 0; i < signer->n_signature_algorithms; i++) {
        add(&schemes, scheme_name((int)signer->signature_algorithms[i]));
    }
    row("profiles", profiles.text);
    row("hashes", hashes.text);
    row("schemes", schemes.text);
}

static void print_table(const Segel__V1__GetSignerResponse *signer)
{
    struct cell classes = {.len = 0};
    char subject[512];
    char until[TEXT_TIME_SIZE] = "";
    char reserve[32];

    for (size_t i = 0; i < signer->n_document_classes; i++) {
        add(&classes, signer->document_classes[i]);
    }
    subject_of(signer, subject, sizeof(subject));
    text_time(signer->certificate_not_after_us, until);
    (void)snprintf(reserve, sizeof(reserve), "%u bytes",
                   (unsigned)signer->signature_max_len);
    row("key", signer->key);
    row("signer", subject);
    row("valid until", until);
    row("assurance", signer->assurance);
    row("policy OID", signer->certificate_policy_oid);
    print_algorithms(signer);
    row("signature", reserve);
    row("document classes",
        classes.len == 0 ? "any that is not prohibited" : classes.text);
    row("statement", signer->statement);
    row("verify at", signer->verify_url);
}

static void json_names(struct json_out *out, const char *name, size_t count,
                       const char *(*name_at)(const Segel__V1__GetSignerResponse *,
                                              size_t),
                       const Segel__V1__GetSignerResponse *signer)
{
    json_open_array(out, name);
    for (size_t i = 0; i < count; i++) {
        json_str(out, NULL, name_at(signer, i));
    }
    json_end(out);
}

static const char *profile_at(const Segel__V1__GetSignerResponse *signer, size_t at)
{
    return profile_name((int)signer->profiles[at]);
}

static const char *hash_at(const Segel__V1__GetSignerResponse *signer, size_t at)
{
    return hash_name((int)signer->hash_algorithms[at]);
}

static const char *scheme_at(const Segel__V1__GetSignerResponse *signer, size_t at)
{
    return scheme_name((int)signer->signature_algorithms[at]);
}

static const char *class_at(const Segel__V1__GetSignerResponse *signer, size_t at)
{
    return signer->document_classes[at];
}

static enum sg_status print_json(const Segel__V1__GetSignerResponse *signer)
{
    static char buffer[65536];
    struct json_out out;
    struct slice text;
    char subject[512];

    subject_of(signer, subject, sizeof(subject));
    json_start(&out, buffer, sizeof(buffer));
    json_open_object(&out, NULL);
    json_str(&out, "key", signer->key);
    json_str(&out, "signer", subject);
    json_time(&out, "not_after", signer->certificate_not_after_us);
    json_str(&out, "assurance", signer->assurance);
    json_str(&out, "policy_oid", signer->certificate_policy_oid);
    json_names(&out, "profiles", signer->n_profiles, profile_at, signer);
    json_names(&out, "hashes", signer->n_hash_algorithms, hash_at, signer);
    json_names(&out, "schemes", signer->n_signature_algorithms, scheme_at, signer);
    json_uint(&out, "signature_max_len", signer->signature_max_len);
    json_names(&out, "document_classes", signer->n_document_classes, class_at, signer);
    json_str(&out, "statement", signer->statement);
    json_str(&out, "verify_url", signer->verify_url);
    json_end(&out);
    TRY(json_finish(&out, &text));
    (void)printf("%.*s\n", (int)text.len, (const char *)text.data);
    return SG_OK;
}

static enum sg_status show(const struct home *home, const char *key,
                           const struct signer_options *options, struct sg_error *why)
{
    AUTO(channel_end) struct channel *channel = NULL;
    AUTO(signer_free) Segel__V1__GetSignerResponse *signer = NULL;

    TRY(home_connect(home, &channel, why));
    TRY(signer_get(channel, key, options->lang, &signer, why));
    if (options->json) {
        return print_json(signer);
    }
    print_table(signer);
    return SG_OK;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct signer_options options = {.lang = "id"};
    struct sg_error why = {0};

    if (command_parse(&command_signer, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    if (words->count != 1) {
        screen_complain("name one key: segel signer KEY");
        return EXIT_USAGE;
    }
    enum sg_status status = show(home, words->at[0], &options, &why);
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_signer = {
    .name = "signer",
    .operands = "KEY",
    .summary = "show what a key may sign, and its certificate",
    .examples = "Examples:\n"
                "  segel signer seal-demo\n"
                "  segel signer --json seal-demo\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
