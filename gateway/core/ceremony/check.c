#include "gateway/core/ceremony/check.h"

#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/lane/login.h"

enum sg_status ceremony_find(const struct core *core, const char *name, size_t *index,
                             struct sg_error *why)
{
    *index = register_find(core, name);
    if (*index == core->keyring.count) {
        return sg_fail(why, SG_NOT_FOUND,
                       "the configuration has no key '%s' (keys:); add it there without "
                       "id and certificate, and start the gateway anew",
                       name);
    }
    return core->keys.rows[*index].request[0] == '\0'
               ? SG_OK
               : sg_fail(why, SG_PRECONDITION,
                         "a ceremony for key '%s' is under way (request '%s')", name,
                         core->keys.rows[*index].request);
}

static enum sg_status check_person(const struct core *core, const char *name,
                                   struct sg_error *why)
{
    return quorum_find(core->grants.quorum, name) != GROUPS_NONE
               ? SG_OK
               : sg_fail(why, SG_INVALID, "'%.64s' is nobody of the quorum file", name);
}

static bool is_repeated(const struct ceremony_persons *persons, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(persons->names[i], persons->names[index]) == 0) {
            return true;
        }
    }
    return false;
}

enum sg_status ceremony_check_persons(const struct core *core,
                                      const struct ceremony_persons *persons,
                                      struct sg_error *why)
{
    if (persons->count < persons->fewest || persons->count > 16) {
        return sg_fail(why, SG_INVALID,
                       "%s must name %zu to 16 persons of the quorum "
                       "file",
                       persons->what, persons->fewest);
    }
    for (size_t i = 0; i < persons->count; i++) {
        TRY(check_person(core, persons->names[i], why));
        if (is_repeated(persons, i)) {
            return sg_fail(why, SG_INVALID, "%s name '%.64s' twice", persons->what,
                           persons->names[i]);
        }
    }
    return SG_OK;
}

enum sg_status ceremony_check_reviewer(const struct core *core, const char *name,
                                       struct sg_error *why)
{
    unsigned person = quorum_find(core->grants.quorum, name);

    return person != GROUPS_NONE &&
                   core->grants.quorum->roster.persons[person].role == PERSON_REVIEWER
               ? SG_OK
               : sg_fail(why, SG_INVALID,
                         "the witness '%.64s' must be a reviewer of the quorum file",
                         name);
}

enum sg_status ceremony_check_makers(const struct core *core,
                                     const struct ceremony_persons *makers,
                                     const char *witness, struct sg_error *why)
{
    const struct quorum *quorum = core->grants.quorum;
    size_t officers = 0;

    TRY(ceremony_check_persons(core, makers, why));
    TRY(ceremony_check_reviewer(core, witness, why));
    for (size_t i = 0; i < makers->count; i++) {
        unsigned person = quorum_find(quorum, makers->names[i]);
        officers += quorum->roster.persons[person].role == PERSON_OFFICER ? 1 : 0;
        if (strcmp(makers->names[i], witness) == 0) {
            return sg_fail(
                why, SG_INVALID,
                "the witness '%.64s' must have no part in the work, and is one "
                "of the %s",
                witness, makers->what);
        }
    }
    return officers >= makers->fewest
               ? SG_OK
               : sg_fail(why, SG_INVALID, "%zu of the %s must be officers",
                         makers->fewest, makers->what);
}

enum sg_status ceremony_check_lane(struct core *core, const char *lane,
                                   struct sg_error *why)
{
    const struct berth *berth = berth_find(core, lane);

    if (berth == NULL) {
        return sg_fail(why, SG_NOT_FOUND,
                       "there is no lane '%.64s'; 'segel token list' shows those that "
                       "there are",
                       lane);
    }
    return lane_state(berth->lane) == LANE_LATCHED || latch_failures(berth) > 0
               ? sg_fail(why, SG_PRECONDITION,
                         "the PIN of lane '%s' was refused: let officers unlock it first "
                         "('segel token unlock')",
                         lane)
               : SG_OK;
}

enum sg_status ceremony_check_pause(const struct berth *berth, struct sg_error *why)
{
    static const int64_t minute_us = 60000000;
    int64_t pause_us = lane_login_pause_us(berth->lane, clock_mono_us());

    return pause_us == 0
               ? SG_OK
               : sg_fail(why, SG_PRECONDITION,
                         "logins to the token of lane '%s' ended without an answer, each "
                         "may have been a wrong PIN: the next one in %lld min",
                         lane_name(berth->lane),
                         (long long)((pause_us + minute_us - 1) / minute_us));
}

enum sg_status ceremony_check_making(const struct core *core, struct sg_error *why)
{
    return core->lockdown.active
               ? sg_fail(why, SG_PRECONDITION, "there is a lock-down: no key is made")
               : SG_OK;
}

enum sg_status ceremony_check_still(struct core *core, struct sg_error *why)
{
    const struct ceremony_work *work = &core->ceremony.work;

    if (work->csr != NULL) {
        return ceremony_check_csr(core, work->csr, why);
    }
    return work->order.rite == RITE_GENERATE ? ceremony_check_making(core, why) : SG_OK;
}
