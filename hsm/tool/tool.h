#ifndef SEGEL_HSM_TOOL_TOOL_H
#define SEGEL_HSM_TOOL_TOOL_H

#include "hsm/token/key.h"

/* The commands for setting a token up. Each is a short life of its own process: load, log
 * in once, do one thing, print, end by _exit(). */

/* What the command line says; texts are NULL when not given. All borrowed from argv. */
struct tool {
#define OPTION(field, name, value, help) const char *field;
#include "hsm/tool/option.def"
#undef OPTION
    bool json;
    bool markdown;
    const char *operand; /* what stands behind the options; NULL: nothing */
};

enum { TOOL_OK = 0, TOOL_FAILED = 1, TOOL_USAGE = 2 };

/* Runs a command line and gives its exit code; the lane's command does not return. */
int tool_main(int argc, char **argv);

/* The commands. Each prints its result on standard output. */
#define COMMAND(name, function, needs, options, summary)                                 \
    SG_MUST_USE enum sg_status function(const struct tool *tool, struct trouble *trouble);
#include "hsm/tool/command.def"
#undef COMMAND

/* --- What the commands share --- */

/* Protects the process, loads --module, finds --token (and --serial) and logs in with
 * --pin-file. Whoever wants to write must have the token alone: refused while a lane
 * holds the directory that --sync names (hsm/process/lock.h). */
SG_MUST_USE enum sg_status tool_login(const struct tool *tool, bool writable,
                                      struct token *token, struct trouble *trouble);
/* The usable key named by --id. */
SG_MUST_USE enum sg_status tool_key(const struct tool *tool, const struct token *token,
                                    struct key *key, struct trouble *trouble);
/* Reads --id into the reference; its name is the id. */
SG_MUST_USE enum sg_status tool_id(const struct tool *tool, struct key_ref *ref,
                                   struct trouble *trouble);
/* Makes --sync durable, if it is given (hsm/process/sync.h). */
SG_MUST_USE enum sg_status tool_sync(const struct tool *tool, struct trouble *trouble);
/* Writes to --out, or to standard output. */
SG_MUST_USE enum sg_status tool_write(const struct tool *tool, struct slice text,
                                      struct trouble *trouble);

/* A key's facts as one line of JSON. */
void tool_print_key(const struct key *key, const char *omitted);

#endif
