#ifndef SEGEL_GATEWAY_POLICY_FACTS_H
#define SEGEL_GATEWAY_POLICY_FACTS_H

#include "proto/base.h"
#include "proto/slice.h"

/* The closed list of facts, and one job's or key's values for them. */
enum fact_type {
    FACT_BOOL,
    FACT_INT,
    FACT_STR,
    FACT_TIME,
    FACT_DUR,
    FACT_SET,
    FACT_HASH
};
enum fact_phase { FACT_PHASE_KEY, FACT_PHASE_JOB, FACT_PHASE_STATE, FACT_PHASE_ACTION };

enum fact {
#define FACT(name, text, type, phase, source, help) FACT_ID_##name,
#include "gateway/policy/facts.def"
#undef FACT
    FACT_COUNT
};

/* A value; which member counts is said by the fact's type. Bytes are borrowed from
 * whoever filled the facts, for as long as the facts are used. */
struct fact_value {
    bool present;
    int64_t number;          /* BOOL 0/1, INT, TIME (us), DUR (s) */
    struct slice text;       /* STR, HASH */
    const struct slice *set; /* SET */
    size_t set_count;
};

/* The zero state knows nothing: an absent fact in a requirement is an error, and an error
 * denies. */
struct facts {
    struct fact_value value[FACT_COUNT];
};

const char *fact_name(enum fact fact);
const char *fact_help(enum fact fact);
enum fact_type fact_type(enum fact fact);
enum fact_phase fact_phase(enum fact fact);
/* Whether this gateway fills the fact in. A rule must not wait for one that it does not:
 * it would deny everything, or, with exists: false, nothing. */
bool fact_made(enum fact fact);
/* Whether the fact is of what is asked, by whom and when, rather than the condition of
 * the gateway, its log, its clock or its key: of that no caller can do anything. */
bool fact_of_request(enum fact fact);
/* FACT_COUNT when there is none of that name. */
enum fact fact_find(const char *name);
/* All names, with a NULL at the end: for "did you mean". */
const char *const *fact_names(void);
/* The only values that the fact can have, with a NULL at the end; NULL: it is not closed.
 */
const char *const *fact_words(enum fact fact);
const char *fact_type_name(enum fact_type type); /* in sentences: "number" */
const char *fact_type_word(enum fact_type type); /* as documentation has it: "int" */
/* STR, HASH: the value is text. BOOL, INT, TIME, DUR: a number. SET: neither. */
bool fact_type_is_text(enum fact_type type);
bool fact_type_is_number(enum fact_type type);

/* Setters by type; a wrong type is a mistake of ours and stops the process. */
void facts_bool(struct facts *facts, enum fact fact, bool value);
void facts_number(struct facts *facts, enum fact fact,
                  int64_t value); /* INT, TIME, DUR */
void facts_text(struct facts *facts, enum fact fact, struct slice text); /* STR, HASH */
void facts_set(struct facts *facts, enum fact fact, const struct slice *items,
               size_t count);

/* Sets those facts that follow from others, where they are absent and the others are
 * there: caller.entitled, key.class_allowed, cert.remaining_s, cert.in_period. */
void facts_derive(struct facts *facts);

#endif
