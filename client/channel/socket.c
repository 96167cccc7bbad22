#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>

#include "client/channel/internal.h"

/* OpenSSL's own BIO for sockets calls write(2), and a peer that has gone would end the
 * process by SIGPIPE. What signals do is not for a library to change; so this one calls
 * send(2) with MSG_NOSIGNAL. */

static BIO_METHOD *method; /* made once, never freed */

static int fd_of(BIO *bio)
{
    int fd = -1;

    (void)BIO_get_fd(bio, &fd);
    return fd;
}

static int write_socket(BIO *bio, const char *data, int len)
{
    ssize_t done = send(fd_of(bio), data, (size_t)len, MSG_NOSIGNAL);

    BIO_clear_retry_flags(bio);
    if (done < 0 && (errno == EAGAIN || errno == EINTR)) {
        BIO_set_retry_write(bio);
    }
    return (int)done;
}

static void make_method(void)
{
    const BIO_METHOD *socket = BIO_s_socket();
    BIO_METHOD *made = BIO_meth_new(BIO_TYPE_SOCKET, "socket without SIGPIPE");

    if (made == NULL || BIO_meth_set_write(made, write_socket) != 1 ||
        BIO_meth_set_read(made, BIO_meth_get_read(socket)) != 1 ||
        BIO_meth_set_ctrl(made, BIO_meth_get_ctrl(socket)) != 1 ||
        BIO_meth_set_create(made, BIO_meth_get_create(socket)) != 1 ||
        BIO_meth_set_destroy(made, BIO_meth_get_destroy(socket)) != 1) {
        BIO_meth_free(made);
        return;
    }
    method = made;
}

BIO *channel_socket_bio(int fd)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, make_method);
    BIO *bio = method == NULL ? NULL : BIO_new(method);
    if (bio != NULL) {
        (void)BIO_set_fd(bio, fd, BIO_NOCLOSE);
    }
    return bio;
}
