#include "gateway/transport/link.h"

#include <errno.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include "gateway/transport/conduct.h"

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

/* Of the socket, for one read of TLS: a record, and the rest of it if that came later. */
enum { SOCKET_READS = 2, NOT_NOW = -1 };

/* Records without data (KeyUpdate above all) do not end a read of TLS: who sends them
 * faster than they are worked off would keep the I/O loop in it for ever. So TLS is told
 * after a while that there is no more; the socket is still readable, and has its next
 * turn after the others. */
/* NOLINTNEXTLINE(readability-function-size): the signature is OpenSSL's */
static long on_socket(BIO *bio, int what, const char *bytes, size_t len, int argi,
                      long argl, int result, size_t *done)
{
    struct conn *conn = (struct conn *)(void *)BIO_get_callback_arg(bio);

    (void)bytes;
    (void)len;
    (void)argi;
    (void)argl;
    (void)done;
    if (what != BIO_CB_READ || conn->socket_reads++ < SOCKET_READS) {
        return result;
    }
    BIO_clear_retry_flags(bio);
    BIO_set_retry_read(bio);
    return NOT_NOW;
}

/* NOLINTNEXTLINE(readability-function-size): the signature is OpenSSL's */
static void on_message(int sent, int version, int type, const void *bytes, size_t len,
                       SSL *ssl, void *context)
{
    struct conn *conn = (struct conn *)context;

    (void)version;
    (void)ssl;
    if (sent == 0 && type == SSL3_RT_HANDSHAKE && len > 0 &&
        *(const uint8_t *)bytes == SSL3_MT_KEY_UPDATE && !conduct_key_update(conn)) {
        conn->socket_reads = SOCKET_READS;
    }
}

bool link_begin(struct conn *conn)
{
    if (conn->ssl == NULL) {
        return true;
    }
    if (SSL_set_fd(conn->ssl, conn->fd) != 1) {
        return false;
    }
    BIO_set_callback_arg(SSL_get_rbio(conn->ssl), (char *)conn);
    BIO_set_callback_ex(SSL_get_rbio(conn->ssl), on_socket);
    SSL_set_msg_callback(conn->ssl, on_message);
    SSL_set_msg_callback_arg(conn->ssl, conn);
    return true;
}

enum tls_end link_handshake(struct conn *conn)
{
    conn->socket_reads = 0;
    return tls_handshake(conn->ssl);
}

enum tls_end link_read(struct conn *conn, uint8_t *out, size_t cap, size_t *len)
{
    if (conn->ssl != NULL) {
        conn->socket_reads = 0;
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
