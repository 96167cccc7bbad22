#include "tests/unit/core/support/stand_in.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/clock.h"

/* --- The gateway's side ---------------------------------------------------------- */

static void on_done(void *context, void *owner, const struct lane_result *result)
{
    struct told *told = (struct told *)owner;

    (void)context;
    told->times++;
    told->status = result->status;
    told->unused = result->unused;
}

static const struct lane_key_ref keys[] = {{.name = "canary"}, {.name = "seal"}};

void stand_in_start(struct stand_in *actor, part_play play)
{
    const struct lane_options options = {
        .config = &actor->config,
        .keys = keys,
        .key_count = 2,
        .canary = STAND_IN_CANARY,
        .window = 2 * STAND_IN_OPERATIONS,
        .timeout_us = 2000000,
        .canary_us = INT64_MAX,
        .done = on_done,
    };
    int pair[2];

    *actor = (struct stand_in){.config = {.name = (char *)sg_unconst("stand-in")}};
    cr_assert_eq(lane_new(&options, &actor->lane), SG_OK);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    struct process *process = &actor->lane->process;
    process->pid = fork();
    cr_assert(process->pid >= 0);
    if (process->pid == 0) {
        const struct part part = {.fd = pair[1], .marks = process->marks};
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)close(pair[0]);
        play(&part);
        _exit(0);
    }
    (void)close(pair[1]);
    process->socket = pair[0];
    process->generation++;
    actor->lane->counts.threads = 1;
    lane_enter(actor->lane, LANE_UP);
}

void stand_in_end(struct stand_in *actor)
{
    pid_t pid = actor->lane->process.pid;

    if (pid > 0) {
        (void)kill(pid, SIGKILL);
        stand_in_wait_dead(actor);
    }
    lane_free(actor->lane);
}

void stand_in_wait_dead(const struct stand_in *actor)
{
    siginfo_t info;

    cr_assert_eq(waitid(P_PID, (id_t)actor->lane->process.pid, &info, WEXITED | WNOWAIT),
                 0);
}

void stand_in_submit(struct stand_in *actor, size_t number)
{
    static const uint8_t digest[32] = {1};
    const struct lane_op op = {.owner = &actor->told[number],
                               .key = STAND_IN_KEY,
                               .scheme = SG_SCHEME_RSA_PKCS1,
                               .hash = SG_HASH_SHA256,
                               .input = slice_of(digest, sizeof(digest))};

    lane_submit(actor->lane, &op);
}

void stand_in_hear(struct stand_in *actor)
{
    struct lane *lane = actor->lane;
    int64_t until_us = clock_mono_us() + 2000000;

    while (lane->hands[LANE_RSA].outstanding > 0 && clock_mono_us() < until_us) {
        struct pollfd ready = {.fd = lane_fd(lane), .events = POLLIN};
        (void)poll(&ready, 1, 10);
        if (ready.revents != 0 || lane->burying) {
            lane_read(lane);
        }
    }
}

/* --- The process's ----------------------------------------------------------------- */

static size_t take_one(const struct part *part, uint64_t *ids)
{
    static uint8_t packet[WIRE_FRAME_MAX];
    ssize_t len = recv(part->fd, packet, sizeof(packet), 0);
    Segel__Lane__V1__ToLane *message =
        len <= 0 ? NULL : segel__lane__v1__to_lane__unpack(NULL, (size_t)len, packet);
    size_t count = 0;

    if (message == NULL) { /* the test has ended */
        _exit(1);
    }
    for (; count < message->work->n_operations; count++) {
        ids[count] = message->work->operations[count]->id;
    }
    segel__lane__v1__to_lane__free_unpacked(message, NULL);
    return count;
}

size_t part_take(const struct part *part, size_t packets, size_t unread,
                 uint64_t ids[STAND_IN_OPERATIONS])
{
    size_t count = 0;
    uint8_t byte;

    for (size_t i = unread; i < packets; i++) {
        count += take_one(part, ids + count);
    }
    if (unread > 0) {
        (void)recv(part->fd, &byte, sizeof(byte), MSG_PEEK);
    }
    return count;
}

void part_answer(const struct part *part, const uint64_t *ids, size_t count,
                 enum failure failure)
{
    static uint8_t packet[WIRE_FRAME_MAX];
    uint8_t signature[] = "signature";
    Segel__Lane__V1__Outcome outcomes[STAND_IN_OPERATIONS];
    Segel__Lane__V1__Outcome *pointers[STAND_IN_OPERATIONS];
    Segel__Lane__V1__Done done;
    Segel__Lane__V1__FromLane message;

    segel__lane__v1__done__init(&done);
    segel__lane__v1__from_lane__init(&message);
    for (size_t i = 0; i < count; i++) {
        segel__lane__v1__outcome__init(&outcomes[i]);
        outcomes[i].id = ids[i];
        outcomes[i].failure = (Segel__Lane__V1__FailureClass)failure;
        if (failure == FAILURE_NONE) {
            outcomes[i].signature.data = signature;
            outcomes[i].signature.len = sizeof(signature);
        }
        pointers[i] = &outcomes[i];
    }
    done.n_outcomes = count;
    done.outcomes = pointers;
    message.body_case = SEGEL__LANE__V1__FROM_LANE__BODY_DONE;
    message.done = &done;
    (void)send(part->fd, packet, segel__lane__v1__from_lane__pack(&message, packet),
               MSG_NOSIGNAL);
}
