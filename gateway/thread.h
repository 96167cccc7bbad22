#ifndef SEGEL_GATEWAY_THREAD_H
#define SEGEL_GATEWAY_THREAD_H

#include <pthread.h>

#include "proto/status.h"

/* Starts a thread that takes no signals: those are the main thread's. name: at most 15
 * characters, by which `top -H`, perf and gdb tell it from the others. SG_NO_MEMORY: the
 * system has no thread to give. The caller joins it. */
SG_MUST_USE enum sg_status thread_start(pthread_t *out, const char *name,
                                        void *(*run)(void *), void *argument);

#endif
