#include <openssl/x509v3.h>
#include <string.h>

#include "gateway/cert/cert.h"

/* Bytes that a configured name can hold too; anything else can match nobody. */
static bool printable(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] <= ' ' || text.data[i] > '~') {
            return false;
        }
    }
    return text.len > 0;
}

static const char *prefix_of(const GENERAL_NAME *name)
{
    if (name->type == GEN_URI) {
        return "URI:";
    }
    return name->type == GEN_DNS ? "DNS:" : NULL;
}

static void add(struct cert_names *names, size_t *used, const GENERAL_NAME *name)
{
    const char *prefix = prefix_of(name);

    if (prefix == NULL || names->count == SG_COUNT(names->names)) {
        return;
    }
    const ASN1_IA5STRING *value =
        name->type == GEN_URI ? name->d.uniformResourceIdentifier : name->d.dNSName;
    struct slice text =
        slice_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
    size_t prefix_len = strlen(prefix);
    if (!printable(text) || text.len >= sizeof(names->buffer) - *used - prefix_len) {
        return;
    }
    char *at = names->buffer + *used;
    memcpy(at, prefix, prefix_len);
    memcpy(at + prefix_len, text.data, text.len);
    at[prefix_len + text.len] = '\0';
    names->names[names->count++] = at;
    *used += prefix_len + text.len + 1;
}

void cert_alt_names(X509 *certificate, struct cert_names *out)
{
    GENERAL_NAMES *all = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    size_t used = 0;

    out->count = 0;
    for (int i = 0; i < sk_GENERAL_NAME_num(all); i++) {
        if (sizeof(out->buffer) - used > 8) {
            add(out, &used, sk_GENERAL_NAME_value(all, i));
        }
    }
    GENERAL_NAMES_free(all);
}

void cert_marks(const X509 *certificate, struct cert_marks *out)
{
    const X509_NAME *subject = X509_get_subject_name(certificate);

    memset(out, 0, sizeof(*out));
    if (X509_pubkey_digest(certificate, EVP_sha256(), out->key, NULL) != 1) {
        memset(out->key, 0, sizeof(out->key));
    }
    if (X509_NAME_entry_count(subject) > 0 &&
        X509_NAME_digest(subject, EVP_sha256(), out->subject, NULL) != 1) {
        memset(out->subject, 0, sizeof(out->subject));
    }
}
