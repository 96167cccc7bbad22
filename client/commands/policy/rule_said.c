#include "client/commands/policy/rule_said.h"

#include <stdlib.h>
#include <string.h>

#include "client/console/screen.h"

static const struct catalogue_row nothing = {
    .rule = "", .title = "", .title_id = "", .law = "", .beside = ""};

/* The file's own rules are in no catalogue. */
static const struct catalogue_row *row_of(const struct rule_info *rule)
{
    const struct catalogue_row *row = catalogue_find(rule->id);

    return row == NULL ? &nothing : row;
}

static void print_line(const char *word, const char *text)
{
    if (text[0] != '\0') {
        (void)printf("%-14s", word);
        screen_text(stdout, text);
        (void)printf("\n");
    }
}

/* A rule without conditions asks nothing. */
static const char *without_head(const char *demands)
{
    return strncmp(demands, "; ", 2) == 0 ? demands + 2 : demands;
}

static void print(const struct policy_options *options, const struct rule_info *info,
                  const char *demands)
{
    const struct catalogue_row *row = row_of(info);

    (void)printf("%s  CP %s  %s  %s  %s\n", info->id, info->cp_section, info->code,
                 rule_level_name(info->level), rule_mode_name(info->mode));
    print_line(policy_say(options, "isi", "about"),
               policy_say(options, row->title_id, row->title));
    print_line(policy_say(options, "bila ditolak", "says"),
               policy_message(options, info));
    print_line(policy_say(options, "meminta", "asks"), without_head(demands));
    print_line(policy_say(options, "dasar", "law"), row->law);
}

static enum exit_code print_json(const struct policy_options *options,
                                 const struct rule_info *info, const char *demands)
{
    const struct catalogue_row *row = row_of(info);

    return policy_print_json(json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "rule", info->id, "cp",
        info->cp_section, "code", info->code, "level", rule_level_name(info->level),
        "mode", rule_mode_name(info->mode), "title",
        policy_say(options, row->title_id, row->title), "message",
        policy_message(options, info), "asks", without_head(demands), "law", row->law));
}

enum exit_code rule_said(const struct policy_options *options,
                         const struct policy *policy, const char *id)
{
    size_t rule = policy_find_rule(policy, id);
    struct sg_error why = {0};

    if (rule == policy_rule_count(policy)) {
        (void)snprintf(why.text, sizeof(why.text),
                       "there is no rule '%.40s' in the file: 'segel policy matrix FILE' "
                       "lists its rules",
                       id);
        screen_complain(why.text);
        return EXIT_USAGE;
    }
    char *demands = policy_demands_text(policy, rule);
    if (demands == NULL) {
        return command_failed(SG_NO_MEMORY, &why);
    }
    enum exit_code code = EXIT_WELL;
    if (options->json) {
        code = print_json(options, policy_rule(policy, rule), demands);
    } else {
        print(options, policy_rule(policy, rule), demands);
    }
    free(demands);
    return code;
}
