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

static bool was_valid(STACK_OF(X509) * chain, int64_t time_us)
{
    for (int i = 0; i < sk_X509_num(chain); i++) {
        const X509 *one = sk_X509_value(chain, i);
        if (time_us < verify_time_us(X509_get0_notBefore(one)) ||
            time_us > verify_time_us(X509_get0_notAfter(one))) {
            return false;
        }
    }
    return true;
}

/* Whether the material tells of the signer's chain as it was then. 0: never. */
static bool is_proved(const struct verify_case *c, int64_t time_us,
                      const struct verify_material *material)
{
    return time_us != 0 && was_valid(c->chain, time_us) &&
           verify_case_proved_at(c, time_us, material);
}

/* Of those who prove the time one is enough of whose chain the file tells: the token of
 * the signature, or a time-stamp of the document. What proves nothing needs no proof, and
 * what nothing proves takes none away. */
static bool is_filed(const struct verify_case *c)
{
    const struct verify_input *input = c->input;
    const struct verify_token *token = c->token;
    bool by_token = token != NULL && token->trusted && token->in_file;

    return (by_token && is_proved(c, token->time_us, input->file)) ||
           is_proved(c, input->filed_us, input->file);
}

/* And a time-stamp of the document covers that. */
static bool is_archived(const struct verify_case *c)
{
    const struct verify_input *input = c->input;
    const struct verify_token *token = c->token;
    bool by_token =
        token != NULL && token->trusted && token->in_file && token->in_archive;

    return (by_token && is_proved(c, token->time_us, input->archived)) ||
           is_proved(c, input->archived_us, input->archived);
}

static enum verify_level level_of(const struct verify_case *c,
                                  const struct verify_report *report)
{
    /* The profile is the last check. */
    if (report->count == 0 || report->checks[report->count - 1].mark != VERIFY_PASS ||
        failed(report)) {
        return VERIFY_LEVEL_NONE;
    }
    if (c->time_us == 0) {
        return VERIFY_B_B;
    }
    if (!c->input->pades || !is_filed(c)) {
        return VERIFY_B_T;
    }
    return is_archived(c) ? VERIFY_B_LTA : VERIFY_B_LT;
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
