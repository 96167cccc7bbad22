#include "client/segel/stamp.h"

#include <openssl/x509.h>
#include <stdio.h>

#include "client/pdf/stamp/stamps.h"
#include "client/segel/input.h"
#include "proto/text.h"

static bool is_path(const char *name)
{
    static const char end[] = ".stamp";
    size_t len = strlen(name);

    return strchr(name, '/') != NULL ||
           (len > strlen(end) && strcmp(name + len - strlen(end), end) == 0);
}

static enum sg_status read_path(const char *path, struct pdf_template *out,
                                struct sg_error *why)
{
    struct input input = {0};
    struct segel_error error;

    if (input_size(path) > PDF_TEMPLATE_MAX) {
        return sg_fail(why, SG_INVALID, "%s is too long: a template has %d bytes at most",
                       path, (int)PDF_TEMPLATE_MAX);
    }
    if (input_read(&input, path, &error) != SEGEL_OK) {
        return sg_fail(why, SG_NOT_FOUND, "%s", error.text);
    }
    enum sg_status status = pdf_template_read(input.bytes, path, out, why);
    input_fini(&input);
    return status;
}

enum sg_status stamp_read(const char *name, struct segel_stamp *out, struct sg_error *why)
{
    *out = (struct segel_stamp){.name = name};
    if (name == NULL) {
        return SG_OK;
    }
    if (is_path(name)) {
        return read_path(name, &out->layout, why);
    }
    struct slice shipped = pdf_stamps_find(name);
    if (shipped.len == 0) {
        return sg_fail(
            why, SG_INVALID,
            "there is no stamp '%s': 'segel stamp list' shows which there are; "
            "a file of your own is given as ./%s.stamp",
            name, name);
    }
    return pdf_template_read(shipped, name, &out->layout, why);
}

void stamp_place(const struct segel_stamp *stamp, struct pdf_wish *wish)
{
    wish->page = stamp->layout.page;
    wish->rect = (struct pdf_rect){.x = stamp->layout.x,
                                   .y = stamp->layout.y,
                                   .width = stamp->layout.width,
                                   .height = stamp->layout.height};
}

static void free_certificate(X509 **certificate)
{
    X509_free(*certificate);
}

/* The last common name, as X.509 puts the narrowest last; empty when there is none that
 * can be printed. */
static void read_signer(const Segel__V1__GetSignerResponse *signer, char *out, size_t cap)
{
    AUTO(free_certificate) X509 *certificate = NULL;
    unsigned char *text = NULL;
    int at = -1;
    int last = -1;

    out[0] = '\0';
    if (signer->n_certificates == 0) {
        return;
    }
    const uint8_t *der = signer->certificates[0].data;
    certificate = d2i_X509(NULL, &der, (long)signer->certificates[0].len);
    if (certificate == NULL) {
        return;
    }
    const X509_NAME *name = X509_get_subject_name(certificate);
    while ((at = X509_NAME_get_index_by_NID(name, NID_commonName, at)) >= 0) {
        last = at;
    }
    const X509_NAME_ENTRY *entry = last < 0 ? NULL : X509_NAME_get_entry(name, last);
    int len =
        entry == NULL ? -1 : ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));
    if (len > 0 && (size_t)len < cap && text_plain(slice_of(text, (size_t)len))) {
        memcpy(out, text, (size_t)len);
        out[len] = '\0';
    }
    OPENSSL_free(text);
}

static struct slice bytes_of(const ProtobufCBinaryData *bytes)
{
    return slice_of(bytes->data, bytes->len);
}

enum sg_status stamp_fit(struct segel_stamp *stamp,
                         const Segel__V1__GetSignerResponse *signer, struct sg_error *why)
{
    const struct pdf_policy policy = {
        .statement = signer->statement,
        .logo_sha256 = bytes_of(&signer->logo_sha256),
        .logo = bytes_of(&signer->logo),
        .agency_logo_sha256 = bytes_of(&signer->agency_logo_sha256),
        .agency_logo = bytes_of(&signer->agency_logo),
    };

    TRY(pdf_look_make(stamp->name == NULL ? NULL : &stamp->layout, stamp->name, &policy,
                      &stamp->look, why));
    read_signer(signer, stamp->signer, sizeof(stamp->signer));
    return SG_OK;
}

void stamp_fini(struct segel_stamp *stamp)
{
    pdf_look_fini(&stamp->look);
    pdf_template_fini(&stamp->layout);
}
