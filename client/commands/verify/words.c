#include "client/commands/verify/words.h"

#include <stdio.h>

#include "client/pdf/pdf.h"

static const struct {
    const char *name;
    const char *title;
    const char *sentence[4]; /* by enum verify_mark */
} indonesian[] = {
#define CHECK(name, title, passed, failed, unknown, noted)                               \
    {name, title, {passed, failed, unknown, noted}},
#include "client/commands/verify/texts.def"
#undef CHECK
};

static const char *const words[][2] = {
#define WORD(name, en, id) [WORD_##name] = {en, id},
#include "client/commands/verify/words.def"
#undef WORD
};

static const char *const reasons[][2] = {
#define REASON(en, id) {en, id},
#include "client/commands/verify/reasons.def"
#undef REASON
};

static const struct {
    enum exit_code exit;
    const char *text[2];
} outcomes[] = {
#define OUTCOME(name, code, exit, summary, conclusion, en, id)                           \
    [VERIFY_##name] = {exit, {en, id}},
#include "client/commands/verify/outcomes.def"
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

/* What file_read puts between the file's name and the reason. */
static const char unread[] = " cannot be read: ";

static bool say_indonesian(const char *sentence, char *out, size_t size)
{
    size_t len = strlen(sentence);

    for (size_t i = 0; i < SG_COUNT(reasons); i++) {
        size_t end_len = strlen(reasons[i][0]);
        size_t head_len = len < end_len ? 0 : len - end_len;
        if (len < end_len || strcmp(sentence + head_len, reasons[i][0]) != 0) {
            continue;
        }
        if (head_len == 0) {
            (void)snprintf(out, size, "%s", reasons[i][1]);
            return true;
        }
        size_t name_len = head_len < strlen(unread) ? 0 : head_len - strlen(unread);
        if (strncmp(sentence + name_len, unread, strlen(unread)) == 0) {
            (void)snprintf(out, size, "%.*s tidak dapat dibaca: %s", (int)name_len,
                           sentence, reasons[i][1]);
            return true;
        }
    }
    return pdf_refusal_indonesian(sentence, out, size);
}

/* A sentence that has no Indonesian is better than none. */
void verify_put_reason(struct verify_finding *finding, enum verify_lang lang)
{
    const char *sentence =
        finding->problem[0] != '\0' ? finding->problem : finding->unseen.text;

    if (lang != VERIFY_LANG_ID ||
        !say_indonesian(sentence, finding->reason, sizeof(finding->reason))) {
        (void)snprintf(finding->reason, sizeof(finding->reason), "%s", sentence);
    }
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
        return finding->reason;
    }
    if (check != NULL) {
        return verify_sentence(check, lang);
    }
    return verify_lacks(finding, lang); /* not why: that would read like a bad letter */
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
