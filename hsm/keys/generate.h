#ifndef SEGEL_HSM_KEYS_GENERATE_H
#define SEGEL_HSM_KEYS_GENERATE_H

#include "hsm/token/key.h"

/* A key pair that can only sign, only in one way, and never leave its token. */

/* Bits of what was left out: 1 << OPTIONAL_x. */
enum optional {
#define OPTIONAL(name, text) OPTIONAL_##name,
#include "hsm/keys/optional.def"
#undef OPTIONAL
    OPTIONAL_COUNT
};

/* What the command line calls a type of key. */
struct kind {
    const char *name;
    enum key_type type;
    CK_ULONG bits;
    CK_MECHANISM_TYPE generation;
    const char *params; /* CKA_EC_PARAMS */
    size_t params_len;
};

/* NULL: there is no such kind. */
const struct kind *generate_kind(const char *name);
/* "rsa-2048, rsa-3072, …" for messages; static. */
const char *generate_kinds(void);

struct plan {
    const struct kind *kind;
    struct key_ref ref;
    const char *label;         /* borrowed */
    CK_MECHANISM_TYPE allowed; /* the one mechanism */
    CK_DATE start;
    CK_DATE end;
    bool has_start;
    bool has_end;
};

/* Reads the days of CKA_START_DATE and CKA_END_DATE, each "YYYYMMDD"; NULL: not set. */
SG_MUST_USE enum sg_status generate_dates(const char *start, const char *end,
                                          struct plan *plan, struct trouble *trouble);

/* An id names one key pair for ever: nothing of this CKA_ID may be on the token. */
SG_MUST_USE enum sg_status generate_id_free(struct reach reach, const struct key_ref *ref,
                                            struct trouble *trouble);

/* Makes the key, on a session that may write. A module that refuses the template is asked
 * again without optional attributes, as few and as unimportant ones as will do; *left_out
 * tells which. */
SG_MUST_USE enum sg_status generate_key(struct reach reach, const struct plan *plan,
                                        unsigned *left_out, struct trouble *trouble);

/* Trust no template: holds what the token says of its new key against what was asked. */
SG_MUST_USE enum sg_status generate_check(const struct key *key, unsigned left_out,
                                          struct trouble *trouble);

/* The names of what was left out, with blanks between. */
void generate_list(unsigned left_out, char *out, size_t cap);

#endif
