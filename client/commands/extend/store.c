#include "client/commands/extend/store.h"

#include <openssl/err.h>

#include "client/pdf/evidence.h"

DEFINE_STACK_OF(OCSP_BASICRESP)

/* What cannot be read proves nothing. */
static void read_store(struct extend_store *store, struct slice pdf)
{
    static void (*const add[])(struct verify_material *, struct slice) = {
        [PDF_EVIDENCE_CERT] = verify_material_certificate,
        [PDF_EVIDENCE_CRL] = verify_material_crl,
        [PDF_EVIDENCE_OCSP] = verify_material_ocsp};
    struct pdf_evidence evidence;
    enum pdf_evidence_kind kind = PDF_EVIDENCE_CERT;
    struct slice der;
    struct sg_error why;

    store->read = true;
    if (pdf_evidence_read(pdf, &evidence, &why) == SG_OK) {
        while (pdf_evidence_next(&evidence, &kind, &der)) {
            add[kind](&store->material, der);
        }
    }
    pdf_evidence_fini(&evidence);
}

static bool vouches(const struct verify_material *material, X509 *certificate,
                    X509 *issuer)
{
    bool good = false;

    for (int i = 0; !good && i < sk_X509_CRL_num(material->crls); i++) {
        good = verify_crl_word(sk_X509_CRL_value(material->crls, i), certificate, issuer)
                   .state == VERIFY_STATE_GOOD;
    }
    for (int i = 0; !good && i < sk_OCSP_BASICRESP_num(material->answers); i++) {
        good = verify_ocsp_word(sk_OCSP_BASICRESP_value(material->answers, i),
                                certificate, issuer)
                   .state == VERIFY_STATE_GOOD;
    }
    return good;
}

bool extend_store_proves(struct extend_store *store, struct slice pdf, X509 *certificate)
{
    const struct verify_material *material = &store->material;
    bool held = false;
    bool good = false;

    if (!store->read) {
        read_store(store, pdf);
    }
    for (int i = 0; i < sk_X509_num(material->certificates); i++) {
        X509 *other = sk_X509_value(material->certificates, i);
        held = held || X509_cmp(other, certificate) == 0;
        good = good || (X509_NAME_cmp(X509_get_subject_name(other),
                                      X509_get_issuer_name(certificate)) == 0 &&
                        vouches(material, certificate, other));
    }
    ERR_clear_error();
    return held && good;
}

void extend_store_fini(struct extend_store *store)
{
    verify_material_fini(&store->material);
    store->read = false;
}
