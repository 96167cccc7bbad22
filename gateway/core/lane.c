#define _GNU_SOURCE /* strerrordesc_np */
#include "gateway/core/lane.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/core/lane_inside.h"

enum { LANE_FD = 3 };

/* --- Making ---------------------------------------------------------------------- */

static enum sg_status make_slots(struct lane *lane)
{
    size_t window = lane->options.window;

    lane->slots = (struct slot *)calloc(window, sizeof(*lane->slots));
    lane->keys =
        (struct lane_key *)calloc(lane->options.key_count + 1, sizeof(*lane->keys));
    lane->queued = (struct lane_op *)calloc(WIRE_OPS_MAX, sizeof(*lane->queued));
    lane->queued_slots = (struct slot **)calloc(WIRE_OPS_MAX, sizeof(struct slot *));
    lane->queued_inputs =
        (uint8_t(*)[SG_HASH_MAX])calloc(WIRE_OPS_MAX, sizeof(*lane->queued_inputs));
    if (lane->slots == NULL || lane->keys == NULL || lane->queued == NULL ||
        lane->queued_slots == NULL || lane->queued_inputs == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < window; i++) {
        TAILQ_INSERT_TAIL(&lane->idle, &lane->slots[i], link);
    }
    return arena_init(&lane->arena, (size_t)8 * WIRE_FRAME_MAX);
}

enum sg_status lane_new(const struct lane_options *options, struct lane **out)
{
    struct lane *lane = (struct lane *)calloc(1, sizeof(*lane));

    if (lane == NULL) {
        return SG_NO_MEMORY;
    }
    lane->options = *options;
    lane->fd = -1;
    lane->pid = -1;
    lane->state = LANE_DOWN;
    lane->next_id = 1;
    lane->backoff_us = BACKOFF_FIRST_US;
    TAILQ_INIT(&lane->idle);
    TAILQ_INIT(&lane->busy);
    enum sg_status status = make_slots(lane);
    if (status != SG_OK) {
        lane_free(lane);
        return status;
    }
    *out = lane;
    return SG_OK;
}

static void end_process(struct lane *lane)
{
    if (lane->pid > 0) {
        (void)kill(lane->pid, SIGKILL);
        (void)waitpid(lane->pid, NULL, 0);
    }
    if (lane->fd >= 0) {
        (void)close(lane->fd);
    }
    lane->pid = -1;
    lane->fd = -1;
}

void lane_free(struct lane *lane)
{
    if (lane == NULL) {
        return;
    }
    end_process(lane);
    arena_fini(&lane->arena);
    free(lane->slots);
    free(lane->keys);
    free(lane->queued);
    free(lane->queued_slots);
    free(lane->queued_inputs);
    free(lane);
}

/* --- Process --------------------------------------------------------------------- */

/* The child gets descriptor 3, standard error, an empty signal mask and the environment
 * of the configuration, nothing else. posix_spawn, because threads exist at a restart. */
static int spawn(struct lane *lane, int child_fd)
{
    char *const argv[] = {(char *)sg_unconst(lane->options.program),
                          (char *)sg_unconst("lane"), (char *)sg_unconst("--fd"),
                          (char *)sg_unconst("3"), NULL};
    char *const *environment =
        (char *const *)sg_unconst(lane->options.config->environment);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;

    (void)sigemptyset(&none);
    MUST(posix_spawn_file_actions_init(&actions) == 0);
    MUST(posix_spawnattr_init(&attributes) == 0);
    MUST(posix_spawn_file_actions_adddup2(&actions, child_fd, LANE_FD) == 0);
    MUST(posix_spawnattr_setsigmask(&attributes, &none) == 0);
    MUST(posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK) == 0);
    int error = posix_spawn(&lane->pid, lane->options.program, &actions, &attributes,
                            argv, environment);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)posix_spawnattr_destroy(&attributes);
    return error;
}

static enum sg_status send_orders(struct lane *lane, struct sg_error *why)
{
    enum sg_status status = wire_open(lane->fd, &lane->options);

    if (status == SG_OK) {
        return SG_OK;
    }
    end_process(lane);
    return sg_fail(
        why, status, "lane '%s' %s", lane_name(lane),
        status == SG_TOO_LARGE
            ? "has more keys than its orders can name; give some to another lane"
            : "ended before it read its orders; its own message says why");
}

enum sg_status lane_start(struct lane *lane, struct sg_error *why)
{
    int pair[2];

    MUST(lane->fd < 0);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        return sg_fail(why, SG_IO,
                       "no socket pair for lane '%s': %s; raise the limit of "
                       "open files",
                       lane_name(lane), strerrordesc_np(errno));
    }
    lane->fd = pair[0];
    int error = spawn(lane, pair[1]);
    (void)close(pair[1]);
    if (error != 0) {
        lane->pid = -1;
        end_process(lane);
        return sg_fail(why, SG_IO,
                       "cannot start %s for lane '%s': %s; install it beside "
                       "segeld or set hsm.program",
                       lane->options.program, lane_name(lane), strerrordesc_np(error));
    }
    lane->generation++;
    lane->state = LANE_STARTING;
    lane->started_us = clock_mono_us();
    return send_orders(lane, why);
}

/* The process is finished: whatever it had in hand may or may not have used the key. */
void lane_lose(struct lane *lane, enum lane_state state, const char *reason)
{
    const struct lane_result lost = {
        .status = SG_INDETERMINATE,
        .why = "the HSM was lost during the job; ask again with the same id",
    };
    struct slot *slot;

    if (reason != NULL) {
        (void)snprintf(lane->why, sizeof(lane->why), "%s", reason);
    }
    end_process(lane);
    lane->state = state;
    lane->queued_count = 0;
    lane->overtaken_us = 0;
    lane->retry_us = clock_mono_us() + lane->backoff_us;
    lane->backoff_us =
        lane->backoff_us * 2 > BACKOFF_LAST_US ? BACKOFF_LAST_US : lane->backoff_us * 2;
    while ((slot = TAILQ_FIRST(&lane->busy)) != NULL) {
        void *owner = slot->owner;
        TAILQ_REMOVE(&lane->busy, slot, link);
        TAILQ_INSERT_TAIL(&lane->idle, slot, link);
        slot->owner = NULL;
        lane->outstanding--;
        lane->options.done(lane->options.context, owner, &lost);
    }
}

/* --- Time ------------------------------------------------------------------------ */

/* Hung: nothing came back for the whole time-out, or younger operations went past the
 * oldest one for as long (one thread of several is stuck). */
static bool hung(const struct lane *lane, int64_t now_us)
{
    int64_t limit = lane->options.timeout_us;

    return lane->outstanding > 0 &&
           (now_us - lane->progress_us > limit ||
            (lane->overtaken_us != 0 && now_us - lane->overtaken_us > limit));
}

static bool slow_to_start(const struct lane *lane, int64_t now_us)
{
    return now_us - lane->started_us > lane->options.start_us;
}

/* It may be us who were held up, by a disk: what the lane has said meanwhile is heard
 * before it is judged. */
static void hear_before_judging(struct lane *lane, int64_t now_us)
{
    if ((lane->state == LANE_UP && hung(lane, now_us)) ||
        (lane->state == LANE_STARTING && slow_to_start(lane, now_us))) {
        lane_read(lane);
    }
}

void lane_tick(struct lane *lane, int64_t now_us)
{
    struct sg_error why = {0};

    hear_before_judging(lane, now_us);
    if (lane->state == LANE_UP && hung(lane, now_us)) {
        lane_lose(lane, LANE_DOWN,
                  "a call of the PKCS#11 module hung; the lane was killed");
    } else if (lane->state == LANE_STARTING && slow_to_start(lane, now_us)) {
        lane_lose(lane, LANE_DOWN,
                  "the token did not open in time; check module and token");
    } else if (lane->state == LANE_DOWN && now_us >= lane->retry_us) {
        if (lane_start(lane, &why) != SG_OK) {
            lane_lose(lane, LANE_DOWN, why.text);
        }
    }
}

/* --- Questions ------------------------------------------------------------------- */

int lane_fd(const struct lane *lane)
{
    return lane->fd;
}

uint32_t lane_generation(const struct lane *lane)
{
    return lane->generation;
}

enum lane_state lane_state(const struct lane *lane)
{
    return lane->state;
}

const char *lane_why(const struct lane *lane)
{
    return lane->why;
}

const char *lane_name(const struct lane *lane)
{
    return lane->options.config->name;
}

const struct lane_token *lane_token(const struct lane *lane)
{
    return &lane->token;
}

const struct lane_key *lane_key(const struct lane *lane, size_t position)
{
    MUST(position < lane->options.key_count);
    return &lane->keys[position];
}
