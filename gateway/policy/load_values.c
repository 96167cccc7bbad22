#include <stdlib.h>
#include <string.h>

#include "gateway/policy/load.h"
#include "proto/digest.h"
#include "proto/text.h"

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

enum sg_status load_time(struct loader *loader, const struct yaml_node *node,
                         int64_t *unix_us)
{
    return yaml_time(loader->doc, node, loader->policy->zone_minutes, unix_us,
                     loader->why);
}

enum sg_status load_number(struct loader *loader, const struct yaml_node *node,
                           enum fact_type type, int64_t *out)
{
    static const struct yaml_range any = {-INT64_MAX, INT64_MAX};
    bool flag = false;

    if (type == FACT_TIME) {
        return load_time(loader, node, out);
    }
    if (type != FACT_BOOL) {
        return yaml_int(loader->doc, node, any, out, loader->why);
    }
    TRY(yaml_bool(loader->doc, node, &flag, loader->why));
    *out = flag ? 1 : 0;
    return SG_OK;
}

/* --- Texts ------------------------------------------------------------------------- */

static enum sg_status check_hash(struct loader *loader, const struct yaml_node *node)
{
    uint8_t hash[32];

    if (digest_parse_sha256(slice_str(node->text), hash) != SG_OK) {
        return yaml_fail(loader->doc, node, loader->why,
                         "wanted here is 'sha256:' and 64 hexadecimal digits");
    }
    return SG_OK;
}

/* Control characters could make one line of the dump look like two. */
enum sg_status load_string(struct loader *loader, const struct yaml_node *node,
                           enum fact_type type, struct slice *out)
{
    const char *text = "";

    TRY(yaml_str(loader->doc, node, &text, loader->why));
    *out = slice_str(text);
    if (out->len > LOAD_VALUE_MAX || !text_plain(*out)) {
        return yaml_fail(loader->doc, node, loader->why,
                         "wanted here is one line of at most %d bytes, without control "
                         "characters",
                         LOAD_VALUE_MAX);
    }
    return type == FACT_HASH ? check_hash(loader, node) : SG_OK;
}

/* --- Lists ------------------------------------------------------------------------- */

struct place {
    struct slice text;
    size_t index;
};

/* By text; those that are the same, in the order of the list. */
static int compare_places(const void *one, const void *other)
{
    const struct place *a = (const struct place *)one;
    const struct place *b = (const struct place *)other;
    size_t len = a->text.len < b->text.len ? a->text.len : b->text.len;
    int order = len == 0 ? 0 : memcmp(a->text.data, b->text.data, len);

    if (order == 0 && a->text.len != b->text.len) {
        order = a->text.len < b->text.len ? -1 : 1;
    }
    return order != 0 ? order : (a->index < b->index ? -1 : 1);
}

/* The first item that an earlier one is equal to; count: there is none. */
static size_t first_twin(struct place *places, size_t count)
{
    size_t twin = count;

    qsort(places, count, sizeof(*places), compare_places);
    for (size_t i = 1; i < count; i++) {
        if (slice_equal(places[i - 1].text, places[i].text) && places[i].index < twin) {
            twin = places[i].index;
        }
    }
    return twin;
}

static enum sg_status refuse_twins(struct loader *loader, const struct yaml_node *list,
                                   const struct slice *items)
{
    struct place *places = calloc(list->count + 1, sizeof(*places));

    if (places == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < list->count; i++) {
        places[i] = (struct place){items[i], i};
    }
    size_t twin = first_twin(places, list->count);
    free(places);
    if (twin < list->count) {
        return yaml_fail(loader->doc, &list->items[twin], loader->why,
                         "'%s' is listed twice; keep one", list->items[twin].text);
    }
    return SG_OK;
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
    }
    *out = items;
    return refuse_twins(loader, list, items);
}

/* --- What a fact can be ------------------------------------------------------------ */

static bool is_word(const char *text, const char *const *words)
{
    while (*words != NULL && strcmp(*words, text) != 0) {
        words++;
    }
    return *words != NULL;
}

static enum sg_status check_asked(struct loader *loader, const struct yaml_node *node,
                                  enum fact fact)
{
    const char *const *words = fact_words(fact);

    if (fact_type(fact) == FACT_HASH) {
        return check_hash(loader, node);
    }
    return words == NULL || is_word(node->text, words)
               ? SG_OK
               : load_unknown(loader, node, fact_name(fact), words);
}

enum sg_status load_asked(struct loader *loader, const struct yaml_node *node,
                          enum fact fact)
{
    if (node->kind != YAML_LIST) {
        return check_asked(loader, node, fact);
    }
    for (size_t i = 0; i < node->count; i++) {
        TRY(check_asked(loader, &node->items[i], fact));
    }
    return SG_OK;
}

/* A test may try what cannot be, to see it refused; but what looks like a word and is
 * none is a slip, and the test would say nothing. */
static enum sg_status refuse_slip(struct loader *loader, const struct yaml_node *node,
                                  enum fact fact)
{
    const char *const *words = fact_words(fact);
    bool slip = words != NULL && !is_word(node->text, words) &&
                yaml_nearest(node->text, words) != NULL;

    return slip ? load_unknown(loader, node, fact_name(fact), words) : SG_OK;
}

static enum sg_status load_set(struct loader *loader, const struct yaml_node *node,
                               enum fact fact, struct fact_value *out)
{
    TRY(load_is(loader, node, YAML_LIST, "a list: the fact is a set"));
    if (node->count > LOAD_SET_MAX) {
        return yaml_fail(loader->doc, node, loader->why,
                         "a fact has at most %d entries, found are %zu", LOAD_SET_MAX,
                         node->count);
    }
    out->set_count = node->count;
    TRY(load_strings(loader, node, FACT_STR, &out->set));
    for (size_t i = 0; i < node->count; i++) {
        TRY(refuse_slip(loader, &node->items[i], fact));
    }
    return SG_OK;
}

enum sg_status load_value(struct loader *loader, const struct yaml_node *node,
                          enum fact fact, struct fact_value *out)
{
    enum fact_type type = fact_type(fact);

    *out = (struct fact_value){.present = true};
    if (type == FACT_SET) {
        return load_set(loader, node, fact, out);
    }
    if (!fact_type_is_text(type)) {
        return load_number(loader, node, type, &out->number);
    }
    TRY(load_string(loader, node, type, &out->text));
    return refuse_slip(loader, node, fact);
}
