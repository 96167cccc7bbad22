#ifndef SEGEL_GATEWAY_CONFIG_ANCHORS_H
#define SEGEL_GATEWAY_CONFIG_ANCHORS_H

#include <stdint.h>

enum { CONFIG_ANCHORS_MAX = 16, CONFIG_ANCHOR_URL_MAX = 255 };

/* A place that keeps checkpoints of the log. All but a second disk of this machine are
 * outside of the operator's reach. */
enum config_anchor_kind { ANCHOR_DISK, ANCHOR_DROP, ANCHOR_WITNESS, ANCHOR_STAMP };
struct config_anchor {
    const char *name;
    enum config_anchor_kind kind;
    const char *place;   /* folder, or URL without a slash at its end */
    const char *monitor; /* of a witness: where it shows what it holds; an URL likewise */
    const char *vkey;    /* of a witness; its form is not looked at here */
    const char *chain;   /* of a time stamp authority: PEM */
    const char *keep;    /* folder for its answers and what they are over; "" = none */
    const char *ca;      /* PEM of who may vouch for an https URL; "" = the system's */
    int64_t interval_s;  /* between two deliveries */
};
const char *config_anchor_word(enum config_anchor_kind kind);
struct config;
/* How long a folder of an anchor may take for one thing before it counts as one that
 * hangs: anchoring.timeout_ms, and 20 s at most, since a start waits as long. */
int64_t config_folder_patience_us(const struct config *config);

#endif
