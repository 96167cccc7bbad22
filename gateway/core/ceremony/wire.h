#ifndef SEGEL_GATEWAY_CORE_CEREMONY_WIRE_H
#define SEGEL_GATEWAY_CORE_CEREMONY_WIRE_H

#include "gateway/config/config.h"
#include "gateway/core/lane/told.h"
#include "proto/algorithm.h"
#include "proto/arena.h"
#include "proto/failure.h"
#include "proto/marks.h"

/* Inside of the ceremonies: what the process "segel-hsm ceremony" is asked for and what
 * it answers, as lane.proto has it. */
enum rite {
    RITE_GENERATE,
    RITE_CSR,
    RITE_IMPORT,
    RITE_DESTROY,
    RITE_FIND, /* changes nothing: what a process that died has left */
    RITE_CHANGE_PIN,
    RITE_SETTLE_PIN, /* what became of a change that broke off */
    RITES
};

/* All borrowed. What a rite does not have is empty. */
struct rite_order {
    enum rite rite;
    struct slice id;   /* CKA_ID */
    const char *label; /* GENERATE, IMPORT; DESTROY: only what bears it, "" = any */
    struct slice spki; /* DESTROY: of the key; empty = not known */
    const char *kind;  /* GENERATE: "rsa-3072", "p-256" */
    enum sg_scheme scheme;
    const char *start_date; /* "YYYYMMDD", or "" */
    const char *end_date;
    const char *subject;      /* CSR */
    struct slice certificate; /* IMPORT */
    int pipe; /* holds the PIN that was typed; -1: it is in the lane's file */
    bool last_try;
};

enum { RITE_CHECKS_MAX = 8, RITE_CSR_MAX = 8192, RITE_ALLOWED_MAX = 4 };

struct rite_check {
    char name[64];
    char code[48]; /* "CKR_ACTION_PROHIBITED" */
    bool refused;
};

/* How many objects there are of the CKA_ID; searched: false, nobody could look. */
struct rite_presence {
    bool searched;
    uint32_t private_keys;
    uint32_t public_keys;
    uint32_t certificates;
};

struct rite_outcome {
    bool answered;  /* false: it died, or took too long; why says which */
    bool done;      /* all went well */
    bool untouched; /* certain that the token holds what it held before */
    enum failure failure;
    uint64_t rv;           /* of the call that failed; 0: none did */
    enum mark_login login; /* how far that came */
    bool pin_unknown;      /* not by the process: which PIN is right (pin_change.c) */
    char why[320];
    bool has_token;
    struct lane_token token;
    struct rite_presence presence;
    struct rite_presence destroyed;
    bool has_key;
    struct lane_key key;
    uint64_t generation; /* CKA_KEY_GEN_MECHANISM */
    uint64_t allowed[RITE_ALLOWED_MAX];
    size_t allowed_count;
    char left_out[128];
    struct rite_check checks[RITE_CHECKS_MAX];
    size_t check_count;
    uint8_t csr[RITE_CSR_MAX];
    size_t csr_len;
};

SG_MUST_USE enum sg_status rite_send(int fd, const struct config_lane *lane,
                                     const struct rite_order *order);
/* SG_NOT_FOUND: it has not answered yet. SG_IO: it is gone. SG_INVALID: nonsense. */
SG_MUST_USE enum sg_status rite_receive(int fd, struct arena *arena,
                                        struct rite_outcome *out);

#endif
