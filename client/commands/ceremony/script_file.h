#ifndef SEGEL_CLIENT_COMMANDS_CEREMONY_SCRIPT_FILE_H
#define SEGEL_CLIENT_COMMANDS_CEREMONY_SCRIPT_FILE_H

#include "client/ceremony/script.h"
#include "client/ceremony/shipped.h"
#include "client/console/file.h"

/* A script by its name or file. Large, and not to be moved. */
struct ceremony_script {
    struct file_bytes file; /* owned; empty for a shipped one */
    struct slice bytes;
    struct script script;
};

/* name: of a shipped one, or a path: it has a '/' or ends in ".ceremony". SG_NOT_FOUND,
 * SG_IO. SG_INVALID: why names the line. out: the zero state. */
SG_MUST_USE enum sg_status
ceremony_script_find(const char *name, struct ceremony_script *out, struct sg_error *why);
void ceremony_script_free(struct ceremony_script *script);

#endif
