#ifndef SEGEL_GATEWAY_TRANSPORT_SOCKET_FILE_H
#define SEGEL_GATEWAY_TRANSPORT_SOCKET_FILE_H

#include <sys/stat.h>

#include "gateway/transport/address.h"

/* The file of a Unix socket, which outlives a server that dies. */
struct socket_file {
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* "": there is none */
    struct stat made;                                       /* to remove no other */
};

/* Binds the socket to its path, which must not be listened on yet: so nobody connects
 * before the file has its mode (0 = 0660). The file of a dead server is replaced.
 * SG_INVALID: the path is something else than a socket. SG_IO: a server lives there, or
 * the folder is not ours. */
SG_MUST_USE enum sg_status socket_file_bind(struct socket_file *file, int fd,
                                            const struct address *address, mode_t mode,
                                            struct sg_error *why);
/* The file goes with its server, unless another one has taken the place. */
void socket_file_remove(const struct socket_file *file);

#endif
