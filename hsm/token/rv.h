#ifndef SEGEL_HSM_TOKEN_RV_H
#define SEGEL_HSM_TOKEN_RV_H

#include <p11-kit/pkcs11.h>

#include "proto/base.h"
#include "proto/failure.h"

/* What may be done once before a code becomes a failure. */
enum again { AGAIN_NEVER, AGAIN_FRESH, AGAIN_FIND, AGAIN_WAIT };

/* All three answer for any code, also one that no standard knows. */
enum failure rv_failure(CK_RV rv);
enum again rv_again(CK_RV rv);
const char *rv_name(CK_RV rv); /* "CKR_PIN_INCORRECT", or "unlisted code" */

/* The codes that have a row, by their place in the table. */
size_t rv_count(void);
CK_RV rv_code(size_t row);
/* Reads a number ("0xa0", "160") or the name of a row. False: it is neither. */
bool rv_parse(const char *text, CK_RV *rv);

/* Why something of the lane or the tool did not work: what it means, the code of the
 * call that failed (CKR_OK: none did), and a sentence for the administrator. */
struct trouble {
    enum failure failure;
    CK_RV rv;
    CK_FLAGS token_flags; /* after a login that was refused; 0 = not known */
    struct sg_error why;
};

/* The configuration, a file or the command names something that is not there or not
 * fit. */
SG_MUST_USE enum sg_status trouble_config(struct trouble *trouble, const char *format,
                                          ...) __attribute__((format(printf, 2, 3)));
/* A call of the module failed: its code is added to the sentence. */
SG_MUST_USE enum sg_status trouble_rv(struct trouble *trouble, CK_RV rv,
                                      const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The words for an error of the operating system. */
const char *trouble_system(int error);

#endif
