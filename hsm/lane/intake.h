#ifndef SEGEL_HSM_LANE_INTAKE_H
#define SEGEL_HSM_LANE_INTAKE_H

#include "hsm/lane/worker.h"

/* Packets of work, from the socket into the queue. For whoever has the part of reading
 * (hsm/lane/queue.h). The process ends here when segeld closes the socket, or sends what
 * is no work. */

/* Waits for one packet, or until the queue pokes. */
void intake_wait(struct crew *crew);
/* Takes what is there. */
void intake_all(struct crew *crew);

#endif
