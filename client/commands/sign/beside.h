#ifndef SEGEL_CLIENT_COMMANDS_SIGN_BESIDE_H
#define SEGEL_CLIENT_COMMANDS_SIGN_BESIDE_H

#include "client/commands/sign/plan.h"
#include "client/segel/segel.h"

/* Profiles of CAdES: a file of any kind, whose signature goes to a file of its own,
 * FILE.p7s, in DER (detached). The file itself never reaches libsegel. */
#define SIGN_BESIDE_END ".p7s"

/* Whether these options ask for it. */
bool sign_beside(const struct sign_options *options);
/* Endings of what signing itself puts into a folder, the last one NULL: of a folder,
 * these are not signed. Who names such a file by itself means it. */
extern const char *const sign_beside_own[];
/* Digest of the file by the plan's hash, read in pieces. SG_IO: it cannot be read. */
SG_MUST_USE enum sg_status sign_beside_digest(const char *path,
                                              const struct segel_plan *plan,
                                              uint8_t out[SG_HASH_MAX], size_t *len,
                                              struct sg_error *why);

#endif
