/* An OCSP answer: what is believed is dated and says one thing; by a stranger's hand
 * nothing is believed, and what was kept is believed again. Input: a choice, then DER of
 * a ResponseData that is signed here, or of a whole answer. */
#include <openssl/ocsp.h>
#include <stdlib.h>

#include "gateway/status/evidence.h"
#include "tests/fuzz/support/fuzz.h"
#include "tests/fuzz/support/seal.h"
#include "tests/fuzz/support/tree.h"

enum { WHOLE = 1, STRANGER = 2, DELEGATED = 4, ASKED = 8, US_PER_S = 1000000 };

/* A question whose nonce is sixteen times 'n': a seed has the same. */
static struct slice question(void)
{
    static uint8_t *der;
    static int len;

    if (der == NULL) {
        unsigned char nonce[16];
        OCSP_REQUEST *request = OCSP_REQUEST_new();
        OCSP_CERTID *id =
            OCSP_cert_to_id(EVP_sha1(), seal_link()->subject, seal_link()->issuer);
        memset(nonce, 'n', sizeof(nonce));
        MUST(request != NULL && id != NULL && OCSP_request_add0_id(request, id) != NULL &&
             OCSP_request_add1_nonce(request, nonce, sizeof(nonce)) == 1);
        len = i2d_OCSP_REQUEST(request, &der);
        MUST(len > 0);
        OCSP_REQUEST_free(request);
    }
    return slice_of(der, (size_t)len);
}

static size_t around(uint8_t tag, uint8_t *bytes, size_t len)
{
    uint8_t header[4];
    size_t size = seal_header(header, tag, len);

    memmove(bytes + size, bytes, len);
    memcpy(bytes, header, size);
    return size + len;
}

static size_t in_front(uint8_t *bytes, size_t len, const uint8_t *front, size_t size)
{
    memmove(bytes + size, bytes, len);
    memcpy(bytes, front, size);
    return size + len;
}

/* OCSPResponse { successful, [0] { id-pkix-ocsp-basic, OCTET STRING } } */
static size_t wrap(uint8_t *bytes, size_t len)
{
    static const uint8_t basic[] = {6, 9, 0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1};
    static const uint8_t successful[] = {10, 1, 0};

    len = around(4, bytes, len);
    len = in_front(bytes, len, basic, sizeof(basic));
    len = around(0x30, bytes, len);
    len = around(0xa0, bytes, len);
    len = in_front(bytes, len, successful, sizeof(successful));
    return around(0x30, bytes, len);
}

/* [0] SEQUENCE OF Certificate */
static struct slice responders(void)
{
    static uint8_t bytes[2048];
    static size_t len;

    if (len == 0) {
        unsigned char *at = bytes;
        MUST(i2d_X509(seal_responder(), NULL) < (int)sizeof(bytes) - 8);
        len = (size_t)i2d_X509(seal_responder(), &at);
        len = around(0x30, bytes, len);
        len = around(0xa0, bytes, len);
    }
    return slice_of(bytes, len);
}

static struct slice answer(struct slice part, uint8_t choice)
{
    static uint8_t sealed[SEAL_MAX + 64];
    bool delegated = (choice & DELEGATED) != 0;
    const struct seal_parts parts = {part, delegated ? responders() : slice_of(NULL, 0)};
    enum seal_hand hand = (choice & STRANGER) != 0 ? SEAL_STRANGER
                          : delegated              ? SEAL_RESPONDER
                                                   : SEAL_CA;
    size_t len = seal(&parts, hand, sealed);

    return slice_of(sealed, len == 0 ? 0 : wrap(sealed, len));
}

static void hold(const struct statement *statement, const struct status_finding *finding)
{
    const struct statement kept = {.der = statement->der};
    struct status_finding again;
    struct sg_error why = {0};

    MUST(finding->this_update_us <= SEAL_NOW_US + (int64_t)STATUS_SKEW_S * US_PER_S);
    MUST(finding->this_update_us < finding->next_update_us);
    MUST(!finding->revoked || !finding->suspended);
    MUST(evidence_follows(finding, finding));
    MUST(evidence_ocsp(seal_link(), &kept, SEAL_NOW_US, &again, &why) == SG_OK);
    MUST(again.revoked == finding->revoked && again.suspended == finding->suspended &&
         again.this_update_us == finding->this_update_us);
}

static void judge(struct slice der, uint8_t choice)
{
    const struct statement statement = {
        .question = (choice & ASKED) != 0 ? question() : slice_of(NULL, 0), .der = der};
    struct status_finding finding;
    struct sg_error why = {0};

    enum sg_status status =
        evidence_ocsp(seal_link(), &statement, SEAL_NOW_US, &finding, &why);
    MUST(status == SG_OK || status == SG_INVALID);
    MUST(status == SG_OK || why.text[0] != '\0');
    if (status == SG_OK) {
        MUST((choice & STRANGER) == 0 || (choice & WHOLE) != 0);
        hold(&statement, &finding);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct slice input = slice_of(data, len);
    uint8_t choice = fuzz_choice(&input);

    if (input.len > SEAL_MAX / 2) {
        return 0;
    }
    if ((choice & WHOLE) == 0) {
        input = answer(input, choice);
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
