#include "client/channel/internal.h"
#include "client/channel/moment.h"

/* Whether the peer lives. How long a call waits says nothing of it: a gateway's
 * configuration may allow a job many minutes. But every peer answers a PING at once (RFC
 * 9113 section 6.7), and any byte of it is an answer. */
enum { QUIET_US = 20000000, GONE_US = 40000000 /* after the PING */ };

void channel_life_begin(struct channel *channel)
{
    channel->heard_us = moment_mono_us();
    channel->asked_us = 0;
}

int64_t channel_life_ask(struct channel *channel, int64_t now_us)
{
    if (LIST_EMPTY(&channel->calls)) {
        return 0;
    }
    if (channel->asked_us == 0 && now_us - channel->heard_us >= QUIET_US) {
        channel->asked_us = now_us;
        (void)nghttp2_submit_ping(channel->session, NGHTTP2_FLAG_NONE, NULL);
    }
    return channel->asked_us == 0 ? channel->heard_us + QUIET_US
                                  : channel->asked_us + GONE_US;
}

bool channel_life_over(const struct channel *channel, int64_t now_us)
{
    return channel->asked_us != 0 && now_us - channel->asked_us >= GONE_US;
}
