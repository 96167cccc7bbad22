#include "gateway/transport/link.h"

#include <errno.h>
#include <openssl/err.h>
#include <sys/socket.h>

static enum tls_end end_of(ssize_t result, enum tls_end wants)
{
    if (result > 0) {
        return TLS_DONE;
    }
    if (result == 0) {
        return TLS_PEER_LEFT;
    }
    return errno == EAGAIN || errno == EINTR ? wants : TLS_PEER_LEFT;
}

enum tls_end link_read(struct conn *conn, uint8_t *out, size_t cap, size_t *len)
{
    if (conn->ssl != NULL) {
        return tls_read(conn->ssl, out, cap, len);
    }
    ssize_t result = recv(conn->fd, out, cap, MSG_DONTWAIT);
    *len = result > 0 ? (size_t)result : 0;
    return end_of(result, TLS_WANTS_READ);
}

enum tls_end link_write(struct conn *conn, struct slice bytes, size_t *len)
{
    if (conn->ssl != NULL) {
        return tls_write(conn->ssl, bytes, len);
    }
    ssize_t result = send(conn->fd, bytes.data, bytes.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    *len = result > 0 ? (size_t)result : 0;
    return end_of(result, TLS_WANTS_WRITE);
}

bool link_pending(const struct conn *conn)
{
    return conn->ssl != NULL && SSL_has_pending(conn->ssl) != 0;
}

void link_shut(struct conn *conn)
{
    if (conn->ssl != NULL) {
        ERR_clear_error();
        (void)SSL_shutdown(conn->ssl);
    }
}
