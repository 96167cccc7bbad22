#ifndef SEGEL_GATEWAY_CONFIG_CONFIG_H
#define SEGEL_GATEWAY_CONFIG_CONFIG_H

#include <stdio.h>

#include "gateway/config/anchors.h"
#include "gateway/limits.h"
#include "gateway/log.h"
#include "gateway/network.h"
#include "proto/algorithm.h"
#include "proto/base.h"

/* segeld's configuration: one YAML file. Scalar settings stand as rows in config.def;
 * lanes, keys and callers are lists. All texts live as long as the config; paths are made
 * absolute against the folder of the file. Immutable after loading. */

enum {
    CONFIG_ENV_MAX = 8,
    CONFIG_KEY_ID_MAX = 64,
    CONFIG_LANES_MAX = 64,
    CONFIG_NODE_MAX = 64, /* as of host names */
    CONFIG_READ_ONLY_MAX = 8,
    CONFIG_REMINDERS_MAX = 8,
    /* As the lane takes them, and as CK_TOKEN_INFO has room for. */
    CONFIG_INIT_ARGS_MAX = 2048,
    CONFIG_TOKEN_LABEL_MAX = 32,
    CONFIG_TOKEN_SERIAL_MAX = 16
};

enum config_role {
    ROLE_BACKEND = 1,
    ROLE_OFFICER = 2,
    ROLE_REVIEWER = 4,
    ROLE_OPERATOR = 8
};

struct config_words {
    const char **items;
    size_t count;
};

/* Which token: as CK_TOKEN_INFO shows it, blanks cut off. */
struct config_token {
    const char *label;  /* NULL: not said yet, while the file is read */
    const char *serial; /* this and the next two: "" = not compared */
    const char *manufacturer;
    const char *model;
};

/* CKA_ID, CKA_LABEL, or both. */
struct config_object {
    uint8_t id[CONFIG_KEY_ID_MAX];
    size_t id_len;     /* 0 = any */
    const char *label; /* "" = any */
};

struct config_lane {
    const char *name;
    const char *module;
    const char *init_args; /* pReserved of C_Initialize; "" = none */
    struct config_token token;
    const char *pin_path;   /* file or credential; only its path is known here */
    const char *credential; /* its name; NULL = none. See files.h */
    bool pin_prompt;        /* instead: a person types it ('segel pin enter') */
    int64_t threads;
    bool hardware;                 /* assurance: hardware; software is the default */
    struct config_object canary;   /* neither id nor label: none */
    struct config_words read_only; /* directories; at most CONFIG_READ_ONLY_MAX */
    const char *environment[CONFIG_ENV_MAX + 1]; /* "NAME=value", ends with NULL */
};

struct config_key {
    const char *name;
    const char *class;         /* "seal" or "signature" */
    struct config_words lanes; /* names; empty = every lane is asked for it */
    struct config_token token; /* of its URI; all "" = any */
    struct config_object object;
    const char *certificate; /* NULL: an empty slot, which a ceremony fills */
    const char *chain;       /* NULL = none */
    enum sg_scheme scheme;
    enum sg_hash hash;
    struct config_words allowed_classes; /* empty = any that is not prohibited */
    struct config_words prohibited_classes;
    bool raw_allowed;
};

struct config_caller {
    const char *name;
    const char *match;        /* "URI:…", "DNS:…", "sha256:<hex>" or "uid:<n>" */
    unsigned roles;           /* bits of config_role */
    int64_t weight;           /* its share of a key that several want, 1 to 100 */
    struct config_words keys; /* names of keys that it is entitled to */
};

/* Who connects from there; what holds an address by the longest prefix has it. */
struct config_network {
    const char *name;
    struct network_prefix *prefixes;
    size_t prefix_count;
};
#define CONFIG_NETWORK_LOCAL "local" /* of those on the Unix socket */

struct config {
#define TEXT(field, path, kind, reload, fallback, help)             const char *field;
#define NUMBER(field, path, unit, reload, fallback, min, max, help) int64_t field;
#include "gateway/config/config.def"
#undef TEXT
#undef NUMBER
    struct server_limits limits;
    struct config_lane *lanes;
    size_t lane_count;
    struct config_key *keys;
    size_t key_count;
    struct config_caller *callers;
    size_t caller_count;
    struct config_network *networks;
    size_t network_count;
    struct config_anchor *anchors;
    size_t anchor_count; /* at most CONFIG_ANCHORS_MAX */
    bool tls12, reflection_value;
    unsigned unix_mode; /* bits of permission of listen.unix */
    size_t log_lane;    /* index in lanes */
    struct config_object log_key;
    enum log_level log_level_value;
    enum log_format log_format_value;
    int64_t reminders[CONFIG_REMINDERS_MAX]; /* days, falling; ends with 0 if not full */
    uint8_t (*marks)[32];                    /* of each setting's file: see marks.h */
    void *memory; /* owned: the document and all that was allocated */
};

/* SG_NOT_FOUND, SG_IO, SG_INVALID: why is one sentence that begins with
 * "FILE:LINE:COLUMN: " and names the field. The caller owns *out. */
SG_MUST_USE enum sg_status config_load(const char *path, struct config **out,
                                       struct sg_error *why);
struct config *config_take(struct config *config); /* a share more, for config_free */
void config_free(struct config *config);
/* Writes a file with every scalar setting, what it means, its bounds and its value; NULL:
 * the defaults, with examples of the lists. */
void config_print(const struct config *config, FILE *out);
const char *config_role_name(enum config_role role);
/* The network that a peer ("127.0.0.1:443", "[::1]:443") connects from; NULL: none. */
const char *config_find_network(const struct config *config, const char *peer);
/* Whether a lane is to be asked for a key: it is named by the key, or none is, and its
 * token is the one that the key's URI names, if it names one. */
bool config_key_on_lane(const struct config_key *key, const struct config_lane *lane);
/* NULL when there is none of this name. */
const struct config_lane *config_find_lane(const struct config *config, const char *name);
const struct config_caller *config_find_caller(const struct config *in, const char *name);

#endif
