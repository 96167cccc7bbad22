#include "client/report/facts.h"

#include <stdio.h>

#include "client/report/facts_inside.h"
#include "proto/text.h"

/* --- Members of a record ----------------------------------------------------------- */

void fact_text(char out[FACT_TEXT], const json_t *object, const char *member)
{
    const json_t *found = json_object_get(object, member);

    if (json_is_string(found)) {
        name_clean(slice_of(json_string_value(found), json_string_length(found)), false,
                   out, FACT_TEXT);
    }
}

int64_t fact_time(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));
    int64_t time_us = 0;

    return text != NULL && text_time_parse(slice_str(text), &time_us) == SG_OK ? time_us
                                                                               : 0;
}

/* A set of texts, parted by commas. */
static void put_set(char out[FACT_TEXT], const json_t *object, const char *member)
{
    const json_t *list = json_object_get(object, member);
    char whole[2 * FACT_TEXT] = "";
    size_t len = 0;

    for (size_t i = 0; i < json_array_size(list) && len < sizeof(whole) - 1; i++) {
        const char *text = json_string_value(json_array_get(list, i));
        int put = snprintf(whole + len, sizeof(whole) - len, "%s%s", i == 0 ? "" : ", ",
                           text == NULL ? "" : text);
        len += put < 0 ? 0 : (size_t)put;
    }
    name_clean(slice_str(whole), false, out, FACT_TEXT);
}

/* --- Certificates and tokens ------------------------------------------------------- */

static void put_algorithm(char out[FACT_TEXT], const json_t *facts)
{
    const char *type = json_string_value(json_object_get(facts, "key.type"));
    const char *curve = json_string_value(json_object_get(facts, "key.curve"));
    json_int_t bits = json_integer_value(json_object_get(facts, "key.rsa_bits"));
    char text[FACT_TEXT];

    if (bits > 0) {
        (void)snprintf(text, sizeof(text), "%s %lld", type == NULL ? "" : type,
                       (long long)bits);
    } else {
        (void)snprintf(text, sizeof(text), "%s %s", type == NULL ? "" : type,
                       curve == NULL ? "" : curve);
    }
    name_clean(slice_str(text), false, out, FACT_TEXT);
}

static void read_certificate(struct fact_certificate *out, const json_t *facts)
{
    fact_text(out->key, facts, "key.id");
    fact_text(out->serial, facts, "cert.serial");
    fact_text(out->subject, facts, "cert.subject_cn");
    fact_text(out->organisation, facts, "cert.subject_o");
    fact_text(out->issuer, facts, "cert.issuer");
    fact_text(out->key_class, facts, "key.class");
    fact_text(out->assurance, facts, "key.assurance");
    put_set(out->usage, facts, "cert.key_usage");
    put_set(out->policies, facts, "cert.policy_oids");
    put_algorithm(out->algorithm, facts);
    out->not_before_us = fact_time(facts, "cert.not_before");
    out->not_after_us = fact_time(facts, "cert.not_after");
}

/* The row of this certificate of the key, also when another one took its place. */
static struct fact_certificate *row_of(struct report_facts *facts,
                                       const struct fact_certificate *fresh)
{
    for (size_t i = 0; i < facts->certificate_count; i++) {
        struct fact_certificate *row = &facts->certificates[i];
        if (strcmp(row->key, fresh->key) == 0 &&
            strcmp(row->serial, fresh->serial) == 0) {
            return row;
        }
    }
    return NULL;
}

/* The row of the key's certificate that is in use. */
static struct fact_certificate *in_use(struct report_facts *facts, const char *key)
{
    for (size_t i = 0; i < facts->certificate_count; i++) {
        struct fact_certificate *row = &facts->certificates[i];
        if (row->until_us == 0 && strcmp(row->key, key) == 0) {
            return row;
        }
    }
    return NULL;
}

static void take_certificate(struct report *report, const json_t *members,
                             int64_t time_us)
{
    struct report_facts *facts = &report->facts;
    struct fact_certificate fresh = {.since_us = time_us};

    read_certificate(&fresh, members);
    struct fact_certificate *old = in_use(facts, fresh.key);
    struct fact_certificate *same = row_of(facts, &fresh);
    if (same == NULL && old != NULL && time_us <= report->period.from_us) {
        *old = fresh; /* the older one is of no interest to this period */
        return;
    }
    if (old != NULL && old != same) {
        old->until_us = time_us;
    }
    if (same != NULL) { /* it is in use, or comes back */
        fresh.since_us = same->since_us;
        *same = fresh;
        return;
    }
    if (facts->certificate_count == FACTS_CERTIFICATES) {
        facts->dropped++;
        return;
    }
    facts->certificates[facts->certificate_count++] = fresh;
}

void facts_unseen(struct report_facts *facts, int64_t time_us)
{
    for (size_t i = 0; i < facts->certificate_count; i++) {
        struct fact_certificate *row = &facts->certificates[i];
        row->unseen_us = row->unseen_us == 0 ? time_us : row->unseen_us;
    }
}

static bool same_token(const struct fact_token *a, const struct fact_token *b)
{
    return strcmp(a->manufacturer, b->manufacturer) == 0 &&
           strcmp(a->model, b->model) == 0 && strcmp(a->serial, b->serial) == 0 &&
           strcmp(a->firmware, b->firmware) == 0 &&
           strcmp(a->assurance, b->assurance) == 0;
}

static void take_token(struct report_facts *facts, const json_t *members, int64_t time_us)
{
    struct fact_token fresh = {.last_us = time_us};

    fact_text(fresh.manufacturer, members, "token.manufacturer");
    fact_text(fresh.model, members, "token.model");
    fact_text(fresh.serial, members, "token.serial");
    fact_text(fresh.firmware, members, "token.firmware");
    fact_text(fresh.assurance, members, "key.assurance");
    for (size_t i = 0; i < facts->token_count; i++) {
        if (same_token(&facts->tokens[i], &fresh)) {
            facts->tokens[i].last_us = time_us;
            return;
        }
    }
    if (facts->token_count == FACTS_TOKENS) {
        facts->dropped++;
        return;
    }
    facts->tokens[facts->token_count++] = fresh;
}

void take_key_facts(struct report *report, const json_t *record, int64_t time_us)
{
    const json_t *members = json_object_get(record, "facts");
    int64_t from_us = fact_time(members, "agreement.from");
    int64_t until_us = fact_time(members, "agreement.until");

    if (!json_is_object(members) || time_us >= report->period.until_us) {
        return;
    }
    take_certificate(report, members, time_us);
    take_token(&report->facts, members, time_us);
    report->facts.agreement_from_us =
        from_us != 0 ? from_us : report->facts.agreement_from_us;
    report->facts.agreement_until_us =
        until_us != 0 ? until_us : report->facts.agreement_until_us;
}

/* --- Policies ---------------------------------------------------------------------- */

/* A part of the log may lack the record of the load: the first jobs name what was in
 * force since nobody here knows when. */
void report_take_revision(struct report *report, const struct scan *scan)
{
    struct report_facts *facts = &report->facts;
    struct slice revision = scan_raw(scan, MEMBER_policy_rev);

    if (facts->policy_count == 0 && revision.len > 0) {
        struct fact_policy *first = &facts->policies[facts->policy_count++];
        *first = (struct fact_policy){.since_us = 0};
        name_clean(revision, false, first->revision, sizeof(first->revision));
    }
}

void take_policy(struct report *report, const json_t *record, int64_t time_us)
{
    struct report_facts *facts = &report->facts;
    struct fact_policy fresh = {.since_us = time_us};

    fact_text(fresh.id, record, "subject");
    fact_text(fresh.version, record, "version");
    fact_text(fresh.revision, record, "policy_rev");
    fact_text(fresh.source, record, "source");
    fact_text(fresh.approver_role, record, "approver_role");
    if (time_us >= report->period.until_us) {
        return;
    }
    if (facts->policy_count > 0) {
        struct fact_policy *last = &facts->policies[facts->policy_count - 1];
        if (strcmp(last->revision, fresh.revision) == 0) { /* after a start */
            fresh.since_us = last->since_us;
            *last = fresh.since_us == 0 ? fresh : *last;
            return;
        }
        last->until_us = time_us;
    }
    if (time_us <= report->period.from_us) {
        facts->policy_count = 0; /* what was in force before is of no interest */
    }
    if (facts->policy_count == FACTS_POLICIES) {
        facts->dropped++;
        return;
    }
    facts->policies[facts->policy_count++] = fresh;
}
