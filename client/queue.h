#ifndef SEGEL_CLIENT_QUEUE_H
#define SEGEL_CLIENT_QUEUE_H

#include "client/channel/queue.h"

#endif
