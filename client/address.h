#ifndef SEGEL_CLIENT_ADDRESS_H
#define SEGEL_CLIENT_ADDRESS_H

#include "client/channel/address.h"

#endif
