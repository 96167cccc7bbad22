#ifndef SEGEL_CLIENT_CONSOLE_PROGRAM_HASH_H
#define SEGEL_CLIENT_CONSOLE_PROGRAM_HASH_H

#include "proto/base.h"

/* SHA-256 of the file of the program that runs. SG_IO. */
SG_MUST_USE enum sg_status program_hash(uint8_t out[32], struct sg_error *why);

#endif
