#define _GNU_SOURCE /* pipe2 */
#include "client/commands/pin/pipe.h"

#include <fcntl.h>
#include <unistd.h>

static void close_both(const int ends[2])
{
    for (size_t i = 0; i < 2; i++) {
        if (ends[i] >= 0) {
            (void)close(ends[i]);
        }
    }
}

static SG_MUST_USE enum sg_status fill(int ends[2], struct slice typed,
                                       struct sg_error *why)
{
    bool good = pipe2(ends, O_CLOEXEC) == 0 &&
                write(ends[1], typed.data, typed.len) == (ssize_t)typed.len;

    if (!good) {
        return sg_fail(why, SG_IO, "the PIN cannot be handed over: no pipe");
    }
    (void)close(ends[1]);
    ends[1] = -1;
    return SG_OK;
}

enum sg_status pin_pipe_call(struct control_ask *ask, struct slice typed,
                             Segel__Control__V1__ControlReply **out, struct sg_error *why)
{
    int ends[2] = {-1, -1};
    enum sg_status status = fill(ends, typed, why);

    ask->pipe = ends[0];
    status = status == SG_OK ? control_call(ask, out, why) : status;
    close_both(ends);
    return status;
}
