#ifndef SEGEL_CLIENT_UNPACK_H
#define SEGEL_CLIENT_UNPACK_H

#include "client/channel/unpack.h"

#endif
