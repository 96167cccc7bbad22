#include "tests/unit/client/support/home.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct home home;
static char dir[] = "/tmp/segel-extend-XXXXXX";
static const char *const linked[][2] = {
    {"ca.pem", "ca.pem"}, {"client.pem", "cert.pem"}, {"client.key", "key.pem"}};

const char *in_home(const char *name)
{
    static char path[128];

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

void home_move_in(void)
{
    find_server();
    cr_assert_not_null(mkdtemp(dir));
    (void)snprintf(home.dir, sizeof(home.dir), "%s", dir);
    for (size_t i = 0; i < SG_COUNT(linked); i++) {
        cr_assert_eq(symlink(server_file(&server, linked[i][0]), in_home(linked[i][1])),
                     0);
    }
    FILE *file = fopen(in_home("gateway"), "we");
    cr_assert(file != NULL && fprintf(file, "%s\n", address) > 0 && fclose(file) == 0);
}

void home_move_out(void)
{
    for (size_t i = 0; i < SG_COUNT(linked); i++) {
        (void)unlink(in_home(linked[i][1]));
    }
    (void)unlink(in_home("gateway"));
    (void)rmdir(dir);
}
