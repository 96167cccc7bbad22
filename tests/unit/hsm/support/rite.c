#include "tests/unit/hsm/support/rite.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <openssl/x509.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hsm/ceremony/ceremony.h"
#include "proto/passing.h"
#include "proto/text.h"
#include "tests/unit/hsm/support/rig.h"

/* With a pipe that holds what somebody has typed; NULL: nobody has. */
static void send_packet(int fd, uint8_t *packet, size_t len, const char *typed)
{
    int ends[2] = {-1, -1};
    struct iovec part = {packet, len};

    if (typed != NULL) {
        cr_assert_eq(pipe(ends), 0);
        cr_assert_eq(write(ends[1], typed, strlen(typed)), (ssize_t)strlen(typed));
        (void)close(ends[1]);
    }
    cr_assert_eq(passing_send(fd, &part, ends[0], 0), (ssize_t)len);
    if (typed != NULL) {
        (void)close(ends[0]);
    }
}

static void send_task(int fd, const struct wish *wish, Segel__Lane__V1__Ceremony task)
{
    static uint8_t packet[WIRE_PACKET_MAX];
    Segel__Lane__V1__Open open;
    char *directory = NULL;
    Segel__Lane__V1__ToLane message;
    segel__lane__v1__to_lane__init(&message);
    peer_open(wish, &open, &directory);
    task.open = &open;
    message.body_case = SEGEL__LANE__V1__TO_LANE__BODY_CEREMONY;
    message.ceremony = &task;
    task.pipe = wish->typed != NULL;
    size_t len = segel__lane__v1__to_lane__get_packed_size(&message);
    cr_assert(len <= sizeof(packet));
    (void)segel__lane__v1__to_lane__pack(&message, packet);
    send_packet(fd, packet, len, wish->typed);
}

static void refuse_sync(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    bool good = filter != NULL &&
                seccomp_rule_add(filter, SCMP_ACT_ERRNO(EIO), SCMP_SYS(fsync), 0) == 0;
    if (!good || seccomp_load(filter) != 0) {
        _exit(99);
    }
}

struct rite rite_run(const struct wish *wish, const Segel__Lane__V1__Ceremony *task)
{
    int ends[2];
    int status = 0;
    struct rite rite = {NULL, NULL, 0};
    cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    pid_t child = fork();
    if (child == 0) {
        if (wish->no_sync) {
            refuse_sync();
        }
        ceremony_run(ends[1]);
    }
    cr_assert(child > 0);
    (void)close(ends[1]);
    send_task(ends[0], wish, *task);
    const struct peer peer = {.fd = ends[0]};
    rite.packet = peer_receive(&peer);
    cr_assert_eq(waitpid(child, &status, 0), child);
    (void)close(ends[0]);
    rite.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (rite.packet != NULL) {
        cr_assert_eq(rite.packet->body_case,
                     SEGEL__LANE__V1__FROM_LANE__BODY_CEREMONY_DONE);
        rite.done = rite.packet->ceremony_done;
    }
    return rite;
}

struct rite rite_good(const struct wish *wish, const Segel__Lane__V1__Ceremony *task)
{
    struct rite rite = rite_run(wish, task);
    cr_assert_not_null(rite.done, "the ceremony died");
    cr_assert_null(rite.done->failed, "%s", rite.done->failed->why);
    cr_expect_eq(rite.code, 0);
    return rite;
}

void rite_free(struct rite *rite)
{
    if (rite->packet != NULL) {
        segel__lane__v1__from_lane__free_unpacked(rite->packet, NULL);
    }
    *rite = (struct rite){NULL, NULL, 0};
}

void rite_make(struct wish *wish)
{
    static char tokens[256];
    rig_make();
    *wish = peer_wish("");
    (void)snprintf(tokens, sizeof(tokens), "%s", rig_path("tokens"));
    wish->read_only = tokens;
}

void rite_faulty(struct wish *wish, const char *schedule)
{
    wish->module = rig_faulty_module();
    rig_faults(schedule);
}

void rite_holds(struct wish *wish, const char *id, unsigned private, unsigned public,
                unsigned certificates)
{
    wish->module = RIG_MODULE;
    Segel__Lane__V1__Ceremony find = rite_find(id);
    struct rite rite = rite_good(wish, &find);
    cr_expect_eq(rite.done->presence->private_keys, private);
    cr_expect_eq(rite.done->presence->public_keys, public);
    cr_expect_eq(rite.done->presence->certificates, certificates);
    cr_expect(rite.done->untouched);
    cr_expect_eq(rite.done->key != NULL, private > 0);
    rite_free(&rite);
}

void rite_fails(const struct wish *wish, const Segel__Lane__V1__Ceremony *task,
                enum failure failure, const char *part, bool untouched)
{
    struct rite rite = rite_run(wish, task);
    cr_assert_not_null(rite.done, "the ceremony died");
    cr_assert_not_null(rite.done->failed);
    cr_expect_eq((enum failure)rite.done->failed->failure, failure, "%s",
                 rite.done->failed->why);
    cr_expect_not_null(strstr(rite.done->failed->why, part), "%s",
                       rite.done->failed->why);
    cr_expect_null(strstr(rite.done->failed->why, rig_pin()));
    cr_expect_eq(rite.done->untouched, untouched, "%s", rite.done->failed->why);
    rite_free(&rite);
}

/* --- Tasks ------------------------------------------------------------------------- */

static char *text(const char *borrowed)
{
    return (char *)sg_unconst(borrowed);
}

static ProtobufCBinaryData unhex(const char *hex)
{
    static uint8_t rooms[8][KEY_ID_MAX];
    static unsigned turn;
    uint8_t *room = rooms[turn++ % SG_COUNT(rooms)];
    size_t len = 0;
    cr_assert_eq(text_unhex(slice_str(hex), room, KEY_ID_MAX, &len), SG_OK);
    return (ProtobufCBinaryData){.len = len, .data = room};
}

static Segel__Lane__V1__Ceremony empty(Segel__Lane__V1__Ceremony__TaskCase task)
{
    Segel__Lane__V1__Ceremony ceremony;
    segel__lane__v1__ceremony__init(&ceremony);
    ceremony.task_case = task;
    return ceremony;
}

Segel__Lane__V1__Ceremony rite_generate(const char *id, const char *kind,
                                        Segel__Lane__V1__Mechanism allowed)
{
    static Segel__Lane__V1__Generate task;
    Segel__Lane__V1__Ceremony ceremony = empty(SEGEL__LANE__V1__CEREMONY__TASK_GENERATE);
    segel__lane__v1__generate__init(&task);
    task.id = unhex(id);
    task.label = text("seal");
    task.kind = text(kind);
    task.allowed = allowed;
    ceremony.generate = &task;
    return ceremony;
}

Segel__Lane__V1__Ceremony rite_csr(const char *id, const char *subject)
{
    static Segel__Lane__V1__Csr task;
    Segel__Lane__V1__Ceremony ceremony = empty(SEGEL__LANE__V1__CEREMONY__TASK_CSR);
    segel__lane__v1__csr__init(&task);
    task.id = unhex(id);
    task.subject = text(subject);
    ceremony.csr = &task;
    return ceremony;
}

Segel__Lane__V1__Ceremony rite_import(const char *id, struct slice certificate)
{
    static Segel__Lane__V1__ImportCertificate task;
    Segel__Lane__V1__Ceremony ceremony =
        empty(SEGEL__LANE__V1__CEREMONY__TASK_IMPORT_CERTIFICATE);
    segel__lane__v1__import_certificate__init(&task);
    task.id = unhex(id);
    task.label = text("seal");
    task.certificate.data = (uint8_t *)sg_unconst(certificate.data);
    task.certificate.len = certificate.len;
    ceremony.import_certificate = &task;
    return ceremony;
}

Segel__Lane__V1__Ceremony rite_destroy(const char *id)
{
    static Segel__Lane__V1__Destroy task;
    Segel__Lane__V1__Ceremony ceremony = empty(SEGEL__LANE__V1__CEREMONY__TASK_DESTROY);
    segel__lane__v1__destroy__init(&task);
    task.id = unhex(id);
    ceremony.destroy = &task;
    return ceremony;
}

Segel__Lane__V1__Ceremony rite_find(const char *id)
{
    static Segel__Lane__V1__Find task;
    Segel__Lane__V1__Ceremony ceremony = empty(SEGEL__LANE__V1__CEREMONY__TASK_FIND);
    segel__lane__v1__find__init(&task);
    task.id = unhex(id);
    ceremony.find = &task;
    return ceremony;
}

Segel__Lane__V1__Ceremony rite_change_pin(void)
{
    static Segel__Lane__V1__ChangePin task;
    Segel__Lane__V1__Ceremony ceremony =
        empty(SEGEL__LANE__V1__CEREMONY__TASK_CHANGE_PIN);
    segel__lane__v1__change_pin__init(&task);
    ceremony.change_pin = &task;
    return ceremony;
}

Segel__Lane__V1__Ceremony rite_settle_pin(void)
{
    static Segel__Lane__V1__SettlePin task;
    Segel__Lane__V1__Ceremony ceremony =
        empty(SEGEL__LANE__V1__CEREMONY__TASK_SETTLE_PIN);
    segel__lane__v1__settle_pin__init(&task);
    ceremony.settle_pin = &task;
    return ceremony;
}

/* --- Keys and certificates ---------------------------------------------------------- */

static X509_REQ *request(const struct wish *wish, const char *id)
{
    Segel__Lane__V1__Ceremony task = rite_csr(id, "/C=ID/O=Kota\\/Kabupaten/CN=Segel");
    struct rite rite = rite_good(wish, &task);
    const uint8_t *der = rite.done->csr.data;
    X509_REQ *made = d2i_X509_REQ(NULL, &der, (long)rite.done->csr.len);
    cr_assert_not_null(made);
    cr_expect_eq(X509_REQ_verify(made, X509_REQ_get0_pubkey(made)), 1);
    cr_expect(rite.done->untouched);
    rite_free(&rite);
    return made;
}

EVP_PKEY *rite_key(const struct wish *wish, const char *id)
{
    Segel__Lane__V1__Ceremony task =
        rite_generate(id, "p-256", SEGEL__LANE__V1__MECHANISM__MECHANISM_ECDSA);
    struct rite rite = rite_good(wish, &task);
    rite_free(&rite);
    X509_REQ *made = request(wish, id);
    EVP_PKEY *public = X509_REQ_get_pubkey(made);
    X509_REQ_free(made);
    return public;
}

struct slice rite_certificate(EVP_PKEY *public)
{
    static uint8_t der[4096];
    uint8_t *at = der;
    EVP_PKEY *ca = EVP_EC_gen("P-256");
    X509 *made = X509_new();
    X509_NAME *name = X509_get_subject_name(made);
    cr_assert_eq(ASN1_INTEGER_set(X509_get_serialNumber(made), 4711), 1);
    cr_assert_eq(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                            (const uint8_t *)"Segel", -1, -1, 0),
                 1);
    cr_assert_eq(X509_set_issuer_name(made, name), 1);
    (void)X509_gmtime_adj(X509_getm_notBefore(made), 0);
    (void)X509_gmtime_adj(X509_getm_notAfter(made), 86400);
    cr_assert_eq(X509_set_pubkey(made, public), 1);
    cr_assert_gt(X509_sign(made, ca, EVP_sha256()), 0);
    int len = i2d_X509(made, &at);
    cr_assert(len > 0 && (size_t)len <= sizeof(der));
    X509_free(made);
    EVP_PKEY_free(ca);
    return slice_of(der, (size_t)len);
}
