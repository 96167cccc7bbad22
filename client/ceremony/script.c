#include "client/ceremony/script.h"

#include <openssl/sha.h>
#include <stdio.h>

#include "client/ceremony/script_rows.h"
#include "proto/text.h"
#include "proto/tlog/lines.h"

enum { INDENT = 4, PEOPLE_MAX = 16, TEXT_MAX = 2048, EN = 0, ID = 1 };

/* What the reader has. */
struct reading {
    struct slice rest;
    size_t number;     /* of the line, from 1 */
    struct slice line; /* the one that is looked at; empty at the end */
    bool ended;
    struct script *out;
    struct sg_error *why;
};

/* --- Lines ------------------------------------------------------------------------- */

static enum sg_status refuse(const struct reading *reading, const char *sentence,
                             struct slice word)
{
    return sg_fail(reading->why, SG_INVALID, "line %zu: %s%s%.*s%s", reading->number,
                   sentence, word.len == 0 ? "" : ": '", (int)word.len,
                   word.len == 0 ? "" : (const char *)word.data,
                   word.len == 0 ? "" : "'");
}

/* The next line that is neither empty nor a comment. */
static enum sg_status advance(struct reading *reading)
{
    do {
        reading->number++;
        reading->ended = reading->rest.len == 0;
        reading->line = slice_of(NULL, 0);
        if (reading->ended) {
            return SG_OK;
        }
        if (!lines_next(&reading->rest, &reading->line)) {
            return refuse(reading, "it does not end with a line feed", reading->line);
        }
    } while (reading->line.len == 0 || reading->line.data[0] == '#');
    return text_plain(reading->line)
               ? SG_OK
               : refuse(reading, "it is not plain text in UTF-8", slice_of(NULL, 0));
}

static enum sg_status keep(const struct reading *reading, struct slice text,
                           const char **out)
{
    struct script *script = reading->out;

    if (text.len >= sizeof(script->room) - script->used) {
        return sg_fail(reading->why, SG_TOO_LARGE, "line %zu: the script is too long",
                       reading->number);
    }
    char *at = script->room + script->used;
    memcpy(at, text.data, text.len);
    at[text.len] = '\0';
    script->used += text.len + 1;
    *out = at;
    return SG_OK;
}

/* Single blanks between the words, none at the ends. */
static enum sg_status split(const struct reading *reading, struct slice *words,
                            size_t *count)
{
    struct slice rest = reading->line;

    *count = 0;
    while (rest.len > 0) {
        size_t len = 0;
        while (len < rest.len && rest.data[len] != ' ') {
            len++;
        }
        if (len == 0 || len + 1 == rest.len || *count == SCRIPT_WORDS_MAX) {
            return refuse(reading, "words have one blank between them, and are few",
                          slice_of(NULL, 0));
        }
        words[(*count)++] = slice_of(rest.data, len);
        len += len < rest.len ? 1 : 0;
        rest = slice_of(rest.data + len, rest.len - len);
    }
    return SG_OK;
}

/* --- Texts ------------------------------------------------------------------------- */

static bool is_indented(struct slice line)
{
    return line.len > 0 && line.data[0] == ' ';
}

/* "    en Read it aloud." */
static bool is_text_of(struct slice line, int language)
{
    static const char *const begins[] = {[EN] = "    en ", [ID] = "    id "};
    size_t len = strlen(begins[language]);

    return line.len > len && memcmp(line.data, begins[language], len) == 0 &&
           line.data[len] != ' ' && line.data[line.len - 1] != ' ';
}

static enum sg_status read_language(struct reading *reading, int language,
                                    struct script_text *out)
{
    enum { BEGIN = INDENT + 3 };
    char text[TEXT_MAX];
    size_t len = 0;

    while (is_text_of(reading->line, language)) {
        size_t more = reading->line.len - BEGIN;
        if (len + 1 + more >= sizeof(text)) {
            return refuse(reading, "the text of one step is too long", slice_of(NULL, 0));
        }
        text[len] = ' ';
        len += len > 0 ? 1 : 0;
        memcpy(text + len, reading->line.data + BEGIN, more);
        len += more;
        TRY(advance(reading));
    }
    return len > 0
               ? keep(reading, slice_of(text, len), &out->in[language])
               : refuse(reading,
                        language == ID ? "here stands a text in Indonesian, '    id …'"
                                       : "here stands a text in English, '    en …'",
                        slice_of(NULL, 0));
}

static enum sg_status read_text(struct reading *reading, struct script_text *out)
{
    TRY(read_language(reading, ID, out));
    TRY(read_language(reading, EN, out));
    return !is_indented(reading->line)
               ? SG_OK
               : refuse(reading, "the text of a step is 'id', then 'en', and no more",
                        slice_of(NULL, 0));
}

/* --- Steps ------------------------------------------------------------------------- */

static bool was_asked(const struct script *script, struct slice name)
{
    for (size_t i = 0; i < script->step_count; i++) {
        if (script->steps[i].kind == STEP_ASK &&
            slice_equal(name, slice_str(script->steps[i].name))) {
            return true;
        }
    }
    return false;
}

static enum sg_status check_needs(const struct reading *reading, const char *needs)
{
    while (*needs != '\0') {
        size_t len = strcspn(needs, " ");
        if (!was_asked(reading->out, slice_of(needs, len))) {
            return refuse(reading, "it needs an answer that was not asked for before",
                          slice_of(needs, len));
        }
        needs += len + (needs[len] == ' ' ? 1 : 0);
    }
    return SG_OK;
}

static enum sg_status keep_words(const struct reading *reading, const struct slice *words,
                                 size_t count, bool wanted, struct script_step *step)
{
    if ((count > 0) != wanted) {
        return refuse(reading,
                      wanted ? "words are missing at its end" : "it has a word too many",
                      slice_of(NULL, 0));
    }
    step->word_count = count;
    for (size_t i = 0; i < count; i++) {
        TRY(keep(reading, words[i], &step->words[i]));
    }
    return SG_OK;
}

/* say [witness] */
static enum sg_status read_say(const struct reading *reading, const struct slice *words,
                               size_t count, struct script_step *step)
{
    step->row = count == 1 && slice_equal(words[0], slice_str("witness")) ? 1 : 0;
    step->name = "say";
    if (step->row == 1 && reading->out->witnesses == 0) {
        return refuse(reading, "this ceremony has no witnesses", words[0]);
    }
    return count == step->row ? SG_OK
                              : refuse(reading, "only 'witness' may follow", words[0]);
}

/* ask NAME FORM [CHOICE…] */
static enum sg_status read_ask(const struct reading *reading, const struct slice *words,
                               size_t count, struct script_step *step)
{
    if (count < 2 || !text_name(words[0])) {
        return refuse(reading, "write 'ask NAME FORM'", slice_of(NULL, 0));
    }
    if (was_asked(reading->out, words[0])) {
        return refuse(reading, "it was asked for before", words[0]);
    }
    step->row = script_row_find(SCRIPT_FORMS, words[1]);
    const struct script_row *form = script_row(SCRIPT_FORMS, step->row);
    if (form == NULL) {
        return refuse(reading, "there is no such form of answers", words[1]);
    }
    TRY(keep(reading, words[0], &step->name));
    return keep_words(reading, words + 2, count - 2, form->words, step);
}

static enum sg_status read_row(const struct reading *reading, const struct slice *words,
                               size_t count, struct script_step *step)
{
    bool check = step->kind == STEP_CHECK;
    enum script_table table = check ? SCRIPT_CHECKS : SCRIPT_ACTIONS;

    if (count == 0) {
        return refuse(reading, "it does not say what", slice_of(NULL, 0));
    }
    step->row = script_row_find(table, words[0]);
    const struct script_row *row = script_row(table, step->row);
    if (row == NULL) {
        return refuse(reading,
                      check ? "there is no such check" : "there is no such action",
                      words[0]);
    }
    step->name = row->name;
    TRY(check_needs(reading, row->needs));
    return keep_words(reading, words + 1, count - 1, row->words, step);
}

static enum sg_status read_sign(const struct reading *reading, const struct slice *words,
                                size_t count, struct script_step *step)
{
    step->name = "sign";
    return count == 0 ? SG_OK : refuse(reading, "it has a word too many", words[0]);
}

static enum sg_status read_step(struct reading *reading)
{
    static enum sg_status (*const readers[])(const struct reading *, const struct slice *,
                                             size_t, struct script_step *) = {
        read_say, read_ask, read_row, read_row, read_sign};
    struct script *script = reading->out;
    struct slice words[SCRIPT_WORDS_MAX] = {{0}};
    size_t count = 0;

    TRY(split(reading, words, &count));
    enum step_kind kind = step_kind_find(words[0]);
    if (kind == STEP_KIND_COUNT || script->step_count == SCRIPT_STEPS_MAX) {
        return refuse(reading,
                      kind == STEP_KIND_COUNT
                          ? "a step is say, ask, check, run or sign, not"
                          : "there are too many steps",
                      words[0]);
    }
    struct script_step *step = &script->steps[script->step_count];
    *step = (struct script_step){.kind = kind};
    TRY(readers[kind](reading, words + 1, count - 1, step));
    TRY(advance(reading));
    TRY(read_text(reading, &step->text));
    script->step_count++;
    return SG_OK;
}

/* --- Head -------------------------------------------------------------------------- */

/* A word and one value. */
static enum sg_status read_pair(struct reading *reading, const char *name,
                                struct slice *value)
{
    struct slice words[SCRIPT_WORDS_MAX] = {{0}};
    size_t count = 0;

    TRY(split(reading, words, &count));
    if (count != 2 || !slice_equal(words[0], slice_str(name))) {
        return refuse(reading, "here stands a word and its value", slice_str(name));
    }
    *value = words[1];
    return SG_OK;
}

static enum sg_status read_number(struct reading *reading, const char *name,
                                  unsigned *out)
{
    struct slice value = {0};
    uint64_t number = 0;

    TRY(read_pair(reading, name, &value));
    if (text_uint(value, PEOPLE_MAX, &number) != SG_OK) {
        return refuse(reading, "here stands a number of persons, at most 16", value);
    }
    *out = (unsigned)number;
    return advance(reading);
}

static enum sg_status read_head_text(struct reading *reading, const char *name,
                                     struct script_text *out)
{
    if (!slice_equal(reading->line, slice_str(name))) {
        return refuse(reading, "here stands a word by itself", slice_str(name));
    }
    TRY(advance(reading));
    return read_text(reading, out);
}

static enum sg_status read_head(struct reading *reading)
{
    struct slice name = {0};

    TRY(read_pair(reading, "ceremony", &name));
    if (!text_name(name)) {
        return refuse(reading, "a name has letters, digits, '.', '_' and '-'", name);
    }
    (void)snprintf(reading->out->name, SCRIPT_NAME_SIZE, "%.*s", (int)name.len,
                   (const char *)name.data);
    TRY(advance(reading));
    TRY(read_number(reading, "officers", &reading->out->officers));
    TRY(read_number(reading, "witnesses", &reading->out->witnesses));
    if (reading->out->officers == 0) {
        return refuse(reading, "somebody must lead it", slice_of(NULL, 0));
    }
    TRY(read_head_text(reading, "title", &reading->out->title));
    return read_head_text(reading, "about", &reading->out->about);
}

/* --- The whole --------------------------------------------------------------------- */

static enum sg_status read_steps(struct reading *reading)
{
    struct script *script = reading->out;

    while (!reading->ended) {
        if (script->step_count > 0 &&
            script->steps[script->step_count - 1].kind == STEP_SIGN) {
            return refuse(reading, "nothing may follow 'sign'", slice_of(NULL, 0));
        }
        TRY(read_step(reading));
    }
    if (script->step_count == 0 ||
        script->steps[script->step_count - 1].kind != STEP_SIGN) {
        return refuse(reading, "the last step must be 'sign'", slice_of(NULL, 0));
    }
    return was_asked(script, slice_str("place"))
               ? SG_OK
               : refuse(reading, "it must ask for the place: 'ask place text'",
                        slice_of(NULL, 0));
}

enum sg_status script_parse(struct slice bytes, struct script *out, struct sg_error *why)
{
    struct reading reading = {.rest = bytes, .out = out, .why = why};

    if (bytes.len > SCRIPT_MAX) {
        return sg_fail(why, SG_TOO_LARGE, "a script has at most %d bytes", SCRIPT_MAX);
    }
    memset(out, 0, sizeof(*out));
    (void)SHA256(bytes.data, bytes.len, out->sha256);
    TRY(advance(&reading));
    TRY(read_head(&reading));
    return read_steps(&reading);
}
