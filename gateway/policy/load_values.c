#include "gateway/policy/load.h"
#include "proto/digest.h"

/* Values by the type of the fact that they are given to. */

enum sg_status load_fact(struct loader *loader, const struct yaml_node *name,
                         enum fact *out)
{
    *out = fact_find(name->text);
    if (*out == FACT_COUNT) {
        return load_unknown(loader, name, "fact", fact_names());
    }
    return SG_OK;
}

enum sg_status load_number(struct loader *loader, const struct yaml_node *node,
                           enum fact_type type, int64_t *out)
{
    static const struct yaml_range any = {-INT64_MAX, INT64_MAX};
    bool flag = false;

    if (type == FACT_TIME) {
        return yaml_time(loader->doc, node, out, loader->why);
    }
    if (type != FACT_BOOL) {
        return yaml_int(loader->doc, node, any, out, loader->why);
    }
    TRY(yaml_bool(loader->doc, node, &flag, loader->why));
    *out = flag ? 1 : 0;
    return SG_OK;
}

static bool is_hash(struct slice text)
{
    uint8_t hash[32];

    return digest_parse_sha256(text, hash) == SG_OK;
}

enum sg_status load_string(struct loader *loader, const struct yaml_node *node,
                           enum fact_type type, struct slice *out)
{
    const char *text = "";

    TRY(yaml_str(loader->doc, node, &text, loader->why));
    *out = slice_str(text);
    if (type == FACT_HASH && !is_hash(*out)) {
        return yaml_fail(loader->doc, node, loader->why,
                         "wanted here is 'sha256:' and 64 hexadecimal digits");
    }
    return SG_OK;
}

static bool listed_before(const struct slice *items, size_t count, struct slice item)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_equal(items[i], item)) {
            return true;
        }
    }
    return false;
}

enum sg_status load_strings(struct loader *loader, const struct yaml_node *list,
                            enum fact_type type, const struct slice **out)
{
    struct slice *items =
        pool_take(&loader->policy->pool, list->count + 1, sizeof(*items));

    if (items == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < list->count; i++) {
        TRY(load_string(loader, &list->items[i], type, &items[i]));
        if (listed_before(items, i, items[i])) {
            return yaml_fail(loader->doc, &list->items[i], loader->why,
                             "'%s' is listed twice; keep one", list->items[i].text);
        }
    }
    *out = items;
    return SG_OK;
}

enum sg_status load_value(struct loader *loader, const struct yaml_node *node,
                          enum fact fact, struct fact_value *out)
{
    enum fact_type type = fact_type(fact);

    *out = (struct fact_value){.present = true};
    if (type == FACT_SET) {
        TRY(load_is(loader, node, YAML_LIST, "a list: the fact is a set"));
        out->set_count = node->count;
        return load_strings(loader, node, FACT_STR, &out->set);
    }
    return fact_type_is_text(type) ? load_string(loader, node, type, &out->text)
                                   : load_number(loader, node, type, &out->number);
}
