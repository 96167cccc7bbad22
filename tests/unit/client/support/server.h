#ifndef SEGEL_TESTS_UNIT_CLIENT_SUPPORT_SERVER_H
#define SEGEL_TESTS_UNIT_CLIENT_SUPPORT_SERVER_H

#include <sys/types.h>

#include "client/channel/channel.h"

/* tests/flow/client_server.py as a child process, in a folder of its own. */
struct server {
    pid_t pid;
    int input; /* the server ends when this closes */
    char dir[64];
    char ports[1024]; /* its line of JSON */
};

/* false: this machine has no Python with grpc; the test is to be skipped. */
bool server_start(struct server *server);
void server_stop(struct server *server);
/* Puts the server's name into the environment and takes it from there, because Criterion
 * runs each test in a process of its own. */
void server_publish(const struct server *server);
bool server_found(struct server *server);

/* "127.0.0.1:PORT" of one of its listeners: "grpc", "plain", "web", "silent" … */
void server_address(const struct server *server, const char *listener, char out[64]);
/* A file of its folder, in one of a few buffers that are used in turn. */
const char *server_file(const struct server *server, const char *name);
/* Options that reach it lawfully. address is borrowed. */
struct channel_options server_options(const struct server *server, const char *address);

#endif
