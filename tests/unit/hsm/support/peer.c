#define _GNU_SOURCE  /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) \
                      */
#include "tests/unit/hsm/support/peer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hsm/lane/lane.h"
#include "hsm/wire/wire.h"
#include "proto/text.h"
#include "tests/unit/hsm/support/rig.h"

static const char LETTER[] = "letter";
enum { LETTER_LEN = sizeof(LETTER) - 1 };

struct wish peer_wish(const char *id)
{
    static char pin_path[256]; /* outlives what rig_path lends */
    (void)snprintf(pin_path, sizeof(pin_path), "%s", rig_path("pin"));
    struct wish wish = {.module = RIG_MODULE,
                        .label = RIG_LABEL,
                        .serial = "",
                        .manufacturer = "",
                        .model = "",
                        .pin_path = pin_path,
                        .threads = 2,
                        .ids = {id}};
    return wish;
}

static char *text(const char *borrowed)
{
    return (char *)(uintptr_t)borrowed; /* NOLINT(performance-no-int-to-ptr) */
}

static ProtobufCBinaryData bytes(struct slice from)
{
    uint8_t *data =
        (uint8_t *)(uintptr_t)from.data; /* NOLINT(performance-no-int-to-ptr) */
    return (ProtobufCBinaryData){.len = from.len, .data = data};
}

static void send_packet(int fd, Segel__Lane__V1__ToLane *message)
{
    static uint8_t packet[WIRE_PACKET_MAX];
    size_t len = segel__lane__v1__to_lane__get_packed_size(message);
    cr_assert(len <= sizeof(packet));
    (void)segel__lane__v1__to_lane__pack(message, packet);
    cr_assert_eq(send(fd, packet, len, MSG_NOSIGNAL), (ssize_t)len);
}

void peer_open(const struct wish *wish, Segel__Lane__V1__Open *open, char **directory)
{
    segel__lane__v1__open__init(open);
    open->protocol = wish->protocol == 0
                         ? (unsigned)SEGEL__LANE__V1__PROTOCOL__PROTOCOL_CURRENT
                         : wish->protocol;
    open->lane = text("lane0");
    open->module = text(wish->module);
    open->token_label = text(wish->label);
    open->token_serial = text(wish->serial);
    open->token_manufacturer = text(wish->manufacturer);
    open->token_model = text(wish->model);
    open->pin_path = text(wish->pin_path);
    *directory = text(wish->read_only);
    open->read_only = directory;
    open->n_read_only = wish->read_only == NULL ? 0 : 1;
    open->init_args = text(wish->init_args == NULL ? "" : wish->init_args);
    open->threads = wish->threads;
}

static void send_open(int fd, const struct wish *wish)
{
    Segel__Lane__V1__ToLane message;
    Segel__Lane__V1__Open open;
    Segel__Lane__V1__KeyRef refs[PEER_KEYS_MAX];
    Segel__Lane__V1__KeyRef *list[PEER_KEYS_MAX];
    char *directory = NULL;
    static uint8_t ids[PEER_KEYS_MAX][KEY_ID_MAX];
    segel__lane__v1__to_lane__init(&message);
    peer_open(wish, &open, &directory);
    for (size_t i = 0; i < PEER_KEYS_MAX && wish->ids[i] != NULL; i++) {
        size_t len = 0;
        cr_assert_eq(text_unhex(slice_str(wish->ids[i]), ids[i], KEY_ID_MAX, &len),
                     SG_OK);
        segel__lane__v1__key_ref__init(&refs[i]);
        refs[i].name = text(wish->ids[i]);
        refs[i].id = bytes(slice_of(ids[i], len));
        if (wish->labels[i] != NULL) {
            refs[i].label = text(wish->labels[i]);
        }
        list[i] = &refs[i];
        open.n_keys++;
    }
    refs[0].subject_public_key_info = bytes(wish->pinned);
    open.keys = list;
    open.ask = wish->asks;
    message.body_case = SEGEL__LANE__V1__TO_LANE__BODY_OPEN;
    message.open = &open;
    send_packet(fd, &message);
}

void peer_permit(const struct peer *peer)
{
    Segel__Lane__V1__ToLane message;
    Segel__Lane__V1__Login login;

    segel__lane__v1__to_lane__init(&message);
    segel__lane__v1__login__init(&login);
    message.body_case = SEGEL__LANE__V1__TO_LANE__BODY_LOGIN;
    message.login = &login;
    send_packet(peer->fd, &message);
}

Segel__Lane__V1__FromLane *peer_receive(const struct peer *peer)
{
    static uint8_t packet[WIRE_PACKET_MAX];
    ssize_t got = recv(peer->fd, packet, sizeof(packet), 0);
    return got <= 0 ? NULL
                    : segel__lane__v1__from_lane__unpack(NULL, (size_t)got, packet);
}

static int make_page(void)
{
    int page = memfd_create("marks", MFD_CLOEXEC);
    cr_assert(page >= 0);
    cr_assert_eq(ftruncate(page, sizeof(struct marks)), 0);
    return page;
}

static void refuse_namespaces(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    bool good = filter != NULL && seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM),
                                                   SCMP_SYS(unshare), 0) == 0;
    if (!good || seccomp_load(filter) != 0) {
        _exit(99);
    }
}

/* In the child, before it is a lane. A new user id makes it look dumped; a program that
 * is started anew, as segeld does it, is not. */
static void become(const struct wish *wish)
{
    const char *path = wish->read_only;
    bool good = true;
    if (wish->mounted_read_only) {
        good = unshare(CLONE_NEWNS) == 0 &&
               mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
               mount(path, path, NULL, MS_BIND, NULL) == 0 &&
               mount(NULL, path, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) == 0;
    }
    if (wish->no_mounts) {
        refuse_namespaces();
    }
    if (wish->user != 0) {
        good = setresgid(wish->user, wish->user, wish->user) == 0 &&
               setresuid(wish->user, wish->user, wish->user) == 0 &&
               prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0;
    }
    if (!good) {
        _exit(99);
    }
}

struct peer peer_start(const struct wish *wish)
{
    int ends[2];
    int page = make_page();
    void *marks = mmap(NULL, sizeof(struct marks), PROT_READ, MAP_SHARED, page, 0);
    cr_assert_neq(marks, MAP_FAILED);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    struct peer peer = {.pid = fork(), .fd = ends[0], .marks = marks};
    if (peer.pid == 0) {
        become(wish);
        if (wish->high_descriptors) {
            lane_run(dup2(ends[1], 200), dup2(page, 100));
        }
        lane_run(ends[1], page);
    }
    cr_assert(peer.pid > 0);
    (void)close(ends[1]);
    (void)close(page);
    send_open(peer.fd, wish);
    peer.first = peer_receive(&peer);
    if (peer.first != NULL) {
        bool opened = peer.first->body_case == SEGEL__LANE__V1__FROM_LANE__BODY_OPENED;
        peer.opened = opened ? peer.first->opened : NULL;
        bool failed = peer.first->body_case == SEGEL__LANE__V1__FROM_LANE__BODY_FAILED;
        peer.failed = failed ? peer.first->failed : NULL;
    }
    return peer;
}

struct peer peer_opened(const struct wish *wish)
{
    struct peer peer = peer_start(wish);
    cr_assert_not_null(peer.opened, "%s",
                       peer.failed == NULL ? "the lane died" : peer.failed->why);
    return peer;
}

int peer_stop(struct peer *peer)
{
    int status = 0;
    (void)close(peer->fd);
    cr_assert_eq(waitpid(peer->pid, &status, 0), peer->pid);
    if (peer->first != NULL) {
        segel__lane__v1__from_lane__free_unpacked(peer->first, NULL);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static const EVP_MD *md_of(enum sg_hash hash)
{
    const EVP_MD *mds[] = {NULL, EVP_sha256(), EVP_sha384(), EVP_sha512()};
    return mds[hash];
}

void peer_hash(struct operation *operation, enum sg_hash hash)
{
    static uint8_t digests[SG_HASH_COUNT][64];
    unsigned len = 0;
    cr_assert_eq(EVP_Digest(LETTER, LETTER_LEN, digests[hash], &len, md_of(hash), NULL),
                 1);
    operation->wanted.hash = hash;
    operation->wanted.input = slice_of(digests[hash], len);
}

struct operation peer_operation(const struct peer *peer, uint32_t key,
                                enum mechanism mechanism)
{
    static uint64_t next_id = 1000;
    struct operation operation = {
        .id = next_id++,
        .key = key,
        .wanted = {.mechanism = mechanism, .input = slice_of(LETTER, LETTER_LEN)},
        .deadline_us = operation_now_us() + 30000000};
    (void)peer;
    if (mechanism != MECHANISM_EDDSA) {
        peer_hash(&operation, SG_HASH_SHA256);
    }
    return operation;
}

void peer_send(const struct peer *peer, const struct operation *operations, size_t count)
{
    Segel__Lane__V1__ToLane message;
    Segel__Lane__V1__Work work;
    Segel__Lane__V1__Operation each[WIRE_BATCH_MAX];
    Segel__Lane__V1__Operation *list[WIRE_BATCH_MAX];
    segel__lane__v1__to_lane__init(&message);
    segel__lane__v1__work__init(&work);
    cr_assert(count <= WIRE_BATCH_MAX);
    for (size_t i = 0; i < count; i++) {
        segel__lane__v1__operation__init(&each[i]);
        each[i].id = operations[i].id;
        each[i].key = operations[i].key;
        each[i].mechanism = (Segel__Lane__V1__Mechanism)operations[i].wanted.mechanism;
        each[i].hash_bits = (uint32_t)sg_hash_len(operations[i].wanted.hash) * 8;
        each[i].input = bytes(operations[i].wanted.input);
        each[i].deadline_us = operations[i].deadline_us;
        list[i] = &each[i];
    }
    work.operations = list;
    work.n_operations = count;
    message.body_case = SEGEL__LANE__V1__TO_LANE__BODY_WORK;
    message.work = &work;
    send_packet(peer->fd, &message);
}

struct outcome peer_sign(const struct peer *peer, const struct operation *operation)
{
    struct outcome outcome = {0};
    peer_send(peer, operation, 1);
    Segel__Lane__V1__FromLane *message = peer_receive(peer);
    cr_assert_not_null(message, "the lane is gone");
    cr_assert_eq(message->body_case, SEGEL__LANE__V1__FROM_LANE__BODY_DONE);
    cr_assert_eq(message->done->n_outcomes, 1);
    const Segel__Lane__V1__Outcome *from = message->done->outcomes[0];
    outcome.id = from->id;
    outcome.failure = (enum failure)from->failure;
    outcome.rv = from->rv;
    outcome.hsm_us = from->hsm_us;
    outcome.retries = from->retries;
    outcome.signature.len = from->signature.len;
    cr_assert(from->signature.len <= sizeof(outcome.signature.data));
    if (from->signature.len > 0) {
        memcpy(outcome.signature.data, from->signature.data, from->signature.len);
    }
    segel__lane__v1__from_lane__free_unpacked(message, NULL);
    cr_assert_eq(outcome.id, operation->id);
    return outcome;
}

bool peer_good(const struct peer *peer, const struct operation *operation,
               const struct outcome *outcome)
{
    const ProtobufCBinaryData *spki =
        &peer->opened->keys[operation->key]->subject_public_key_info;
    const uint8_t *der = spki->data;
    EVP_PKEY *key = d2i_PUBKEY(NULL, &der, (long)spki->len);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *options = NULL;
    bool good = EVP_DigestVerifyInit(ctx, &options, md_of(operation->wanted.hash), NULL,
                                     key) == 1;
    if (operation->wanted.mechanism == MECHANISM_RSA_PSS) {
        good = good &&
               EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1;
    }
    good = good && outcome->failure == FAILURE_NONE &&
           EVP_DigestVerify(ctx, outcome->signature.data, outcome->signature.len,
                            (const uint8_t *)LETTER, LETTER_LEN) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return good;
}
