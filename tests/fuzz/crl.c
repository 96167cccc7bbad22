/* A CRL: what is believed is dated, says one thing, and says it as the list says it; by a
 * stranger's hand nothing is believed. Input: a choice, then DER of a tBSCertList that is
 * signed here, or of a whole list. */
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "gateway/status/evidence.h"
#include "tests/fuzz/support/fuzz.h"
#include "tests/fuzz/support/seal.h"
#include "tests/fuzz/support/tree.h"

enum { WHOLE = 1, STRANGER = 2, LATE = 4, DAY_S = 86400, US_PER_S = 1000000 };

/* Asked of the list entry by entry; the target's own reading. */
static bool has_number(struct slice der, const ASN1_INTEGER *number)
{
    const unsigned char *at = der.data;
    X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)der.len);
    bool found = false;

    MUST(crl != NULL);
    STACK_OF(X509_REVOKED) *entries = X509_CRL_get_REVOKED(crl);
    for (int i = 0; i < sk_X509_REVOKED_num(entries); i++) {
        const X509_REVOKED *entry = sk_X509_REVOKED_value(entries, i);
        found =
            found || ASN1_INTEGER_cmp(X509_REVOKED_get0_serialNumber(entry), number) == 0;
    }
    X509_CRL_free(crl);
    return found;
}

static void hold(struct slice der, const struct status_finding *finding, int64_t now_us)
{
    const ASN1_INTEGER *number = X509_get0_serialNumber(seal_link()->subject);
    struct status_finding again;
    struct sg_error why = {0};

    MUST(finding->this_update_us <= now_us + (int64_t)STATUS_SKEW_S * US_PER_S);
    MUST(finding->this_update_us < finding->next_update_us);
    MUST(!finding->revoked || !finding->suspended);
    MUST(evidence_follows(finding, finding));
    MUST(has_number(der, number) || (!finding->revoked && !finding->suspended));
    MUST(evidence_crl(seal_link(), der, now_us, &again, &why) == SG_OK);
    MUST(again.revoked == finding->revoked && again.suspended == finding->suspended &&
         again.this_update_us == finding->this_update_us);
}

static void judge(struct slice der, uint8_t choice)
{
    int64_t now_us =
        SEAL_NOW_US + ((choice & LATE) != 0 ? 400 * (int64_t)DAY_S * US_PER_S : 0);
    struct status_finding finding;
    struct sg_error why = {0};

    enum sg_status status = evidence_crl(seal_link(), der, now_us, &finding, &why);
    MUST(status == SG_OK || status == SG_INVALID);
    MUST(status == SG_OK || why.text[0] != '\0');
    if (status == SG_OK) {
        MUST((choice & STRANGER) == 0 || (choice & WHOLE) != 0);
        hold(der, &finding, now_us);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static uint8_t sealed[SEAL_MAX];
    struct slice input = slice_of(data, len);
    uint8_t choice = fuzz_choice(&input);
    const struct seal_parts parts = {.part = input};

    if ((choice & WHOLE) == 0) {
        size_t size =
            seal(&parts, (choice & STRANGER) != 0 ? SEAL_STRANGER : SEAL_CA, sealed);
        input = slice_of(sealed, size);
    }
    uint8_t *copy = fuzz_copy(input);
    judge(slice_of(copy, input.len), choice);
    free(copy);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t cap, unsigned seed)
{
    return tree_mutate(data, len, cap, 1, seed);
}
