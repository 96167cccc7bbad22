#include "hsm/lane/lane.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hsm/lane/intake.h"
#include "hsm/lane/worker.h"
#include "hsm/process/confine.h"
#include "hsm/process/lock.h"
#include "hsm/process/mark.h"
#include "hsm/process/mount.h"
#include "hsm/process/process.h"

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

static _Noreturn void fail(int fd, const struct trouble *trouble)
{
    if (wire_failed(fd, trouble) != SG_OK) {
        process_end(1, trouble->why.text);
    }
    _exit(1);
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

/* A person may come in a minute, or on Monday. HSMs end sessions that lie idle, and
 * others try PINs meanwhile: whoever types it shall meet a token that takes it, and be
 * told what it says now. A lane that ends here has tried none; the next one asks anew. */
static enum sg_status await_login(const struct lane *lane, struct trouble *trouble)
{
    enum { LOOK_MS = 10000 };
    struct pollfd link = {lane->wire.fd, POLLIN, 0};
    int ready = 0;

    while ((ready = poll(&link, 1, LOOK_MS)) == 0 || (ready < 0 && errno == EINTR)) {
        TRY(ready == 0 ? token_stands(&lane->token, trouble) : SG_OK);
    }
    return SG_OK;
}

/* The gateway knows whether this token may be tried at all, and perhaps brings the PIN.
 */
static enum sg_status log_in(struct lane *lane, struct trouble *trouble)
{
    struct lane_login login = {.pipe = -1};
    if (lane->config.ask) {
        atomic_store(&lane->marks->login, MARK_LOGIN_AHEAD);
        enum sg_status status = wire_found(lane->wire.fd, &lane->token);
        TRY(status == SG_OK ? await_login(lane, trouble) : SG_OK);
        status = status == SG_OK ? wire_login(&lane->wire, &login) : status;
        if (status != SG_OK) {
            process_end(status == SG_INVALID ? 1 : 0,
                        status == SG_INVALID
                            ? "the lane was not told whether it may log in"
                            : NULL);
        }
    }
    const struct token_entry entry = {lane->config.pin_path, login.pipe, login.last_try,
                                      NULL, &lane->marks->login};
    return token_enter(&lane->token, &entry, trouble);
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
    TRY(lock_token(&lane->token, config->read_only, config->read_only_count, LOCK_LANE,
                   trouble));
    TRY(token_open(&lane->token, false, trouble));
    TRY(log_in(lane, trouble));
    TRY(load_keys(lane, trouble));

    lane->crew.token = &lane->token;
    lane->crew.keys = lane->keys;
    lane->crew.key_count = config->key_count;
    lane->crew.wire = &lane->wire;
    atomic_init(&lane->crew.sessions, 0);
    TRY(open_sessions(lane, trouble));
    if (queue_init(&lane->crew.queue, lane->marks, lane->threads) != SG_OK) {
        return trouble_config(trouble, "the lane has no descriptor for its queue");
    }
    outbox_init(&lane->crew.outbox, lane->wire.fd);
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
        process_end(0, NULL); /* nobody is left to hear it */
    }
}

static void open_lane(struct lane *lane)
{
    struct trouble trouble = {0};
    enum sg_status status = wire_receive(&lane->wire, true);
    if (status == SG_SHUTDOWN) {
        process_end(0, NULL);
    }
    if (status == SG_OK) {
        status = wire_open(&lane->wire, &lane->config, &trouble);
    }
    if (status != SG_OK && trouble.failure == FAILURE_NONE) {
        process_end(1, "the lane's first packet does not say what to open");
    }
    if (status != SG_OK || start(lane, &trouble) != SG_OK) {
        fail(lane->wire.fd, &trouble);
    }
    say_opened(lane);
}

/* The clerk's part (hsm/lane/queue.h): the first thread never calls the module again. It
 * goes on for a while before it rests, so that a busy lane does not call it for each
 * packet.
 */
static _Noreturn void keep(struct crew *crew)
{
    enum { LAST_ROUNDS = 10 };
    static const struct timespec round = {.tv_nsec = 1000000};
    unsigned quiet = 0;
    for (;;) {
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &round, NULL);
        outbox_flush_due(&crew->outbox);
        if (queue_may_read(&crew->queue)) {
            intake_all(crew);
            queue_read_over(&crew->queue);
        }
        quiet = outbox_expecting(&crew->outbox) ? 0 : quiet + 1;
        if (quiet > LAST_ROUNDS) {
            /* In this order: an outcome that is kept after the look calls the clerk. */
            queue_clerk_yawn(&crew->queue);
            if (outbox_expecting(&crew->outbox)) {
                queue_call_clerk(&crew->queue);
            }
            queue_clerk_rest(&crew->queue);
            quiet = 0;
        }
    }
}

_Noreturn void lane_run(int fd, int marks_fd)
{
    static struct lane lane;
    process_ignore_signals();
    if (process_bind_to_parent(fd, marks_fd) != SG_OK) {
        process_end(0, NULL);
    }
    if (mark_map(marks_fd, &lane.marks) != SG_OK) {
        process_end(1,
                    "the descriptor of --marks is no memory that holds a page of marks");
    }
    if (wire_init(&lane.wire, fd) != SG_OK) {
        process_end(1, "there is no memory for the lane");
    }
    open_lane(&lane);
    keep(&lane.crew);
}
