/* A signature beside its content, or a statement about a certificate: whatever it is, the
 * report is whole, says each thing in a sentence, and calls nothing valid, for nobody is
 * trusted here. Input: a choice, then DER or PEM. */
#include <stdlib.h>

#include "client/verify/verify.h"
#include "tests/fuzz/support/fuzz.h"
#include "tests/fuzz/support/tree.h"

enum { PADES = 1, STATEMENT = 2, TRUSTING = 4, OCSP = 8 };

static X509_STORE *nobody(void)
{
    static X509_STORE *store;

    if (store == NULL) {
        store = X509_STORE_new();
        MUST(store != NULL);
    }
    return store;
}

static void judge(struct slice cms, uint8_t choice)
{
    struct verify_report report;
    struct verify_input terms = {.cms = cms,
                                 .content = {slice_str("<berita/>\n"), {NULL, 0}},
                                 .anchors = (choice & TRUSTING) != 0 ? nobody() : NULL,
                                 .at_us = INT64_C(1777683723000000),
                                 .pades = (choice & PADES) != 0};

    if ((choice & PADES) != 0) {
        verify_cms(&terms, &report);
    } else {
        verify_detached(cms, slice_str("<berita/>\n"), &terms, &report);
    }
    MUST(!report.valid && report.proven_us == 0 && report.rank <= VERIFY_B_B);
    MUST(report.count > 0 && report.count <= SG_COUNT(report.checks));
    for (size_t i = 0; i < report.count; i++) {
        size_t len = strnlen(report.checks[i].text, sizeof(report.checks[i].text));
        MUST(len > 0 && len < sizeof(report.checks[i].text));
    }
}

static void take(struct slice bytes, uint8_t choice)
{
    struct verify_material material = {.crls = NULL};
    enum sg_status status = verify_material_file(&material, bytes, (choice & OCSP) != 0);

    MUST(status == SG_OK || status == SG_INVALID || status == SG_TOO_LARGE);
    verify_material_certificate(&material, bytes);
    for (int i = 0; status == SG_OK && i < sk_X509_num(material.certificates); i++) {
        X509 *one = sk_X509_value(material.certificates, i);
        for (int j = 0; j < sk_X509_CRL_num(material.crls); j++) {
            (void)verify_crl_word(sk_X509_CRL_value(material.crls, j), one, one);
        }
    }
    verify_material_fini(&material);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct slice input = slice_of(data, len);
    uint8_t choice = fuzz_choice(&input);
    uint8_t *copy = fuzz_copy(input);

    if ((choice & STATEMENT) != 0) {
        take(slice_of(copy, input.len), choice);
    } else {
        judge(slice_of(copy, input.len), choice);
    }
    free(copy);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t cap, unsigned seed)
{
    return tree_mutate(data, len, cap, 1, seed);
}
