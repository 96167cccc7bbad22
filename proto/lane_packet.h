#ifndef SEGEL_PROTO_LANE_PACKET_H
#define SEGEL_PROTO_LANE_PACKET_H

/* A packet of lane.proto, either way: the keys of a lane are told in one, and as many as
 * a configuration may have fit, with public keys of RSA-4096. The sockets are given room
 * for it; what the system gives them by itself is a little less. */
enum { LANE_PACKET_MAX = 1 << 18 };

#endif
