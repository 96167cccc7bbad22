#include "proto/quorum/mandate.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "proto/quorum/asking.h"
#include "segel/v1/mandates.pb-c.h"

/* What officers ask for when they ask for a mandate: one reading for gateway, approvers
 * and the core that opens it. */
#define OPEN "/segel.v1.MandateService/OpenMandate"

static struct asking asking;
static struct mandate_asked asked;
static struct sg_error why;
static Segel__V1__OpenMandateRequest request;
static Segel__V1__MandateTerms terms;
static Segel__V1__SignatureProfile profiles[2];
static ProtobufCBinaryData digests[3];
static uint8_t bytes[3][32];
static char key[] = "seal";
static char caller[] = "e-office";
static char letter[] = "letter";
static char permit[] = "permit";
static char *classes[] = {letter, permit};
static char consent[MANDATE_APPROVAL_MAX + 2];
static char id[] = "r-1";
static char reason[] = "letters of the week";
static uint8_t packed[4096];

static void set_up(void)
{
    segel__v1__open_mandate_request__init(&request);
    segel__v1__mandate_terms__init(&terms);
    (void)snprintf(consent, sizeof(consent), "SK 12/2026, 100%%");
    profiles[0] = SEGEL__V1__SIGNATURE_PROFILE__SIGNATURE_PROFILE_CADES_B_B;
    profiles[1] = SEGEL__V1__SIGNATURE_PROFILE__SIGNATURE_PROFILE_PADES_B_B;
    request.request_id = id;
    request.reason = reason;
    request.terms = &terms;
    terms.key = key;
    terms.caller = caller;
    terms.document_classes = classes;
    terms.n_document_classes = SG_COUNT(classes);
    terms.profiles = profiles;
    terms.n_profiles = SG_COUNT(profiles);
    terms.max_signatures = 500;
    terms.until_us = 1777687200000000;
    terms.approval_ref = consent;
    for (size_t i = 0; i < SG_COUNT(digests); i++) {
        memset(bytes[i], (int)i + 1, sizeof(bytes[i]));
        digests[i] = (ProtobufCBinaryData){.data = bytes[i], .len = sizeof(bytes[i])};
    }
}

static void tear_down(void)
{
    mandate_asked_fini(&asked);
}

TestSuite(mandate, .init = set_up, .fini = tear_down);

static void name_documents(void)
{
    terms.hash_algorithm = SEGEL__V1__HASH_ALGORITHM__HASH_ALGORITHM_SHA256;
    terms.digests = digests;
    terms.n_digests = SG_COUNT(digests);
    terms.max_signatures = SG_COUNT(digests);
}

static enum sg_status read_it(void)
{
    return asking_read(OPEN, &request.base, &asking, &why);
}

static enum sg_status read_stored(void)
{
    size_t len = segel__v1__open_mandate_request__pack(&request, packed);

    mandate_asked_fini(&asked);
    return mandate_asked_read(slice_of(packed, len), &asked, &why);
}

Test(mandate, each_bound_stands_in_what_is_signed)
{
    cr_assert_eq(read_it(), SG_OK, "%s", why.text);
    cr_expect_eq(asking.task, TASK_MANDATE_OPEN);
    cr_expect_str_eq(asking.object, "seal");
    cr_expect_str_eq(asking.param, "caller=e-office max=500 until=2026-05-02T02:00:00Z "
                                   "classes=letter,permit profiles=pades_b_b,cades_b_b "
                                   "approval=SK%2012/2026,%20100%25");
    terms.from_us = 1777600800000000;
    name_documents();
    cr_assert_eq(read_it(), SG_OK, "%s", why.text);
    cr_expect_not_null(strstr(asking.param, " from=2026-05-01T02:00:00Z until="));
    cr_expect_not_null(strstr(asking.param, " documents=sha256 list="));
}

Test(mandate, stored_bytes_give_the_same_terms)
{
    name_documents();
    cr_assert_eq(read_stored(), SG_OK, "%s", why.text);
    cr_expect_str_eq(asked.terms.classes, "letter,permit");
    cr_expect_eq(asked.terms.profiles,
                 1U << SG_PROFILE_PADES_B_B | 1U << SG_PROFILE_CADES_B_B);
    cr_expect_eq(asked.terms.max, 3);
    cr_expect_eq(asked.terms.digests, 3);
    cr_expect_str_eq(asked.terms.approval_ref, consent);
    cr_expect(slice_equal(mandate_asked_digest(&asked, 1), slice_of(bytes[1], 32)));
    cr_expect_eq(mandate_asked_read(slice_str("\xff\xff"), &asked, &why), SG_INVALID);
}

Test(mandate, two_documents_that_are_the_same_are_one_too_many)
{
    name_documents();
    memcpy(bytes[2], bytes[0], sizeof(bytes[0]));
    cr_expect_eq(read_stored(), SG_INVALID);
}

Test(mandate, what_breaks_its_limits_is_refused)
{
    terms.n_profiles = 0;
    cr_expect_eq(read_it(), SG_INVALID);
    set_up();
    profiles[1] = profiles[0];
    cr_expect_eq(read_it(), SG_INVALID);
    set_up();
    profiles[0] = (Segel__V1__SignatureProfile)17;
    cr_expect_eq(read_it(), SG_INVALID);
    set_up();
    terms.max_signatures = (uint64_t)MANDATE_SIGNATURES_MAX + 1;
    cr_expect_eq(read_it(), SG_INVALID);
    set_up();
    terms.until_us += 1;
    cr_expect_eq(read_it(), SG_INVALID);
    set_up();
    terms.from_us = terms.until_us - (int64_t)(MANDATE_DAYS_MAX * 86400 + 1) * 1000000;
    cr_expect_eq(read_it(), SG_INVALID);
    set_up();
    memset(consent, 'x', sizeof(consent) - 1);
    cr_expect_eq(read_it(), SG_INVALID);
    set_up();
    name_documents();
    terms.max_signatures++;
    cr_expect_eq(read_it(), SG_INVALID);
    set_up();
    name_documents();
    digests[1].len--;
    cr_expect_eq(read_it(), SG_INVALID);
    set_up();
    request.terms = NULL;
    cr_expect_eq(read_it(), SG_INVALID);
}

Test(mandate, what_does_not_fit_into_the_text_is_not_signed)
{
    char name[MANDATE_NAME_MAX + 1];
    char *many[MANDATE_CLASSES_MAX];

    memset(name, 'c', MANDATE_NAME_MAX);
    name[MANDATE_NAME_MAX] = '\0';
    for (size_t i = 0; i < SG_COUNT(many); i++) {
        many[i] = name;
    }
    terms.document_classes = many;
    terms.n_document_classes = SG_COUNT(many);
    cr_expect_eq(read_it(), SG_INVALID);
}
