#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/officers/effects.h"
#include "proto/digest.h"
#include "proto/quorum/mandate.h"
#include "proto/text.h"

/* A mandate is opened. */

/* --- Whether it can be -------------------------------------------------------------- */

static bool is_word(const struct config_words *words, const char *name, size_t len)
{
    for (size_t i = 0; i < words->count; i++) {
        if (strlen(words->items[i]) == len && strncmp(words->items[i], name, len) == 0) {
            return true;
        }
    }
    return false;
}

static enum sg_status check_caller(const struct core *core,
                                   const struct mandate_terms *terms,
                                   struct sg_error *why)
{
    const struct config_caller *caller = config_find_caller(core->newest, terms->caller);

    if (caller == NULL) {
        return sg_fail(why, SG_NOT_FOUND, "there is no caller '%s' on this gateway",
                       terms->caller);
    }
    if ((caller->roles & ROLE_BACKEND) == 0 ||
        !is_word(&caller->keys, terms->key, strlen(terms->key))) {
        return sg_fail(why, SG_PRECONDITION, "caller '%s' is not entitled to key '%s'",
                       terms->caller, terms->key);
    }
    return SG_OK;
}

/* Every class of the list; those of the configuration are what the key may sign. */
static enum sg_status check_classes(const struct config_key *key, const char *classes,
                                    struct sg_error *why)
{
    const char *at = classes;

    while (*at != '\0') {
        size_t len = strcspn(at, ",");
        bool allowed = (key->allowed_classes.count == 0 ||
                        is_word(&key->allowed_classes, at, len)) &&
                       !is_word(&key->prohibited_classes, at, len);
        if (!allowed) {
            return sg_fail(why, SG_PRECONDITION, "key '%s' may not sign '%.*s'",
                           key->name, (int)len, at);
        }
        at += len + (at[len] == ',' ? 1 : 0);
    }
    return SG_OK;
}

static enum sg_status check_key(const struct core *core,
                                const struct mandate_terms *terms, struct sg_error *why)
{
    const struct key *key = keyring_find(&core->keyring, slice_str(terms->key));

    if (key == NULL) {
        return sg_fail(why, SG_NOT_FOUND, "there is no key '%s' on this gateway",
                       terms->key);
    }
    if ((terms->profiles >> SG_PROFILE_RAW & 1) != 0 && !key_rules(key)->raw_allowed) {
        return sg_fail(why, SG_PRECONDITION, "key '%s' may not sign bare digests",
                       terms->key);
    }
    return check_classes(key_rules(key), terms->classes, why);
}

static enum sg_status check_time(const struct mandate_terms *terms, int64_t now_us,
                                 struct sg_error *why)
{
    const int64_t longest_us = (int64_t)MANDATE_DAYS_MAX * 86400 * 1000000;
    int64_t from_us = terms->from_us > now_us ? terms->from_us : now_us;

    if (terms->until_us <= now_us) {
        return sg_fail(why, SG_PRECONDITION, "the mandate's time would be over already");
    }
    return terms->until_us - from_us <= longest_us
               ? SG_OK
               : sg_fail(why, SG_PRECONDITION, "a mandate holds for %d days at most",
                         MANDATE_DAYS_MAX);
}

static enum sg_status check_all(const struct core *core,
                                const struct mandate_terms *terms, struct sg_error *why)
{
    TRY(check_key(core, terms, why));
    TRY(check_caller(core, terms, why));
    TRY(check_time(terms, clock_wall_us(), why));
    return core->mandates.count < MANDATES_OPEN_MAX
               ? SG_OK
               : sg_fail(
                     why, SG_PRECONDITION,
                     "%d mandates are open already; revoke those that are not needed, "
                     "or wait until they end",
                     MANDATES_OPEN_MAX);
}

static enum sg_status check_open(struct core *core, const struct ledger_request *request,
                                 struct sg_error *why)
{
    AUTO(mandate_asked_fini) struct mandate_asked asked;

    TRY(mandate_asked_read(request->message, &asked, why));
    return check_all(core, &asked.terms, why);
}

/* --- Opening ------------------------------------------------------------------------ */

static void name_profiles(unsigned profiles, char *out, size_t cap)
{
    size_t len = 0;

    out[0] = '\0';
    for (int i = SG_PROFILE_NONE + 1; i < SG_PROFILE_COUNT && len < cap; i++) {
        if ((profiles >> i & 1) != 0) {
            len += (size_t)snprintf(out + len, cap - len, "%s%s", len == 0 ? "" : ",",
                                    sg_profile_name((enum sg_profile)i));
        }
    }
}

static enum sg_status write_open(struct core *core, const struct ledger_mandate *row,
                                 struct members *members, struct log_place *place)
{
    const struct mandate_terms *terms = &row->terms;
    char from[TEXT_TIME_SIZE];
    char until[TEXT_TIME_SIZE];
    char max[24];
    char documents[24] = "";
    char list[DIGEST_SHA256_SIZE] = "";
    char profiles[128];

    text_time(terms->from_us, from);
    text_time(terms->until_us, until);
    (void)snprintf(max, sizeof(max), "%" PRIu64, terms->max);
    name_profiles(terms->profiles, profiles, sizeof(profiles));
    if (terms->digests > 0) {
        (void)snprintf(documents, sizeof(documents), "%" PRIu64, terms->digests);
        digest_sha256_text(terms->sha256, list);
    }
    members_add(members, "mandate", row->id);
    members_add(members, "for_caller", terms->caller);
    members_add(members, "doc_classes", terms->classes);
    members_add(members, "profiles", profiles);
    members_add(members, "max", max);
    members_add(members, "from", from);
    members_add(members, "until", until);
    members_add(members, "approval_ref", terms->approval_ref);
    members_add(members, "documents", documents);
    members_add(members, "documents_sha256", list);
    return members_write(core, "mandate.open", members, place);
}

static struct ledger_mandate row_of(const struct ledger_request *request,
                                    const struct mandate_terms *terms, int64_t now_us)
{
    struct ledger_mandate row = {
        .terms = *terms, .state = MANDATE_OPEN, .seen_us = now_us, .opened_us = now_us};

    MUST(strncmp(request->id, "g-", 2) == 0);
    (void)snprintf(row.id, sizeof(row.id), "m-%.62s", request->id + 2);
    (void)snprintf(row.grant, sizeof(row.grant), "%.64s", request->id);
    (void)snprintf(row.requester, sizeof(row.requester), "%.64s", request->person);
    if (row.terms.from_us == 0) {
        row.terms.from_us = now_us;
    }
    return row;
}

static enum sg_status add_digests(struct core *core, uint64_t number,
                                  const struct mandate_asked *asked)
{
    for (size_t i = 0; i < asked->terms.digests; i++) {
        TRY(ledger_add_mandate_digest(core->ledger, number,
                                      mandate_asked_digest(asked, i)));
    }
    return SG_OK;
}

static enum sg_status do_open(struct core *core, const struct ledger_request *request,
                              struct members *members, struct log_place *place)
{
    AUTO(mandate_asked_fini) struct mandate_asked asked;
    struct sg_error why = {0};

    TRY(mandate_asked_read(request->message, &asked, &why));
    struct ledger_mandate row = row_of(request, &asked.terms, clock_wall_us());
    TRY(write_open(core, &row, members, place));
    row.log_index = place->index;
    memcpy(row.log_hash, place->hash, sizeof(row.log_hash));
    TRY(ledger_add_mandate(core->ledger, &row));
    TRY(add_digests(core, row.number, &asked));
    return mandates_add(core, &row);
}

static void after_open(struct core *core, const struct ledger_request *request)
{
    log_event(LOG_INFO, "mandate.open", "grant", request->id, "key", request->object,
              NULL);
    report_update(core, true);
}

const struct effect effect_open_mandate = {check_open, do_open, after_open};
