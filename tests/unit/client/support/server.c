#define _GNU_SOURCE /* NOLINT: the name is the C library's; pipe2 */
#include "tests/unit/client/support/server.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/text.h"

static _Noreturn void become_server(const char *dir, const int in[2], const int out[2])
{
    const char *python = getenv("PYTHON"); /* NOLINT(concurrency-mt-unsafe) */

    (void)dup2(in[0], STDIN_FILENO);
    (void)dup2(out[1], STDOUT_FILENO);
    (void)close(in[1]);
    (void)execlp(python == NULL ? "/usr/bin/python3" : python, "python3",
                 "tests/flow/client_server.py", "--dir", dir, (char *)NULL);
    _exit(77);
}

static bool read_line(int fd, char *line, size_t cap)
{
    size_t len = 0;

    while (len + 1 < cap && read(fd, line + len, 1) == 1 && line[len] != '\n') {
        len++;
    }
    line[len] = '\0';
    return len > 0;
}

bool server_start(struct server *server)
{
    int in[2];
    int out[2];

    (void)snprintf(server->dir, sizeof(server->dir), "/tmp/segel-client-XXXXXX");
    if (mkdtemp(server->dir) == NULL || pipe2(in, O_CLOEXEC) != 0 ||
        pipe2(out, O_CLOEXEC) != 0) {
        return false;
    }
    server->pid = fork();
    if (server->pid == 0) {
        become_server(server->dir, in, out);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    server->input = in[1];
    bool ready = read_line(out[0], server->ports, sizeof(server->ports));
    (void)close(out[0]);
    return ready;
}

static void remove_dir(const char *dir)
{
    pid_t pid = fork();

    if (pid == 0) {
        (void)execlp("rm", "rm", "-r", "--", dir, (char *)NULL);
        _exit(1);
    }
    (void)waitpid(pid, NULL, 0);
}

void server_stop(struct server *server)
{
    (void)close(server->input);
    (void)kill(server->pid, SIGTERM);
    (void)waitpid(server->pid, NULL, 0);
    remove_dir(server->dir);
}

/* NOLINTBEGIN(concurrency-mt-unsafe): a test is one thread */
void server_publish(const struct server *server)
{
    (void)setenv("SEGEL_TEST_DIR", server->dir, 1);
    (void)setenv("SEGEL_TEST_PORTS", server->ports, 1);
}

bool server_found(struct server *server)
{
    const char *dir = getenv("SEGEL_TEST_DIR");
    const char *ports = getenv("SEGEL_TEST_PORTS");

    *server = (struct server){.pid = 0};
    if (dir == NULL || ports == NULL) {
        return false;
    }
    (void)snprintf(server->dir, sizeof(server->dir), "%s", dir);
    (void)snprintf(server->ports, sizeof(server->ports), "%s", ports);
    return true;
}
/* NOLINTEND(concurrency-mt-unsafe) */

void server_address(const struct server *server, const char *listener, char out[64])
{
    char key[32];
    size_t digits = 0;

    (void)snprintf(key, sizeof(key), "\"%s\": ", listener);
    const char *at = strstr(server->ports, key);
    MUST(at != NULL);
    at += strlen(key);
    digits = strspn(at, "0123456789");
    (void)snprintf(out, 64, "127.0.0.1:%.*s", (int)digits, at);
}

const char *server_file(const struct server *server, const char *name)
{
    static char paths[8][128];
    static unsigned next;
    char *path = paths[next++ % 8];

    (void)snprintf(path, sizeof(paths[0]), "%s/%s", server->dir, name);
    return path;
}

struct channel_options server_options(const struct server *server, const char *address)
{
    return (struct channel_options){.address = address,
                                    .ca = server_file(server, "ca.pem"),
                                    .certificate = server_file(server, "client.pem"),
                                    .private_key = server_file(server, "client.key"),
                                    .connect_ms = 5000};
}
