#include "client/console/options.h"

#include <stdio.h>

#include "client/console/nearest.h"
#include "proto/slice.h"

/* The value field of a row in the command's struct. memcpy: the struct is only known by
 * its offsets here. */
static void put_text(void *out, const struct option *row, const char *text)
{
    memcpy((char *)out + row->offset, &text, sizeof(text));
}

static bool is_given(const void *out, const struct option *row)
{
    const char *text = NULL;

    memcpy(&text, (const char *)out + row->offset, sizeof(text));
    return text != NULL;
}

/* The second row of the name, once the first has its value. NULL: both have one. */
static const struct option *row_to_fill(const struct option_table *table, const void *out,
                                        const struct option *row)
{
    const struct option *next = row + 1;
    bool twice = next < table->rows + table->count && strcmp(next->name, row->name) == 0;

    if (!twice || !is_given(out, row)) {
        return row;
    }
    return is_given(out, next) ? NULL : next;
}

static void put_flag(void *out, const struct option *row)
{
    bool on = true;

    memcpy((char *)out + row->offset, &on, sizeof(on));
}

static const struct option *find_name(const struct option_table *table, struct slice name)
{
    for (size_t i = 0; i < table->count; i++) {
        if (slice_equal(slice_str(table->rows[i].name), name)) {
            return &table->rows[i];
        }
    }
    return NULL;
}

static const struct option *find_letter(const struct option_table *table, char letter)
{
    for (size_t i = 0; i < table->count; i++) {
        if (table->rows[i].letter == letter) {
            return &table->rows[i];
        }
    }
    return NULL;
}

static enum sg_status unknown(const struct option_table *table, const char *word,
                              struct sg_error *why)
{
    const char *names[64];
    size_t count = table->count < SG_COUNT(names) ? table->count : SG_COUNT(names);

    for (size_t i = 0; i < count; i++) {
        names[i] = table->rows[i].name;
    }
    const char *best = nearest(word + strspn(word, "-"), names, count);
    if (best != NULL) {
        return sg_fail(why, SG_INVALID, "there is no option '%s': did you mean --%s?",
                       word, best);
    }
    return sg_fail(why, SG_INVALID, "there is no option '%s': --help lists them", word);
}

/* Walks through the words; `next` is the one to look at. */
struct walk {
    const struct option_table *table;
    struct words *words;
    size_t next;
    size_t kept; /* operands so far */
    void *out;
};

/* given: the value in the same word, or NULL. */
static enum sg_status take(struct walk *walk, const struct option *row, const char *given,
                           struct sg_error *why)
{
    if (row->value == NULL) {
        put_flag(walk->out, row);
        return given == NULL ? SG_OK
                             : sg_fail(why, SG_INVALID, "--%s takes no value", row->name);
    }
    if (given == NULL && walk->next < walk->words->count) {
        given = walk->words->at[walk->next++];
    }
    if (given == NULL || given[0] == '\0') { /* an unset variable of a script */
        return sg_fail(why, SG_INVALID, "--%s needs a value: %s", row->name, row->value);
    }
    row = row_to_fill(walk->table, walk->out, row);
    if (row == NULL) {
        return sg_fail(why, SG_INVALID, "%s is one too many: this option goes twice",
                       given);
    }
    put_text(walk->out, row, given);
    return SG_OK;
}

static enum sg_status take_long(struct walk *walk, const char *word, struct sg_error *why)
{
    const char *name = word + 2;
    const char *equals = strchr(name, '=');
    size_t len = equals == NULL ? strlen(name) : (size_t)(equals - name);
    const struct option *row = find_name(walk->table, slice_of(name, len));

    if (row == NULL) {
        return unknown(walk->table, word, why);
    }
    return take(walk, row, equals == NULL ? NULL : equals + 1, why);
}

static enum sg_status take_short(struct walk *walk, const char *word,
                                 struct sg_error *why)
{
    const struct option *row = find_letter(walk->table, word[1]);

    if (row == NULL || (row->value == NULL && word[2] != '\0')) {
        return unknown(walk->table, word, why);
    }
    return take(walk, row, word[2] == '\0' ? NULL : word + 2, why);
}

static enum sg_status take_word(struct walk *walk, char *word, struct sg_error *why)
{
    if (word[0] != '-' || word[1] == '\0') {
        walk->words->at[walk->kept++] = word;
        return SG_OK;
    }
    return word[1] == '-' ? take_long(walk, word, why) : take_short(walk, word, why);
}

enum sg_status options_parse(const struct option_table *table, struct words *words,
                             void *out, struct sg_error *why)
{
    struct walk walk = {.table = table, .words = words, .out = out};

    while (walk.next < words->count) {
        char *word = words->at[walk.next++];
        if (strcmp(word, "--") == 0) {
            while (walk.next < words->count) {
                words->at[walk.kept++] = words->at[walk.next++];
            }
            break;
        }
        TRY(take_word(&walk, word, why));
    }
    words->count = walk.kept;
    return SG_OK;
}

enum sg_status options_need(const struct option_table *table, const void *out,
                            const char *name, struct sg_error *why)
{
    const struct option *row = find_name(table, slice_str(name));
    const char *text = NULL;

    MUST(row != NULL && row->value != NULL);
    memcpy(&text, (const char *)out + row->offset, sizeof(text));
    if (text != NULL && text[0] != '\0') {
        return SG_OK;
    }
    return sg_fail(why, SG_INVALID, "--%s %s is missing: %s", name, row->value,
                   row->help);
}

void options_print(const struct option_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct option *row = &table->rows[i];
        char left[64];
        char letter[8] = "";
        if (row->letter != 0) {
            (void)snprintf(letter, sizeof(letter), "-%c, ", row->letter);
        }
        (void)snprintf(left, sizeof(left), "%s--%s %s", letter, row->name,
                       row->value == NULL ? "" : row->value);
        (void)printf("  %-26s %s\n", left, row->help);
    }
}
