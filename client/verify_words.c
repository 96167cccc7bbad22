#include "client/verify_words.h"

static const struct {
    const char *name;
    const char *title;
    const char *sentence[4]; /* by enum verify_mark */
} indonesian[] = {
#define CHECK(name, title, passed, failed, unknown, noted)                               \
    {name, title, {passed, failed, unknown, noted}},
#include "client/verify_texts.def"
#undef CHECK
};

static const char *const words[][2] = {
#define WORD(name, en, id) [WORD_##name] = {en, id},
#include "client/verify_words.def"
#undef WORD
};

static const struct {
    enum exit_code exit;
    const char *text[2];
} outcomes[] = {
#define OUTCOME(name, code, exit, summary, conclusion, en, id)                           \
    [VERIFY_##name] = {exit, {en, id}},
#include "client/verify_outcomes.def"
#undef OUTCOME
};

enum exit_code verify_outcome_exit(enum verify_outcome outcome)
{
    return outcomes[outcome].exit;
}

const char *verify_outcome_text(enum verify_outcome outcome, enum verify_lang lang)
{
    return outcomes[outcome].text[lang];
}

const char *verify_phrase(enum verify_phrase word, enum verify_lang lang)
{
    return words[word][lang];
}

static size_t row_of(const struct verify_check *check)
{
    size_t i = 0;

    while (i < SG_COUNT(indonesian) && strcmp(indonesian[i].name, check->name) != 0) {
        i++;
    }
    return i;
}

const char *verify_title(const struct verify_check *check, enum verify_lang lang)
{
    size_t row = row_of(check);

    return lang == VERIFY_LANG_ID && row < SG_COUNT(indonesian) ? indonesian[row].title
                                                                : check->name;
}

const char *verify_sentence(const struct verify_check *check, enum verify_lang lang)
{
    size_t row = row_of(check);

    return lang == VERIFY_LANG_ID && row < SG_COUNT(indonesian)
               ? indonesian[row].sentence[check->mark]
               : check->text;
}

/* A false thing says more than an open one. */
static const struct verify_check *first_marked(const struct verify_finding *finding,
                                               enum verify_mark mark)
{
    for (size_t i = 0; i < finding->count; i++) {
        const struct verify_report *report = &finding->reports[i];
        for (size_t j = 0; j < report->count; j++) {
            if (report->checks[j].mark == mark) {
                return &report->checks[j];
            }
        }
    }
    return NULL;
}

/* What was demanded and is not there: a level, to know that nobody was revoked, or what
 * the letter has to show. */
const char *verify_lacks(const struct verify_finding *finding, enum verify_lang lang)
{
    if (finding->outcome == VERIFY_SHORT) {
        return verify_phrase(WORD_SHORT, lang);
    }
    if (finding->outcome == VERIFY_UNSTATED && finding->unseen.text[0] != '\0') {
        return verify_phrase(WORD_LACKS_UNSEEN, lang);
    }
    if (finding->outcome == VERIFY_UNSTATED) {
        return verify_phrase(
            finding->lacks_statement ? WORD_LACKS_STATEMENT : WORD_LACKS_LOGO, lang);
    }
    return finding->outcome == VERIFY_UNSURE &&
                   first_marked(finding, VERIFY_FAIL) == NULL &&
                   first_marked(finding, VERIFY_UNKNOWN) == NULL
               ? verify_phrase(WORD_STATUS, lang)
               : "";
}

const char *verify_why(const struct verify_finding *finding, enum verify_lang lang)
{
    const struct verify_check *check = first_marked(finding, VERIFY_FAIL);

    check = check == NULL ? first_marked(finding, VERIFY_UNKNOWN) : check;
    if (finding->problem[0] != '\0') {
        return finding->problem;
    }
    if (check != NULL) {
        return verify_sentence(check, lang);
    }
    if (finding->outcome == VERIFY_UNSTATED && finding->unseen.text[0] != '\0') {
        return finding->unseen.text;
    }
    return verify_lacks(finding, lang);
}

enum verify_outcome verify_report_outcome(const struct verify_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        if (report->checks[i].mark == VERIFY_FAIL) {
            return VERIFY_INVALID;
        }
    }
    return report->valid ? VERIFY_VALID : VERIFY_UNSURE;
}
