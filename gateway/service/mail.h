#ifndef SEGEL_GATEWAY_SERVICE_MAIL_H
#define SEGEL_GATEWAY_SERVICE_MAIL_H

struct service_loop;

/* What comes back to an I/O loop by its one box: answers of the core, pages of the
 * reading thread, policies of the clerk, and the word to end. */

/* The box has mail. context: the struct service_loop; its thread. */
void mail_take(void *context);
/* The loop has ended and its calls are closed: what comes back has nobody to go to. Jobs
 * return to their pool, and a call is freed with the last of its own. */
void mail_drop(struct service_loop *loop);

#endif
