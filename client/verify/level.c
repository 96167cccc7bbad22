/* The level that a signature has reached (EN 319 142-1 section 6.3, EN 319 122-1 section
 * 6.3), and what the next one asks for. Only what was proved counts: a token of an
 * unknown authority, or a list that says nothing about this chain, adds no level. */
#include <openssl/bio.h>

#include "client/verify/case.h"

static bool failed(const struct verify_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        if (report->checks[i].mark == VERIFY_FAIL) {
            return true;
        }
    }
    return false;
}

/* Whether file and archive tell of the chain of whoever proves the time: the token of the
 * signature, or a time-stamp of the document. What proves nothing needs no proof. */
static bool prover_in_file(const struct verify_case *c, bool *archived)
{
    bool by_token =
        c->token != NULL && c->token->trusted && c->token->time_us == c->time_us;

    *archived = by_token ? c->token->in_archive : c->input->proof_in_archive;
    return by_token ? c->token->in_file : c->input->proof_in_file;
}

static enum verify_level level_of(const struct verify_case *c,
                                  const struct verify_report *report)
{
    const struct verify_input *input = c->input;
    bool archived = false;

    /* The profile is the last check. */
    if (report->count == 0 || report->checks[report->count - 1].mark != VERIFY_PASS ||
        failed(report)) {
        return VERIFY_LEVEL_NONE;
    }
    if (c->time_us == 0) {
        return VERIFY_B_B;
    }
    if (!input->pades || !verify_case_proved(c, input->file) ||
        !prover_in_file(c, &archived)) {
        return VERIFY_B_T;
    }
    return archived && verify_case_proved(c, input->archived) ? VERIFY_B_LTA
                                                              : VERIFY_B_LT;
}

static enum verify_missing missing_of(const struct verify_case *c,
                                      const struct verify_report *report)
{
    static const enum verify_missing rows[] = {[VERIFY_LEVEL_NONE] = VERIFY_MISSING_SOUND,
                                               [VERIFY_B_B] = VERIFY_MISSING_TIME_STAMP,
                                               [VERIFY_B_T] = VERIFY_MISSING_STATUS,
                                               [VERIFY_B_LT] = VERIFY_MISSING_ARCHIVE,
                                               [VERIFY_B_LTA] = VERIFY_MISSING_NOTHING};

    return report->rank == VERIFY_B_T && !c->input->pades ? VERIFY_MISSING_CADES
                                                          : rows[report->rank];
}

const char *verify_missing_text(enum verify_missing missing, bool indonesian)
{
    static const char *const texts[][2] = {
#define MISSING(name, en, id) [VERIFY_MISSING_##name] = {en, id},
#include "client/verify/missing.def"
#undef MISSING
    };

    return texts[missing][indonesian ? 1 : 0];
}

void verify_level(const struct verify_case *c, struct verify_report *report)
{
    report->rank = level_of(c, report);
    if (report->rank != VERIFY_LEVEL_NONE) {
        (void)BIO_snprintf(report->level, sizeof(report->level), "%s %s",
                           c->input->pades ? "PAdES" : "CAdES",
                           verify_level_name(report->rank));
    }
    report->missing = missing_of(c, report);
    report->status_in_file = verify_case_proved(c, c->input->file);
}

const char *verify_level_name(enum verify_level level)
{
    static const char *const names[] = {"", "B-B", "B-T", "B-LT", "B-LTA"};

    return names[level];
}
