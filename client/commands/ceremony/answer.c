#include "client/commands/ceremony/answer.h"

#include <stdio.h>

#include "client/channel/sentence.h"
#include "client/commands/ceremony/talk.h"
#include "client/commands/ceremony/token_facts.h"
#include "proto/text.h"

/* --- Forms ------------------------------------------------------------------------- */

static bool is_text(const struct script_step *step, const char *text)
{
    (void)step;
    return text[0] != '\0' && strlen(text) <= ANSWER_MAX;
}

static bool is_name(const struct script_step *step, const char *text)
{
    (void)step;
    return text_name(slice_str(text));
}

static bool is_number(const struct script_step *step, const char *text)
{
    enum { NUMBER_MAX = 9999 };
    uint64_t value = 0;

    (void)step;
    return text_uint(slice_str(text), NUMBER_MAX, &value) == SG_OK;
}

static bool is_date(const struct script_step *step, const char *text)
{
    enum { DATE_LEN = 10 };
    char full[32];
    int64_t unix_us = 0;

    (void)step;
    (void)snprintf(full, sizeof(full), "%.10sT00:00:00Z", text);
    return strlen(text) == DATE_LEN &&
           text_time_parse(slice_str(full), &unix_us) == SG_OK;
}

static bool is_choice(const struct script_step *step, const char *text)
{
    for (size_t i = 0; i < step->word_count; i++) {
        if (strcmp(step->words[i], text) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_file(const struct script_step *step, const char *text)
{
    return is_text(step, text) && file_exists(text);
}

static bool is_new_file(const struct script_step *step, const char *text)
{
    return is_text(step, text) && !file_exists(text);
}

static bool is_names(const struct script_step *step, const char *text)
{
    const char *at = text;

    while (is_text(step, text)) {
        size_t len = strcspn(at, " ");
        if (!text_name(slice_of(at, len))) {
            return false;
        }
        if (at[len] == '\0') {
            return true;
        }
        at += len + 1;
    }
    return false;
}

static bool is_vkey(const struct script_step *step, const char *text)
{
    struct note_key key;

    return is_text(step, text) && note_vkey_parse(slice_str(text), &key) == SG_OK &&
           key.kind == NOTE_ED25519;
}

static const struct {
    bool (*fits)(const struct script_step *step, const char *text);
    const char *wanted;
} forms[FORM_KIND_COUNT] = {
    [FORM_TEXT] = {is_text, "a text of 1 to 256 bytes"},
    [FORM_NAME] = {is_name, "a name: letters, digits, '.', '_' and '-'"},
    [FORM_NUMBER] = {is_number, "a number of 0 to 9999"},
    [FORM_DATE] = {is_date, "a day, as 2027-05-02"},
    [FORM_CHOICE] = {is_choice, "one of these words"},
    [FORM_FILE] = {is_file, "a file that is there"},
    [FORM_NEW_FILE] = {is_new_file, "a file that is not there yet"},
    [FORM_LANE] = {is_name, "the name of a lane"},
    [FORM_KEY] = {is_name, "the name of a key"},
    [FORM_NAMES] = {is_names, "names with one blank between them, or '-' for none"},
    [FORM_VKEY] = {is_vkey, "a key, as 'segel officer key' prints it: name+id+base64"},
};

bool answer_fits(const struct script_step *step, const char *text, struct sg_error *why)
{
    MUST(step->row < FORM_KIND_COUNT);
    if (forms[step->row].fits(step, text)) {
        return true;
    }
    sentence(why, "here stands %s", forms[step->row].wanted);
    return false;
}

/* --- Asking ------------------------------------------------------------------------ */

static bool known_already(const struct ceremony *ceremony, const struct script_step *step,
                          char out[ANSWER_MAX + 1])
{
    char lane[65];

    if (step->row != FORM_LANE || !facts_only_lane(ceremony->home, lane)) {
        return false;
    }
    (void)snprintf(out, ANSWER_MAX + 1, "%s", lane);
    (void)printf(
        ceremony->indonesian ? "    Satu-satunya: %s\n" : "    The only one: %s\n", lane);
    return true;
}

static void print_choices(const struct script_step *step)
{
    for (size_t i = 0; i < step->word_count; i++) {
        (void)printf("%s%s", i == 0 ? "    " : "  ", step->words[i]);
    }
    (void)printf("%s", step->word_count > 0 ? "\n" : "");
}

enum sg_status ceremony_answer(const struct ceremony *ceremony,
                               const struct script_step *step, char out[ANSWER_MAX + 1],
                               struct sg_error *why)
{
    char line[TALK_LINE_MAX];

    if (known_already(ceremony, step, out)) {
        return SG_OK;
    }
    print_choices(step);
    for (;;) {
        enum sg_status status = talk_ask(">", line, why);
        if (status != SG_OK && status != SG_INVALID) {
            return status;
        }
        if (status == SG_OK && answer_fits(step, line, why)) {
            (void)snprintf(out, ANSWER_MAX + 1, "%.*s", ANSWER_MAX, line);
            return SG_OK;
        }
        talk_passed(false, ceremony->indonesian, why->text);
    }
}
