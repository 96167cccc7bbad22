#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "gateway/transport/server.h"

/* Unix sockets: whose file it is. Calls over them: tests/system/interop.py. */

static char dir[32];
static char path[64];
static char address[80];
static struct server *server;
static struct server_listener listener;

static void make_dir(void)
{
    memcpy(dir, "/tmp/segel-listen-XXXXXX", 25);
    cr_assert_not_null(mkdtemp(dir));
    (void)snprintf(path, sizeof(path), "%s/socket", dir);
    (void)snprintf(address, sizeof(address), "unix:%s", path);
    listener = (struct server_listener){.address = address, .plain = true};
}

static void remove_dir(void)
{
    server_free(server);
    (void)unlink(path);
    (void)rmdir(dir);
}

TestSuite(listeners, .init = make_dir, .fini = remove_dir, .timeout = 30);

static struct server_options options(void)
{
    return (struct server_options){.listeners = &listener,
                                   .listener_count = 1,
                                   .loops = 1,
                                   .limits = SERVER_LIMITS_DEFAULT};
}

static enum sg_status start(struct server **out, struct sg_error *why)
{
    const struct server_options wanted = options();
    return server_new(&wanted, out, why);
}

static int bound_socket(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    memcpy(name.sun_path, path, strlen(path) + 1);
    cr_assert_eq(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
    return fd;
}

Test(listeners, makes_a_socket_for_owner_and_group_and_takes_it_away)
{
    struct stat found;
    cr_assert_eq(start(&server, NULL), SG_OK);
    cr_assert_eq(lstat(path, &found), 0);
    cr_expect(S_ISSOCK(found.st_mode));
    cr_expect_eq(found.st_mode & 07777, 0660);
    cr_expect_eq(server_port(server, 0), 0);
    server_free(server);
    server = NULL;
    cr_expect_eq(lstat(path, &found), -1);
}

Test(listeners, takes_the_place_of_a_server_that_died)
{
    int fd = bound_socket();
    (void)close(fd); /* the file stays */
    cr_expect_eq(start(&server, NULL), SG_OK);
}

Test(listeners, leaves_the_place_to_a_server_that_lives)
{
    struct sg_error why = {0};
    struct server *second = NULL;
    cr_assert_eq(start(&server, NULL), SG_OK);
    cr_expect_eq(start(&second, &why), SG_IO);
    cr_expect_not_null(strstr(why.text, "another server"), "%s", why.text);
    cr_expect_eq(access(path, F_OK), 0);
}

Test(listeners, touches_no_file_that_is_not_a_socket)
{
    struct sg_error why = {0};
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    (void)fclose(file);
    cr_expect_eq(start(&server, &why), SG_INVALID);
    cr_expect_not_null(strstr(why.text, "not a socket"), "%s", why.text);
    cr_expect_eq(access(path, F_OK), 0);
}

Test(listeners, leaves_alone_what_took_its_place)
{
    cr_assert_eq(start(&server, NULL), SG_OK);
    cr_assert_eq(unlink(path), 0);
    int fd = bound_socket();
    server_free(server);
    server = NULL;
    cr_expect_eq(access(path, F_OK), 0);
    (void)close(fd);
}

Test(listeners, refuses_a_path_that_is_not_absolute_or_too_long)
{
    char text[200] = "unix:/";
    struct sg_error why = {0};
    memset(text + strlen(text), 'x', 150);
    listener.address = text;
    cr_expect_eq(start(&server, &why), SG_INVALID);
    cr_expect_not_null(strstr(why.text, "107 bytes"), "%s", why.text);
    listener.address = "unix:relative";
    cr_expect_eq(start(&server, &why), SG_INVALID);
}

Test(listeners, several_at_once)
{
    const struct server_listener both[] = {{.address = address, .plain = true},
                                           {.address = "127.0.0.1", .plain = true}};
    struct server_options wanted = options();
    wanted.listeners = both;
    wanted.listener_count = SG_COUNT(both);
    cr_assert_eq(server_new(&wanted, &server, NULL), SG_OK);
    cr_expect_eq(server_port(server, 0), 0);
    cr_expect_gt(server_port(server, 1), 0);
}
