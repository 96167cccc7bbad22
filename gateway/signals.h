#ifndef SEGEL_GATEWAY_SIGNALS_H
#define SEGEL_GATEWAY_SIGNALS_H

/* The signals that segeld hears. They are blocked and wait in the kernel until somebody
 * reads them: what comes while the gateway starts is done when it runs. Main thread. */
struct signals {
    int all;  /* SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2 */
    int ends; /* SIGTERM and SIGINT alone */
};

/* Before there is any thread, so that each inherits it. SIGPIPE and SIGXFSZ are ignored:
 * a write shall fail, as on a full disk. */
struct signals signals_block(void);
/* The next that came, of all or of those that end; 0 = none. Does not wait. */
unsigned signals_next(const struct signals *signals);
unsigned signals_next_end(const struct signals *signals);

#endif
