#include "gateway/service/control/changes.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "gateway/config/compare.h"
#include "gateway/config/settings.h"

/* Names that find no room are told as there being more. */
static void add(char out[CHANGES_SIZE], const char *section, const char *name)
{
    static const char more[] = ", and more";
    size_t len = strlen(out);
    size_t room = CHANGES_SIZE - len;

    if (strlen(section) + strlen(name) + sizeof(more) + 2 < room) {
        (void)snprintf(out + len, room, "%s%s%s", len == 0 ? "" : ", ", section, name);
    } else if (strcmp(out + len - (sizeof(more) - 1), more) != 0) {
        (void)snprintf(out + len, room, "%s", more);
    }
}

static void find_settings(const struct changes_of *of, struct changes *out)
{
    for (size_t i = 0; i < settings_count(); i++) {
        const struct setting *row = settings_row(i);
        if (!setting_same(row, row->reload ? of->newest : of->start, of->config)) {
            add(row->reload ? out->taken : out->restart, row->path, "");
        }
    }
}

static void find_lists(const struct changes_of *of, struct changes *out)
{
    static const struct {
        const char *name;
        bool (*same)(const struct config *one, const struct config *other);
        bool reload;
    } lists[] = {
        {"lanes", config_same_lanes, true},       {"callers", config_same_callers, true},
        {"networks", config_same_networks, true}, {"log_key", config_same_log_key, false},
        {"anchors", config_same_anchors, false},
    };

    for (size_t i = 0; i < SG_COUNT(lists); i++) {
        if (!lists[i].same(lists[i].reload ? of->newest : of->start, of->config)) {
            add(lists[i].reload ? out->taken : out->restart, lists[i].name, "");
        }
    }
}

static const struct config_key *find_key(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->key_count; i++) {
        if (strcmp(config->keys[i].name, name) == 0) {
            return &config->keys[i];
        }
    }
    return NULL;
}

static bool same_chain(const struct cert *one, const struct cert *other)
{
    size_t count = 0;
    size_t others = 0;
    X509 *const *a = cert_chain(one, &count);
    X509 *const *b = cert_chain(other, &others);
    bool same = count == others;

    for (size_t i = 0; same && i < count; i++) {
        same = X509_cmp(a[i], b[i]) == 0;
    }
    return same;
}

/* The file may hold another certificate under its old name. */
static bool same_certificate(const struct changes_of *of, const char *name)
{
    const struct key *used = keyring_find(of->keys, slice_str(name));
    const struct key *fresh = keyring_find(of->fresh, slice_str(name));

    return used == NULL || fresh == NULL || used->config->certificate == NULL ||
           fresh->config->certificate == NULL || same_chain(used->cert, fresh->cert);
}

static void find_of_key(const struct changes_of *of, const struct config_key *key,
                        struct changes *out)
{
    const struct config_key *start = find_key(of->start, key->name);
    const struct config_key *newest = find_key(of->newest, key->name);

    if (start == NULL || !config_same_key(start, key) ||
        !same_certificate(of, key->name)) {
        add(out->restart, "keys.", key->name);
    }
    newest = newest == NULL ? start : newest;
    if (start != NULL &&
        (!config_same_rules(newest, key) || !config_same_place(newest, key))) {
        add(out->taken, "keys.", key->name);
    }
}

static void find_keys(const struct changes_of *of, struct changes *out)
{
    for (size_t i = 0; i < of->config->key_count; i++) {
        find_of_key(of, &of->config->keys[i], out);
    }
    for (size_t i = 0; i < of->start->key_count; i++) {
        if (find_key(of->config, of->start->keys[i].name) == NULL) {
            add(out->restart, "keys.", of->start->keys[i].name);
        }
    }
}

void changes_find(const struct changes_of *of, struct changes *out)
{
    *out = (struct changes){.taken = ""};
    find_settings(of, out);
    find_lists(of, out);
    find_keys(of, out);
}
