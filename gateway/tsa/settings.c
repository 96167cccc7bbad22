#include <openssl/err.h>
#include <openssl/objects.h>
#include <string.h>

#include "gateway/tsa/inside.h"

/* As for the chains of signing certificates: no SHA-1, no RSA below 2048 bits. */
enum { SECURITY_LEVEL = 2 };

/* Printable, with nothing that could carry a password. */
static bool url_valid(const char *url, size_t len)
{
    static const char *const schemes[] = {"https://", "http://"};
    size_t scheme = 0;

    for (size_t i = 0; i < SG_COUNT(schemes); i++) {
        size_t prefix = strlen(schemes[i]);
        scheme = len > prefix && memcmp(url, schemes[i], prefix) == 0 ? prefix : scheme;
    }
    bool good = scheme > 0 && len < TSA_AUTHORITY_SIZE && url[scheme] != '/';
    for (size_t i = 0; good && i < len; i++) {
        good = url[i] > ' ' && url[i] <= '~' && strchr("@#\\\"<>", url[i]) == NULL;
    }
    return good;
}

static enum sg_status read_urls(const char *text, struct tsa_settings *out,
                                struct sg_error *why)
{
    while (*(text += strspn(text, " ")) != '\0') {
        size_t len = strcspn(text, " ");
        if (!url_valid(text, len)) {
            return sg_fail(why, SG_INVALID,
                           "tsa.urls: '%.200s' does not begin with an address: wanted "
                           "are http:// or https:// addresses with blanks between, "
                           "without name and password",
                           text);
        }
        if (out->count == TSA_AUTHORITIES_MAX) {
            return sg_fail(why, SG_INVALID, "tsa.urls has more than %d addresses",
                           TSA_AUTHORITIES_MAX);
        }
        memcpy(out->authorities[out->count++].url, text, len);
        text += len;
    }
    return SG_OK;
}

/* The file may end with an issuer that is not its own, or hold the authority alone. */
static enum sg_status read_anchors(const char *path, struct tsa_settings *out,
                                   struct sg_error *why)
{
    if (path[0] == '\0') {
        return sg_fail(why, SG_INVALID,
                       "tsa.urls is set, but not tsa.anchors: name the file with the "
                       "authorities' root certificates");
    }
    out->trust.anchors = X509_STORE_new();
    if (out->trust.anchors == NULL ||
        X509_STORE_set_flags(out->trust.anchors, X509_V_FLAG_PARTIAL_CHAIN) != 1 ||
        X509_STORE_load_file(out->trust.anchors, path) != 1) {
        ERR_clear_error();
        return sg_fail(why, SG_INVALID,
                       "tsa.anchors: %s holds no certificates that can be read (PEM)",
                       path);
    }
    X509_VERIFY_PARAM_set_auth_level(X509_STORE_get0_param(out->trust.anchors),
                                     SECURITY_LEVEL);
    return SG_OK;
}

static enum sg_status read_policy(const char *text, struct tsa_settings *out,
                                  struct sg_error *why)
{
    if (text[0] == '\0') {
        return SG_OK;
    }
    out->trust.policy = OBJ_txt2obj(text, 1);
    ERR_clear_error();
    return out->trust.policy != NULL
               ? SG_OK
               : sg_fail(why, SG_INVALID, "tsa.policy: '%.80s' is no OID like 1.2.3.4",
                         text);
}

enum sg_status tsa_settings_read(const struct config *config, struct tsa_settings *out,
                                 struct sg_error *why)
{
    enum { US_PER_S = 1000000 };

    *out = (struct tsa_settings){.hash = sg_hash_parse(config->tsa_hash),
                                 .trust.skew_us = config->tsa_skew_s * US_PER_S};
    TRY(read_urls(config->tsa_urls, out, why));
    /* Also where nobody is asked yet: else it would be found out by whoever adds one. */
    if (out->hash == SG_HASH_NONE) {
        return sg_fail(why, SG_INVALID,
                       "tsa.hash: '%.40s' is none of sha256, sha384 and sha512",
                       config->tsa_hash);
    }
    if (out->count == 0) {
        return SG_OK;
    }
    TRY(read_anchors(config->tsa_anchors_file, out, why));
    return read_policy(config->tsa_policy, out, why);
}

void tsa_settings_fini(struct tsa_settings *settings)
{
    X509_STORE_free(settings->trust.anchors);
    ASN1_OBJECT_free(settings->trust.policy);
    settings->trust = (struct tsa_trust){.anchors = NULL};
}

enum sg_status tsa_check(const struct config *config, struct sg_error *why)
{
    struct tsa_settings settings;
    enum sg_status status = tsa_settings_read(config, &settings, why);

    tsa_settings_fini(&settings);
    return status;
}
