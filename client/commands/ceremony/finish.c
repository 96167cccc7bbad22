#include <stdio.h>

#include "client/commands/ceremony/ceremony.h"
#include "client/commands/ceremony/minutes_sign.h"
#include "client/commands/ceremony/talk.h"
#include "client/console/self_run.h"

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

static enum sg_status sign_next(const struct ceremony *ceremony, uint64_t persons,
                                bool *stuck, struct sg_error *why)
{
    char home[HOME_PATH_SIZE];
    char line[TALK_LINE_MAX];

    *stuck = true;
    for (size_t p = 0; p < ceremony->known.roster.groups.leaf_count; p++) {
        const char *name = ceremony->known.roster.groups.leaves[p];
        if ((persons >> p & 1) == 0 || !ceremony_home_of(ceremony, name, home)) {
            continue;
        }
        (void)printf(ceremony->indonesian ? "\n    %s menandatangani. Enter:"
                                          : "\n    %s signs. Enter:",
                     name);
        TRY(talk_ask("", line, why));
        *stuck = false;
        return sign_here(ceremony, home, why);
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

enum sg_status ceremony_finish(struct ceremony *ceremony, struct sg_error *why)
{
    uint64_t persons = 0;
    bool stuck = false;

    (void)printf(ceremony->indonesian ? "    Berita acara: %s\n" : "    Minutes: %s\n",
                 ceremony->minutes_path);
    TRY(missing(ceremony, &persons, why));
    while (persons != 0 && !stuck) {
        TRY(sign_next(ceremony, persons, &stuck, why));
        TRY(missing(ceremony, &persons, why));
    }
    if (persons != 0) {
        tell(ceremony, persons);
    } else {
        talk_passed(true, ceremony->indonesian,
                    ceremony->indonesian ? "semua telah menandatangani"
                                         : "everybody has signed");
    }
    return SG_OK;
}
