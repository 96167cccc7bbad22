#include "gateway/service/health/readiness.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/service/door.h"
#include "gateway/service/inside.h"

enum { AGAIN_US = 1000000, STATE_SIZE = 320, LINE_SIZE = 2048 };

struct vitals readiness_vitals(struct services *services, struct readiness_room *room)
{
    core_report(services->options.core, room->report);
    rotation_look(&services->rotation, &room->rotation);
    return (struct vitals){.report = room->report,
                           .draining = atomic_load(&services->draining),
                           .resting = room->rotation.out,
                           .resting_why = room->rotation.reason,
                           .log_readable = reading_sound(services->reading)};
}

bool readiness_tell(struct services *services, const struct vitals *vitals, FILE *out)
{
    bool shut = door_amiss(services->server, out);

    if (serving_of(vitals, "") == SERVING_YES) {
        return !shut;
    }
    (void)serving_amiss(vitals, out); /* what does not serve is amiss */
    return false;
}

/* --- One line ---------------------------------------------------------------------- */

static void look(struct services *services, char line[STATE_SIZE])
{
    struct readiness_room room = {.report = services->line_report};
    const struct vitals vitals = readiness_vitals(services, &room);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL) {
        return;
    }
    bool ready = readiness_tell(services, &vitals, out);
    (void)fclose(out);
    if (ready) {
        (void)snprintf(line, STATE_SIZE, "serving");
    } else if (text != NULL) {
        (void)snprintf(line, STATE_SIZE, "not ready: %.*s", (int)strcspn(text, "\n"),
                       text);
    }
    free(text);
}

/* What stands in the file and does not count. */
static void add_reload(struct services *services, const char *state, char line[LINE_SIZE])
{
    struct reload_told_view told;

    reload_told_look(&services->reloaded, &told);
    (void)snprintf(line, LINE_SIZE, "%s%s%s%s%s", state,
                   told.refused ? "; the last reload was refused: " : "", told.why,
                   told.need_restart[0] == '\0' ? ""
                                                : "; to be taken it needs a restart: ",
                   told.need_restart);
}

const char *readiness_line(struct services *services)
{
    static char state[STATE_SIZE] = "serving";
    static char line[LINE_SIZE];
    static int64_t due_us;
    int64_t now_us = clock_mono_us();

    if (now_us >= due_us) {
        due_us = now_us + AGAIN_US;
        look(services, state);
        add_reload(services, state, line);
    }
    return line;
}
