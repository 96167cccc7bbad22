#ifndef SEGEL_GATEWAY_SERVICE_STATUS_PROCESS_FACTS_H
#define SEGEL_GATEWAY_SERVICE_STATUS_PROCESS_FACTS_H

#include "proto/base.h"

/* What this process has given up, as the kernel has it: proc(5), /proc/PID/status. */
struct process_facts {
    bool known; /* all lines that are wanted were there */
    bool no_new_privileges;
    bool system_call_filter;
    uint64_t capabilities; /* permitted */
    uint64_t locked_bytes;
};

/* From the text of that file. Pure. */
void process_facts_parse(const char *text, struct process_facts *out);
/* Of this process; any thread. */
void process_facts_look(struct process_facts *out);

#endif
