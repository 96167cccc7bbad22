#ifndef SEGEL_GATEWAY_CONFIG_FILES_H
#define SEGEL_GATEWAY_CONFIG_FILES_H

#include <stdio.h>

#include "gateway/config/config.h"

/* Whether what the configuration names on this machine is there, is of the right kind and
 * can be used by this process; but for the first bytes of a module what stands in it is
 * not read, nothing is made, and
 * nothing is waited for (a pipe for a file is refused). Files that are read: there,
 * regular, readable. The ledger: a folder that can be written to, and no folder of its
 * own name. Folders that are made when absent: what they would lie in. Programs, modules.
 * SG_NOT_FOUND, SG_IO, SG_INVALID: why is one sentence that names setting and path. */
SG_MUST_USE enum sg_status config_files_check(const struct config *config,
                                              struct sg_error *why);
/* For whoever starts lanes, now or by a reload. SG_PRECONDITION: a PIN is a credential,
 * and none are passed to this process. */
SG_MUST_USE enum sg_status config_files_credentials(const struct config *config,
                                                    struct sg_error *why);
/* What is no fault of a configuration, and yet open, a line each: credentials that this
 * process is not given, and folders of anchors that it cannot write to, or that
 * give no answer for as long as anchoring.timeout_ms, since such a disk may come later.
 * Waits no longer. */
void config_files_tell(const struct config *config, FILE *out);

#endif
