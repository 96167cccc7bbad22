#include "hsm/tool/tool.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "hsm/ceremony/ceremony.h"
#include "hsm/lane/lane.h"
#include "hsm/process/mark.h"
#include "proto/text.h"

struct command {
    const char *name;
    enum sg_status (*run)(const struct tool *tool, struct trouble *trouble);
    const char *needs;
    const char *options;
    const char *summary;
};

static const struct command COMMANDS[] = {
#define COMMAND(name, function, needs, options, summary)                                 \
    {name, function, needs, options, summary},
#include "hsm/tool/command.def"
#undef COMMAND
};

struct option_row {
    const char *name;
    const char *value;
    const char *help;
    size_t offset; /* of the text in struct tool */
};

static const struct option_row OPTIONS[] = {
#define OPTION(field, name, value, help)                                                 \
    {name, value, help, offsetof(struct tool, field)},
#include "hsm/tool/option.def"
#undef OPTION
};

enum {
    OPTION_JSON = SG_COUNT(OPTIONS),
    OPTION_MARKDOWN,
    OPTION_HELP,
    OPTION_FD,
    OPTION_MARKS,
    OPTION_COUNT
};

static const char **field_of(struct tool *tool, size_t option)
{
    void *field = (char *)tool + OPTIONS[option].offset;
    return field;
}

static void print_help(void)
{
    puts("segel-hsm: the part of Segel that uses the keys of an HSM.\n\n"
         "  segel-hsm lane --fd N [--marks N]\n"
         "      sign for segeld, which starts this itself over a socket\n"
         "  segel-hsm ceremony --fd N\n"
         "      change a token for segeld, which starts this itself over a socket");
    for (size_t i = 0; i < SG_COUNT(COMMANDS); i++) {
        printf("  segel-hsm %s", COMMANDS[i].name);
        char needs[128];
        (void)snprintf(needs, sizeof(needs), "%s", COMMANDS[i].needs);
        for (char *rest = needs, *need; (need = strsep(&rest, " ")) != NULL && *need;) {
            printf(" --%s ...", need);
        }
        printf(" %s\n      %s\n", COMMANDS[i].options, COMMANDS[i].summary);
    }
    puts("\nOptions:");
    for (size_t i = 0; i < SG_COUNT(OPTIONS); i++) {
        printf("  --%-12s %-13s %s\n", OPTIONS[i].name, OPTIONS[i].value,
               OPTIONS[i].help);
    }
    puts("  --json                       list, explain: lines of JSON for machines\n"
         "  --markdown                   explain: the tables of docs/ERRORS.md\n"
         "  --help                       show this\n"
         "  --version                    show the version");
    puts("\nA PIN is read from a file only, never from the command line. Stop the lane "
         "of a\n"
         "token before changing the token.\n\n"
         "Examples:\n"
         "  M=/usr/lib/softhsm/libsofthsm2.so\n"
         "  segel-hsm init-token --module $M --label city --so-pin-file so-pin "
         "--pin-file pin\n"
         "  segel-hsm keygen --module $M --token city --pin-file pin --type rsa-3072 "
         "--name seal-1\n"
         "  segel-hsm csr --module $M --token city --pin-file pin --id 01ab --subject "
         "\"/C=ID/O=Kota/CN=Segel\"\n"
         "  segel-hsm list --module $M --token city --pin-file pin\n\n"
         "Exit codes: 0 done, 1 failed or a value is wrong, 2 an option is wrong or "
         "missing.");
}

static int usage(const char *what, const char *which)
{
    (void)fprintf(stderr, "segel-hsm: %s%s; see segel-hsm --help\n", what, which);
    return TOOL_USAGE;
}

/* Nothing else is to be done: the help was asked for. */
enum { HELPED = TOOL_USAGE + 1 };

/* Descriptors that a lane inherits, as the command line numbers them. */
struct inherited {
    const char *socket;
    const char *marks; /* NULL: none */
};

static int read_operand(int count, char **operands, struct tool *tool)
{
    tool->operand = count > 0 ? operands[0] : NULL;
    return count > 1 ? usage("there is no use for ", operands[1]) : TOOL_OK;
}

/* Reads the options behind the command's name. TOOL_OK, HELPED, or the exit code. */
static int read_options(int argc, char **argv, struct tool *tool,
                        struct inherited *inherited)
{
    struct option known[OPTION_COUNT + 1] = {
        [OPTION_JSON] = {"json", no_argument, NULL, OPTION_JSON},
        [OPTION_MARKDOWN] = {"markdown", no_argument, NULL, OPTION_MARKDOWN},
        [OPTION_HELP] = {"help", no_argument, NULL, OPTION_HELP},
        [OPTION_FD] = {"fd", required_argument, NULL, OPTION_FD},
        [OPTION_MARKS] = {"marks", required_argument, NULL, OPTION_MARKS},
    };
    for (size_t i = 0; i < SG_COUNT(OPTIONS); i++) {
        known[i] = (struct option){OPTIONS[i].name, required_argument, NULL, (int)i};
    }
    for (;;) {
        /* NOLINTNEXTLINE(concurrency-mt-unsafe): there is no other thread yet */
        int option = getopt_long(argc, argv, "", known, NULL);
        if (option == -1) {
            return read_operand(argc - optind, argv + optind, tool);
        }
        if (option == '?') {
            return usage("the command line is wrong", "");
        }
        if (option == OPTION_HELP) {
            print_help();
            return HELPED;
        }
        if (option == OPTION_JSON) {
            tool->json = true;
        } else if (option == OPTION_MARKDOWN) {
            tool->markdown = true;
        } else if (option == OPTION_FD) {
            inherited->socket = optarg;
        } else if (option == OPTION_MARKS) {
            inherited->marks = optarg;
        } else {
            *field_of(tool, (size_t)option) = optarg;
        }
    }
}

static const char *missing(const struct command *command, struct tool *tool)
{
    for (size_t i = 0; i < SG_COUNT(OPTIONS); i++) {
        char word[32];
        (void)snprintf(word, sizeof(word), "%s ", OPTIONS[i].name);
        const char *at = strstr(command->needs, word);
        bool needed = at == command->needs || (at != NULL && at[-1] == ' ');
        if (needed && *field_of(tool, i) == NULL) {
            return OPTIONS[i].name;
        }
    }
    return NULL;
}

static int run(const struct command *command, struct tool *tool)
{
    const char *absent = missing(command, tool);
    if (absent != NULL) {
        return usage("the command needs --", absent);
    }
    if (tool->operand != NULL && strstr(command->options, "[CODE]") == NULL) {
        return usage("there is no use for ", tool->operand);
    }
    struct trouble trouble = {0};
    enum sg_status status = command->run(tool, &trouble);
    if (status != SG_OK) {
        (void)fprintf(stderr, "segel-hsm: %s\n", trouble.why.text);
        return TOOL_FAILED;
    }
    return fflush(stdout) == 0 ? TOOL_OK : TOOL_FAILED;
}

static bool descriptor(const char *text, int *fd)
{
    uint64_t number = 0;
    bool good = text != NULL && text_uint(slice_str(text), 65535, &number) == SG_OK &&
                number >= 3;
    *fd = good ? (int)number : MARK_NO_FD;
    return good;
}

static bool socket_of(const struct inherited *inherited, int *fd)
{
    int type = 0;
    socklen_t len = sizeof(type);
    return descriptor(inherited->socket, fd) &&
           getsockopt(*fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
           type == SOCK_SEQPACKET;
}

static int run_ceremony(const struct inherited *inherited)
{
    int fd = 0;
    if (!socket_of(inherited, &fd) || inherited->marks != NULL) {
        return usage("a ceremony is started by segeld and needs --fd with its socket",
                     "");
    }
    ceremony_run(fd);
}

static int run_lane(const struct inherited *inherited)
{
    int fd = 0;
    int marks_fd = MARK_NO_FD;
    if (!socket_of(inherited, &fd)) {
        return usage("a lane is started by segeld and needs --fd with its socket", "");
    }
    if (inherited->marks != NULL &&
        (!descriptor(inherited->marks, &marks_fd) || marks_fd == fd)) {
        return usage("--marks needs a descriptor that is open, not ", inherited->marks);
    }
    lane_run(fd, marks_fd);
}

static int dispatch(int argc, char **argv)
{
    struct tool tool = {0};
    struct inherited inherited = {0};
    int code = read_options(argc - 1, argv + 1, &tool, &inherited);
    if (code != TOOL_OK) {
        return code;
    }
    bool lane = strcmp(argv[1], "lane") == 0;
    if (lane || strcmp(argv[1], "ceremony") == 0) {
        return tool.operand != NULL ? usage("there is no use for ", tool.operand)
               : lane               ? run_lane(&inherited)
                                    : run_ceremony(&inherited);
    }
    for (size_t i = 0; i < SG_COUNT(COMMANDS); i++) {
        if (strcmp(argv[1], COMMANDS[i].name) == 0) {
            return run(&COMMANDS[i], &tool);
        }
    }
    return usage("there is no command ", argv[1]);
}

int tool_main(int argc, char **argv)
{
    if (argc < 2) {
        return usage("a command is missing", "");
    }
    int code = HELPED;
    if (strcmp(argv[1], "--version") == 0) {
        puts("segel-hsm " SEGEL_VERSION);
    } else if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_help();
    } else {
        code = dispatch(argc, argv);
    }
    if (code == HELPED) {
        code = fflush(stdout) == 0 ? TOOL_OK : TOOL_FAILED;
    }
    return code;
}
