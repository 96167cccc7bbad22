#include "gateway/notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "proto/text.h"

enum { TEXT_MAX = 1200, EXTEND_EVERY_US = 5000000 };
#define WATCHDOG_MAX ((uint64_t)86400 * 1000000)

static struct {
    int fd; /* owned, connected; -1: nobody listens */
    int64_t patience_us;
    int64_t fed_us;
    int64_t extended_us;
    char status[TEXT_MAX]; /* as it was said last */
} manager = {.fd = -1};

/* Before any thread is started. */
static const char *variable(const char *name)
{
    return getenv(name); /* NOLINT(concurrency-mt-unsafe) */
}

static void forget_variables(void)
{
    static const char *const names[] = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"};

    for (size_t i = 0; i < SG_COUNT(names); i++) {
        (void)unsetenv(names[i]); /* NOLINT(concurrency-mt-unsafe) */
    }
}

/* A path, or with '@' a name of the abstract namespace (unix(7)). */
static enum sg_status reach(const char *path, struct sg_error *why)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(path);

    if ((path[0] != '/' && path[0] != '@') || len < 2 ||
        len >= sizeof(address.sun_path)) {
        return sg_fail(why, SG_INVALID,
                       "NOTIFY_SOCKET is '%.80s', which is no path of a socket; start "
                       "segeld by its unit",
                       path);
    }
    memcpy(address.sun_path, path, len);
    if (path[0] == '@') {
        address.sun_path[0] = '\0';
    }
    manager.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    if (manager.fd < 0 ||
        connect(manager.fd, (const struct sockaddr *)&address, size) != 0) {
        notify_close();
        return sg_fail(
            why, SG_IO,
            "the service manager's socket %s cannot be reached; start segeld by "
            "its unit, or without NOTIFY_SOCKET",
            path);
    }
    return SG_OK;
}

/* Meant for another process: not for us, and no fault. */
static bool watchdog_is_ours(void)
{
    const char *text = variable("WATCHDOG_PID");
    uint64_t pid = 0;

    return text == NULL || (text_uint(slice_str(text), INT32_MAX, &pid) == SG_OK &&
                            pid == (uint64_t)getpid());
}

static enum sg_status read_watchdog(struct sg_error *why)
{
    const char *text = variable("WATCHDOG_USEC");
    uint64_t us = 0;

    if (text == NULL || !watchdog_is_ours()) {
        return SG_OK;
    }
    if (text_uint(slice_str(text), WATCHDOG_MAX, &us) != SG_OK || us == 0) {
        return sg_fail(why, SG_INVALID,
                       "WATCHDOG_USEC is '%.40s', which is no time of up to a day in "
                       "microseconds; look at WatchdogSec= of the unit",
                       text);
    }
    manager.patience_us = (int64_t)us;
    return SG_OK;
}

enum sg_status notify_open(struct sg_error *why)
{
    const char *path = variable("NOTIFY_SOCKET");
    enum sg_status status = SG_OK;

    if (path != NULL && path[0] != '\0') {
        status = reach(path, why);
        status = status == SG_OK ? read_watchdog(why) : status;
    }
    forget_variables();
    return status;
}

void notify_close(void)
{
    if (manager.fd >= 0) {
        (void)close(manager.fd);
    }
    manager.fd = -1;
    manager.patience_us = 0;
    manager.status[0] = '\0';
}

bool notify_managed(void)
{
    return manager.fd >= 0;
}

void notify_say(const char *word)
{
    if (manager.fd >= 0) {
        (void)send(manager.fd, word, strlen(word), MSG_NOSIGNAL);
    }
}

void notify_status(const char *text)
{
    char line[sizeof("STATUS=") + TEXT_MAX];

    if (strncmp(manager.status, text, TEXT_MAX - 1) == 0) {
        return;
    }
    (void)snprintf(manager.status, TEXT_MAX, "%s", text);
    (void)snprintf(line, sizeof(line), "STATUS=%s", manager.status);
    notify_say(line);
}

void notify_reloading(int64_t mono_us)
{
    char words[80];

    (void)snprintf(words, sizeof(words), "RELOADING=1\nMONOTONIC_USEC=%lld",
                   (long long)mono_us);
    notify_say(words);
}

void notify_waiting(const char *text, int64_t mono_us)
{
    notify_status(text);
    if (mono_us - manager.extended_us >= EXTEND_EVERY_US) {
        manager.extended_us = mono_us;
        notify_say("EXTEND_TIMEOUT_USEC=30000000");
    }
}

int64_t notify_patience_us(void)
{
    return manager.patience_us;
}

void notify_alive(int64_t mono_us)
{
    if (manager.patience_us == 0 || mono_us - manager.fed_us < manager.patience_us / 2) {
        return;
    }
    manager.fed_us = mono_us;
    notify_say("WATCHDOG=1");
}
