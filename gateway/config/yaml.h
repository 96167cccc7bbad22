#ifndef SEGEL_GATEWAY_CONFIG_YAML_H
#define SEGEL_GATEWAY_CONFIG_YAML_H

#include "proto/base.h"
#include "proto/slice.h"

/* A strict YAML document as a tree with positions. Stricter than YAML: one document,
 * UTF-8, no directives, tags, anchors, aliases, merge keys or tabs; no duplicate keys; at
 * most 1 MiB, 16 levels, 100,000 nodes. Every scalar stays text: what "no" or "010" means
 * is decided by the type of the setting or fact that it is given to. */
enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
    enum yaml_kind kind;
    bool quoted;      /* scalar written in quotes or as a block */
    unsigned line;    /* from 1 */
    unsigned column;  /* from 1 */
    const char *text; /* scalar: NUL-terminated, owned by the document, no NUL inside */
    size_t count;     /* list: items; map: entries */
    struct yaml_node
        *items; /* list: values; map: values, keys[i] is the key of items[i] */
    struct yaml_node *keys; /* map: scalars */
};

/* Version of libyaml in the running process; its header names none. Any thread. */
const char *yaml_library(void);

struct yaml;

/* Both read a whole document. name is used in messages ("FILE:LINE:COLUMN: …").
 * SG_NOT_FOUND, SG_IO: the file cannot be read, or is no regular one. SG_INVALID: not
 * acceptable, why says where. On SG_OK the caller owns *out; all nodes live as long as
 * it. */
SG_MUST_USE enum sg_status yaml_read_file(const char *path, struct yaml **out,
                                          struct sg_error *why);
SG_MUST_USE enum sg_status yaml_read(struct slice text, const char *name,
                                     struct yaml **out, struct sg_error *why);
/* The bytes of a file, for whoever also needs their digest; at most one more than the
 * limit of a document. SG_NOT_FOUND, SG_IO. The caller frees *bytes. */
SG_MUST_USE enum sg_status yaml_file_bytes(const char *path, uint8_t **bytes, size_t *len,
                                           struct sg_error *why);
/* Linked under a name of ours: libyaml exports a yaml_free, and its own calls would land
 * in this one. */
void yaml_free(struct yaml *doc) __asm__("segel_yaml_free");

const struct yaml_node *yaml_root(const struct yaml *doc);
/* The value under a key of a map; NULL when absent or when node is not a map. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
/* Fails with "NAME:LINE:COLUMN: " in front of the formatted sentence. */
SG_MUST_USE enum sg_status yaml_fail(const struct yaml *doc, const struct yaml_node *at,
                                     struct sg_error *why, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The allowed word that is nearest to a misspelt one, or NULL when none is near: for
 * "did you mean". words ends with NULL. */
const char *yaml_nearest(const char *word, const char *const *words);

/* Strict conversions of a scalar; each failure names place, value and what is wanted.
 * yaml_bool: exactly true or false. yaml_int: decimal, no sign tricks, inside min..max,
 * not quoted. yaml_time: RFC 3339, or a pure date = 00:00 so many minutes east of UTC. */
SG_MUST_USE enum sg_status yaml_str(const struct yaml *doc, const struct yaml_node *node,
                                    const char **out, struct sg_error *why);
SG_MUST_USE enum sg_status yaml_bool(const struct yaml *doc, const struct yaml_node *node,
                                     bool *out, struct sg_error *why);
struct yaml_range {
    int64_t min;
    int64_t max;
};
SG_MUST_USE enum sg_status yaml_int(const struct yaml *doc, const struct yaml_node *node,
                                    struct yaml_range range, int64_t *out,
                                    struct sg_error *why);
SG_MUST_USE enum sg_status yaml_time(const struct yaml *doc, const struct yaml_node *node,
                                     int64_t east_min, int64_t *unix_us,
                                     struct sg_error *why);
enum { YAML_DATE_LEN = 10 }; /* of a pure date, as text */

#endif
