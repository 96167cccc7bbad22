#ifndef SEGEL_CLIENT_MOMENT_H
#define SEGEL_CLIENT_MOMENT_H

#include "client/channel/moment.h"

#endif
