#include "client/commands/ceremony/rehearsal_people.h"

#include <stdio.h>

#include "client/commands/ceremony/minutes_file.h"
#include "client/officer/key.h"
#include "proto/quorum/roster.h"

enum { QUORUM_SIZE = 8192 };

static const struct {
    const char *name;
    enum person_role role;
} persons[] = {
    {"officer-1", PERSON_OFFICER},   {"officer-2", PERSON_OFFICER},
    {"officer-3", PERSON_OFFICER},   {"officer-4", PERSON_OFFICER},
    {"reviewer-1", PERSON_REVIEWER}, {"reviewer-2", PERSON_REVIEWER},
};
static const char newcomer[] = "officer-5";

static const char groups[] = "group two 2 officer-1 officer-2 officer-3 officer-4\n"
                             "group three 3 officer-1 officer-2 officer-3 officer-4\n"
                             "group an-officer any officer-1 officer-2 officer-3 "
                             "officer-4\n"
                             "group a-reviewer any reviewer-1 reviewer-2\n"
                             "group anybody any an-officer a-reviewer\n"
                             "group both all an-officer a-reviewer\n";

static enum sg_status make_key(const struct rehearsal *world, const char *person,
                               char vkey[NOTE_VKEY_MAX], struct sg_error *why)
{
    AUTO(passphrase_wipe) struct passphrase passphrase = {.len = 0};
    AUTO(named_key_fini) struct named_key key = {.pair = NULL};
    char name[64];
    char path[REHEARSAL_DIR_SIZE + 80];

    passphrase.len = strlen(REHEARSAL_PASSPHRASE);
    memcpy(passphrase.text, REHEARSAL_PASSPHRASE, passphrase.len + 1);
    (void)snprintf(name, sizeof(name), "%s.rehearsal.invalid", person);
    (void)snprintf(path, sizeof(path), "%s/%s/officer.pem", world->people, person);
    TRY(officer_key_make(name, path, &passphrase, &key, why));
    note_vkey_format(&key.verifier, vkey);
    return SG_OK;
}

static enum sg_status write_person(const struct rehearsal *world, size_t at,
                                   struct lines_out *out, struct sg_error *why)
{
    char vkey[NOTE_VKEY_MAX];

    TRY(make_key(world, persons[at].name, vkey, why));
    lines_text(out, person_role_name(persons[at].role));
    lines_text(out, " ");
    lines_text(out, persons[at].name);
    lines_text(out, " ");
    lines_text(out, vkey);
    lines_text(out, "\n");
    return SG_OK;
}

static enum sg_status keep_newcomer(const struct rehearsal *world, struct sg_error *why)
{
    char vkey[NOTE_VKEY_MAX];
    char path[REHEARSAL_DIR_SIZE + 16];

    TRY(make_key(world, newcomer, vkey, why));
    (void)snprintf(path, sizeof(path), "%s/newcomer", world->dir);
    return minutes_file_keep(path, slice_str(vkey), why);
}

enum sg_status rehearsal_newcomer(const struct rehearsal *world, bool indonesian,
                                  struct sg_error *why)
{
    struct file_bytes vkey = {0};
    char path[REHEARSAL_DIR_SIZE + 16];

    (void)snprintf(path, sizeof(path), "%s/newcomer", world->dir);
    TRY(file_read(path, NOTE_VKEY_MAX, &vkey, why));
    (void)printf(indonesian ? "Yang akan datang: %s, kuncinya %s\n\n"
                            : "Who is to come: %s, whose key is %s\n\n",
                 newcomer, (const char *)vkey.data);
    file_free(&vkey);
    return SG_OK;
}

enum reviewers { REVIEWERS_NEVER, REVIEWERS_MAY, REVIEWERS_MUST };

static const char *group_for(unsigned count, enum reviewers reviewers)
{
    if (reviewers == REVIEWERS_MUST) {
        return "both";
    }
    if (count >= 2) {
        return count == 2 ? "two" : "three";
    }
    return reviewers == REVIEWERS_MAY ? "anybody" : "an-officer";
}

static void write_tasks(struct lines_out *out)
{
    static const struct {
        const char *name;
        unsigned persons;
        enum reviewers reviewers;
    } tasks[] = {
#define TASK(id, name, persons, reviewers) {name, persons, REVIEWERS_##reviewers},
#include "proto/quorum/tasks.def"
#undef TASK
    };

    for (size_t i = 0; i < SG_COUNT(tasks); i++) {
        lines_text(out, "task ");
        lines_text(out, tasks[i].name);
        lines_text(out, " ");
        lines_text(out, group_for(tasks[i].persons, tasks[i].reviewers));
        lines_text(out, "\n");
    }
}

enum sg_status rehearsal_people(const struct rehearsal *world, struct sg_error *why)
{
    char text[QUORUM_SIZE];
    char path[REHEARSAL_DIR_SIZE + 16];
    struct lines_out out;
    struct slice done;

    lines_start(&out, text, sizeof(text));
    for (size_t i = 0; i < SG_COUNT(persons); i++) {
        TRY(write_person(world, i, &out, why));
    }
    lines_text(&out, groups);
    write_tasks(&out);
    if (lines_finish(&out, &done) != SG_OK) {
        return sg_fail(why, SG_INTERNAL, "the quorum file of the rehearsal is too long");
    }
    (void)snprintf(path, sizeof(path), "%s/quorum", world->dir);
    TRY(minutes_file_keep(path, done, why));
    return keep_newcomer(world, why);
}
