#include "client/commands/policy/rule_view.h"

#include <stdlib.h>
#include <string.h>

#include "client/console/screen.h"

enum { RESULT_WIDTH = 13, ID_WIDTH = 13, CP_WIDTH = 8, LEVEL_WIDTH = 9, MODE_WIDTH = 8 };
enum { TABLE_WIDTH = RESULT_WIDTH + ID_WIDTH + CP_WIDTH + LEVEL_WIDTH + MODE_WIDTH };

/* --- Made -------------------------------------------------------------------------- */

struct rule_view rule_view_of_file(const struct policy_options *options,
                                   const struct policy *policy, size_t rule,
                                   const struct facts *facts, struct rule_why *why)
{
    const struct rule_info *info = policy_rule(policy, rule);
    const char *lacks = policy_lacks(policy, rule);

    policy_explain(policy, rule, facts, why);
    return (struct rule_view){
        .id = info->id,
        .cp_section = info->cp_section,
        .code = info->code,
        .level = rule_level_name(info->level),
        .mode = rule_mode_name(info->mode),
        .lacks = lacks == NULL ? "" : lacks,
        .fact = why->fact,
        .found = why->found,
        .required = why->required,
        .message = policy_message(options, info),
        .result = why->result,
        .raw = why->raw,
        .excepted = why->raw == RULE_FAIL && why->result == RULE_SKIP,
    };
}

static enum rule_result result_of(int value)
{
    return value > RULE_NONE && value <= RULE_SHADOW_ERROR ? (enum rule_result)value
                                                           : RULE_NONE;
}

const char *rule_view_level(int value)
{
    return value > 0 && value <= RULE_ADVISORY + 1
               ? rule_level_name((enum rule_level)(value - 1))
               : "unknown";
}

const char *rule_view_mode(int value)
{
    return value > 0 && value <= RULE_PENDING + 1
               ? rule_mode_name((enum rule_mode)(value - 1))
               : "unknown";
}

struct rule_view rule_view_of_answer(const Segel__V1__RuleVerdict *verdict)
{
    return (struct rule_view){
        .id = verdict->rule,
        .cp_section = verdict->cp_section,
        .code = verdict->code,
        .level = rule_view_level((int)verdict->level),
        .mode = rule_view_mode((int)verdict->mode),
        .lacks = verdict->lacks,
        .fact = verdict->fact,
        .found = verdict->found,
        .required = verdict->required,
        .message = verdict->message,
        .result = result_of((int)verdict->result),
        .raw = result_of((int)verdict->raw),
        .excepted = verdict->excepted != 0,
    };
}

/* --- For people -------------------------------------------------------------------- */

static enum screen_colour colour_of(enum rule_result result)
{
    static const enum screen_colour colours[] = {
        [RULE_NONE] = SCREEN_PLAIN,         [RULE_PASS] = SCREEN_GREEN,
        [RULE_FAIL] = SCREEN_RED,           [RULE_WARN] = SCREEN_YELLOW,
        [RULE_ERROR] = SCREEN_RED,          [RULE_SKIP] = SCREEN_DIM,
        [RULE_SHADOW_PASS] = SCREEN_GREEN,  [RULE_SHADOW_FAIL] = SCREEN_YELLOW,
        [RULE_SHADOW_ERROR] = SCREEN_YELLOW};

    return colours[result];
}

static bool troubles(enum rule_result result)
{
    return result != RULE_PASS && result != RULE_SHADOW_PASS && result != RULE_SKIP;
}

static void write_reason(const struct policy_options *options,
                         const struct rule_view *view, FILE *out)
{
    if (view->lacks[0] != '\0') {
        policy_say_lacking(options, out, view->id, view->lacks);
        return;
    }
    if (view->fact[0] != '\0') {
        (void)fprintf(out, "%s: %s%s%s", view->fact,
                      view->found[0] == '\0' ? policy_say(options, "tidak ada", "absent")
                                             : view->found,
                      policy_say(options, "; diminta ", "; required "), view->required);
    }
    if (view->excepted) {
        (void)fputs(policy_say(options, " - tidak dipenuhi, tetapi dikecualikan",
                               " - not met, but lifted by an exception"),
                    out);
    }
    if (troubles(view->result)) {
        (void)fprintf(out, " - %s%s%s", view->code, view->message[0] == '\0' ? "" : ": ",
                      view->message);
    }
}

/* What stands in the last column. The caller frees it; NULL: no memory. */
static char *reason_of(const struct policy_options *options, const struct rule_view *view)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (out == NULL) {
        return NULL;
    }
    write_reason(options, view, out);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

void rule_view_print(const struct policy_options *options, const struct rule_view *view)
{
    char *reason = reason_of(options, view);

    (void)printf("%s", view->result == RULE_NONE
                           ? ""
                           : screen_colour(stdout, colour_of(view->result)));
    screen_cell(stdout, rule_result_name(view->result), RESULT_WIDTH);
    (void)printf("%s", screen_colour(stdout, SCREEN_PLAIN));
    screen_cell(stdout, view->id, ID_WIDTH);
    screen_cell(stdout, view->cp_section, CP_WIDTH);
    screen_cell(stdout, view->level, LEVEL_WIDTH);
    screen_cell(stdout, view->mode, MODE_WIDTH);
    screen_folded(stdout, reason == NULL ? "" : reason, TABLE_WIDTH);
    (void)putchar('\n');
    free(reason);
}

void rule_view_print_decision(const struct policy_options *options, bool allowed)
{
    (void)printf("%s%s%s\n", screen_colour(stdout, allowed ? SCREEN_GREEN : SCREEN_RED),
                 allowed ? policy_say(options, "diizinkan", "allowed")
                         : policy_say(options, "ditolak", "denied"),
                 screen_colour(stdout, SCREEN_PLAIN));
}

/* --- For programs ------------------------------------------------------------------ */

json_t *rule_view_json(const struct rule_view *view)
{
    json_t *row = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b}", "id", view->id,
        "cp", view->cp_section, "level", view->level, "mode", view->mode, "result",
        rule_result_name(view->result), "raw", rule_result_name(view->raw), "code",
        view->code, "fact", view->fact, "found", view->found, "required", view->required,
        "message", view->message, "excepted", view->excepted ? 1 : 0);

    if (row != NULL && view->lacks[0] != '\0') {
        (void)json_object_set_new(row, "lacks", json_string(view->lacks));
    }
    return row;
}
