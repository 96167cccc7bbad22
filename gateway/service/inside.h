#ifndef SEGEL_GATEWAY_SERVICE_INSIDE_H
#define SEGEL_GATEWAY_SERVICE_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "gateway/service/caller.h"
#include "gateway/service/control/reload_told.h"
#include "gateway/service/health/health.h"
#include "gateway/service/health/readiness.h"
#include "gateway/service/pb.h"
#include "gateway/service/places.h"
#include "gateway/service/roll.h"
#include "gateway/service/sign/logos.h"
#include "gateway/service/status/assessment.h"
#include "gateway/service/terms.h"
#include "gateway/transport/reflection.h"
#include "segel/v1/signing.pb-c.h"

/* Inside of the services: caller.c knows who calls, terms.c what is asked, judge.c facts
 * and verdict, denial.c a refusal in words, result.c the answer to a job. A room for each
 * service (sign/, keys/, approvals/ with mandates and incidents, log/, policy/, status/),
 * and for what is served beside gRPC: health/ with the local pages, control/ with typed
 * PINs and reloads. */

/* Marks of letters in a loop's reply box. */
enum { LETTER_JOB, LETTER_QUESTION, LETTER_DRAIN, LETTER_POLICY, LETTER_COUNTED };

/* What one I/O loop has of its own. */
struct service_loop {
    struct services *services;
    unsigned index;
    struct mbox replies; /* jobs and pages that come back */
    struct job_pool pool;
    uint32_t *taken;             /* owned; jobs of it that each caller has */
    struct arena scratch;        /* for one answer at a time */
    LIST_HEAD(, sign_call) open; /* signing calls of this loop */
    struct letter drain;         /* sent once, when the gateway ends */
    struct health health;
    LIST_HEAD(, key_watch) key_watches; /* calls of WatchKeys on it */
    LIST_HEAD(, log_call) put_off;      /* calls of LogService that ask again */
};

struct services {
    struct services_options options;
    struct grpc_method *methods; /* owned */
    size_t method_count;
    struct server *server;
    struct service_loop *loops; /* owned */
    unsigned loop_count;
    struct reflection reflection; /* empty: switched off */
    struct reading *reading;      /* owned */
    struct logos *logos;          /* owned; for stamps */
    struct assessment assessment;
    atomic_bool draining; /* who follows the log is sent away */
    struct reload_told reloaded;
    struct rotation rotation;
    struct places health_places, key_places, log_places; /* Health.Watch, WatchKeys, … */
    struct clerk *clerk;                                 /* owned */
    atomic_uint orders, questions, policy_asks; /* of officers, backends, PolicyService */
    struct explain_gauge *explains, *exports, *stamps; /* owned; one a caller each */
    struct tsa *tsa;                 /* owned; NULL: none is configured */
    struct authorities *authorities; /* owned */
    struct core_report *line_report; /* owned; the main thread's */
    struct readiness_room page_room; /* the admin thread's, as the next two; owned */
    struct caller_report *page_callers;
    struct agenda *page_agenda;
    pthread_mutex_t callers_lock;
    struct roll *roll; /* owned; of the newest configuration, under the lock */
};

/* The loop that a call is on. */
struct service_loop *loop_of(struct services *services, const struct grpc_call *call);

/* judge.c: fills verdict and, when it denies, denial, status and sentence. */
void judge_job(const struct caller *caller, const struct terms *terms, struct job *job);
/* One that the core gave back, because what it was judged by has changed. */
void judge_again(const struct caller *caller, const struct terms *terms, struct job *job);
/* As judge_job, for whoever wants to know more: the facts that it was judged by, and what
 * they borrow beside terms, job and caller. Not written when job->binding stays NULL. */
struct masked { /* texts of a job with personal data, as the log may have them */
    char content_type[LEDGER_ID_MAX + 1];
    char label_names[8][LEDGER_ID_MAX + 1];
};
struct judged {
    struct facts facts;
    struct slice label_names[8];
    struct masked masked;
};
void judge_keep(const struct caller *caller, const struct terms *terms, struct job *job,
                struct judged *out);

/* denial.c: messages in an arena; NULL when the arena is full. why is borrowed. */
Segel__V1__RuleVerdict *denial_verdict(struct arena *arena, const struct rule_info *rule,
                                       const struct rule_why *why, bool english);
Segel__V1__PolicyDenial *denial_message(struct arena *arena, const struct job *job,
                                        bool english);
/* google.rpc.Status with ErrorInfo, PolicyDenial, RetryInfo, packed; empty when it does
 * not fit. */
struct slice denial_details(struct arena *arena, const struct job *job, bool english);
/* When a job that was refused for load, or by a count of the day, is worth another try;
 * 0: nobody knows, or never. */
int64_t retry_after_us(const struct job *job);
enum { RETRY_AFTER_US = 100000 }; /* when nothing better is known */

/* result.c: the answer to one job, or a part of it; NULL when the arena is full. */
Segel__V1__ItemStatus *result_status(struct arena *arena, const struct job *job,
                                     bool english);
Segel__V1__LogPosition *result_position(struct arena *arena,
                                        const struct services *services,
                                        const struct job *job);
Segel__V1__SignResult *result_message(struct arena *arena,
                                      const struct services *services,
                                      const struct job *job, bool english);
/* Room that result_message needs for this job. */
size_t result_room(const struct job *job);

/* signer.c */
void signer_on_get(struct grpc_call *call, const ProtobufCMessage *message,
                   void *services);

/* reflected.c: descriptors of the .proto files of all that is served. */
struct slice reflected_descriptors(void);

/* Ends a call with a plain status. */
void finish_plain(struct grpc_call *call, enum sg_status status, const char *text);

#endif
