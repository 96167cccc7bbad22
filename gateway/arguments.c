#include "gateway/arguments.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/probe.h"

#ifndef SEGEL_VERSION
#define SEGEL_VERSION "0.1.0"
#endif

enum { EXIT_USAGE = 2 };

static const char usage[] =
    "segeld - the signing gateway\n"
    "\n"
    "Usage: segeld --config FILE\n"
    "  or:  segeld --config FILE --check-config | --check-start\n"
    "  or:  segeld --config FILE --unlatch LANE | --release-lockdown | --probe PATH\n"
    "  or:  segeld [--config FILE] --print-config\n"
    "  or:  segeld --probe URL\n"
    "  or:  segeld --version | --help\n"
    "\n"
    "The signing gateway: takes jobs by gRPC, decides by the Certificate Policy, has "
    "the\n"
    "HSM sign, and records every decision. Log lines go to standard error.\n"
    "\n"
    "Options:\n"
    "  --config FILE    configuration (YAML); paths in it are relative to its folder\n"
    "  --check-config   check configuration, policy, certificates, what the start needs\n"
    "                   of this machine and what it would find in the ledger, but for\n"
    "                   token, ports and network; then stop; nothing is changed\n"
    "  --check-start    the same before an upgrade: refuse only what a start refuses,\n"
    "                   and tell files of TLS that are over, with which it goes on\n"
    "  --print-config   print all settings with what they mean, their bounds, and their\n"
    "                   values in FILE; without a file, defaults to begin with. With\n"
    "                   --check-config they are checked first\n"
    "  --unlatch LANE   after a refused PIN, with the gateway stopped, and where no\n"
    "                   quorum file is configured or the gateway never came up yet:\n"
    "                   allow the lane one more login; while it runs an officer does\n"
    "                   that with 'segel token unlock LANE'\n"
    "  --release-lockdown  with the gateway stopped, and where no quorum file is "
    "configured:\n"
    "                   end a lock-down; it is on the log\n"
    "  --probe PATH     ask the gateway that runs by FILE on this machine: /readyz, "
    "/livez\n"
    "                   or /healthz; exit code 0 when it says that it is so. A URL of\n"
    "                   these (http://127.0.0.1:9464/livez) needs no FILE, which may\n"
    "                   have become unsound while the gateway runs\n"
    "\n"
    "SIGTERM and SIGINT end it cleanly: jobs under way are finished, the log is closed\n"
    "with a signed checkpoint. SIGHUP reads anew the list of lanes, which keys are on\n"
    "them and what those may sign, what callers are known by and may do, networks, the\n"
    "policy, the quorum file, the files of TLS, level and format of log lines; jobs and\n"
    "connections go on. All of it is checked first, as by --check-config; what has\n"
    "changed and needs a restart is named in the log line 'reloaded'. SIGUSR1 takes it "
    "out of the rotation of load balancers, SIGUSR2 back.\n"
    "\n"
    "Exit codes:\n"
    "  0  ended as asked\n"
    "  1  cannot run; the reason is on standard error\n"
    "  2  the command line is wrong\n"
    "\n"
    "Examples:\n"
    "  segeld --print-config >segeld.yaml\n"
    "  segeld --config /etc/segel/segeld.yaml --check-config\n"
    "  segeld --config /etc/segel/segeld.yaml\n";

static bool say(int *code, int value, FILE *where, const char *text)
{
    *code = fputs(text, where) >= 0 && fflush(where) == 0 ? value : EXIT_FAILURE;
    return false;
}

static void take(int letter, struct arguments *out)
{
    out->config = letter == 'c' ? optarg : out->config;
    out->unlatch = letter == 'u' ? optarg : out->unlatch;
    out->only_check = out->only_check || letter == 'k';
    out->only_start = out->only_start || letter == 's';
    out->only_print = out->only_print || letter == 'p';
    out->probe = letter == 'a' ? optarg : out->probe;
    out->release_lockdown = out->release_lockdown || letter == 'r';
}

bool arguments_probe_url(const struct arguments *arguments)
{
    return arguments->probe != NULL && arguments->probe[0] != '/';
}

/* Two things at once: one would be done and the other left out, unseen. */
static const char *what_is_wrong(const struct arguments *given)
{
    struct probe_page page;
    int errands = (given->only_check || given->only_print) + given->only_start +
                  (given->unlatch != NULL) + (given->probe != NULL) +
                  given->release_lockdown;

    if (errands > 1) {
        return "segeld: it does one thing at a time: --check-config and --print-config, "
               "--check-start, --unlatch, --release-lockdown or --probe\n";
    }
    return given->probe == NULL || probe_is_page(given->probe) ||
                   probe_url(given->probe, &page)
               ? NULL
               : "segeld: --probe takes /readyz, /livez or /healthz, or the URL of one "
                 "here: http://127.0.0.1:9464/readyz\n";
}

bool arguments_read(int argc, char **argv, struct arguments *out, int *code)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"check-config", no_argument, NULL, 'k'},
                                            {"check-start", no_argument, NULL, 's'},
                                            {"print-config", no_argument, NULL, 'p'},
                                            {"unlatch", required_argument, NULL, 'u'},
                                            {"release-lockdown", no_argument, NULL, 'r'},
                                            {"probe", required_argument, NULL, 'a'},
                                            {"version", no_argument, NULL, 'V'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};

    *out = (struct arguments){0};
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): see the header */
    for (int c; (c = getopt_long(argc, argv, "c:hV", options, NULL)) != -1;
         take(c, out)) {
        switch (c) {
        case 'h':
            return say(code, EXIT_SUCCESS, stdout, usage);
        case 'V':
            return say(code, EXIT_SUCCESS, stdout, "segeld " SEGEL_VERSION "\n");
        case '?':
            return say(code, EXIT_USAGE, stderr,
                       "segeld: 'segeld --help' shows the options\n");
        default:
            break;
        }
    }
    const char *wrong = what_is_wrong(out);
    bool complete = out->config != NULL || (out->only_print && !out->only_check) ||
                    arguments_probe_url(out);
    return wrong == NULL
               ? (complete && optind == argc) || say(code, EXIT_USAGE, stderr, usage)
               : say(code, EXIT_USAGE, stderr, wrong);
}
