#ifndef SEGEL_CLIENT_COMMANDS_KEY_RITE_VIEW_H
#define SEGEL_CLIENT_COMMANDS_KEY_RITE_VIEW_H

#include "client/console/command.h"
#include "segel/v1/keys.pb-c.h"

/* What the commands about keys on their tokens share: one call of KeyService, and what
 * came of it on the screen. */

/* How the answer is wanted, and whose id the request has. */
struct rite_style {
    const char *lang;
    const char *request_id; /* NULL: one is made */
    bool json;
    bool indonesian; /* set by rite_begin */
    char made[17];
};
/* Checks lang, and makes an id when none was given. */
SG_MUST_USE enum sg_status rite_begin(struct rite_style *style, struct sg_error *why);
/* The answer; either may be NULL. SG_DENIED: what was asked for is over. */
SG_MUST_USE enum sg_status rite_print(const Segel__V1__Approval *approval,
                                      const Segel__V1__Key *key,
                                      const struct rite_style *style,
                                      struct sg_error *why);

/* "a,b,c" in words of their own, at most max; the text is cut into them. SG_INVALID:
 * there are more, or one is empty. */
SG_MUST_USE enum sg_status rite_names(char *list, char **names, size_t max, size_t *count,
                                      struct sg_error *why);

#endif
