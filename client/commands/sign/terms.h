#ifndef SEGEL_CLIENT_COMMANDS_SIGN_TERMS_H
#define SEGEL_CLIENT_COMMANDS_SIGN_TERMS_H

#include "client/commands/sign/plan.h"
#include "client/console/home.h"
#include "client/segel/segel.h"

/* From what the command line says to what libsegel wants. */

/* Connects to the gateway of the home folder, until Ctrl-C where that is watched for. */
SG_MUST_USE enum sg_status sign_open(const struct home *home, struct segel **out,
                                     struct sg_error *why);
/* What stands in a letter; texts are the plan's. */
void sign_look(const struct sign_plan *plan, struct segel_look *look);
/* What letters of the plan have in common, but for their look. Likewise. */
void sign_terms_fill(const struct sign_plan *plan, struct segel_terms *terms);
/* The caller frees *out with segel_plan_free. */
SG_MUST_USE enum sg_status sign_terms(struct segel *segel, const struct sign_plan *plan,
                                      struct segel_plan **out, struct sg_error *why);
/* What a failure of libsegel is for the rest of the client; SEGEL_OK is SG_OK. */
enum sg_status sign_status(int code, const struct segel_error *error,
                           struct sg_error *why);

#endif
