#ifndef SEGEL_TESTS_UNIT_TRANSPORT_SUPPORT_MIRROR_H
#define SEGEL_TESTS_UNIT_TRANSPORT_SUPPORT_MIRROR_H

#include <poll.h>
#include <stdatomic.h>

#include "gateway/transport/grpc.h"

/* A service that sends metadata back and does as its messages say; the type_url of one is
 *   headers  send the headers now          fail     end with PERMISSION_DENIED
 *   gzip     send this back, compressed    plain    send this back as it is
 *   flag     send "gzip" or "identity", as the message came
 *   late     send the status of adding another header
 *   flood    send how many trailers of 200 bytes could be added
 *   held     send what the connection holds of its budgets: "input output calls"
 *   lie      end with PERMISSION_DENIED and details that say NOT_FOUND
 *   explain  end with PERMISSION_DENIED and details of 5000 bytes
 *   nap      keep the loop busy for 30 ms
 *   wait     keep it busy until mirror_waits is false again
 *   watch    send how many of mirror_watched have something to read
 *   count    send how many messages came so far, of all calls, with this one
 *
 * x-key, x-bin and x-other go back in the headers, x-trail and x-trail-bin in the
 * trailers. */
extern const char *const mirror_wanted[];

enum { MIRROR_WATCHED = 48 };
extern atomic_bool mirror_waits;
extern struct pollfd mirror_watched[MIRROR_WATCHED];

void mirror_open(struct grpc_call *call);
void mirror_message(struct grpc_call *call, const ProtobufCMessage *message);

#endif
