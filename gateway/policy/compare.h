#ifndef SEGEL_GATEWAY_POLICY_COMPARE_H
#define SEGEL_GATEWAY_POLICY_COMPARE_H

#include "gateway/policy/policy.h"

/* SG_PRECONDITION: its version is not higher, and so it may not follow the other one. */
SG_MUST_USE enum sg_status policy_supersedes(const struct policy *policy,
                                             const struct policy *in_force,
                                             struct sg_error *why);

/* What two policies say differently: what they mean, not how they are written. */
struct policy_difference {
    const char *rule;   /* id; "-": what is no rule */
    const char *what;   /* "added", "removed", "cp", "level", "mode", "code", "demands",
                         * "message id", "message en"; "order": the first rules that both
                         * have and that stand at different places; else of what is no
                         * rule the first word of its line in the dump */
    const char *before; /* as text; NULL: it was not there */
    const char *after;  /* likewise */
    bool looser;        /* certainly refuses less: removed, or enforced no more */
};
typedef void (*difference_told)(void *context, const struct policy_difference *);
/* Tells each, in the order of the old file, then what is new; returns how many. All texts
 * are borrowed for the call. */
size_t policy_compare(const struct policy *old, const struct policy *new,
                      difference_told tell, void *context);

#endif
