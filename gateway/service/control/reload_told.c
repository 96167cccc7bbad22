#include "gateway/service/control/reload_told.h"

#include <stdio.h>

#include "gateway/clock.h"

void reload_told_init(struct reload_told *told)
{
    *told = (struct reload_told){.view = {.refused = false}};
    MUST(pthread_mutex_init(&told->lock, NULL) == 0);
}

void reload_told_fini(struct reload_told *told)
{
    MUST(pthread_mutex_destroy(&told->lock) == 0);
}

void reload_told_look(struct reload_told *told, struct reload_told_view *out)
{
    MUST(pthread_mutex_lock(&told->lock) == 0);
    *out = told->view;
    MUST(pthread_mutex_unlock(&told->lock) == 0);
}

/* One that was refused leaves aside what the one before it did. */
void reload_told_note(struct reload_told *told, const struct changes *changes,
                      const char *why)
{
    struct reload_told_view *view = &told->view;

    MUST(pthread_mutex_lock(&told->lock) == 0);
    view->refused = changes == NULL;
    (void)snprintf(view->why, sizeof(view->why), "%s", view->refused ? why : "");
    if (!view->refused) {
        view->taken_us = clock_wall_us();
        (void)snprintf(view->need_restart, sizeof(view->need_restart), "%s",
                       changes->restart);
    }
    MUST(pthread_mutex_unlock(&told->lock) == 0);
}
