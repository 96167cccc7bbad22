#include "client/commands/policy/common.h"
#include "client/console/screen.h"
#include "gateway/policy/compare.h"

static const struct option rows[] = {
    {"json", 0, NULL, "one JSON object a difference",
     offsetof(struct policy_options, json)},
    {"lang", 0, "id|en", "language of the report (default: en)",
     offsetof(struct policy_options, lang)},
};

/* What differs, in the language of the report. */
static const char *word_of(const struct policy_options *options, const char *what)
{
    static const struct {
        const char *english;
        const char *indonesian;
    } words[] = {
        {"cp", "bagian CP"},   {"level", "tingkat"},       {"mode", "modus"},
        {"code", "kode"},      {"demands", "syarat"},      {"removed", "dihapus"},
        {"added", "ditambah"}, {"message id", "pesan id"}, {"message en", "pesan en"},
        {"order", "urutan"},
    };

    for (size_t i = 0; i < SG_COUNT(words); i++) {
        if (strcmp(words[i].english, what) == 0) {
            return policy_say(options, words[i].indonesian, what);
        }
    }
    return what;
}

static void print_difference(const struct policy_options *options,
                             const struct policy_difference *difference)
{
    const char *before = difference->before;
    const char *after = difference->after;
    const char *sign = before == NULL ? "+" : "-";
    bool changed = before != NULL && after != NULL;
    enum screen_colour colour = before == NULL ? SCREEN_GREEN : SCREEN_RED;
    bool named = strcmp(difference->rule, "-") != 0; /* else it is no rule that differs */

    (void)printf("%s%s%s%s%s", screen_colour(stdout, changed ? SCREEN_YELLOW : colour),
                 changed ? "~" : sign, named ? " " : "", named ? difference->rule : "",
                 screen_colour(stdout, SCREEN_PLAIN));
    (void)printf(" %s: ", word_of(options, difference->what));
    screen_text(stdout, before == NULL ? after : before);
    if (changed) {
        (void)printf(" -> ");
        screen_text(stdout, after);
    }
    (void)putchar('\n');
}

static void tell(void *context, const struct policy_difference *difference)
{
    const struct policy_options *options = (const struct policy_options *)context;

    if (options->json) {
        (void)policy_print_json(json_pack(
            "{s:s, s:s, s:s*, s:s*}", "rule", difference->rule, "what", difference->what,
            "old", difference->before, "new", difference->after));
    } else {
        print_difference(options, difference);
    }
}

size_t policy_print_differences(struct policy_options *options, const struct policy *old,
                                const struct policy *new)
{
    size_t count = policy_compare(old, new, tell, options);

    if (count == 0 && !options->json) {
        (void)printf("%s\n", policy_say(options, "tidak ada perbedaan", "no difference"));
    }
    return count;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct policy_options options = {.lang = "en"};
    struct policy *old = NULL;
    struct policy *new = NULL;

    (void)home;
    if (policy_usage(&command_policy_diff, words, 2, 2, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum exit_code code = policy_open(words->at[0], &old);
    if (code == EXIT_WELL) {
        code = policy_open(words->at[1], &new);
    }
    if (code == EXIT_WELL) {
        (void)policy_print_differences(&options, old, new);
    }
    policy_free(old);
    policy_free(new);
    return code;
}

const struct command command_policy_diff = {
    .name = "policy diff",
    .operands = "OLD NEW",
    .summary = "say which rules were added, removed or changed",
    .examples =
        "Needs no gateway. Compares what the files mean, not how they are written:\n"
        "rules with their messages, metadata, lists, exceptions, and the tests by\n"
        "their number and SHA-256. A long list is shown once, not by each rule.\n"
        "+ added, - removed, ~ changed. Exit code 1: a file does not load.\n\n"
        "Examples:\n"
        "  segel policy diff in-force.yaml proposed.yaml\n"
        "  segel policy diff --json in-force.yaml proposed.yaml\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
