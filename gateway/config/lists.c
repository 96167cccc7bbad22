#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gateway/config/parse.h"
#include "gateway/config/uri.h"
#include "proto/digest.h"
#include "proto/text.h"

/* --- Keys ------------------------------------------------------------------------ */

static enum sg_status read_algorithms(struct parse *p, const struct yaml_node *map,
                                      struct config_key *key)
{
    static const char *const schemes[] = {"rsa-pkcs1", "rsa-pss", "ecdsa", NULL};
    static const char *const hashes[] = {"sha256", "sha384", "sha512", NULL};
    const char *scheme = NULL;
    const char *hash = "sha256";
    size_t index = 0;

    TRY(field_text(p, map, "scheme", &scheme));
    TRY(parse_choice(p, yaml_get(map, "scheme"), scheme, schemes, &index));
    key->scheme = (enum sg_scheme)(index + 1);
    TRY(field_maybe_text(p, map, "hash", &hash));
    TRY(parse_choice(p, yaml_get(map, "hash"), hash, hashes, &index));
    key->hash = (enum sg_hash)(index + 1);
    return SG_OK;
}

static enum sg_status check_lanes(struct parse *p, const struct yaml_node *map,
                                  const struct config_key *key)
{
    bool any = false;

    for (size_t i = 0; i < key->lanes.count; i++) {
        if (config_find_lane(p->config, key->lanes.items[i]) == NULL) {
            const char *field = yaml_get(map, "lane") != NULL ? "lane" : "lanes";
            return yaml_fail(p->doc, yaml_get(map, field), p->why,
                             "there is no lane '%s'; name one of the entries under lanes",
                             key->lanes.items[i]);
        }
    }
    for (size_t i = 0; i < p->config->lane_count; i++) {
        any = any || config_key_on_lane(key, &p->config->lanes[i]);
    }
    return any ? SG_OK
               : yaml_fail(p->doc, yaml_get(map, "uri"), p->why,
                           "no lane has the token that this URI names; add a lane, or "
                           "leave the token out of the URI");
}

/* Where the key is: which lanes, and which object on their tokens. */
static enum sg_status read_place(struct parse *p, const struct yaml_node *map,
                                 struct config_key *key)
{
    const char *lane = NULL;

    TRY(field_maybe_text(p, map, "lane", &lane));
    if (lane != NULL && yaml_get(map, "lanes") != NULL) {
        return yaml_fail(p->doc, yaml_get(map, "lanes"), p->why,
                         "lane names one lane and lanes several: give one of the two");
    }
    TRY(field_words(p, map, "lanes", &key->lanes));
    if (yaml_get(map, "lanes") != NULL && key->lanes.count == 0) {
        return yaml_fail(p->doc, yaml_get(map, "lanes"), p->why,
                         "lanes names none; name the lanes that hold the key, or leave "
                         "the field away where all may");
    }
    if (lane != NULL) {
        key->lanes.items = (const char **)parse_alloc(p, 1, sizeof(lane));
        if (key->lanes.items == NULL) {
            return SG_NO_MEMORY;
        }
        key->lanes.items[0] = lane;
        key->lanes.count = 1;
    }
    key->token =
        (struct config_token){.label = "", .serial = "", .manufacturer = "", .model = ""};
    key->object.label = "";
    TRY(uri_of_key(p, map, key));
    return check_lanes(p, map, key);
}

/* A key is known by all of them, or a ceremony will make it. */
static enum sg_status read_certificate(struct parse *p, const struct yaml_node *map,
                                       struct config_key *key)
{
    bool placed = yaml_get(map, "id") != NULL || yaml_get(map, "uri") != NULL;

    if (placed != (yaml_get(map, "certificate") != NULL) ||
        (!placed && yaml_get(map, "chain") != NULL)) {
        return yaml_fail(p->doc, map, p->why,
                         "a key needs id or uri, and certificate; without all of them, "
                         "and chain, it is a slot that a ceremony fills");
    }
    if (!placed) {
        return SG_OK;
    }
    TRY(field_path(p, map, "certificate", &key->certificate));
    return yaml_get(map, "chain") == NULL ? SG_OK
                                          : field_path(p, map, "chain", &key->chain);
}

static enum sg_status read_key(struct parse *p, const struct yaml_node *map,
                               struct config_key *key)
{
    static const char *const classes[] = {"seal", "signature", NULL};
    const struct yaml_node *raw = yaml_get(map, "raw_allowed");
    size_t index = 0;

    TRY(parse_known_of(p, map, "keys"));
    TRY(field_name(p, map, &key->name));
    TRY(field_text(p, map, "class", &key->class));
    TRY(parse_choice(p, yaml_get(map, "class"), key->class, classes, &index));
    TRY(read_place(p, map, key));
    TRY(read_certificate(p, map, key));
    TRY(read_algorithms(p, map, key));
    TRY(field_words(p, map, "allowed_classes", &key->allowed_classes));
    TRY(field_words(p, map, "prohibited_classes", &key->prohibited_classes));
    return raw == NULL ? SG_OK : yaml_bool(p->doc, raw, &key->raw_allowed, p->why);
}

enum sg_status parse_keys(struct parse *p)
{
    const struct yaml_node *list = NULL;

    TRY(field_list(p, "keys", 1, &list));
    p->config->keys =
        (struct config_key *)parse_alloc(p, list->count, sizeof(struct config_key));
    if (p->config->keys == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < list->count; i++) {
        TRY(read_key(p, &list->items[i], &p->config->keys[i]));
        TRY(apart_key(p, &list->items[i], &p->config->keys[i]));
        p->config->key_count++;
    }
    return field_unique(p, list);
}

/* --- Callers --------------------------------------------------------------------- */

static enum sg_status read_roles(struct parse *p, const struct yaml_node *map,
                                 struct config_caller *caller)
{
    static const char *const names[] = {"backend", "officer", "reviewer", "operator",
                                        NULL};
    struct config_words words = {0};
    size_t index = 0;

    TRY(field_words(p, map, "roles", &words));
    for (size_t i = 0; i < words.count; i++) {
        TRY(parse_choice(p, yaml_get(map, "roles"), words.items[i], names, &index));
        caller->roles |= 1U << index;
    }
    /* CP-5.2-03: who reviews does not act. */
    bool both = (caller->roles & ROLE_REVIEWER) != 0 &&
                (caller->roles & (ROLE_OFFICER | ROLE_OPERATOR)) != 0;
    if (words.count == 0 || both) {
        return yaml_fail(p->doc, map, p->why,
                         both
                             ? "a reviewer can be neither officer nor operator: give the "
                               "roles to two callers"
                             : "roles must name at least one role");
    }
    return SG_OK;
}

/* Names of certificates hold nothing else that is compared: see cert_alt_names. */
static bool printable(const char *text)
{
    while (*text > ' ' && *text <= '~') {
        text++;
    }
    return *text == '\0';
}

static enum sg_status check_match(struct parse *p, const struct yaml_node *map,
                                  const char *match)
{
    uint8_t hash[32];
    uint64_t uid = 0;

    if (strncmp(match, "uid:", 4) == 0 &&
        text_uint(slice_str(match + 4), UINT32_MAX - 1, &uid) == SG_OK) {
        return SG_OK;
    }
    if (strncmp(match, "DNS:", 4) == 0 && strchr(match, '*') != NULL) {
        return yaml_fail(p->doc, yaml_get(map, "match"), p->why,
                         "match is one name, and no pattern: a certificate with '*' in "
                         "it names no caller");
    }
    if (digest_parse_sha256(slice_str(match), hash) == SG_OK ||
        ((strncmp(match, "URI:", 4) == 0 || strncmp(match, "DNS:", 4) == 0) &&
         match[4] != '\0' && printable(match))) {
        return SG_OK;
    }
    return yaml_fail(p->doc, yaml_get(map, "match"), p->why,
                     "match names a client certificate: URI:…, DNS:… (a subject "
                     "alternative name, in ASCII: xn--… for others) or sha256: and 64 "
                     "hexadecimal digits; or a user of this machine on the Unix socket: "
                     "uid: and a number");
}

/* An officer is a person with a certificate of its own; a user id of the gateway's
 * machine is whoever administers it. */
static enum sg_status check_local(struct parse *p, const struct yaml_node *map,
                                  const struct config_caller *caller)
{
    if (strncmp(caller->match, "uid:", 4) == 0 && (caller->roles & ROLE_OFFICER) != 0) {
        return yaml_fail(p->doc, yaml_get(map, "match"), p->why,
                         "an officer is known by a certificate, not by a user id");
    }
    return SG_OK;
}

static enum sg_status check_keys(struct parse *p, const struct yaml_node *map,
                                 const struct config_caller *caller)
{
    for (size_t i = 0; i < caller->keys.count; i++) {
        bool found = false;
        for (size_t k = 0; k < p->config->key_count; k++) {
            found = found || strcmp(p->config->keys[k].name, caller->keys.items[i]) == 0;
        }
        if (!found) {
            return yaml_fail(p->doc, yaml_get(map, "keys"), p->why,
                             "there is no key '%s'; name entries under keys",
                             caller->keys.items[i]);
        }
    }
    return SG_OK;
}

/* As who calls is looked for: only in a URI do large and small letters differ. */
static bool same_match(const char *one, const char *other)
{
    return strncmp(one, "URI:", 4) == 0 ? strcmp(one, other) == 0
                                        : strcasecmp(one, other) == 0;
}

/* The first one would be every caller of that certificate, and the other none. */
static enum sg_status check_match_apart(struct parse *p, const struct yaml_node *map,
                                        const struct config_caller *caller)
{
    for (size_t i = 0; i < p->config->caller_count; i++) {
        const struct config_caller *other = &p->config->callers[i];
        if (same_match(other->match, caller->match)) {
            return yaml_fail(p->doc, yaml_get(map, "match"), p->why,
                             "caller '%s' is known by this already; give each caller a "
                             "certificate of its own, or one caller both roles",
                             other->name);
        }
    }
    return SG_OK;
}

static enum sg_status read_weight(struct parse *p, const struct yaml_node *map,
                                  struct config_caller *caller)
{
    static const struct yaml_range range = {1, 100};
    const struct yaml_node *weight = yaml_get(map, "weight");

    caller->weight = 1;
    return weight == NULL ? SG_OK
                          : yaml_int(p->doc, weight, range, &caller->weight, p->why);
}

static enum sg_status read_caller(struct parse *p, const struct yaml_node *map,
                                  struct config_caller *caller)
{
    TRY(parse_known_of(p, map, "callers"));
    TRY(field_name(p, map, &caller->name));
    TRY(field_text(p, map, "match", &caller->match));
    TRY(check_match(p, map, caller->match));
    TRY(check_match_apart(p, map, caller));
    TRY(read_roles(p, map, caller));
    TRY(check_local(p, map, caller));
    TRY(field_words(p, map, "keys", &caller->keys));
    TRY(read_weight(p, map, caller));
    return check_keys(p, map, caller);
}

enum sg_status parse_callers(struct parse *p)
{
    const struct yaml_node *list = NULL;

    TRY(field_list(p, "callers", 1, &list));
    p->config->callers =
        (struct config_caller *)parse_alloc(p, list->count, sizeof(struct config_caller));
    if (p->config->callers == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < list->count; i++) {
        TRY(read_caller(p, &list->items[i], &p->config->callers[i]));
        p->config->caller_count++;
    }
    return field_unique(p, list);
}

const struct config_caller *config_find_caller(const struct config *in, const char *name)
{
    for (size_t i = 0; i < in->caller_count; i++) {
        if (strcmp(in->callers[i].name, name) == 0) {
            return &in->callers[i];
        }
    }
    return NULL;
}
