#ifndef SEGEL_HSM_TOKEN_PIN_FILE_H
#define SEGEL_HSM_TOKEN_PIN_FILE_H

#include <limits.h>

#include "hsm/token/pin.h"

/* A PIN file that gets another PIN, so that at each moment the files say what the token
 * may know: FILE.new is being written, FILE.try holds what the token is told next or was
 * told, FILE what it knows. Each step is on the disk before the next. */

/* FILE.try, with owner's group and mode of FILE. Nothing is left of it after a failure.
 */
SG_MUST_USE enum sg_status pin_file_stage(const char *path, const struct pin *pin,
                                          struct trouble *trouble);
/* FILE.try becomes FILE. */
SG_MUST_USE enum sg_status pin_file_promote(const char *path, struct trouble *trouble);
/* The token was not told, or does not take it. */
void pin_file_drop(const char *path);
/* The name of FILE.try. False: there is none. */
bool pin_file_tried(const char *path, char out[PATH_MAX]);

#endif
