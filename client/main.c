#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "client/console/command.h"
#include "client/console/nearest.h"
#include "client/console/screen.h"
#include "proto/standard.h"

static const struct command *const commands[] = {
#define COMMAND(name) &command_##name,
#include "client/console/commands.def"
#undef COMMAND
};

struct global {
    const char *home;
    bool help;
    bool version;
};

static const struct option global_rows[] = {
    {"home", 0, "DIR",
     "folder with gateway, ca.pem, cert.pem, key.pem, anchors.pem, "
     "log.vkey (default: $SEGEL_HOME, else ~/.config/segel)",
     offsetof(struct global, home)},
    {"help", 'h', NULL, "show this; after a command: show its options and examples",
     offsetof(struct global, help)},
    {"version", 0, NULL, "show the version", offsetof(struct global, version)},
};
static const struct option_table global_options = {global_rows, SG_COUNT(global_rows)};

static void print_help(void)
{
    (void)printf("segel - signs letters through a Segel gateway and checks its log\n\n"
                 "Usage: segel [--home DIR] COMMAND [options] …\n\nCommands:\n");
    for (size_t i = 0; i < SG_COUNT(commands); i++) {
        (void)printf("  %-16s %s\n", commands[i]->name, commands[i]->summary);
    }
    (void)printf("\nOptions:\n");
    options_print(&global_options);
    (void)printf("\nExit codes:\n"
                 "  0  all that was asked for is done\n"
                 "  1  something was refused, or a check failed; of sign: or a letter\n"
                 "     could not be read\n"
                 "  2  the command line or the home folder is wrong\n"
                 "  3  the gateway or a file cannot be reached, or broke off\n"
                 "  4, 5  of verify: there is no signature; not all could be checked\n"
                 "  6  of sign: stopped (Ctrl-C) before it was done\n"
                 "\n'segel COMMAND --help' shows options and examples; so does\n"
                 "segel-COMMAND(1), such as segel-log-show(1). Of 'segel verify' it\n"
                 "is segel-verify-letter(1).\n");
}

static void print_command_help(const struct command *command)
{
    (void)printf("segel %s - %s\n\nUsage: segel %s [options]%s%s\n\nOptions:\n",
                 command->name, command->summary, command->name,
                 command->operands[0] == '\0' ? "" : " ", command->operands);
    options_print(&command->options);
    (void)printf("\n%s", command->examples);
}

/* How many of the words name the command: "log show" takes two. 0 = they do not. */
static size_t words_named(const struct command *command, const struct words *words)
{
    char two[64];

    if (words->count > 1) {
        (void)snprintf(two, sizeof(two), "%.30s %.30s", words->at[0], words->at[1]);
        if (strcmp(two, command->name) == 0) {
            return 2;
        }
    }
    return words->count > 0 && strcmp(words->at[0], command->name) == 0 ? 1 : 0;
}

/* What was printed must have arrived. A reader that has gone, like 'head', needs no
 * sentence. */
static enum exit_code end_output(enum exit_code code)
{
    errno = 0;
    if (fflush(stdout) == 0 && ferror(stdout) == 0) {
        return code;
    }
    if (errno != EPIPE) {
        screen_complain("the output could not be written whole");
    }
    return EXIT_BROKEN;
}

static bool belongs(const struct command *command, const char *group)
{
    size_t len = strlen(group);

    return strncmp(command->name, group, len) == 0 && command->name[len] == ' ';
}

/* The first word of commands that have two. */
static bool is_group(const char *word)
{
    for (size_t i = 0; i < SG_COUNT(commands); i++) {
        if (belongs(commands[i], word)) {
            return true;
        }
    }
    return false;
}

static void print_group_help(const char *group)
{
    (void)printf("Usage: segel %s COMMAND [options] …\n\nCommands:\n", group);
    for (size_t i = 0; i < SG_COUNT(commands); i++) {
        if (belongs(commands[i], group)) {
            (void)printf("  %-16s %s\n", commands[i]->name, commands[i]->summary);
        }
    }
    (void)printf("\n'segel %s COMMAND --help' shows options and examples.\n", group);
}

/* "policy" alone: all that it can be followed by. */
static enum exit_code complain_half(const char *word)
{
    struct sg_error why;
    size_t used = 0;
    bool some = false;

    used = (size_t)snprintf(why.text, sizeof(why.text),
                            "'%s' is half of a command: write one of", word);
    for (size_t i = 0; i < SG_COUNT(commands); i++) {
        if (belongs(commands[i], word) && used < sizeof(why.text)) {
            used += (size_t)snprintf(why.text + used, sizeof(why.text) - used,
                                     "%s 'segel %s'", some ? "," : "", commands[i]->name);
            some = true;
        }
    }
    screen_complain(why.text);
    return EXIT_USAGE;
}

static enum exit_code complain_unknown(const struct words *words)
{
    const char *names[SG_COUNT(commands)];
    struct sg_error why;
    char word[64];

    (void)snprintf(word, sizeof(word), "%.30s", words->at[0]);
    if (is_group(word) && words->count == 1) {
        return complain_half(word);
    }
    if (is_group(word)) {
        (void)snprintf(word, sizeof(word), "%.30s %.30s", words->at[0], words->at[1]);
    }
    for (size_t i = 0; i < SG_COUNT(commands); i++) {
        names[i] = commands[i]->name;
    }
    const char *best = nearest(word, names, SG_COUNT(names));
    (void)snprintf(why.text, sizeof(why.text), "there is no command '%s': %s%s%s", word,
                   best == NULL ? "'segel --help' lists them" : "did you mean 'segel ",
                   best == NULL ? "" : best, best == NULL ? "" : "'?");
    screen_complain(why.text);
    return EXIT_USAGE;
}

static bool wants_help(const struct words *words)
{
    for (size_t i = 0; i < words->count && strcmp(words->at[i], "--") != 0; i++) {
        if (strcmp(words->at[i], "--help") == 0 || strcmp(words->at[i], "-h") == 0) {
            return true;
        }
    }
    return false;
}

/* The global options stand before the command: the first word without '-' ends them. */
static struct words take_global(struct words *words)
{
    struct words global = {words->at, 0};

    while (global.count < words->count && words->at[global.count][0] == '-') {
        bool two = strcmp(words->at[global.count], "--home") == 0;
        global.count += two && global.count + 1 < words->count ? 2 : 1;
    }
    words->at += global.count;
    words->count -= global.count;
    return global;
}

static bool is_home(const char *word)
{
    static const char name[] = "--home";
    size_t len = strlen(name);

    return strncmp(word, name, len) == 0 && (word[len] == '=' || word[len] == '\0');
}

/* The one at *at, which then is its last word. */
static enum sg_status take_home_at(struct global *global, const struct words *words,
                                   size_t *at, struct sg_error *why)
{
    bool two = strchr(words->at[*at], '=') == NULL && *at + 1 < words->count;
    struct words own = {words->at + *at, two ? 2 : 1};

    *at += two ? 1 : 0;
    return options_parse(&global_options, &own, global, why);
}

/* People write --home behind the command as well. */
static enum sg_status take_home(struct global *global, struct words *words,
                                struct sg_error *why)
{
    enum sg_status status = SG_OK;
    size_t kept = 0;

    for (size_t i = 0; i < words->count && status == SG_OK; i++) {
        char *word = words->at[i];
        if (strcmp(word, "--") == 0) {
            while (i < words->count) {
                words->at[kept++] = words->at[i++];
            }
        } else if (is_home(word)) {
            status = take_home_at(global, words, &i, why);
        } else {
            words->at[kept++] = word;
        }
    }
    words->count = kept;
    return status;
}

static enum exit_code run(struct global *global, struct words *words)
{
    struct home home = {.dir = ""};
    struct sg_error why = {0};

    for (size_t i = 0; i < SG_COUNT(commands); i++) {
        size_t named = words_named(commands[i], words);
        if (named == 0) {
            continue;
        }
        words->at += named;
        words->count -= named;
        if (wants_help(words)) {
            print_command_help(commands[i]);
            return end_output(EXIT_WELL);
        }
        if (take_home(global, words, &why) != SG_OK ||
            home_find(global->home, &home, &why) != SG_OK) {
            screen_complain(why.text);
            return EXIT_USAGE;
        }
        return end_output(commands[i]->run(&home, words));
    }
    if (is_group(words->at[0]) && wants_help(words)) {
        print_group_help(words->at[0]);
        return end_output(EXIT_WELL);
    }
    return complain_unknown(words);
}

int main(int argc, char **argv)
{
    struct words words = {argv + 1, argc > 0 ? (size_t)argc - 1 : 0};
    struct global global = {0};
    struct sg_error why = {0};
    struct words first = take_global(&words);

    if (!standard_keep()) {
        return EXIT_USAGE;
    }
    /* A reader of ours that went away is a write error like any other: no run that has
     * letters signed dies of it in the midst. */
    (void)signal(SIGPIPE, SIG_IGN);
    if (options_parse(&global_options, &first, &global, &why) != SG_OK) {
        screen_complain(why.text);
        return EXIT_USAGE;
    }
    if (global.version) {
        (void)printf("segel %s\n", SEGEL_VERSION);
        return end_output(EXIT_WELL);
    }
    if (global.help || words.count == 0) {
        print_help();
        return end_output(global.help ? EXIT_WELL : EXIT_USAGE);
    }
    return (int)run(&global, &words);
}
