#include "client/commands/pin/scene.h"

#include "client/call/approval_call.h"
#include "gateway/dumps.h"

enum sg_status pin_scene_begin(const struct command *command, const struct words *words,
                               const char *lang, struct pin_scene *out,
                               struct sg_error *why)
{
    if (words->count != 1) {
        return sg_fail(why, SG_INVALID,
                       "name one lane: segel %s LANE; 'segel token list' shows them. A "
                       "PIN is never written on the command line",
                       command->name);
    }
    out->lane = words->at[0];
    TRY(approval_language(lang, &out->indonesian, why));
    return dumps_forbid()
               ? SG_OK
               : sg_fail(why, SG_IO, "the kernel refuses to forbid core dumps");
}

const char *pin_scene_pick(const struct pin_scene *scene, const char *english,
                           const char *indonesian)
{
    return scene->indonesian ? indonesian : english;
}
