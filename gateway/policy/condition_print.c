#include "gateway/policy/condition.h"

/* Conditions and values as people read them, for denials, explain and the dump. */

static void print_number(enum fact_type type, int64_t number, struct line *line)
{
    if (type == FACT_BOOL) {
        line_str(line, number != 0 ? "true" : "false");
    } else if (type == FACT_TIME) {
        line_time(line, number);
    } else {
        line_number(line, number);
        line_str(line, type == FACT_DUR ? " s" : "");
    }
}

static void print_texts(const struct slice *texts, size_t count, struct line *line)
{
    line_str(line, "[");
    for (size_t i = 0; i < count && !line->full; i++) {
        line_str(line, i > 0 ? ", " : "");
        line_item(line, texts[i]);
    }
    line_str(line, "]");
}

void fact_print(enum fact fact, const struct fact_value *value, struct line *line)
{
    enum fact_type type = fact_type(fact);

    if (!value->present) {
        return;
    }
    if (type == FACT_SET) {
        print_texts(value->set, value->set_count, line);
    } else if (fact_type_is_text(type)) {
        line_put(line, value->text);
    } else {
        print_number(type, value->number, line);
    }
}

static void print_operand(const struct condition *condition,
                          const struct operand *operand, struct line *line)
{
    if (operand->fact != FACT_COUNT) {
        line_str(line, fact_name(operand->fact));
        return;
    }
    print_number(fact_type(condition->fact), operand->number, line);
}

static void print_value(const struct condition *condition, struct line *line)
{
    if (fact_type_is_text(fact_type(condition->fact))) {
        line_item(line, condition->text);
    } else {
        print_operand(condition, &condition->low, line);
    }
}

static void print_numbers(const struct condition *condition, struct line *line)
{
    line_str(line, "[");
    for (size_t i = 0; i < condition->count && !line->full; i++) {
        line_str(line, i > 0 ? ", " : "");
        print_number(fact_type(condition->fact), condition->numbers[i], line);
    }
    line_str(line, "]");
}

static void print_list(const struct condition *condition, struct line *line)
{
    if (condition->list != NULL) {
        line_str(line, condition->list);
        line_str(line, " ");
    }
    if (condition->numbers != NULL) {
        print_numbers(condition, line);
    } else {
        print_texts(condition->texts, condition->count, line);
    }
}

static void print_exists(const struct condition *condition, struct line *line)
{
    line_str(line, condition->low.number != 0 ? "present" : "absent");
}

static void print_high(const struct condition *condition, struct line *line)
{
    print_operand(condition, &condition->high, line);
}

static void print_range(const struct condition *condition, struct line *line)
{
    print_operand(condition, &condition->low, line);
    line_str(line, " and ");
    print_high(condition, line);
}

static void print_pattern(const struct condition *condition, struct line *line)
{
    line_item(line, condition->text);
}

static const struct {
    const char *before;
    void (*print)(const struct condition *condition, struct line *line);
} forms[OPERATOR_COUNT] = {
    [OPERATOR_EQ] = {"= ", print_value},
    [OPERATOR_NE] = {"not ", print_value},
    [OPERATOR_IN] = {"one of ", print_list},
    [OPERATOR_NOT_IN] = {"none of ", print_list},
    [OPERATOR_GE] = {">= ", print_value},
    [OPERATOR_LE] = {"<= ", print_high},
    [OPERATOR_BETWEEN] = {"between ", print_range},
    [OPERATOR_MATCHES] = {"matching ", print_pattern},
    [OPERATOR_SUBSET] = {"all within ", print_list},
    [OPERATOR_EXISTS] = {"", print_exists},
};

void condition_print(const struct condition *condition, struct line *line)
{
    line_str(line, forms[condition->op].before);
    forms[condition->op].print(condition, line);
}

void condition_print_named(const struct condition *condition, struct line *line)
{
    line_str(line, forms[condition->op].before);
    line_str(line, condition->list);
}
