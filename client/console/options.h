#ifndef SEGEL_CLIENT_CONSOLE_OPTIONS_H
#define SEGEL_CLIENT_CONSOLE_OPTIONS_H

#include "proto/base.h"

/* Options of a command as rows of a table: the parser, the help and the suggestions for
 * mistyped names are made from the same rows. An option that may be given twice has two
 * rows, one behind the other. */
struct option {
    const char *name;  /* "key": given as --key VALUE or --key=VALUE */
    char letter;       /* 'o': also as -o VALUE; 0 = none */
    const char *value; /* what the help calls the value; NULL: a flag without one */
    const char *help;
    size_t offset; /* of a const char * (flag: a bool) in the command's own struct */
};
struct option_table {
    const struct option *rows;
    size_t count;
};

/* Words of the command line. options_parse moves those that are no options to the front.
 * The words themselves are borrowed from main's argv. */
struct words {
    char **at;
    size_t count;
};

/* Fills the command's struct at out, which holds the defaults, and leaves the operands in
 * words. "--" ends the options. A flag "help" in any table is met before errors are
 * looked for. SG_INVALID: why says what to write instead. */
SG_MUST_USE enum sg_status options_parse(const struct option_table *table,
                                         struct words *words, void *out,
                                         struct sg_error *why);
/* SG_INVALID when an option that is needed was not given: "--key is missing: NAME …". */
SG_MUST_USE enum sg_status options_need(const struct option_table *table, const void *out,
                                        const char *name, struct sg_error *why);
/* One row a line, aligned. */
void options_print(const struct option_table *table);

#endif
