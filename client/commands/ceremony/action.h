#ifndef SEGEL_CLIENT_COMMANDS_CEREMONY_ACTION_H
#define SEGEL_CLIENT_COMMANDS_CEREMONY_ACTION_H

#include "client/commands/ceremony/ceremony.h"
#include "segel/v1/approvals.pb-c.h"
#include "segel/v1/keys.pb-c.h"

/* What the gateway answered to one action of a script. */
struct action_answer {
    bool guarded; /* it takes approvals; the next three are set */
    Segel__V1__ApprovalState state;
    char id[65];
    char outcome[256]; /* of FAILED */
    bool logged;       /* the next two are set */
    uint64_t index;
    uint8_t leaf[32];
    bool made_csr;
    uint8_t csr[32]; /* SHA-256 */
};

/* Asks for it under ceremony->state.request: the same again has no second effect, and
 * tells how it stands. Failures as channel_unary; SG_IO, SG_INVALID also for a file. */
SG_MUST_USE enum sg_status ceremony_act(struct ceremony *ceremony,
                                        enum action_kind action,
                                        struct action_answer *out, struct sg_error *why);

/* action_key.c: those of KeyService. */
typedef enum sg_status action_call(struct ceremony *ceremony, struct action_answer *out,
                                   struct sg_error *why);
action_call act_generate, act_backup, act_csr, act_accept, act_rotate, act_destroy;
/* task.c: the line of a record, unless it is there. */
SG_MUST_USE enum sg_status ceremony_note_log(struct ceremony *ceremony,
                                             const struct action_answer *answer,
                                             struct sg_error *why);
/* log.c: attributes, mechanism and refusals that the token told for the key of
 * the answers, from the records behind this index. Waits for a checkpoint. */
SG_MUST_USE enum sg_status ceremony_read_log(struct ceremony *ceremony, uint64_t first,
                                             struct sg_error *why);
/* Waits until the token is done with the key of the answers, and the gateway has told how
 * it ended. SG_HSM: it failed, or the key is compromised; SG_PRECONDITION: the key that
 * was accepted is refused, or is held; SG_TIMEOUT: it goes on for too long. */
SG_MUST_USE enum sg_status act_settle(struct ceremony *ceremony, enum action_kind action,
                                      struct action_answer *out, struct sg_error *why);
/* One look of that: what the gateway tells of the key now. NULL: nothing. */
SG_MUST_USE enum sg_status act_judge(const Segel__V1__Key *key, enum action_kind action,
                                     bool *done, struct sg_error *why);
/* What answers have in common; NULL: the answer has none. */
void act_take_approval(struct action_answer *out, const Segel__V1__Approval *approval);
void act_take_log(struct action_answer *out, const Segel__V1__LogPosition *log);
/* An answer of the script as protobuf-c wants it. It is there: the parser saw to that. */
char *act_answer(const struct ceremony *ceremony, const char *name);

#endif
