#define _GNU_SOURCE  /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) \
                      */
#include "hsm/process/confine.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <dirent.h>

/* --- System calls ---------------------------------------------------------------- */

enum when { ALWAYS, NEW_PROCESS, OTHER_PROCESS, NOT_ITSELF, DUMPABLE, WHEN_COUNT };

struct system_call {
    int number;
    uint32_t error;
    enum when when;
};

static const struct system_call SYSTEM_CALLS[] = {
#define SYSTEM_CALL(name, error, when) {SCMP_SYS(name), error, when},
#include "hsm/process/system_call.def"
#undef SYSTEM_CALL
};

/* The kernel takes these arguments as int: what stands above is not looked at. */
static const scmp_datum_t INT_BITS = 0xffffffff;

static void release_filter(scmp_filter_ctx *filter)
{
    seccomp_release(*filter);
}

static bool add_rules(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp CONDITIONS[WHEN_COUNT] = {
        [NEW_PROCESS] = SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0),
        [OTHER_PROCESS] = SCMP_A0(SCMP_CMP_NE, (scmp_datum_t)getpid()),
        [NOT_ITSELF] = SCMP_A0(SCMP_CMP_NE, 0),
        [DUMPABLE] = SCMP_A0(SCMP_CMP_MASKED_EQ, INT_BITS, PR_SET_DUMPABLE),
    };
    bool good = true;
    for (size_t i = 0; good && i < SG_COUNT(SYSTEM_CALLS); i++) {
        const struct system_call *call = &SYSTEM_CALLS[i];
        good = seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(call->error), call->number,
                                      call->when == ALWAYS ? 0 : 1,
                                      &CONDITIONS[call->when]) == 0;
    }
    return good;
}

enum sg_status confine_system_calls(void)
{
    enum { BINARY_TREE = 2 };
    AUTO(release_filter) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (filter == NULL) {
        return SG_UNSUPPORTED;
    }
    /* A software token asks the kernel 16 times for each signature. */
    bool good = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0 &&
                seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, BINARY_TREE) == 0 &&
                add_rules(filter);
    return good && seccomp_load(filter) == 0 ? SG_OK : SG_UNSUPPORTED;
}

/* --- Capabilities ---------------------------------------------------------------- */

static void drop_capabilities(void)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0, 0, 0}};
    for (unsigned long i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++) {
        (void)prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
    }
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    (void)syscall(SYS_capset, &header, none);
}

static void close_file(FILE **file)
{
    if (*file != NULL) {
        (void)fclose(*file);
    }
}

static void close_directory(DIR **directory)
{
    if (*directory != NULL) {
        (void)closedir(*directory);
    }
}

/* Without privileges the bounding set cannot be emptied; it bounds what a new program
 * would gain, which no_new_privs has ruled out already. */
static bool none_in(FILE *status)
{
    static const char *const sets[] = {"CapInh:", "CapPrm:", "CapEff:", "CapAmb:"};
    char line[256];
    unsigned empty = 0;
    bool sealed = false;
    while (fgets(line, sizeof(line), status) != NULL) {
        size_t name = strcspn(line, "\t");
        const char *value = line + name + strspn(line + name, "\t");
        bool zero = strspn(value, "0") == strcspn(value, "\n");
        for (size_t i = 0; i < SG_COUNT(sets); i++) {
            empty += zero && strncmp(line, sets[i], strlen(sets[i])) == 0 ? 1 : 0;
        }
        sealed = sealed || (zero && strncmp(line, "CapBnd:", name) == 0) ||
                 strcmp(line, "NoNewPrivs:\t1\n") == 0;
    }
    return sealed && empty == SG_COUNT(sets);
}

/* They belong to each thread for itself: those that the module started have kept theirs.
 */
enum sg_status confine_capabilities(void)
{
    char path[320];
    unsigned threads = 0;
    const struct dirent *entry;
    drop_capabilities();
    AUTO(close_directory) DIR *tasks = opendir("/proc/self/task");
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is ours alone */
    while (tasks != NULL && (entry = readdir(tasks)) != NULL) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        (void)snprintf(path, sizeof(path), "/proc/self/task/%s/status", entry->d_name);
        AUTO(close_file) FILE *status = fopen(path, "re");
        if (status == NULL || !none_in(status)) {
            return SG_UNSUPPORTED;
        }
        threads++;
    }
    return threads > 0 ? SG_OK : SG_UNSUPPORTED;
}
