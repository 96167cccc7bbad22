#include <string.h>
#include <strings.h>

#include "gateway/clock.h"
#include "gateway/log.h"
#include "gateway/tsa/inside.h"

enum { US_PER_MS = 1000, IDLE_MS = 1000, ANSWER_MAX = 65536 };
static const char QUESTION_TYPE[] = "application/timestamp-query";
static const char ANSWER_TYPE[] = "application/timestamp-reply";

/* --- Back to who asked ------------------------------------------------------------- */

static void give(struct tsa *tsa, struct tsa_ask *ask)
{
    struct letters one = STAILQ_HEAD_INITIALIZER(one);

    if (ask == &tsa->probe) {
        atomic_store(&tsa->probing, false);
        return;
    }
    (void)atomic_fetch_sub(&tsa->waiting_count, 1);
    STAILQ_INSERT_TAIL(&one, &ask->letter, link);
    MUST(mbox_put(ask->reply, &one, 1) == SG_OK);
}

/* why: what the last authority did, if any was asked. */
static void give_up(struct tsa *tsa, struct tsa_ask *ask, const char *fallback)
{
    atomic_fetch_add(&tsa->without, ask == &tsa->probe ? 0 : 1);
    ask->status =
        ask->why.text[0] == '\0' ? sg_fail(&ask->why, SG_TSA, "%s", fallback) : SG_TSA;
    give(tsa, ask);
}

/* --- What came ---------------------------------------------------------------------- */

static void keep_length(struct tsa *tsa, size_t len)
{
    if (len > atomic_load(&tsa->longest)) {
        atomic_store(&tsa->longest, len);
    }
}

static enum sg_status check_head(const struct http_answer *answer, struct sg_error *why)
{
    if (answer->status != SG_OK) {
        return sg_fail(why, answer->status, "%s", answer->why.text);
    }
    size_t type = strcspn(answer->type, "; ");
    if (answer->code != HTTP_FINE || type != sizeof(ANSWER_TYPE) - 1 ||
        strncasecmp(answer->type, ANSWER_TYPE, type) != 0) { /* RFC 9110 8.3.1 */
        return sg_fail(why, SG_IO, "it answers with HTTP %ld and another type than '%s'",
                       answer->code, ANSWER_TYPE);
    }
    return SG_OK;
}

static enum sg_status judge(struct tsa *tsa, const struct exchange *exchange,
                            const struct http_answer *answer, struct sg_error *why)
{
    TRY(check_head(answer, why));
    const struct tsa_answer given = {.question = exchange->question,
                                     .bytes = slice_of(answer->data, answer->len),
                                     .now_us = clock_wall_us()};
    TRY(token_judge(&tsa->settings.trust, &given, &exchange->ask->token, why));
    return chain_read(tsa, &exchange->ask->token, why);
}

static void end_exchange(struct exchange *exchange)
{
    exchange->authority->asked--;
    TS_REQ_free(exchange->question);
    *exchange = (struct exchange){.ask = NULL};
}

static void take_token(struct tsa *tsa, struct exchange *exchange)
{
    struct tsa_ask *ask = exchange->ask;
    struct authority *authority = exchange->authority;

    if (authority_worked(authority)) {
        log_event(LOG_INFO, "tsa.again", "url", authority->url, NULL);
    }
    memcpy(ask->token.authority, authority->url, sizeof(ask->token.authority));
    ask->status = SG_OK;
    keep_length(tsa, ask->token.len);
    chain_keep(tsa);
    atomic_fetch_add(&tsa->tokens, 1);
    end_exchange(exchange);
    give(tsa, ask);
}

/* That a hurried question's time is over is the queue's doing: a burst would make a slow
 * authority a failing one, and whoever asks next would be refused for it. */
static bool counts(const struct exchange *exchange, enum sg_status status)
{
    return status != SG_TIMEOUT || !exchange->hurried;
}

/* The next authority may do better: the question goes to the head of those that wait. */
static void take_failure(struct tsa *tsa, struct exchange *exchange,
                         enum sg_status status, const struct sg_error *why)
{
    struct tsa_ask *ask = exchange->ask;
    struct authority *authority = exchange->authority;
    int64_t most_us = tsa->config->tsa_retry_max_s * 1000 * US_PER_MS;

    atomic_fetch_add(&tsa->failures, 1);
    if (counts(exchange, status) &&
        authority_failed(authority, most_us, clock_mono_us())) {
        log_event(LOG_WARN, "tsa.failed", "url", authority->url, "why", why->text, NULL);
    }
    ask->tried |= 1U << (authority - tsa->settings.authorities);
    bool named = strncmp(why->text, authority->url, strlen(authority->url)) == 0;
    ask->status = sg_fail(&ask->why, SG_TSA, "%s%s%s", named ? "" : authority->url,
                          named ? "" : ": ", why->text);
    end_exchange(exchange);
    STAILQ_INSERT_HEAD(&tsa->waiting, &ask->letter, link);
}

static void take(struct tsa *tsa, struct http_answer *answer)
{
    struct exchange *exchange = (struct exchange *)answer->context;
    struct sg_error why = {0};

    enum sg_status status = judge(tsa, exchange, answer, &why);
    if (status == SG_OK) {
        take_token(tsa, exchange);
    } else {
        take_failure(tsa, exchange, status, &why);
    }
    http_answer_fini(answer);
}

/* --- Asking ------------------------------------------------------------------------- */

/* In ms, at least 1: none at all would have no end. */
static int64_t time_for(const struct config *config, struct exchange *exchange)
{
    int64_t left_ms = (exchange->ask->deadline_us - clock_mono_us()) / US_PER_MS + 1;
    int64_t usual_ms = config->tsa_timeout_ms < config->tsa_wait_ms
                           ? config->tsa_timeout_ms
                           : config->tsa_wait_ms;

    exchange->hurried = left_ms < usual_ms / 2;
    left_ms = left_ms < config->tsa_timeout_ms ? left_ms : config->tsa_timeout_ms;
    return left_ms > 1 ? left_ms : 1;
}

static enum sg_status begin(struct tsa *tsa, struct exchange *exchange,
                            struct sg_error *why)
{
    const struct config *config = tsa->config;
    uint8_t question[TSA_QUESTION_MAX];
    size_t len = 0;

    TRY(token_question(&tsa->settings.trust, exchange->ask->hash, exchange->ask->digest,
                       &exchange->question));
    TRY(token_pack(exchange->question, question, &len));
    const struct http_request request = {.url = exchange->authority->url,
                                         .schemes = "http,https",
                                         .type = QUESTION_TYPE,
                                         .body = slice_of(question, len),
                                         .ca = config->tsa_ca_file,
                                         .timeout_ms = time_for(config, exchange),
                                         .max_bytes = ANSWER_MAX,
                                         .private_addresses =
                                             true, /* an agency's own, often */
                                         .context = exchange};
    return http_begin(tsa->http, &request, why);
}

static struct exchange *free_exchange(struct tsa *tsa)
{
    for (size_t i = 0; i < (size_t)tsa->config->tsa_at_once; i++) {
        if (tsa->exchanges[i].ask == NULL) {
            return &tsa->exchanges[i];
        }
    }
    return NULL;
}

static void ask(struct tsa *tsa, struct tsa_ask *ask, struct authority *authority)
{
    struct exchange *exchange = free_exchange(tsa);
    struct sg_error why = {0};

    MUST(exchange != NULL);
    *exchange = (struct exchange){.ask = ask, .authority = authority};
    authority_asked(authority);
    enum sg_status status = begin(tsa, exchange, &why);
    if (status != SG_OK) {
        take_failure(tsa, exchange, status, &why);
    }
}

/* Those whose time is over, and those that nobody is left to ask for; the others, as many
 * as may be asked at once. */
static void begin_waiting(struct tsa *tsa)
{
    int64_t now_us = clock_mono_us();
    struct letter *letter;

    while ((letter = STAILQ_FIRST(&tsa->waiting)) != NULL && free_exchange(tsa) != NULL) {
        struct tsa_ask *next = (struct tsa_ask *)letter;
        STAILQ_REMOVE_HEAD(&tsa->waiting, link);
        struct authority *authority =
            authority_choose(&tsa->settings, next->tried, now_us);
        if (now_us >= next->deadline_us) {
            give_up(tsa, next, "no time stamp authority answered within tsa.wait_ms");
        } else if (authority == NULL) {
            give_up(tsa, next,
                    "all time stamp authorities have failed of late, and are left alone "
                    "for a while");
        } else {
            ask(tsa, next, authority);
        }
    }
    atomic_store(&tsa->resting, authorities_resting(&tsa->settings, now_us));
}

/* What waits behind others that are under way has a deadline, too. They came in the order
 * of their deadlines, but for the few that were put back. */
static void give_up_late(struct tsa *tsa)
{
    int64_t now_us = clock_mono_us();
    struct letter *letter;

    while ((letter = STAILQ_FIRST(&tsa->waiting)) != NULL &&
           now_us >= ((struct tsa_ask *)letter)->deadline_us) {
        STAILQ_REMOVE_HEAD(&tsa->waiting, link);
        give_up(tsa, (struct tsa_ask *)letter,
                "no time stamp authority answered within tsa.wait_ms");
    }
}

void *work_run(void *context)
{
    struct tsa *tsa = (struct tsa *)context;
    struct http_answer answer;

    while (!atomic_load(&tsa->stop)) {
        mbox_take(&tsa->box, &tsa->waiting);
        begin_waiting(tsa);
        give_up_late(tsa);
        int64_t wait_ms = STAILQ_EMPTY(&tsa->waiting) ? IDLE_MS : IDLE_MS / 20;
        if (http_wait(tsa->http, wait_ms, &answer)) {
            take(tsa, &answer);
        }
    }
    return NULL;
}

static void give_unanswered(struct tsa *tsa, struct tsa_ask *unanswered)
{
    unanswered->status =
        sg_fail(&unanswered->why, SG_SHUTDOWN, "%s", sg_status_text(SG_SHUTDOWN));
    give(tsa, unanswered);
}

void work_give_back(struct tsa *tsa)
{
    struct letter *letter;

    mbox_take(&tsa->box, &tsa->waiting);
    for (size_t i = 0; i < TSA_AT_ONCE_MAX; i++) {
        struct tsa_ask *asked = tsa->exchanges[i].ask;
        if (asked != NULL) {
            end_exchange(&tsa->exchanges[i]);
            give_unanswered(tsa, asked);
        }
    }
    while ((letter = STAILQ_FIRST(&tsa->waiting)) != NULL) {
        STAILQ_REMOVE_HEAD(&tsa->waiting, link);
        give_unanswered(tsa, (struct tsa_ask *)letter);
    }
}
