#ifndef SEGEL_GATEWAY_CORE_LANE_WIRE_H
#define SEGEL_GATEWAY_CORE_LANE_WIRE_H

#include "gateway/core/lane/lane.h"
#include "proto/arena.h"
#include "proto/lane_packet.h"
#include "segel/lane/v1/lane.pb-c.h"

/* Inside of lane.c: the messages of lane.proto over one socket. */
enum { WIRE_FRAME_MAX = LANE_PACKET_MAX, WIRE_OPS_MAX = 32 };

/* One packet out. SG_BUSY: the socket is full for now. SG_IO: the lane is gone.
 * SG_TOO_LARGE: the message does not fit a packet. */
SG_MUST_USE enum sg_status wire_send(int fd, const Segel__Lane__V1__ToLane *message);
/* The same, with a descriptor that goes along, which stays the caller's; -1 = none. */
SG_MUST_USE enum sg_status wire_send_with(int fd, const Segel__Lane__V1__ToLane *message,
                                          int passed);
/* One packet in, unpacked into the arena (reset first). SG_NOT_FOUND: nothing waits.
 * SG_IO: the lane is gone. SG_INVALID: not a message of ours. */
SG_MUST_USE enum sg_status wire_receive(int fd, struct arena *arena,
                                        Segel__Lane__V1__FromLane **out);

/* What a configuration says of the token, borrowed; without keys. */
void wire_fill_open(const struct config_lane *config, Segel__Lane__V1__Open *open);
SG_MUST_USE enum sg_status wire_open(int fd, const struct lane_options *options);
/* The lane may log in. pipe: with the PIN that it holds; -1 = with that of its file. */
SG_MUST_USE enum sg_status wire_permit(int fd, int pipe, bool last_try);
void wire_token(const Segel__Lane__V1__Token *from, struct lane_token *to);
void wire_key(const Segel__Lane__V1__KeyInfo *from, struct lane_key *to);

#endif
