#include <stdio.h>
#include <sys/stat.h>

#include "client/commands/ceremony/ceremony.h"
#include "client/commands/ceremony/talk.h"
#include "proto/text.h"

/* --- Who is here ------------------------------------------------------------------- */

bool ceremony_is_here(const struct ceremony *ceremony, const char *name, bool witness)
{
    enum minutes_field field =
        witness ? MINUTES_FIELD_WITNESS : MINUTES_FIELD_PARTICIPANT;
    const struct minutes *minutes = &ceremony->state.minutes;
    struct slice line;

    for (size_t n = 0; (line = minutes_get(minutes, field, n)).len > 0; n++) {
        if (slice_equal(minutes_first(line), slice_str(name))) {
            return true;
        }
    }
    return false;
}

void ceremony_first(const struct ceremony *ceremony, bool witness,
                    char out[SCRIPT_NAME_SIZE])
{
    struct slice name = minutes_first(
        minutes_get(&ceremony->state.minutes,
                    witness ? MINUTES_FIELD_WITNESS : MINUTES_FIELD_PARTICIPANT, 0));

    (void)snprintf(out, SCRIPT_NAME_SIZE, "%.*s", (int)name.len, (const char *)name.data);
}

bool ceremony_home_of(const struct ceremony *ceremony, const char *name,
                      char out[HOME_PATH_SIZE])
{
    struct stat about;

    if (ceremony->people == NULL || !text_name(slice_str(name))) {
        return false;
    }
    int len = snprintf(out, HOME_PATH_SIZE, "%s/%s", ceremony->people, name);
    return len > 0 && len < HOME_PATH_SIZE && stat(out, &about) == 0 &&
           S_ISDIR(about.st_mode);
}

/* --- Meeting ----------------------------------------------------------------------- */

static enum sg_status add_person(struct ceremony *ceremony, struct slice name,
                                 bool witness, struct sg_error *why)
{
    const struct roster *roster = &ceremony->known.roster;
    unsigned person = groups_find_leaf(&roster->groups, name);
    char text[SCRIPT_NAME_SIZE];

    (void)snprintf(text, sizeof(text), "%.*s", (int)name.len, (const char *)name.data);
    if (person == GROUPS_NONE) {
        return sg_fail(why, SG_INVALID, "the quorum file has nobody named '%s'", text);
    }
    if (ceremony_is_here(ceremony, text, false) ||
        ceremony_is_here(ceremony, text, true)) {
        return sg_fail(why, SG_INVALID, "'%s' stands there twice", text);
    }
    if (witness && roster->persons[person].role != PERSON_REVIEWER) {
        return sg_fail(why, SG_INVALID, "'%s' is no reviewer: reviewers are witnesses",
                       text);
    }
    return state_note(&ceremony->state, why,
                      witness ? MINUTES_FIELD_WITNESS : MINUTES_FIELD_PARTICIPANT,
                      "%s %s", text, person_role_name(roster->persons[person].role));
}

/* Others may be here, too; only these are enough. */
static unsigned count_role(const struct ceremony *ceremony, bool witness)
{
    enum minutes_field field =
        witness ? MINUTES_FIELD_WITNESS : MINUTES_FIELD_PARTICIPANT;
    const char *role = person_role_name(witness ? PERSON_REVIEWER : PERSON_OFFICER);
    struct slice line;
    unsigned count = 0;

    for (size_t n = 0; (line = minutes_get(&ceremony->state.minutes, field, n)).len > 0;
         n++) {
        count += slice_equal(minutes_rest(line), slice_str(role)) ? 1 : 0;
    }
    return count;
}

/* Names with blanks or commas between them. */
static enum sg_status add_people(struct ceremony *ceremony, const char *line,
                                 bool witness, unsigned fewest, struct sg_error *why)
{
    for (const char *at = line + strspn(line, " ,"); *at != '\0';) {
        size_t len = strcspn(at, " ,");
        TRY(add_person(ceremony, slice_of(at, len), witness, why));
        at += len;
        at += strspn(at, " ,");
    }
    return count_role(ceremony, witness) >= fewest
               ? SG_OK
               : sg_fail(why, SG_INVALID, "at least %u of the %s must be here", fewest,
                         witness ? "reviewers" : "officers");
}

static enum sg_status meet(struct ceremony *ceremony, bool witness, unsigned fewest,
                           const char *question, struct sg_error *why)
{
    struct minutes before = ceremony->state.minutes;
    char line[TALK_LINE_MAX];
    enum sg_status status = SG_INVALID;

    while (status != SG_OK) {
        status = talk_ask(question, line, why);
        if (status == SG_OK) {
            status = add_people(ceremony, line, witness, fewest, why);
        }
        if (status != SG_OK && status != SG_INVALID) {
            return status;
        }
        if (status == SG_INVALID) {
            talk_passed(false, ceremony->indonesian, why->text);
            ceremony->state.minutes = before;
        }
    }
    return SG_OK;
}

enum sg_status ceremony_meet(struct ceremony *ceremony, struct sg_error *why)
{
    const struct script *script = &ceremony->found.script;
    bool indonesian = ceremony->indonesian;

    TRY(meet(ceremony, false, script->officers,
             indonesian ? "Petugas yang hadir, pemimpin lebih dahulu:"
                        : "Officers who are here, the one who leads first:",
             why));
    return script->witnesses == 0 ? SG_OK
                                  : meet(ceremony, true, script->witnesses,
                                         indonesian ? "Saksi:" : "Witnesses:", why);
}
