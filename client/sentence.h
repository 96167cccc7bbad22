#ifndef SEGEL_CLIENT_SENTENCE_H
#define SEGEL_CLIENT_SENTENCE_H

#include "client/channel/sentence.h"

#endif
