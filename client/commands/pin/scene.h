#ifndef SEGEL_CLIENT_COMMANDS_PIN_SCENE_H
#define SEGEL_CLIENT_COMMANDS_PIN_SCENE_H

#include "client/console/command.h"

/* What the commands share at which a PIN is typed on the gateway's machine: the lane that
 * was named, and the language. */
struct pin_scene {
    const char *lane;
    bool indonesian;
};

/* From here on no core dump shows what is typed. lang: "id" or "en". */
SG_MUST_USE enum sg_status pin_scene_begin(const struct command *command,
                                           const struct words *words, const char *lang,
                                           struct pin_scene *out, struct sg_error *why);
/* One of two texts. */
const char *pin_scene_pick(const struct pin_scene *scene, const char *english,
                           const char *indonesian);

#endif
