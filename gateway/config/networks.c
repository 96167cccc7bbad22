#include <string.h>

#include "gateway/config/parse.h"

/* Networks that clients come from, for the fact caller.network. */

static enum sg_status read_prefix(struct parse *p, const struct yaml_node *map,
                                  const char *text, struct network_prefix *out)
{
    return network_prefix_parse(text, out) == SG_OK
               ? SG_OK
               : yaml_fail(
                     p->doc, yaml_get(map, "addresses"), p->why,
                     "'%s' is no network: wanted is an address, or one with the "
                     "length of its prefix and zeros behind that, like 10.20.0.0/16 "
                     "or 2001:db8::/32",
                     text);
}

static enum sg_status read_network(struct parse *p, const struct yaml_node *map,
                                   struct config_network *network)
{
    struct config_words addresses = {0};

    TRY(parse_known_of(p, map, "networks"));
    TRY(field_name(p, map, &network->name));
    if (strcmp(network->name, CONFIG_NETWORK_LOCAL) == 0) {
        return yaml_fail(p->doc, yaml_get(map, "name"), p->why,
                         "'" CONFIG_NETWORK_LOCAL
                         "' is what users of this machine on the "
                         "Unix socket come from; choose another name");
    }
    TRY(field_words(p, map, "addresses", &addresses));
    if (addresses.count == 0) {
        return yaml_fail(p->doc, map, p->why,
                         "addresses must name at least one, like [10.20.0.0/16]");
    }
    network->prefixes = (struct network_prefix *)parse_alloc(p, addresses.count,
                                                             sizeof(*network->prefixes));
    if (network->prefixes == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < addresses.count; i++) {
        TRY(read_prefix(p, map, addresses.items[i], &network->prefixes[i]));
        network->prefix_count++;
    }
    return SG_OK;
}

enum sg_status parse_networks(struct parse *p)
{
    const struct yaml_node *list = NULL;

    if (yaml_get(yaml_root(p->doc), "networks") == NULL) {
        return SG_OK;
    }
    TRY(field_list(p, "networks", 1, &list));
    p->config->networks = (struct config_network *)parse_alloc(
        p, list->count, sizeof(struct config_network));
    if (p->config->networks == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < list->count; i++) {
        TRY(read_network(p, &list->items[i], &p->config->networks[i]));
        p->config->network_count++;
    }
    return field_unique(p, list);
}

/* The longest of its prefixes that holds the address; -1: none does. */
static int longest(const struct config_network *network,
                   const struct network_address *address)
{
    int bits = -1;

    for (size_t i = 0; i < network->prefix_count; i++) {
        const struct network_prefix *prefix = &network->prefixes[i];
        if (network_holds(prefix, address) && (int)prefix->bits > bits) {
            bits = (int)prefix->bits;
        }
    }
    return bits;
}

const char *config_find_network(const struct config *config, const char *peer)
{
    struct network_address address;
    const char *name = NULL;
    int most = -1;

    if (network_address_parse(peer, &address) != SG_OK) {
        return NULL;
    }
    for (size_t i = 0; i < config->network_count; i++) {
        int bits = longest(&config->networks[i], &address);
        if (bits > most) {
            most = bits;
            name = config->networks[i].name;
        }
    }
    return name;
}
