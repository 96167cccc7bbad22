#include <stdio.h>

#include "client/commands/ceremony/ceremony.h"
#include "client/commands/ceremony/minutes_sign.h"
#include "client/commands/ceremony/talk.h"
#include "client/console/self_run.h"

enum { TRIES = 3 }; /* of one person: a passphrase may be mistyped */

/* As that person does it everywhere else. */
static enum sg_status sign_here(const struct ceremony *ceremony, const char *home,
                                struct sg_error *why)
{
    int code = 0;
    const char *const words[] = {"--home",
                                 home,
                                 "ceremony",
                                 "sign",
                                 ceremony->minutes_path,
                                 "--quorum",
                                 ceremony->quorum_path,
                                 "--lang",
                                 ceremony->indonesian ? "id" : "en",
                                 NULL};

    return self_run(words, &code, why);
}

/* Persons who have not signed, participants before witnesses. */
static enum sg_status missing(const struct ceremony *ceremony, uint64_t *persons,
                              struct sg_error *why)
{
    AUTO(minutes_file_free) struct minutes_file file = {.signatures = 0};
    struct minutes_votes votes;

    TRY(minutes_file_load(ceremony->minutes_path, &file, why));
    TRY(minutes_missing(&ceremony->known, &file, &votes, persons, why));
    if ((*persons & ~votes.witnesses) != 0) {
        *persons &= ~votes.witnesses;
    }
    return SG_OK;
}

static enum sg_status sign_once(const struct ceremony *ceremony, const char *name,
                                const char *home, struct sg_error *why)
{
    char line[TALK_LINE_MAX];

    (void)printf(ceremony->indonesian ? "\n    %s menandatangani. Enter:"
                                      : "\n    %s signs. Enter:",
                 name);
    TRY(talk_ask("", line, why));
    return sign_here(ceremony, home, why);
}

/* What was refused may be refused for ever, so nobody is asked without an end. *persons:
 * those who are missing afterwards. */
static enum sg_status sign_as(const struct ceremony *ceremony, size_t person,
                              uint64_t *persons, struct sg_error *why)
{
    const char *name = ceremony->known.roster.groups.leaves[person];
    char home[HOME_PATH_SIZE];

    if (!ceremony_home_of(ceremony, name, home)) {
        return SG_OK;
    }
    for (int i = 0; i < TRIES && (*persons >> person & 1) != 0; i++) {
        TRY(sign_once(ceremony, name, home, why));
        TRY(missing(ceremony, persons, why));
    }
    return SG_OK;
}

static void tell(const struct ceremony *ceremony, uint64_t persons)
{
    char names[512];

    known_names(&ceremony->known, persons, names, sizeof(names));
    (void)printf(ceremony->indonesian
                     ? "    Masih harus menandatangani: %s. Bawa berkas itu, lalu\n"
                       "    'segel ceremony sign %s'; saksi terakhir.\n"
                     : "    Must still sign: %s. Carry the file to them, then\n"
                       "    'segel ceremony sign %s'; witnesses last.\n",
                 names, ceremony->minutes_path);
}

/* One after the other; *persons: those who are missing afterwards. */
static enum sg_status sign_all(const struct ceremony *ceremony, uint64_t *persons,
                               struct sg_error *why)
{
    uint64_t asked = 0;

    while ((*persons & ~asked) != 0) {
        size_t person = (size_t)__builtin_ctzll(*persons & ~asked);
        asked |= (uint64_t)1 << person;
        TRY(sign_as(ceremony, person, persons, why));
    }
    return SG_OK;
}

enum sg_status ceremony_finish(struct ceremony *ceremony, struct sg_error *why)
{
    uint64_t persons = 0;

    (void)printf(ceremony->indonesian ? "    Berita acara: %s\n" : "    Minutes: %s\n",
                 ceremony->minutes_path);
    TRY(missing(ceremony, &persons, why));
    enum sg_status status = sign_all(ceremony, &persons, why);
    if (status != SG_OK && status != SG_ABORTED) {
        return status;
    }
    if (persons != 0) {
        tell(ceremony, persons);
    } else {
        talk_passed(true, ceremony->indonesian,
                    ceremony->indonesian ? "semua telah menandatangani"
                                         : "everybody has signed");
    }
    return status;
}
