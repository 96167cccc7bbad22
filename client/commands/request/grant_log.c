#include "client/commands/request/grant_log.h"

#include "client/call/log_head.h"
#include "client/console/file.h"
#include "client/console/screen.h"

static void say_not_compared(const struct grant_view *view, bool indonesian)
{
    (void)printf(indonesian
                     ? "  Folder ini tidak memiliki log.vkey: bandingkan sendiri nama "
                       "log '"
                     : "  This home folder has no log.vkey: compare the name of the "
                       "log yourself, '");
    screen_text(stdout, view->grant.log);
    (void)printf(indonesian ? "'. Tanda tangan hanya berlaku di sana.\n"
                            : "'. A signature counts there only.\n");
}

enum sg_status grant_log_check(const struct home *home, const struct grant_view *view,
                               bool indonesian, struct sg_error *why)
{
    struct log_trust trust = {.known = false};
    char path[HOME_PATH_SIZE];

    if (view->grant.log[0] == '\0') {
        return sg_fail(
            why, SG_UNSUPPORTED,
            "the request names no log, so a signature would count at any "
            "gateway: it was asked of an older version, have it asked for anew");
    }
    home_path(home, HOME_VKEY, path);
    if (!file_exists(path)) {
        say_not_compared(view, indonesian);
        return SG_OK;
    }
    TRY(log_trust_load(path, &trust, why));
    return strcmp(trust.key.name, view->grant.log) == 0
               ? SG_OK
               : sg_fail(why, SG_CORRUPT,
                         "this gateway is another one than you know: it asks for the log "
                         "'%.120s', and your home folder (log.vkey) has '%.120s'. Sign "
                         "nothing, and tell the other officers",
                         view->grant.log, trust.key.name);
}
