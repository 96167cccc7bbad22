#ifndef SEGEL_CLIENT_CONSOLE_HOME_H
#define SEGEL_CLIENT_CONSOLE_HOME_H

#include "client/channel/channel.h"
#include "proto/base.h"

/* The folder with all that the client must know of its gateway. */
enum { HOME_PATH_SIZE = 1024 };
struct home {
    char dir[HOME_PATH_SIZE]; /* "" = none is known, which many commands do not mind */
};

/* given: the value of --home, or NULL: $SEGEL_HOME, else ~/.config/segel. SG_INVALID:
 * its path is too long. */
SG_MUST_USE enum sg_status home_find(const char *given, struct home *out,
                                     struct sg_error *why);

/* The files of the folder. */
enum home_file {
    HOME_GATEWAY, /* "host:port" */
    HOME_CA,
    HOME_CERT,
    HOME_KEY,
    HOME_ANCHORS,
    HOME_VKEY,
    HOME_FILE_COUNT
};
/* "" where no folder is known. */
void home_path(const struct home *home, enum home_file file, char out[HOME_PATH_SIZE]);
/* SG_INVALID: no folder is known; why says how to name one. */
SG_MUST_USE enum sg_status home_known(const struct home *home, struct sg_error *why);
/* SG_INVALID: it is not there; why says what to put there. */
SG_MUST_USE enum sg_status home_need(const struct home *home, enum home_file file,
                                     char out[HOME_PATH_SIZE], struct sg_error *why);

/* Where the gateway is and how to be let in, read from the folder. */
struct home_way {
    char address[300];
    char paths[HOME_FILE_COUNT][HOME_PATH_SIZE];
};
SG_MUST_USE enum sg_status home_way(const struct home *home, struct home_way *out,
                                    struct sg_error *why);

/* Opens the channel to the gateway that the folder names. The caller closes *out. */
SG_MUST_USE enum sg_status home_connect(const struct home *home, struct channel **out,
                                        struct sg_error *why);
/* The same; given_up as in struct channel_options. */
SG_MUST_USE enum sg_status home_connect_heeding(const struct home *home,
                                                const atomic_bool *given_up,
                                                struct channel **out,
                                                struct sg_error *why);

#endif
