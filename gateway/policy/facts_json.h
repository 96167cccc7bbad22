#ifndef SEGEL_GATEWAY_POLICY_FACTS_JSON_H
#define SEGEL_GATEWAY_POLICY_FACTS_JSON_H

#include "gateway/policy/facts.h"

/* Facts as records of the log have them: members of a JSON object, named like the fact.
 * BOOL true or false, INT and DUR numbers, TIME RFC 3339 in UTC, STR and HASH strings,
 * SET an array of strings. */

/* Some facts, in the order in which they are written. */
struct fact_list {
    size_t count;
    enum fact facts[FACT_COUNT];
};
/* Sets come behind everything else: where room ends, they are what finds none. */
void fact_list_make(const bool wanted[FACT_COUNT], struct fact_list *out);

struct fact_members {
    struct slice text; /* without braces; in the buffer given */
    bool cut;          /* some were left out: they did not fit whole, or are
                        * times that no record can tell */
};
/* Those of the list that are present. No allocation. */
struct fact_members facts_members(const struct facts *facts, const struct fact_list *list,
                                  char *buffer, size_t cap);

#endif
