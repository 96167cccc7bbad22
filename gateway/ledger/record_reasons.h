#ifndef SEGEL_GATEWAY_LEDGER_RECORD_REASONS_H
#define SEGEL_GATEWAY_LEDGER_RECORD_REASONS_H

/* Why a decision came out as it did, as its record has it. Texts are borrowed. */
struct record_failure {
    const char *rule;
    const char *cp_section;
    const char *code;
    const char *found;
    const char *required;
};

/* A soft rule that failed and was lifted. */
struct record_lift {
    const char *rule;
    const char *override; /* its id */
};

#endif
