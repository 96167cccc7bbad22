#ifndef SEGEL_CLIENT_CONSOLE_COMMAND_H
#define SEGEL_CLIENT_CONSOLE_COMMAND_H

#include "client/console/home.h"
#include "client/console/options.h"
#include "proto/base.h"

/* How the program ends; `segel --help` shows the same table. */
enum exit_code {
    EXIT_WELL = 0,    /* all that was asked for is done */
    EXIT_REFUSED = 1, /* an item was refused, or a check failed */
    EXIT_USAGE = 2,   /* the command line or the home folder is wrong */
    EXIT_BROKEN = 3,  /* the gateway or a file cannot be reached, or broke off */
    /* Of `segel verify` only: */
    EXIT_UNSIGNED = 4, /* there is no signature */
    EXIT_UNSURE = 5,   /* not all could be checked */
    EXIT_STOPPED = 6   /* of `segel sign` only: the user stopped it before it was done */
};

/* One command: a constant in the file of its name. */
struct command {
    const char *name; /* "sign", "log show" */
    const char *operands;
    const char *summary;  /* one line for the list */
    const char *examples; /* and what else one must know; ends with a line end */
    struct option_table options;
    /* words: what follows the command's name. It complains itself. */
    enum exit_code (*run)(const struct home *home, struct words *words);
};

#define COMMAND(name) extern const struct command command_##name;
#include "client/console/commands.def"
#undef COMMAND

/* Parses by the command's table. EXIT_USAGE has been explained on the screen. */
SG_MUST_USE enum exit_code command_parse(const struct command *command,
                                         struct words *words, void *out);
/* Complains and turns a failure into the exit code that fits it. */
enum exit_code command_failed(enum sg_status status, const struct sg_error *why);

#endif
