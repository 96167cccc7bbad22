#include <stdio.h>
#include <stdlib.h>

#include "client/call/gateway_call.h"
#include "client/channel/unpack.h"
#include "client/commands/policy/rule_said.h"
#include "client/commands/policy/rule_view.h"
#include "segel/v1/policy.pb-c.h"

/* As the text of a file has it: "when a; require b". The caller frees it. */
static char *asks_of(const Segel__V1__PolicyRule *rule)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (out == NULL) {
        return NULL;
    }
    if (rule->when[0] != '\0') {
        (void)fprintf(out, "when %s", rule->when);
    }
    if (rule->require[0] != '\0') {
        (void)fprintf(out, "%srequire %s", rule->when[0] == '\0' ? "" : "; ",
                      rule->require);
    }
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

/* What a newer gateway knows more of has no room. */
static void add_facts(const Segel__V1__ExplainRuleResponse *got, struct rule_text *out)
{
    for (size_t i = 0; i < got->n_facts && i < FACT_COUNT; i++) {
        out->facts[i].name = got->facts[i]->name;
        out->facts[i].type = got->facts[i]->type;
        out->facts[i].help = got->facts[i]->help;
        out->fact_count++;
    }
}

static enum exit_code print(const struct policy_options *options,
                            const Segel__V1__ExplainRuleResponse *got)
{
    struct sg_error why = {0};
    const Segel__V1__PolicyRule *rule = got->rule;

    if (rule == NULL) {
        (void)snprintf(why.text, sizeof(why.text), "the gateway's answer has no rule");
        return command_failed(SG_INTERNAL, &why);
    }
    char *asks = asks_of(rule);
    if (asks == NULL) {
        return command_failed(SG_NO_MEMORY, &why);
    }
    struct rule_text text = {.id = rule->id,
                             .cp_section = rule->cp_section,
                             .code = rule->code,
                             .level = rule_view_level((int)rule->level),
                             .mode = rule_view_mode((int)rule->mode),
                             .message = rule->message,
                             .asks = asks,
                             .passed = got->tests_passed,
                             .failed = got->tests_failed};
    add_facts(got, &text);
    enum exit_code code = rule_text_print(options, &text);
    free(asks);
    return code;
}

enum exit_code rule_asked(const struct home *home, const struct policy_options *options,
                          const char *id)
{
    Segel__V1__ExplainRuleRequest request;
    ProtobufCMessage *reply = NULL;
    struct sg_error why = {0};

    segel__v1__explain_rule_request__init(&request);
    request.rule = sg_unconst_text(id);
    request.language = sg_unconst_text(options->lang);
    const struct gateway_ask ask = {"/segel.v1.PolicyService/ExplainRule", &request.base,
                                    &segel__v1__explain_rule_response__descriptor};
    enum sg_status status = gateway_call(home, &ask, &reply, &why);
    if (status != SG_OK) {
        return command_failed(status, &why);
    }
    enum exit_code code =
        print(options, (const Segel__V1__ExplainRuleResponse *)(const void *)reply);
    unpack_free(reply);
    return code;
}
