#include "client/commands/policy/common.h"

#include <stdlib.h>
#include <string.h>

#include "client/console/screen.h"

enum exit_code policy_usage(const struct command *command, struct words *words,
                            size_t least, size_t most, struct policy_options *options)
{
    struct sg_error why = {0};

    if (command_parse(command, words, options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    if (strcmp(options->lang, "id") != 0 && strcmp(options->lang, "en") != 0) {
        screen_complain("--lang is id or en");
        return EXIT_USAGE;
    }
    if (words->count < least || words->count > most) {
        (void)snprintf(why.text, sizeof(why.text),
                       "wanted is 'segel %s %s': --help shows examples", command->name,
                       command->operands);
        screen_complain(why.text);
        return EXIT_USAGE;
    }
    return EXIT_WELL;
}

enum exit_code policy_open(const char *path, struct policy **out)
{
    struct sg_error why = {0};
    enum sg_status status = policy_load(path, out, &why);

    if (status == SG_OK) {
        return EXIT_WELL;
    }
    screen_complain(why.text[0] != '\0' ? why.text : sg_status_text(status));
    return status == SG_INVALID ? EXIT_REFUSED : EXIT_BROKEN;
}

const char *policy_say(const struct policy_options *options, const char *indonesian,
                       const char *english)
{
    return strcmp(options->lang, "id") == 0 ? indonesian : english;
}

const char *policy_message(const struct policy_options *options,
                           const struct rule_info *rule)
{
    const char *wanted = policy_say(options, rule->message_id, rule->message_en);
    const char *other = policy_say(options, rule->message_en, rule->message_id);

    if (wanted != NULL) {
        return wanted;
    }
    return other != NULL ? other : "";
}

void policy_say_lacking(const struct policy_options *options, FILE *out, const char *rule,
                        const char *fact)
{
    if (strcmp(options->lang, "id") == 0) {
        (void)fprintf(out,
                      "%s belum dinilai: gateway belum mengetahui '%s', sehingga aturan "
                      "ini tidak menolak apa pun.",
                      rule, fact);
    } else {
        (void)fprintf(out,
                      "%s is not yet judged: the gateway does not know '%s' yet, so "
                      "the rule refuses nothing.",
                      rule, fact);
    }
}

enum exit_code policy_print_json(json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT);

    json_decref(value);
    if (text == NULL) {
        screen_complain(sg_status_text(SG_NO_MEMORY));
        return EXIT_BROKEN;
    }
    (void)puts(text);
    free(text);
    return EXIT_WELL;
}
