#ifndef SEGEL_CLIENT_REPLY_H
#define SEGEL_CLIENT_REPLY_H

#include "client/channel/reply.h"

#endif
