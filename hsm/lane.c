#include "hsm/lane.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hsm/confine.h"
#include "hsm/mark.h"
#include "hsm/mount.h"
#include "hsm/process.h"
#include "hsm/worker.h"

struct lane {
    struct wire wire;
    struct lane_config config;
    struct token token;
    struct key keys[WIRE_KEYS_MAX];
    struct marks *marks; /* mapped for ever */
    struct crew crew;
    struct worker workers[WIRE_THREADS_MAX];
    unsigned threads;
    uint32_t confinement; /* bits of enum confinement */
    struct sg_error note; /* for the administrator */
};

static _Noreturn void end(int code, const char *why)
{
    if (why != NULL) {
        (void)fprintf(stderr, "segel-hsm: %s\n", why);
    }
    _exit(code);
}

static _Noreturn void fail(int fd, const struct trouble *trouble)
{
    if (wire_failed(fd, trouble) != SG_OK) {
        end(1, trouble->why.text);
    }
    _exit(1);
}

/* The gateway stops its lanes by closing the socket, after they have answered. A signal
 * to the whole process group must not come before that. */
static void ignore_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    for (size_t i = 0; i < SG_COUNT(signals); i++) {
        MUST(sigaction(signals[i], &ignore, NULL) == 0);
    }
}

static enum sg_status load_keys(struct lane *lane, struct trouble *trouble)
{
    struct reach reach = {lane->token.fn, lane->token.anchor};
    struct mechanism_offers offers;
    mechanism_probe(&lane->token, &offers);
    for (size_t i = 0; i < lane->config.key_count; i++) {
        struct key *key = &lane->keys[i];
        TRY(key_load(reach, &lane->config.keys[i], key, trouble));
        key->mechanisms = key->usable ? mechanism_fit(&offers, key) : 0;
        if (key->usable && key->mechanisms == 0) {
            key_useless(key, "KEY_MECHANISM_MISSING",
                        "cannot sign: the token offers no mechanism that fits its type "
                        "and size and that its CKA_ALLOWED_MECHANISMS permits");
        }
    }
    return SG_OK;
}

/* The token's limit counts the anchor session, and one is left for a tool. */
static unsigned sessions_wanted(const struct lane *lane)
{
    CK_ULONG limit = lane->token.max_sessions;
    CK_ULONG fit = limit == 0 ? lane->config.threads : limit > 3 ? limit - 2 : 1;
    return fit < lane->config.threads ? (unsigned)fit : lane->config.threads;
}

/* One after the other: some HSMs fail when sessions are opened fast. */
static enum sg_status open_sessions(struct lane *lane, struct trouble *trouble)
{
    unsigned wanted = sessions_wanted(lane);
    lane->threads = 0;
    while (lane->threads < wanted) {
        CK_RV rv = worker_init(&lane->workers[lane->threads], &lane->crew);
        if (rv == CKR_SESSION_COUNT && lane->threads > 0) {
            break;
        }
        if (rv != CKR_OK) {
            return trouble_rv(trouble, rv, "token '%s' opens no session number %u",
                              lane->token.label, lane->threads + 2);
        }
        lane->threads++;
    }
    return SG_OK;
}

static enum sg_status start_workers(struct lane *lane, struct trouble *trouble)
{
    for (unsigned i = 0; i < lane->threads; i++) {
        if (worker_start(&lane->workers[i]) != SG_OK) {
            return trouble_config(trouble, "the lane cannot start %u threads",
                                  lane->threads);
        }
    }
    return SG_OK;
}

static void remark(struct lane *lane, const char *sentence)
{
    size_t used = strlen(lane->note.text);
    (void)snprintf(lane->note.text + used, sizeof(lane->note.text) - used, "%s%s",
                   used == 0 ? "" : "; ", sentence);
}

static enum sg_status protect_token(struct lane *lane, struct trouble *trouble)
{
    const struct lane_config *config = &lane->config;
    TRY(mount_read_only(config->read_only, config->read_only_count, &lane->note,
                        trouble));
    if (config->read_only_count > 0 && lane->note.text[0] == '\0') {
        lane->confinement |= CONFINEMENT_READ_ONLY;
    }
    return SG_OK;
}

static void confine(struct lane *lane)
{
    if (confine_capabilities() == SG_OK) {
        lane->confinement |= CONFINEMENT_CAPABILITIES;
    } else {
        remark(lane, "the lane, or a thread that its module started, keeps privileges; "
                     "start segeld as a user without any");
    }
    if (confine_system_calls() == SG_OK) {
        lane->confinement |= CONFINEMENT_SYSTEM_CALLS;
    } else {
        remark(lane, "the kernel refuses the lane's system call filter; it runs without");
    }
}

static enum sg_status start(struct lane *lane, struct trouble *trouble)
{
    static struct module module;
    const struct lane_config *config = &lane->config;
    const struct token_ref wanted = {config->label, config->serial, config->manufacturer,
                                     config->model};
    TRY(protect_token(lane, trouble));
    TRY(process_protect(trouble));
    TRY(module_load(config->module, config->init_args, &module, trouble));
    TRY(token_search(&module, &wanted, &lane->token, trouble));
    TRY(token_open(&lane->token, false, trouble));
    TRY(token_login(&lane->token, config->pin_path, trouble));
    TRY(load_keys(lane, trouble));

    lane->crew.token = &lane->token;
    lane->crew.keys = lane->keys;
    lane->crew.key_count = config->key_count;
    atomic_init(&lane->crew.sessions, 0);
    queue_init(&lane->crew.queue, lane->marks);
    outbox_init(&lane->crew.outbox, lane->wire.fd);
    TRY(open_sessions(lane, trouble));
    confine(lane);
    return start_workers(lane, trouble);
}

static void say_opened(const struct lane *lane)
{
    struct trouble trouble = {0};
    const struct lane_state state = {&lane->token,           lane->keys,
                                     lane->config.key_count, lane->threads,
                                     lane->confinement,      lane->note.text};
    enum sg_status status = wire_opened(lane->wire.fd, &state);
    if (status == SG_TOO_LARGE) {
        MUST(trouble_config(&trouble,
                            "what the lane has to tell of its %zu keys does not fit one "
                            "packet; divide them among two lanes",
                            lane->config.key_count) != SG_OK);
        fail(lane->wire.fd, &trouble);
    }
    if (status != SG_OK) {
        end(0, NULL); /* nobody is left to hear it */
    }
}

static void open_lane(struct lane *lane)
{
    struct trouble trouble = {0};
    enum sg_status status = wire_receive(&lane->wire);
    if (status == SG_SHUTDOWN) {
        end(0, NULL);
    }
    if (status == SG_OK) {
        status = wire_open(&lane->wire, &lane->config, &trouble);
    }
    if (status != SG_OK && trouble.failure == FAILURE_NONE) {
        end(1, "the lane's first packet does not say what to open");
    }
    if (status != SG_OK || start(lane, &trouble) != SG_OK) {
        fail(lane->wire.fd, &trouble);
    }
    say_opened(lane);
}

/* In step with the patience of outcomes; for ever when none is expected. */
static int look_again_ms(struct lane *lane)
{
    enum { FOR_EVER = -1 };
    int64_t patience_us = outbox_patience_us(queue_outlook(&lane->crew.queue, NULL));

    if (!outbox_expecting(&lane->crew.outbox)) {
        return FOR_EVER;
    }
    return patience_us < 1000 ? 1 : (int)(patience_us / 1000);
}

/* Waits for a packet. While operations are unanswered it looks after outcomes that their
 * workers have left waiting. */
static void wait_for_packet(struct lane *lane)
{
    struct pollfd socket = {.fd = lane->wire.fd, .events = POLLIN};
    for (;;) {
        int ready = poll(&socket, 1, look_again_ms(lane));
        if (ready > 0) {
            return;
        }
        if (ready < 0 && errno != EINTR) {
            end(1, "the lane cannot wait for its socket");
        }
        outbox_flush_due(&lane->crew.outbox);
    }
}

/* As segeld counts them: by the key's type, whatever is asked of the key. */
static enum mark_queue kind_of(const struct lane *lane, const struct operation *operation)
{
    bool rsa = operation->key < lane->config.key_count &&
               lane->keys[operation->key].type == KEY_RSA;
    return rsa ? MARK_RSA : MARK_CURVE;
}

static void take_in(struct lane *lane)
{
    struct operation operations[WIRE_BATCH_MAX] __attribute__((uninitialized));
    struct arrival arrivals[WIRE_BATCH_MAX] __attribute__((uninitialized));
    size_t count = 0;
    if (wire_work(&lane->wire, operations, &count) != SG_OK) {
        end(1, "the lane was sent a packet that is no work");
    }
    for (size_t i = 0; i < count; i++) {
        if (operations[i].wanted.input.len > SIGN_MESSAGE_MAX) {
            end(1, "the lane was sent an operation with too much input");
        }
        arrivals[i] = (struct arrival){kind_of(lane, &operations[i]), operations[i]};
    }
    outbox_expect(&lane->crew.outbox, (unsigned)count);
    if (!queue_put(&lane->crew.queue, arrivals, count)) {
        end(1, "the lane was sent more operations than segeld may have in hand");
    }
}

_Noreturn void lane_run(int fd, int marks_fd)
{
    static struct lane lane;
    ignore_signals();
    if (process_bind_to_parent(fd, marks_fd) != SG_OK) {
        end(0, NULL);
    }
    if (mark_map(marks_fd, &lane.marks) != SG_OK) {
        end(1, "the descriptor of --marks is no memory that holds a page of marks");
    }
    if (wire_init(&lane.wire, fd) != SG_OK) {
        end(1, "there is no memory for the lane");
    }
    open_lane(&lane);
    for (;;) {
        wait_for_packet(&lane);
        enum sg_status status = wire_receive(&lane.wire);
        if (status == SG_SHUTDOWN) {
            end(0, NULL);
        }
        if (status != SG_OK) {
            end(1, "the lane's socket is broken or its packet is too large");
        }
        take_in(&lane);
    }
}
