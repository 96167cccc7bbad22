#include <criterion/criterion.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "tests/unit/transport/support/echo.h"

/* A stock gRPC client (grpcio) against the server; its checks stand in
 * tests/flow/transport_clients.py. Without grpcio nothing is checked. */

enum { NO_GRPCIO = 77 };

extern char **environ;

static int run_client(const struct echo *echo)
{
    const char *python = getenv("PYTHON"); /* NOLINT(concurrency-mt-unsafe) */
    char program[256];
    char script[] = "tests/flow/transport_clients.py";
    char port[8];
    char dir[32];
    char *argv[] = {program, script, port, dir, NULL};
    pid_t pid = 0;
    int status = 0;

    (void)snprintf(program, sizeof(program), "%s",
                   python == NULL ? "/usr/bin/python3" : python);
    (void)snprintf(port, sizeof(port), "%u", (unsigned)server_port(echo->server, 0));
    (void)snprintf(dir, sizeof(dir), "%s", echo->pki.dir);
    cr_assert_eq(posix_spawnp(&pid, program, NULL, NULL, argv, environ), 0);
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Test(stock_client, finds_everything_as_grpc_says, .timeout = 60)
{
    struct echo echo;

    echo_start(&echo, NULL);
    int code = run_client(&echo);
    if (code == NO_GRPCIO) {
        cr_skip_test("no grpcio");
    }
    cr_expect_eq(code, 0);
    echo_stop(&echo);
    cr_expect_eq(atomic_load(&echo.opened), atomic_load(&echo.closed));
}
