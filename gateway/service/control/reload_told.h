#ifndef SEGEL_GATEWAY_SERVICE_CONTROL_RELOAD_TOLD_H
#define SEGEL_GATEWAY_SERVICE_CONTROL_RELOAD_TOLD_H

#include <pthread.h>

#include "gateway/service/control/changes.h"
#include "proto/base.h"

/* What came of the last reload: for health, the status page and metrics. Any thread. */
struct reload_told_view {
    int64_t taken_us;                /* the last that was; 0 = none since the start */
    bool refused;                    /* the last one: what is in force is not the file */
    char why[512];                   /* of refused */
    char need_restart[CHANGES_SIZE]; /* settings left aside, by the last that was taken */
};

struct reload_told {
    pthread_mutex_t lock; /* leaf */
    struct reload_told_view view;
};

void reload_told_init(struct reload_told *told);
void reload_told_fini(struct reload_told *told);
void reload_told_look(struct reload_told *told, struct reload_told_view *out);
/* changes: of one that was taken; else NULL, and why it was refused. */
void reload_told_note(struct reload_told *told, const struct changes *changes,
                      const char *why);

#endif
