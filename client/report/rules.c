#include <jansson.h>

#include "client/report/report.h"

/* What is nested in the records of decisions: the rules. Only denials, and jobs that were
 * allowed though a rule failed in shadow, come here. */

static uint16_t id_of(struct names *names, const json_t *object, const char *member)
{
    const json_t *found = json_object_get(object, member);

    return names_id(names, json_is_string(found) ? slice_of(json_string_value(found),
                                                            json_string_length(found))
                                                 : slice_of("", 0));
}

/* Returns the number of the rule. */
static uint16_t count_failure(struct report *report, const json_t *failure,
                              bool by_gateway, bool decided)
{
    static const uint16_t rest[CELL_KEYS] = {REPORT_RULES, REPORT_CODES, REPORT_CODES, 0};
    const uint16_t key[CELL_KEYS] = {
        id_of(&report->rules, failure, "rule"), id_of(&report->sections, failure, "cp"),
        id_of(&report->codes, failure, "code"), by_gateway ? 1 : 0};
    uint64_t *counts = cells_at(&report->refused, key, rest);

    counts[RULE_PART]++;
    counts[RULE_DECIDED] += decided ? 1 : 0;
    return key[0];
}

void report_take_denial(struct report *report, const struct report_record *record,
                        uint16_t caller)
{
    json_t *members = json_loadb((const char *)record->json.data, record->json.len,
                                 JSON_ALLOW_NUL, NULL);
    const json_t *failures = json_object_get(members, "fail");
    const char *by = json_string_value(json_object_get(members, "by"));
    bool by_gateway = by != NULL && strcmp(by, "gateway") == 0;
    uint16_t decider = 0;

    /* A denial that does not say by what is one all the same. */
    decider = count_failure(report, json_array_get(failures, 0), by_gateway, true);
    for (size_t i = 1; i < json_array_size(failures); i++) {
        (void)count_failure(report, json_array_get(failures, i), by_gateway, false);
    }
    const uint16_t key[CELL_KEYS] = {report->month, caller, decider};
    const uint16_t rest[CELL_KEYS] = {report->month, REPORT_CALLERS, REPORT_RULES};
    cells_at(&report->denials, key, rest)[FATE_DENIED]++;
    json_decref(members);
}

void report_take_shadows(struct report *report, struct slice json)
{
    static const uint16_t rest[CELL_KEYS] = {REPORT_RULES};
    json_t *members = json_loadb((const char *)json.data, json.len, JSON_ALLOW_NUL, NULL);
    const json_t *rules = json_object_get(members, "rules");
    const json_t *shadows = json_object_get(rules, "shadow_fail");

    for (size_t i = 0; i < json_array_size(shadows); i++) {
        const json_t *rule = json_array_get(shadows, i);
        if (!json_is_string(rule)) {
            continue;
        }
        const uint16_t key[CELL_KEYS] = {names_id(
            &report->rules, slice_of(json_string_value(rule), json_string_length(rule)))};
        cells_at(&report->shadows, key, rest)[RULE_SHADOW]++;
    }
    json_decref(members);
}
