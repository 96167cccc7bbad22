#include "gateway/service/status/process_facts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { STATUS_SIZE = 8192, SECCOMP_FILTER = 2, DECIMAL = 10, HEXADECIMAL = 16 };

/* The number behind a name at the begin of a line. */
static bool number_of(const char *text, const char *name, int base, uint64_t *out)
{
    const char *at = strstr(text, name);
    char *end = NULL;

    if (at == NULL || (at != text && at[-1] != '\n')) {
        return false;
    }
    errno = 0;
    *out = strtoull(at + strlen(name), &end, base);
    return errno == 0 && end != at + strlen(name);
}

void process_facts_parse(const char *text, struct process_facts *out)
{
    uint64_t no_new = 0;
    uint64_t seccomp = 0;
    uint64_t locked_kib = 0;

    *out = (struct process_facts){0};
    out->known = number_of(text, "NoNewPrivs:", DECIMAL, &no_new) &&
                 number_of(text, "Seccomp:", DECIMAL, &seccomp) &&
                 number_of(text, "CapPrm:", HEXADECIMAL, &out->capabilities) &&
                 number_of(text, "VmLck:", DECIMAL, &locked_kib);
    out->no_new_privileges = no_new == 1;
    out->system_call_filter = seccomp == SECCOMP_FILTER;
    out->locked_bytes = locked_kib * 1024;
}

void process_facts_look(struct process_facts *out)
{
    char text[STATUS_SIZE] = "";
    int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

    text[len < 0 ? 0 : len] = '\0';
    if (fd >= 0) {
        (void)close(fd);
    }
    process_facts_parse(text, out);
}
