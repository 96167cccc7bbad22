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

static enum verify_level level_of(const struct verify_case *c,
                                  const struct verify_report *report)
{
    const struct verify_input *input = c->input;

    /* The profile is the last check. */
    if (report->count == 0 || report->checks[report->count - 1].mark != VERIFY_PASS ||
        failed(report)) {
        return VERIFY_LEVEL_NONE;
    }
    if (c->time_us == 0) {
        return VERIFY_B_B;
    }
    if (!input->pades || !verify_case_proved(c, input->file) ||
        (c->token != NULL && !c->token->in_file)) {
        return VERIFY_B_T;
    }
    bool archived = verify_case_proved(c, input->archived) &&
                    (c->token == NULL || c->token->in_archive);
    return archived ? VERIFY_B_LTA : VERIFY_B_LT;
}

static void say_missing(const struct verify_case *c, struct verify_report *report)
{
    static const char lt_needs[] =
        "B-LT needs, inside the file, a statement about each certificate of signer and "
        "time-stamp that it was not revoked.";
    static const char *const texts[] = {
        [VERIFY_LEVEL_NONE] = "A level needs a sound signature of the profile.",
        [VERIFY_B_B] = "B-T needs a time-stamp of a known authority.",
        [VERIFY_B_T] = lt_needs,
        [VERIFY_B_LT] = "B-LTA needs a time-stamp of the document over that data.",
        [VERIFY_B_LTA] = ""};
    const char *text = texts[report->rank];

    if (report->rank == VERIFY_B_T && !c->input->pades) {
        text = "Higher levels of CAdES are not judged.";
    }
    (void)BIO_snprintf(report->missing, sizeof(report->missing), "%s", text);
}

void verify_level(const struct verify_case *c, struct verify_report *report)
{
    report->rank = level_of(c, report);
    if (report->rank != VERIFY_LEVEL_NONE) {
        (void)BIO_snprintf(report->level, sizeof(report->level), "%s %s",
                           c->input->pades ? "PAdES" : "CAdES",
                           verify_level_name(report->rank));
    }
    say_missing(c, report);
    report->status_in_file = verify_case_proved(c, c->input->file);
}

const char *verify_level_name(enum verify_level level)
{
    static const char *const names[] = {"", "B-B", "B-T", "B-LT", "B-LTA"};

    return names[level];
}
