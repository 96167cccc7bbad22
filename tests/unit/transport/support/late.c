#include "tests/unit/transport/support/late.h"

#include <unistd.h>

static void send_words(struct peer_link *link)
{
    uint8_t bytes[16384];
    int len = BIO_read(SSL_get_wbio(link->ssl), bytes, sizeof(bytes));

    MUST(len > 0 && write(link->fd, bytes, (size_t)len) == len);
}

static void hear_words(struct peer_link *link)
{
    uint8_t bytes[16384];
    ssize_t len = read(link->fd, bytes, sizeof(bytes));

    MUST(len > 0 && BIO_write(SSL_get_rbio(link->ssl), bytes, (int)len) == len);
}

void late_begin(struct peer_link *link, const struct peer_options *options)
{
    peer_prepare(link, options);
    SSL_set_bio(link->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(link->ssl);
    MUST(SSL_do_handshake(link->ssl) < 0);
    send_words(link);
    do {
        hear_words(link);
    } while (SSL_do_handshake(link->ssl) != 1);
    peer_greet(link, options);
}

void late_finish(struct peer_link *link)
{
    MUST(peer_send(link)); /* into memory */
    send_words(link);
    MUST(SSL_set_fd(link->ssl, link->fd) == 1);
}
