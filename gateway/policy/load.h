#ifndef SEGEL_GATEWAY_POLICY_LOAD_H
#define SEGEL_GATEWAY_POLICY_LOAD_H

#include "gateway/policy/compiled.h"

/* Inside of the policy module: reading a policy file. All failures are SG_INVALID with
 * place and sentence in loader->why, or SG_NO_MEMORY. */

enum {
    LOAD_TEXT_MAX = 512,     /* bytes of a sentence */
    LOAD_VALUE_MAX = 4096,   /* bytes of a fact's value */
    LOAD_SET_MAX = 256,      /* entries of a fact that is a set */
    LOAD_LIST_MAX = 10000,   /* entries of a list */
    LOAD_LISTS_MAX = 1000,   /* named lists */
    LOAD_TESTS_MAX = 10000,  /* embedded tests */
    LOAD_HOLIDAYS_MAX = 400, /* days of the calendar */
    LOAD_PATTERN_MAX = 256,  /* bytes of a pattern */
    /* What all patterns of a file grow to, in characters. */
    LOAD_PATTERNS_WEIGHT = 32768,
    /* Comparisons that all tests of a file may ask for: load_work.c. */
    LOAD_WORK_MAX = 100000000
};

struct loader {
    struct policy *policy;
    const struct yaml *doc;
    struct sg_error *why;
    const struct yaml_node *bases; /* NULL when the file has none */
    struct facts **base_facts;     /* of each that was read; in the pool */
    uint64_t weight;               /* of all patterns so far */
    uint64_t work;                 /* of all tests so far */
};

/* One field that a map may have. read puts the value into target. */
struct field {
    const char *name; /* NULL ends the table */
    bool required;
    enum sg_status (*read)(struct loader *loader, const struct yaml_node *node,
                           void *target);
};

/* Reads a map by its table, in the table's order. Refuses unknown and missing fields. */
SG_MUST_USE enum sg_status load_fields(struct loader *loader, const struct yaml_node *map,
                                       const struct field *fields, void *target);
/* Fails with "unknown WHAT 'WORD'; did you mean ...?" or with what is allowed. */
SG_MUST_USE enum sg_status load_unknown(struct loader *loader, const struct yaml_node *at,
                                        const char *what, const char *const *words);
/* One of the words (NULL at the end), as its index. */
SG_MUST_USE enum sg_status load_choice(struct loader *loader,
                                       const struct yaml_node *node, const char *what,
                                       const char *const *words, size_t *index);
SG_MUST_USE enum sg_status load_is(struct loader *loader, const struct yaml_node *node,
                                   enum yaml_kind kind, const char *what);
/* A list of 1 to max entries. */
SG_MUST_USE enum sg_status load_is_list(struct loader *loader,
                                        const struct yaml_node *node, size_t max,
                                        const char *what);
/* One line of text, not empty, at most LOAD_TEXT_MAX bytes. */
SG_MUST_USE enum sg_status load_text(struct loader *loader, const struct yaml_node *node,
                                     const char **out);
/* A text that text_name accepts. */
SG_MUST_USE enum sg_status load_name(struct loader *loader, const struct yaml_node *node,
                                     const char **out);
SG_MUST_USE enum sg_status load_sha256(struct loader *loader,
                                       const struct yaml_node *node, uint8_t out[32]);

/* Typed values. */
SG_MUST_USE enum sg_status load_fact(struct loader *loader, const struct yaml_node *name,
                                     enum fact *out);
/* RFC 3339, or a plain date: 00:00 in the zone of the policy. */
SG_MUST_USE enum sg_status load_time(struct loader *loader, const struct yaml_node *node,
                                     int64_t *unix_us);
SG_MUST_USE enum sg_status load_number(struct loader *loader,
                                       const struct yaml_node *node, enum fact_type type,
                                       int64_t *out);
SG_MUST_USE enum sg_status load_string(struct loader *loader,
                                       const struct yaml_node *node, enum fact_type type,
                                       struct slice *out);
/* Whether the fact can be what a rule asks for: a scalar, or each of a list. */
SG_MUST_USE enum sg_status load_asked(struct loader *loader, const struct yaml_node *node,
                                      enum fact fact);
SG_MUST_USE enum sg_status load_value(struct loader *loader, const struct yaml_node *node,
                                      enum fact fact, struct fact_value *out);
/* A map "fact: value"; with_now: clock.now may be among them. */
SG_MUST_USE enum sg_status load_facts(struct loader *loader, const struct yaml_node *map,
                                      bool with_now, struct facts *facts);
/* Each scalar of a list, none twice. The items live in the pool. */
SG_MUST_USE enum sg_status load_strings(struct loader *loader,
                                        const struct yaml_node *list, enum fact_type type,
                                        const struct slice **out);

/* SHA-256 of what the nodes say, however they are written; NULL is a node, too. */
SG_MUST_USE enum sg_status load_digest(const struct yaml_node *const *nodes, size_t count,
                                       uint8_t out[32]);
/* What it takes to judge a rule, or all of them and to copy the facts, in comparisons. */
uint64_t load_rule_work(const struct policy *policy, const struct rule *rule,
                        const struct facts *facts);
uint64_t load_facts_work(const struct policy *policy, const struct facts *facts);

/* Parts of the file. */
SG_MUST_USE enum sg_status load_metadata(struct loader *loader,
                                         const struct yaml_node *node, void *policy);
SG_MUST_USE enum sg_status load_notice(struct loader *loader,
                                       const struct yaml_node *node, void *policy);
SG_MUST_USE enum sg_status load_lists(struct loader *loader, const struct yaml_node *node,
                                      void *policy);
SG_MUST_USE enum sg_status load_rules(struct loader *loader, const struct yaml_node *node,
                                      void *policy);
SG_MUST_USE enum sg_status load_exceptions(struct loader *loader,
                                           const struct yaml_node *node, void *policy);
SG_MUST_USE enum sg_status load_tests(struct loader *loader, const struct yaml_node *node,
                                      void *policy);
/* {id: …, en: …} */
struct bilingual {
    const char *id;
    const char *en;
};
SG_MUST_USE enum sg_status load_bilingual(struct loader *loader,
                                          const struct yaml_node *node,
                                          struct bilingual *out);
SG_MUST_USE enum sg_status load_demands(struct loader *loader,
                                        const struct yaml_node *map, struct demands *out);
SG_MUST_USE enum sg_status load_pattern(struct loader *loader,
                                        const struct yaml_node *node,
                                        struct condition *condition);
/* The index of the rule that a scalar names. */
SG_MUST_USE enum sg_status load_rule_ref(struct loader *loader,
                                         const struct yaml_node *node, size_t *rule);

#endif
