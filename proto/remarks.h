#ifndef SEGEL_PROTO_REMARKS_H
#define SEGEL_PROTO_REMARKS_H

/* SHADOW: the rule would have denied the job, and is in mode shadow. WARN: it is an
 * advisory one. EXCEPTED: an exception of the policy file matched the job. */
enum remark {
#define REMARK(name, list, more, word) REMARK_##name,
#include "proto/remarks.def"
#undef REMARK
    REMARKS
};

/* Members of "rules" in an INTENT. The list of exceptions is always there, empty too: a
 * record without it is of an earlier gateway, which told of shadows alone. */
const char *remark_list(enum remark remark);
const char *remark_more(enum remark remark);

#endif
