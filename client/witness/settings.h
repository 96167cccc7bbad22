#ifndef SEGEL_CLIENT_WITNESS_SETTINGS_H
#define SEGEL_CLIENT_WITNESS_SETTINGS_H

#include "client/witness/folder.h"
#include "client/witness/judge.h"
#include "proto/base.h"
#include "proto/slice.h"

/* What `segel witness run` works by, from a file or from options. The file is made of
 * lines "WORD VALUE"; '#' begins a comment. The line "log" is that of C2SP tlog-policy:
 *
 *     listen 127.0.0.1:8080
 *     key    /etc/segel/witness.pem
 *     state  /var/lib/segel-witness/state
 *     prefix /segel
 *     log    <vkey> [<url>]
 */
enum { SETTINGS_FILE_MAX = 65536, SETTINGS_PREFIX_MAX = 128 };

struct settings {
    char host[64]; /* an IP address without brackets */
    uint16_t port; /* 0 = any free one */
    char key[FOLDER_PATH_MAX];
    char state[FOLDER_PATH_MAX];
    char prefix[SETTINGS_PREFIX_MAX];
    struct witness_keys keys;
};

/* One setting. SG_INVALID: why says what to write instead. */
SG_MUST_USE enum sg_status settings_put(struct settings *settings, struct slice word,
                                        struct slice value, struct sg_error *why);
/* Several verifier keys of logs, parted by commas. */
SG_MUST_USE enum sg_status settings_put_logs(struct settings *settings,
                                             struct slice vkeys, struct sg_error *why);
/* A whole file; name is for the sentence. */
SG_MUST_USE enum sg_status settings_read(struct settings *settings, struct slice text,
                                         const char *name, struct sg_error *why);
/* SG_INVALID: something that is needed was not given. */
SG_MUST_USE enum sg_status settings_check(const struct settings *settings,
                                          struct sg_error *why);

#endif
