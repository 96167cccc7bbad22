#ifndef SEGEL_TESTS_UNIT_TRANSPORT_SUPPORT_PEER_H
#define SEGEL_TESTS_UNIT_TRANSPORT_SUPPORT_PEER_H

#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>

#include "proto/base.h"
#include "proto/slice.h"

/* A client that makes its frames by hand, so that it can be honest or hostile. Blocking;
 * gives up after ten seconds. */

enum { REPLIES_MAX = 8192, PEER_BUFFER = 1 << 20, BODY_MAX = 1 << 20 };

/* What came back on one stream. */
struct reply {
    int http;
    int grpc; /* -1: none */
    bool ended;
    int64_t reset; /* -1: none */
    size_t frames;
    size_t bytes; /* of DATA */
    size_t messages;
    uint8_t head[64]; /* the first bytes of DATA */
    char text[256];
    char details[256]; /* as much as fits */
    char accepts[64];
    char encoding[64];
    char added[1024]; /* "1 x-name=value\n" for each such field of the first block */
    unsigned blocks;  /* HEADERS frames */
    uint8_t *body;    /* DATA, if the link keeps it */
    size_t sent;      /* bytes of DATA that we sent */
    size_t granted;   /* by WINDOW_UPDATE */
};

struct peer_link {
    int fd;
    SSL_CTX *tls;
    SSL *ssl;
    nghttp2_hd_inflater *inflater;
    uint8_t *out;
    size_t out_len;
    uint8_t *in;
    size_t in_len;
    struct reply *replies;
    size_t resets; /* RST_STREAM that came */
    size_t goaways;
    uint32_t goaway_code;
    uint32_t goaway_last;
    uint32_t goaway_first; /* the last call of the first one */
    char goaway_text[64];
    bool closed;
    size_t sent; /* bytes of DATA on all streams */
    size_t granted;
    size_t window;      /* first one of a stream, as the server says */
    bool keep;          /* the bodies of replies */
    bool mute;          /* does not answer PINGs */
    size_t pings;       /* that came */
    size_t pings_first; /* before the first GOAWAY */
    size_t pongs;       /* answers to ours */
};

struct peer_options {
    uint16_t port;
    const char *ca;
    const char *cert; /* NULL: none */
    const char *key;
    const char *alpn;  /* NULL: "h2" */
    uint32_t window;   /* initial window of a stream; 0: 16 MiB */
    bool no_window;    /* window really 0 */
    int receive_bytes; /* that the kernel takes for it; 0: as it thinks fit */
};

int plain_connect(uint16_t port);
/* False: the TLS handshake failed (as the client sees it). */
bool peer_open(struct peer_link *link, const struct peer_options *options);
void peer_close(struct peer_link *link);
/* The parts of peer_open: up to the first byte of TLS, and the first words of HTTP/2. */
void peer_prepare(struct peer_link *link, const struct peer_options *options);
void peer_greet(struct peer_link *link, const struct peer_options *options);

void peer_frame(struct peer_link *link, uint8_t type, uint8_t flags, uint32_t stream,
                struct slice payload);
/* HEADERS of an ordinary call. extra: pairs of name and value, ending with NULL; one with
 * the name of a usual header replaces it, with an empty value it takes it away. */
void peer_headers(struct peer_link *link, uint32_t stream, const char *path,
                  const char *const *extra, bool last);
void peer_header_block(struct slice name, struct slice value, uint8_t *out, size_t *len);
void peer_message(struct peer_link *link, uint32_t stream, struct slice message,
                  bool last);
void peer_data(struct peer_link *link, uint32_t stream, struct slice bytes, bool last);
/* The same, but never more than the windows allow. False: the server gives no credit. */
bool peer_upload(struct peer_link *link, uint32_t stream, struct slice bytes, bool last);
/* A message with a flag of our choice. */
void peer_flagged(struct peer_link *link, uint32_t stream, uint8_t flag,
                  struct slice message, bool last);
/* A PING of ours. */
void peer_ping(struct peer_link *link);
void peer_credit(struct peer_link *link, uint32_t stream, uint32_t bytes);
void peer_setting(struct peer_link *link, uint16_t name, uint32_t value);
void peer_reset(struct peer_link *link, uint32_t stream, uint32_t code);
/* Sends what was collected. False: the connection is gone. */
bool peer_send(struct peer_link *link);
/* Reads until the stream has ended, or the connection has. */
struct reply *peer_wait(struct peer_link *link, uint32_t stream);
struct reply *peer_reply(struct peer_link *link, uint32_t stream);
/* Reads one batch of frames. False: closed, or nothing within ten seconds. */
bool peer_read(struct peer_link *link);
/* Reads until the connection is closed; false when it stays open. */
bool peer_wait_closed(struct peer_link *link);

#endif
