#ifndef SEGEL_CLIENT_VERIFY_PRINT_H
#define SEGEL_CLIENT_VERIFY_PRINT_H

#include "client/verify/verify.h"

/* How `segel verify` tells what it found. */
enum verify_lang { VERIFY_LANG_EN, VERIFY_LANG_ID };

/* count = 0: no signature was found, or no PDF; problem then says which. */
struct verify_finding {
    const char *path;
    const struct verify_report *reports; /* borrowed */
    size_t count;
    const char *problem;
};
/* Every signature is valid, and there is one. */
bool verify_finding_valid(const struct verify_finding *finding);
void verify_print_people(const struct verify_finding *finding, enum verify_lang lang);
void verify_print_json(const struct verify_finding *finding);

#endif
