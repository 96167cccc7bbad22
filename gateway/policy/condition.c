#include "gateway/policy/condition.h"

static bool is_text(enum fact_type type)
{
    return type == FACT_STR || type == FACT_HASH;
}

static enum outcome outcome_of(bool met)
{
    return met ? OUTCOME_MET : OUTCOME_UNMET;
}

static bool number_listed(const struct condition *condition, int64_t number)
{
    for (size_t i = 0; i < condition->count; i++) {
        if (condition->numbers[i] == number) {
            return true;
        }
    }
    return false;
}

static bool text_listed(const struct condition *condition, struct slice text)
{
    for (size_t i = 0; i < condition->count; i++) {
        if (slice_equal(condition->texts[i], text)) {
            return true;
        }
    }
    return false;
}

static bool all_listed(const struct condition *condition, const struct fact_value *value)
{
    for (size_t i = 0; i < value->set_count; i++) {
        if (!text_listed(condition, value->set[i])) {
            return false;
        }
    }
    return true;
}

/* glibc's matcher may need memory in the square of the input: longer input is an error,
 * not a guess. It is copied because some matchers look for a final NUL whatever they are
 * told; a NUL inside stays a byte like others. */
static enum outcome judge_pattern(const struct condition *condition, struct slice text)
{
    char input[CONDITION_INPUT_MAX + 1];
    regmatch_t span = {.rm_so = 0, .rm_eo = (regoff_t)text.len};

    if (text.len > CONDITION_INPUT_MAX) {
        return OUTCOME_ERROR;
    }
    if (condition->runs != NULL) {
        return outcome_of(runs_match(condition->runs, text));
    }
    if (text.len > 0) {
        memcpy(input, text.data, text.len);
    }
    input[text.len] = '\0';
    int status = regexec(condition->pattern, input, 1, &span, REG_STARTEND);
    if (status != 0 && status != REG_NOMATCH) {
        return OUTCOME_ERROR;
    }
    return outcome_of(status == 0);
}

static enum outcome judge_text(const struct condition *condition, struct slice text)
{
    switch (condition->op) {
    case OPERATOR_EQ:
        return outcome_of(slice_equal(condition->text, text));
    case OPERATOR_NE:
        return outcome_of(!slice_equal(condition->text, text));
    case OPERATOR_IN:
        return outcome_of(text_listed(condition, text));
    case OPERATOR_NOT_IN:
        return outcome_of(!text_listed(condition, text));
    case OPERATOR_MATCHES:
        return judge_pattern(condition, text);
    case OPERATOR_GE:
    case OPERATOR_LE:
    case OPERATOR_BETWEEN:
    case OPERATOR_SUBSET:
    case OPERATOR_EXISTS:
    case OPERATOR_COUNT:
    default:
        return OUTCOME_ERROR;
    }
}

/* false: the bound is a fact that is absent. */
static bool resolve(const struct operand *operand, const struct facts *facts,
                    int64_t *number)
{
    if (operand->fact == FACT_COUNT) {
        *number = operand->number;
        return true;
    }
    *number = facts->value[operand->fact].number;
    return facts->value[operand->fact].present;
}

static enum outcome judge_number(const struct condition *condition, int64_t number,
                                 const struct facts *facts)
{
    int64_t low = 0;
    int64_t high = 0;

    if (!resolve(&condition->low, facts, &low) ||
        !resolve(&condition->high, facts, &high)) {
        return OUTCOME_ERROR;
    }
    switch (condition->op) {
    case OPERATOR_EQ:
        return outcome_of(number == low);
    case OPERATOR_NE:
        return outcome_of(number != low);
    case OPERATOR_GE:
        return outcome_of(number >= low);
    case OPERATOR_LE:
        return outcome_of(number <= high);
    case OPERATOR_BETWEEN:
        return outcome_of(low <= number && number <= high);
    case OPERATOR_IN:
        return outcome_of(number_listed(condition, number));
    case OPERATOR_NOT_IN:
        return outcome_of(!number_listed(condition, number));
    case OPERATOR_MATCHES:
    case OPERATOR_SUBSET:
    case OPERATOR_EXISTS:
    case OPERATOR_COUNT:
    default:
        return OUTCOME_ERROR;
    }
}

static bool has_content(enum fact_type type, const struct fact_value *value)
{
    if (!value->present) {
        return false;
    }
    if (type == FACT_SET) {
        return value->set_count > 0;
    }
    return !is_text(type) || value->text.len > 0;
}

enum outcome condition_judge(const struct condition *condition, const struct facts *facts)
{
    const struct fact_value *value = &facts->value[condition->fact];
    enum fact_type type = condition->type;

    if (condition->op == OPERATOR_EXISTS) {
        bool wanted = condition->low.number != 0;
        return outcome_of(has_content(type, value) == wanted);
    }
    if (!value->present) {
        return OUTCOME_ERROR;
    }
    if (type == FACT_SET) {
        return condition->op == OPERATOR_SUBSET ? outcome_of(all_listed(condition, value))
                                                : OUTCOME_ERROR;
    }
    return is_text(type) ? judge_text(condition, value->text)
                         : judge_number(condition, value->number, facts);
}
