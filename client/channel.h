#ifndef SEGEL_CLIENT_CHANNEL_H
#define SEGEL_CLIENT_CHANNEL_H

#include "client/channel/channel.h"

#endif
