#include "gateway/policy/facts.h"

#include <string.h>

struct fact_row {
    const char *name;
    const char *help;
    enum fact_type type;
    enum fact_phase phase;
    bool made;
};

static const struct fact_row rows[FACT_COUNT] = {
#define SOURCE_MADE true
#define SOURCE_NONE false
#define FACT(id, text, fact_type, fact_phase, source, fact_help)                         \
    [FACT_ID_##id] = {text, fact_help, FACT_##fact_type, FACT_PHASE_##fact_phase,        \
                      SOURCE_##source},
#include "gateway/policy/facts.def"
#undef FACT
};

static const char *const names[FACT_COUNT + 1] = {
#define FACT(id, text, fact_type, fact_phase, source, fact_help) text,
#include "gateway/policy/facts.def"
#undef FACT
    NULL};

static const char *const *const words[FACT_COUNT] = {
#define WORDS(fact, ...) [FACT_ID_##fact] = (const char *const[]){__VA_ARGS__, NULL},
#include "gateway/policy/words.def"
#undef WORDS
};

const char *fact_name(enum fact fact)
{
    MUST(fact < FACT_COUNT);
    return rows[fact].name;
}

const char *fact_help(enum fact fact)
{
    MUST(fact < FACT_COUNT);
    return rows[fact].help;
}

enum fact_type fact_type(enum fact fact)
{
    MUST(fact < FACT_COUNT);
    return rows[fact].type;
}

enum fact_phase fact_phase(enum fact fact)
{
    MUST(fact < FACT_COUNT);
    return rows[fact].phase;
}

bool fact_made(enum fact fact)
{
    MUST(fact < FACT_COUNT);
    return rows[fact].made;
}

static bool begins(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

bool fact_of_request(enum fact fact)
{
    static const char *const kinds[] = {"job.", "caller.", "mandate.", "grant.",
                                        "officer."};
    static const bool others[FACT_COUNT] = {
        [FACT_ID_key_id] = true,
        [FACT_ID_key_class] = true,
        [FACT_ID_key_class_allowed] = true,
        [FACT_ID_key_raw_allowed] = true,
        [FACT_ID_clock_weekday] = true,
        [FACT_ID_clock_minute_of_day] = true,
        [FACT_ID_clock_holiday] = true,
        [FACT_ID_counter_caller_day] = true,
        [FACT_ID_counter_key_day] = true,
        [FACT_ID_counter_key_total] = true,
    };

    for (size_t i = 0; i < SG_COUNT(kinds); i++) {
        if (begins(fact_name(fact), kinds[i])) {
            return true;
        }
    }
    return others[fact];
}

enum fact fact_find(const char *name)
{
    for (size_t i = 0; i < FACT_COUNT; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return (enum fact)i;
        }
    }
    return FACT_COUNT;
}

const char *const *fact_names(void)
{
    return names;
}

const char *const *fact_words(enum fact fact)
{
    MUST(fact < FACT_COUNT);
    return words[fact];
}

const char *fact_type_name(enum fact_type type)
{
    static const char *const type_names[] = {[FACT_BOOL] = "bool",
                                             [FACT_INT] = "number",
                                             [FACT_STR] = "text",
                                             [FACT_TIME] = "time",
                                             [FACT_DUR] = "duration in seconds",
                                             [FACT_SET] = "set",
                                             [FACT_HASH] = "hash"};

    return type_names[type];
}

const char *fact_type_word(enum fact_type type)
{
    static const char *const type_words[] = {
        [FACT_BOOL] = "bool", [FACT_INT] = "int", [FACT_STR] = "str",
        [FACT_TIME] = "time", [FACT_DUR] = "dur", [FACT_SET] = "set",
        [FACT_HASH] = "hash"};

    return type_words[type];
}

bool fact_type_is_text(enum fact_type type)
{
    return type == FACT_STR || type == FACT_HASH;
}

bool fact_type_is_number(enum fact_type type)
{
    return !fact_type_is_text(type) && type != FACT_SET;
}

void facts_bool(struct facts *facts, enum fact fact, bool value)
{
    MUST(fact_type(fact) == FACT_BOOL);
    facts->value[fact] = (struct fact_value){.present = true, .number = value ? 1 : 0};
}

void facts_number(struct facts *facts, enum fact fact, int64_t value)
{
    MUST(fact_type_is_number(fact_type(fact)) && fact_type(fact) != FACT_BOOL);
    facts->value[fact] = (struct fact_value){.present = true, .number = value};
}

void facts_text(struct facts *facts, enum fact fact, struct slice text)
{
    MUST(fact_type_is_text(fact_type(fact)));
    facts->value[fact] = (struct fact_value){.present = true, .text = text};
}

void facts_set(struct facts *facts, enum fact fact, const struct slice *items,
               size_t count)
{
    MUST(fact_type(fact) == FACT_SET);
    facts->value[fact] =
        (struct fact_value){.present = true, .set = items, .set_count = count};
}
