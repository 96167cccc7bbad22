#ifndef SEGEL_GATEWAY_ARGUMENTS_H
#define SEGEL_GATEWAY_ARGUMENTS_H

#include "proto/base.h"

/* The command line of segeld. */
struct arguments {
    const char *config;
    const char *unlatch;   /* a lane */
    const char *probe;     /* a local page, or its URL, which needs no config */
    bool release_lockdown; /* end a lock-down, then stop */
    bool only_check;
    bool only_start; /* a check of what a start would refuse, and of no more */
    bool only_print; /* config may be NULL then */
};

/* --probe was given a URL: the configuration is not asked. */
bool arguments_probe_url(const struct arguments *arguments);
/* Before any thread is started. Prints what was asked for, or what is wrong. False: the
 * program ends with *code. */
bool arguments_read(int argc, char **argv, struct arguments *out, int *code);

#endif
