#ifndef SEGEL_GATEWAY_TSA_INSIDE_H
#define SEGEL_GATEWAY_TSA_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "gateway/http/http.h"
#include "gateway/tsa/tsa.h"

/* Inside of the module: question.c and token.c know RFC 3161, settings.c the
 * configuration, authority.c who is asked, chain.c the certificates behind a token,
 * work.c is the thread, tsa.c joins them. */
enum { TSA_AUTHORITIES_MAX = 8, TSA_AT_ONCE_MAX = HTTP_REQUESTS_MAX };

/* One address. Left alone after ROW failures in a row, longer each time; then a single
 * question tries it. */
struct authority {
    char url[TSA_AUTHORITY_SIZE];
    unsigned failures;     /* in a row */
    int64_t rest_until_us; /* CLOCK_MONOTONIC */
    unsigned asked;        /* questions under way */
    bool trying;           /* the last of them is the one that tries it after a rest */
};

struct exchange {
    struct tsa_ask *ask; /* owned while it is under way; NULL: free */
    TS_REQ *question;    /* owned */
    struct authority *authority;
    bool hurried; /* it waited, and has less than half of a question's usual time left */
};

struct tsa_settings {
    struct authority authorities[TSA_AUTHORITIES_MAX];
    size_t count;
    enum sg_hash hash;
    struct tsa_trust trust; /* owned */
};

struct tsa {
    const struct config *config;
    struct tsa_settings settings;
    struct mbox box;
    struct letters waiting; /* of the thread */
    struct tsa_ask probe;   /* at the start: its certificates are known from then on */
    atomic_bool probing;    /* it is under way */
    struct exchange exchanges[TSA_AT_ONCE_MAX];
    struct http *http;
    atomic_bool stop;
    pthread_t thread;
    bool running;
    atomic_size_t longest;       /* token that came */
    uint8_t came[TSA_CHAIN_MAX]; /* of the thread: behind the token that came last */
    size_t came_len;
    pthread_mutex_t lock; /* leaf: of the chain, and of what is doubted */
    uint8_t chain[TSA_CHAIN_MAX];
    size_t chain_len;
    uint8_t doubted[TSA_CHAINS_MAX][32]; /* SHA-256 of chains */
    size_t doubted_count;
    atomic_uint_fast64_t generation; /* of the chain */
    atomic_uint_fast64_t tokens;
    atomic_uint_fast64_t failures;
    atomic_uint_fast64_t without;
    atomic_uint waiting_count;
    atomic_uint resting;
};

/* settings.c */
SG_MUST_USE enum sg_status tsa_settings_read(const struct config *config,
                                             struct tsa_settings *out,
                                             struct sg_error *why);
void tsa_settings_fini(struct tsa_settings *settings);

/* authority.c: times of CLOCK_MONOTONIC. */
/* The first that has not failed the question and may be asked now; NULL: none. */
struct authority *authority_choose(struct tsa_settings *settings, uint32_t tried,
                                   int64_t now_us);
/* One more question is under way to it. */
void authority_asked(struct authority *authority);
/* Whether it was the failure that begins a rest, and a success that ends a row. */
bool authority_failed(struct authority *authority, int64_t most_us, int64_t now_us);
bool authority_worked(struct authority *authority);
unsigned authorities_resting(const struct tsa_settings *settings, int64_t now_us);

/* chain.c, of the thread: the certificates of a token that is believed. SG_INVALID: they
 * are doubted. */
SG_MUST_USE enum sg_status chain_read(struct tsa *tsa, const struct tsa_token *token,
                                      struct sg_error *why);
/* What was read is of the last token that was taken. */
void chain_keep(struct tsa *tsa);

/* work.c */
void *work_run(void *tsa);
/* Everything goes back unanswered: the thread has ended. */
void work_give_back(struct tsa *tsa);

#endif
