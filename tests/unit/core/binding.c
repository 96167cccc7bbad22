#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>

#include "gateway/core/key/binding.h"

/* A binding and the policy that it was made with. */

static struct policy *policy_of(const char *more)
{
    static const char head[] =
        "apiVersion: segel/v1\nkind: CertificatePolicy\n"
        "metadata: {id: p, version: 1, effective: 2026-01-01, review_by: 2027-01-01%s}\n"
        "profile: test\n"
        "rules: [{id: R, cp: \"1\", level: hard, require: {key.class: seal}, deny: "
        "NO}]\n";
    struct policy *out = NULL;
    struct sg_error why = {0};
    char text[512];

    int len = snprintf(text, sizeof(text), head, more);
    cr_assert_eq(policy_parse(slice_of(text, (size_t)len), "p", &out, &why), SG_OK, "%s",
                 why.text);
    return out;
}

static struct binding *binding_of(struct policy *policy)
{
    struct binding *out = (struct binding *)calloc(1, sizeof(*out));
    struct facts facts = {0};

    cr_assert_not_null(out);
    atomic_init(&out->holders, 1);
    out->policy = policy_take(policy);
    out->usable = true;
    out->hardware = true;
    facts_text(&facts, FACT_ID_key_class, slice_str("seal"));
    cr_assert_eq(policy_bind(policy, &facts, &out->facts), SG_OK);
    return out;
}

Test(binding, holds_its_policy_until_it_goes)
{
    struct policy *policy = policy_of("");
    struct binding *binding = binding_of(policy);

    policy_free(policy);
    cr_expect_str_eq(policy_info(binding->policy)->id, "p");
    binding_give(binding); /* a sanitizer sees whether all of it is gone */
}

Test(binding, is_remade_with_the_tokens_facts_and_without_those_of_the_old_policy)
{
    struct policy *old = policy_of(", agreement: {no: A, from: 2026-01-01, "
                                   "until: 2026-12-31}");
    struct policy *new = policy_of("");
    struct binding *before = binding_of(old);
    struct binding *after = NULL;
    const char *classes[] = {"surat_tugas"};
    const struct config_key config = {.name = "k"};
    const struct config_key later = {.name = "k", .allowed_classes = {classes, 1}};
    struct binding_holder holder = {.binding = NULL};
    const struct key key = {.config = &config, .holder = &holder};

    key_rule(&key, &later);
    cr_assert_eq(binding_remake(&key, before, new, &after), SG_OK);
    const struct facts *facts = policy_key_facts(after->facts);
    cr_expect_eq(after->policy, new);
    cr_expect(after->usable && after->hardware);
    cr_expect(slice_equal(facts->value[FACT_ID_key_class].text, slice_str("seal")));
    cr_expect_eq(facts->value[FACT_ID_key_allowed_classes].set_count, 1);
    cr_expect(policy_key_facts(before->facts)->value[FACT_ID_agreement_until].present);
    cr_expect_not(facts->value[FACT_ID_agreement_until].present);
    cr_expect_not(binding_alike(before, after), "no job may be signed by the other's");
    policy_free(old);
    policy_free(new);
    binding_give(before);
    cr_expect(slice_equal(facts->value[FACT_ID_key_class].text, slice_str("seal")));
    binding_give(after);
}

enum { THREADS = 4, ROUNDS = 20000 };

static void *share(void *context)
{
    struct policy *policy = (struct policy *)context;

    for (int i = 0; i < ROUNDS; i++) {
        struct policy *mine = policy_take(policy);
        if (policy_info(mine)->version != 1) {
            return mine;
        }
        policy_free(mine);
    }
    policy_free(policy);
    return NULL;
}

/* Each thread has a share of its own to begin with; the last one frees it. */
Test(binding, a_policy_is_shared_by_threads)
{
    struct policy *policy = policy_of("");
    pthread_t threads[THREADS];
    void *bad = NULL;

    for (int i = 0; i < THREADS; i++) {
        cr_assert_eq(pthread_create(&threads[i], NULL, share, policy_take(policy)), 0);
    }
    policy_free(policy);
    for (int i = 0; i < THREADS; i++) {
        cr_assert_eq(pthread_join(threads[i], &bad), 0);
        cr_expect_null(bad);
    }
}

/* --- The dates of the token -------------------------------------------------------- */

enum { WIB_S = 25200 }; /* the policy's zone where it names none: 7 hours */

static const struct {
    const char *start;
    const char *end;
    int64_t start_s; /* -1 = absent */
    int64_t end_s;
} dates[] = {
    {"", "", -1, -1},
    {"20260201", "", INT64_C(1769904000) - WIB_S, -1},
    {"", "20270201", -1, INT64_C(1801526400) - WIB_S - 1},
    {"", "20270230", -1, 0}, /* cannot be read: counts as over */
    {"", "????????", -1, 0},
    {"????????", "", -1, 0},
    {"20260230", "20270201", -1, 0},
};

static bool is_second(const struct facts *facts, enum fact fact, int64_t second)
{
    const struct fact_value *value = &facts->value[fact];

    return second < 0 ? !value->present
                      : value->present && value->number / 1000000 == second;
}

Test(binding, a_date_that_cannot_be_read_is_not_the_same_as_none)
{
    struct policy *policy = policy_of("");

    for (size_t i = 0; i < SG_COUNT(dates); i++) {
        struct lane_key info = {.usable = true};
        struct facts facts = {0};
        (void)snprintf(info.start_date, sizeof(info.start_date), "%s", dates[i].start);
        (void)snprintf(info.end_date, sizeof(info.end_date), "%s", dates[i].end);
        binding_dates(policy, &info, &facts);
        cr_expect(is_second(&facts, FACT_ID_key_start_date, dates[i].start_s), "row %zu",
                  i);
        cr_expect(is_second(&facts, FACT_ID_key_end_date, dates[i].end_s), "row %zu", i);
    }
    policy_free(policy);
}
