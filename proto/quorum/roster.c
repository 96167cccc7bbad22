#include "proto/quorum/roster.h"

#include <string.h>

#include "proto/quorum/words.h"
#include "proto/text.h"

enum reviewers { REVIEWERS_NEVER, REVIEWERS_MAY, REVIEWERS_MUST };

static const struct {
    const char *name;
    unsigned persons;
    enum reviewers reviewers;
} tasks[TASK_COUNT] = {
#define TASK(id, name, persons, reviewers) {name, persons, REVIEWERS_##reviewers},
#include "proto/quorum/tasks.def"
#undef TASK
};

static const char *const role_names[PERSON_ROLE_COUNT] = {"officer", "reviewer",
                                                          "operator"};

const char *task_name(enum task task)
{
    return tasks[task].name;
}

enum task task_find(struct slice name)
{
    size_t task = 0;

    while (task < TASK_COUNT && !slice_equal(name, slice_str(tasks[task].name))) {
        task++;
    }
    return (enum task)task;
}

const char *person_role_name(enum person_role role)
{
    return role_names[role];
}

/* --- Reading ----------------------------------------------------------------------- */

enum { NO_GROUP = GROUPS_MAX };

struct reading {
    struct roster *roster; /* borrowed */
    struct words line;
    struct sg_error *why; /* borrowed */
};

static enum person_role role_of(struct slice word)
{
    size_t role = 0;

    while (role < PERSON_ROLE_COUNT && !slice_equal(word, slice_str(role_names[role]))) {
        role++;
    }
    return (enum person_role)role;
}

static bool key_is_known(const struct roster *roster, const struct note_key *key)
{
    for (size_t p = 0; p < roster->groups.leaf_count; p++) {
        const struct roster_person *person = &roster->persons[p];
        for (size_t k = 0; k < person->key_count; k++) {
            if (note_key_same(&person->keys[k], key)) {
                return true;
            }
        }
    }
    return false;
}

static enum sg_status read_key(const struct reading *reading, struct note_key *key)
{
    struct slice vkey = reading->line.word[2];

    if (note_vkey_parse(vkey, key) != SG_OK || key->kind != NOTE_ED25519) {
        return sg_fail(reading->why, SG_INVALID,
                       "'%.*s' is no verifier key of an Ed25519 key "
                       "(NAME+ID+BASE64, as 'segel officer key' prints it)",
                       vkey.len < 80 ? (int)vkey.len : 80, (const char *)vkey.data);
    }
    return key_is_known(reading->roster, key)
               ? sg_fail(reading->why, SG_INVALID,
                         "this key stands above already: each person has own ones")
               : SG_OK;
}

/* Names of persons and groups stand in records and in grants. */
static enum sg_status check_name(const struct reading *reading)
{
    return text_name(reading->line.word[1])
               ? SG_OK
               : sg_fail(reading->why, SG_INVALID,
                         "a name has 1 to 64 characters of A-Z, a-z, 0-9, '.', '_' and "
                         "'-'");
}

/* The person of the line, who may be new. */
static enum sg_status find_person(struct reading *reading, enum person_role role,
                                  struct roster_person **out)
{
    struct roster *roster = reading->roster;
    struct slice name = reading->line.word[1];
    unsigned index = groups_find_leaf(&roster->groups, name);

    if (index == GROUPS_NONE) {
        TRY(groups_add_leaf(&roster->groups, name, reading->why));
        index = (unsigned)roster->groups.leaf_count - 1;
        roster->persons[index] = (struct roster_person){.role = role};
    }
    *out = &roster->persons[index];
    if ((*out)->role != role) {
        return sg_fail(reading->why, SG_INVALID, "'%.*s' is %s %s above: one role each",
                       (int)name.len, (const char *)name.data,
                       (*out)->role == PERSON_REVIEWER ? "a" : "an",
                       person_role_name((*out)->role));
    }
    return SG_OK;
}

static enum sg_status read_person(struct reading *reading, enum person_role role)
{
    struct roster_person *person = NULL;
    struct note_key key;

    if (reading->line.count != 3) {
        return sg_fail(reading->why, SG_INVALID, "a person is a role, a name and a key");
    }
    TRY(check_name(reading));
    TRY(read_key(reading, &key));
    TRY(find_person(reading, role, &person));
    if (person->key_count == ROSTER_KEYS_MAX) {
        return sg_fail(reading->why, SG_INVALID, "a person has at most %d keys",
                       ROSTER_KEYS_MAX);
    }
    person->keys[person->key_count++] = key;
    return SG_OK;
}

static enum sg_status read_group(struct reading *reading)
{
    struct groups *groups = &reading->roster->groups;

    TRY(groups_add(groups, reading->line.word + 1, reading->line.count - 1,
                   reading->why));
    TRY(check_name(reading));
    const struct group *group = &groups->list[groups->count - 1];
    for (size_t m = 1; m < group->count; m++) {
        if (group->members[m].is_group != group->members[0].is_group) {
            return sg_fail(reading->why, SG_INVALID,
                           "a group has persons or groups as members, not both");
        }
    }
    return SG_OK;
}

static enum sg_status read_task(struct reading *reading)
{
    struct roster *roster = reading->roster;
    const struct words *line = &reading->line;

    if (line->count != 3) {
        return sg_fail(reading->why, SG_INVALID, "a task is its name and a group");
    }
    enum task task = task_find(line->word[1]);
    unsigned group = groups_find(&roster->groups, line->word[2]);
    if (task == TASK_COUNT) {
        return sg_fail(reading->why, SG_INVALID, "there is no task '%.*s'",
                       (int)line->word[1].len, (const char *)line->word[1].data);
    }
    if (group == GROUPS_NONE) {
        return sg_fail(reading->why, SG_INVALID, "no group '%.*s' stands above",
                       (int)line->word[2].len, (const char *)line->word[2].data);
    }
    if (roster->quorum[task] != NO_GROUP) {
        return sg_fail(reading->why, SG_INVALID, "the task %s stands above already",
                       task_name(task));
    }
    roster->quorum[task] = (uint8_t)group;
    return SG_OK;
}

static enum sg_status read_line(struct reading *reading)
{
    struct slice word = reading->line.word[0];
    enum person_role role = role_of(word);

    if (role != PERSON_ROLE_COUNT) {
        return read_person(reading, role);
    }
    if (slice_equal(word, slice_str("group"))) {
        return read_group(reading);
    }
    if (slice_equal(word, slice_str("task"))) {
        return read_task(reading);
    }
    return sg_fail(reading->why, SG_INVALID,
                   "it begins with none of the words officer, reviewer, operator, group, "
                   "task");
}

static enum sg_status read_lines(struct reading *reading, struct slice text)
{
    enum sg_status status;

    while ((status = words_next(&text, &reading->line, reading->why)) == SG_OK) {
        if (read_line(reading) != SG_OK) {
            return words_fail(&reading->line, SG_INVALID, reading->why);
        }
    }
    return status == SG_NOT_FOUND ? SG_OK : status;
}

/* --- Whether it holds together ----------------------------------------------------- */

static uint64_t of_role(const struct roster *roster, enum person_role role)
{
    uint64_t persons = 0;

    for (size_t p = 0; p < roster->groups.leaf_count; p++) {
        persons |= (uint64_t)(roster->persons[p].role == role) << p;
    }
    return persons;
}

/* The name of the first of these persons. */
static const char *one_of(const struct roster *roster, uint64_t persons)
{
    return roster->groups.leaves[__builtin_ctzll(persons)];
}

static enum sg_status check_members(const struct roster *roster, enum task task,
                                    struct sg_error *why)
{
    uint64_t twice = 0;
    uint64_t persons = groups_leaves(&roster->groups, roster->quorum[task], &twice);
    uint64_t barred = persons & of_role(roster, PERSON_OPERATOR);

    if (tasks[task].reviewers == REVIEWERS_NEVER) {
        barred |= persons & of_role(roster, PERSON_REVIEWER);
    }
    if (barred != 0) {
        return sg_fail(why, SG_INVALID,
                       "'%s' cannot take part in the task %s: that is for officers%s",
                       one_of(roster, barred), task_name(task),
                       tasks[task].reviewers == REVIEWERS_NEVER ? "" : " and reviewers");
    }
    return twice == 0 ? SG_OK
                      : sg_fail(why, SG_INVALID,
                                "'%s' stands in two places of the task %s, and counts "
                                "once",
                                one_of(roster, twice), task_name(task));
}

static enum sg_status check_count(const struct roster *roster, enum task task,
                                  struct sg_error *why)
{
    size_t group = roster->quorum[task];

    if (groups_fewest(&roster->groups, group) < tasks[task].persons) {
        return sg_fail(why, SG_INVALID, "the task %s needs at least %u persons",
                       task_name(task), tasks[task].persons);
    }
    if (tasks[task].reviewers == REVIEWERS_MUST &&
        groups_reached(&roster->groups, group, ~of_role(roster, PERSON_REVIEWER))) {
        return sg_fail(why, SG_INVALID,
                       "the task %s needs a reviewer, and officers alone would be enough",
                       task_name(task));
    }
    return SG_OK;
}

/* What one person alone does needs nobody else. */
static enum sg_status check_losses(const struct roster *roster, enum task task,
                                   struct sg_error *why)
{
    uint64_t left = roster_candidates(roster, task);

    if (groups_fewest(&roster->groups, roster->quorum[task]) < 2) {
        return SG_OK;
    }
    for (; left != 0; left &= left - 1) {
        unsigned person = (unsigned)__builtin_ctzll(left);
        if (!roster_reached(roster, task, ~(uint64_t)0, person)) {
            return sg_fail(why, SG_INVALID,
                           "the task %s could not be done without '%s', whose own "
                           "requests somebody else must approve, and who may fall ill: "
                           "name more persons",
                           task_name(task), roster->groups.leaves[person]);
        }
    }
    return SG_OK;
}

static enum sg_status check_task(const struct roster *roster, enum task task,
                                 struct sg_error *why)
{
    if (roster->quorum[task] == NO_GROUP) {
        return sg_fail(why, SG_INVALID, "there is no line for the task %s",
                       task_name(task));
    }
    TRY(check_members(roster, task, why));
    TRY(check_count(roster, task, why));
    return check_losses(roster, task, why);
}

enum sg_status roster_parse(struct slice text, struct roster *out, struct sg_error *why)
{
    struct reading reading = {.roster = out, .why = why};

    if (text.len > WORDS_FILE_MAX) {
        return sg_fail(why, SG_TOO_LARGE, "a quorum file has at most %d bytes",
                       WORDS_FILE_MAX);
    }
    memset(out, 0, sizeof(*out));
    memset(out->quorum, NO_GROUP, sizeof(out->quorum));
    TRY(read_lines(&reading, text));
    /* Quorum files that were signed before there was such a task stay good. */
    if (out->quorum[TASK_PIN_CHANGE] == NO_GROUP) {
        out->quorum[TASK_PIN_CHANGE] = out->quorum[TASK_PIN_UNLOCK];
    }
    for (size_t task = 0; task < TASK_COUNT; task++) {
        TRY(check_task(out, (enum task)task, why));
    }
    return SG_OK;
}

/* --- Asking ------------------------------------------------------------------------ */

bool roster_reached(const struct roster *roster, enum task task, uint64_t persons,
                    unsigned requester)
{
    uint64_t own = requester == GROUPS_NONE ? 0 : (uint64_t)1 << requester;

    return groups_reached(&roster->groups, roster->quorum[task], persons & ~own);
}

unsigned roster_fewest(const struct roster *roster, enum task task)
{
    return groups_fewest(&roster->groups, roster->quorum[task]);
}

uint64_t roster_candidates(const struct roster *roster, enum task task)
{
    uint64_t twice = 0;

    return groups_leaves(&roster->groups, roster->quorum[task], &twice);
}
