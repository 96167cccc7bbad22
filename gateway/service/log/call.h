#ifndef SEGEL_GATEWAY_SERVICE_LOG_CALL_H
#define SEGEL_GATEWAY_SERVICE_LOG_CALL_H

#include "gateway/service/inside.h"
#include "gateway/service/reading.h"

/* One call of LogService: its question goes to the reading thread and comes back to the
 * call that asked (log.c asks, answer.c answers). One question of a call is under way
 * at a time; the memory stays until it has come back, also when the call has closed. */
enum { LOG_TYPES_MAX = 32, LOG_TILES_MAX = 32 };
/* That of whole pages of memory, of any size that Linux has them in. */
enum { READ_PAGE_ALIGN = 1 << 16 };

struct log_call {
    LIST_ENTRY(log_call) link; /* of those put off */
    struct services *services; /* borrowed */
    struct grpc_call *call;    /* NULL once it has closed */
    bool asking;
    bool begun;   /* something was answered */
    bool put_off; /* until the next tick */
    bool follow;
    bool placed; /* it reads records: a place is held */
    struct held_place place;
    uint64_t left; /* records still to be sent */
    char *texts;   /* owned: the words of filter or job */
    const char *types[LOG_TYPES_MAX];
    struct question question;
};

/* The methods. */
void log_on_checkpoint(struct grpc_call *call, const ProtobufCMessage *message,
                       void *services);
void log_on_list(struct grpc_call *call, const ProtobufCMessage *message, void *services);
void log_on_inclusion(struct grpc_call *call, const ProtobufCMessage *message,
                      void *services);
void log_on_consistency(struct grpc_call *call, const ProtobufCMessage *message,
                        void *services);
void log_on_receipt(struct grpc_call *call, const ProtobufCMessage *message,
                    void *services);
void log_on_checkpoints(struct grpc_call *call, const ProtobufCMessage *message,
                        void *services);
void log_on_tiles(struct grpc_call *call, const ProtobufCMessage *message,
                  void *services);
void log_on_close(struct grpc_call *call, void *services);
void log_answer(struct service_loop *loop, struct letter *letter);

/* Sends the question; a call that cannot be asked for ends here. One that has begun waits
 * where others have filled the reading thread's box. */
void log_ask(struct log_call *log);
/* On the loop's thread, a few times a second: those that wait ask again. */
void log_tick(struct service_loop *loop);
/* To callers who may not read the log. */
extern const char log_for_reviewers[];
/* The size of the next page. */
uint32_t log_page_records(const struct log_call *log);
void log_free_if_over(struct log_call *log);

#endif
