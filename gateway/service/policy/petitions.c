#include "gateway/service/policy/petitions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Persons ----------------------------------------------------------------------- */

static bool same_mark(const uint8_t one[32], const uint8_t other[32])
{
    static const uint8_t none[32] = {0};

    return memcmp(one, none, 32) != 0 && memcmp(one, other, 32) == 0;
}

/* Not the same: another name, certificate, key and subject. One person with two
 * certificates, or with one key in two of them, is one. */
static bool person_differs(const struct person *one, const struct person *other)
{
    return strcmp(one->name, other->name) != 0 &&
           strcmp(one->identity, other->identity) != 0 &&
           !same_mark(one->cert, other->cert) && !same_mark(one->key, other->key) &&
           !same_mark(one->subject, other->subject);
}

const char *person_role(const struct person *person)
{
    return person->reviewer ? "reviewer" : "officer";
}

/* --- Life -------------------------------------------------------------------------- */

void petition_free(struct petition *petition)
{
    if (petition != NULL) {
        policy_free(petition->policy);
        free(petition);
    }
}

static void end(struct petition **petition)
{
    petition_free(*petition);
    *petition = NULL;
}

void petitions_void(struct petitions *petitions)
{
    for (size_t i = 0; i < PETITIONS_MAX; i++) {
        end(&petitions->waiting[i]);
    }
}

void petitions_fini(struct petitions *petitions)
{
    petitions_void(petitions);
}

/* Approvers saw what would change: after another change it is another question. */
static void end_stale(struct petitions *petitions, const struct handed_in *handed)
{
    for (size_t i = 0; i < PETITIONS_MAX; i++) {
        const struct petition *petition = petitions->waiting[i];
        if (petition != NULL && (handed->now_us >= petition->until_us ||
                                 memcmp(petition->base, handed->base, 32) != 0)) {
            end(&petitions->waiting[i]);
        }
    }
}

static void write_down(const struct handed_in *handed, struct petition *out)
{
    *out = (struct petition){.asker = *handed->person,
                             .created_us = handed->wall_us,
                             .until_us = handed->now_us + PETITION_LIFE_US,
                             .policy = policy_take(handed->policy)};
    memcpy(out->base, handed->base, sizeof(out->base));
    (void)snprintf(out->id, sizeof(out->id), "%s", handed->id);
    (void)snprintf(out->request_id, sizeof(out->request_id), "%s", handed->request_id);
    (void)snprintf(out->reason, sizeof(out->reason), "%s", handed->reason);
}

/* --- Handing in -------------------------------------------------------------------- */

static bool same_policy(const struct policy *one, const struct policy *other)
{
    return memcmp(policy_info(one)->sha256, policy_info(other)->sha256, 32) == 0;
}

static struct petition **find(struct petitions *petitions, const struct policy *policy)
{
    for (size_t i = 0; i < PETITIONS_MAX; i++) {
        const struct petition *petition = petitions->waiting[i];
        if (petition != NULL && same_policy(petition->policy, policy)) {
            return &petitions->waiting[i];
        }
    }
    return NULL;
}

static SG_MUST_USE enum sg_status check_id(const struct petitions *petitions,
                                           const struct handed_in *handed,
                                           struct sg_error *why)
{
    for (size_t i = 0; i < PETITIONS_MAX; i++) {
        const struct petition *petition = petitions->waiting[i];
        if (petition != NULL && strcmp(petition->asker.name, handed->person->name) == 0 &&
            strcmp(petition->request_id, handed->request_id) == 0) {
            return sg_fail(why, SG_CONFLICT,
                           "request_id '%s' waits with another policy; use a new id",
                           handed->request_id);
        }
    }
    return SG_OK;
}

static SG_MUST_USE enum sg_status begin(struct petitions *petitions,
                                        const struct handed_in *handed,
                                        struct petition **out, struct sg_error *why)
{
    size_t i = 0;

    TRY(check_id(petitions, handed, why));
    while (i < PETITIONS_MAX && petitions->waiting[i] != NULL) {
        i++;
    }
    if (i == PETITIONS_MAX) {
        return sg_fail(why, SG_BUSY,
                       "%d policies wait for a second person already; they end after 30 "
                       "minutes",
                       PETITIONS_MAX);
    }
    petitions->waiting[i] = (struct petition *)malloc(sizeof(**out));
    if (petitions->waiting[i] == NULL) {
        return SG_NO_MEMORY;
    }
    write_down(handed, petitions->waiting[i]);
    *out = petitions->waiting[i];
    return SG_OK;
}

static bool took_part(const struct petition *petition, const struct person *person)
{
    bool known = !person_differs(&petition->asker, person);

    for (size_t i = 0; !known && i < petition->vote_count; i++) {
        known = !person_differs(&petition->votes[i], person);
    }
    return known;
}

const struct person *petition_approver(const struct petition *petition)
{
    for (size_t i = 0; i < petition->vote_count; i++) {
        if (petition->asker.reviewer || petition->votes[i].reviewer) {
            return &petition->votes[i];
        }
    }
    return NULL;
}

static enum petition_state vote(struct petition *petition, const struct person *person)
{
    if (took_part(petition, person)) {
        return PETITION_KNOWN;
    }
    /* The last place is for the one who can decide it. */
    bool decides = petition->asker.reviewer || person->reviewer;
    if (petition->vote_count + (decides ? 0 : 1) >= PETITION_VOTES_MAX) {
        return PETITION_KNOWN;
    }
    petition->votes[petition->vote_count++] = *person;
    return petition_approver(petition) == NULL ? PETITION_VOTED : PETITION_REACHED;
}

enum sg_status petitions_hand_in(struct petitions *petitions,
                                 const struct handed_in *handed,
                                 enum petition_state *state, struct petition **out,
                                 struct sg_error *why)
{
    end_stale(petitions, handed);
    struct petition **at = find(petitions, handed->policy);
    if (at == NULL) {
        *state = PETITION_NEW;
        return begin(petitions, handed, out, why);
    }
    *state = vote(*at, handed->person);
    *out = *at;
    if (*state == PETITION_REACHED) {
        *at = NULL;
    }
    return SG_OK;
}
