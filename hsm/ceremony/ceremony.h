#ifndef SEGEL_HSM_CEREMONY_CEREMONY_H
#define SEGEL_HSM_CEREMONY_CEREMONY_H

#include "hsm/ceremony/negative.h"
#include "hsm/keys/generate.h"
#include "hsm/token/pin.h"
#include "hsm/wire/wire.h"

/* One change of a token that officers have asked for. The process opens the token
 * writable, alone (hsm/process/lock.h), logs in once, does one task, answers with one
 * packet and ends: what went wrong cannot stay behind in it. */

enum ceremony_task {
    CEREMONY_NONE,
    CEREMONY_GENERATE,
    CEREMONY_CSR,
    CEREMONY_IMPORT,
    CEREMONY_DESTROY,
    CEREMONY_FIND,
    CEREMONY_CHANGE_PIN,
    CEREMONY_SETTLE_PIN,
    CEREMONY_TASKS
};

enum { CEREMONY_CERTIFICATE_MAX = 16384, CEREMONY_SUBJECT_MAX = 512 };

/* The form of message Ceremony; fields that the task does not have are empty. */
struct ceremony_order {
    struct lane_config lane; /* its read_only are the token's directories */
    enum ceremony_task task;
    struct key_ref ref; /* name and id */
    char label[KEY_NAME_MAX + 1];
    struct plan plan; /* label borrowed from this order */
    char subject[CEREMONY_SUBJECT_MAX + 1];
    uint8_t certificate[CEREMONY_CERTIFICATE_MAX];
    size_t certificate_len;
    bool typed; /* the PIN comes by pipe */
    int pipe;   /* owned until it is read; -1: none came */
    bool last_try;
    struct pin old; /* of CHANGE_PIN, as the new one; wiped with the task */
    struct pin new;
};

/* How many objects of one CKA_ID there are. */
struct presence {
    bool searched;
    unsigned private_keys;
    unsigned public_keys;
    unsigned certificates;
};

/* The form of message CeremonyDone. */
struct ceremony_report {
    enum sg_status status; /* not SG_OK: trouble says why */
    struct trouble trouble;
    bool untouched;
    _Atomic uint64_t login; /* how far it came: enum mark_login */
    bool found_token;
    struct token token;
    struct presence presence;
    struct presence destroyed;
    bool has_key;
    struct key key;
    unsigned left_out; /* bits, as of generate_key */
    struct negative_check checks[NEGATIVE_COUNT];
    size_t check_count;
    uint8_t csr[8192];
    size_t csr_len;
};

/* The whole life of the process; ends it by _exit(): 0 when it has answered, also that it
 * failed, 1 when it was sent nonsense. */
_Noreturn void ceremony_run(int fd);

/* task.c: does the task on a token that is open and logged in, and fills the
 * report. Nothing but trouble says that it failed. */
SG_MUST_USE enum sg_status ceremony_do(const struct ceremony_order *order,
                                       struct ceremony_report *report);

/* wire.c: as hsm/wire/wire.h. */
SG_MUST_USE enum sg_status wire_ceremony(struct wire *wire, struct ceremony_order *order,
                                         struct trouble *trouble);
SG_MUST_USE enum sg_status wire_ceremony_done(int fd,
                                              const struct ceremony_report *report);

#endif
