#include "gateway/transport/fields.h"

#include <stdlib.h>

enum { FIRST_CAP = 256, KEPT_CAP = 1024 };

/* Stands before each name. */
struct lengths {
    uint16_t name;
    uint16_t value;
};

static enum sg_status make_room(struct fields *fields, size_t room, struct budget *budget)
{
    size_t cap = fields->cap < FIRST_CAP ? FIRST_CAP : fields->cap;

    while (cap - fields->len < room) {
        cap *= 2;
    }
    if (cap > fields->charged) {
        if (!budget_take(budget, cap - fields->charged)) {
            return SG_BUSY;
        }
        fields->charged = cap;
    }
    if (cap > fields->cap) {
        uint8_t *grown = (uint8_t *)realloc(fields->data, cap);
        if (grown == NULL) {
            return SG_NO_MEMORY;
        }
        fields->data = grown;
        fields->cap = cap;
    }
    return SG_OK;
}

static void append(struct fields *fields, const void *bytes, size_t len)
{
    if (len > 0) {
        memcpy(fields->data + fields->len, bytes, len);
        fields->len += len;
    }
}

enum sg_status fields_add(struct fields *fields, struct slice name, struct slice value,
                          size_t max, struct budget *budget)
{
    const struct lengths lengths = {.name = (uint16_t)name.len,
                                    .value = (uint16_t)value.len};

    MUST(max <= UINT16_MAX);
    if (name.len > max || value.len > max ||
        fields->cost + name.len + value.len + FIELD_COST > max) {
        return SG_TOO_LARGE;
    }
    TRY(make_room(fields, sizeof(lengths) + name.len + value.len, budget));
    append(fields, &lengths, sizeof(lengths));
    append(fields, name.data, name.len);
    append(fields, value.data, value.len);
    fields->cost += name.len + value.len + FIELD_COST;
    fields->count++;
    return SG_OK;
}

bool fields_next(const struct fields *fields, size_t *at, struct slice *name,
                 struct slice *value)
{
    struct lengths lengths;

    if (*at >= fields->len) {
        return false;
    }
    const uint8_t *field = fields->data + *at;
    memcpy(&lengths, field, sizeof(lengths));
    *name = slice_of(field + sizeof(lengths), lengths.name);
    *value = slice_of(field + sizeof(lengths) + lengths.name, lengths.value);
    *at += sizeof(lengths) + lengths.name + lengths.value;
    return true;
}

struct slice fields_value(const struct fields *fields, struct slice name, size_t at)
{
    struct slice other;
    struct slice value;

    for (size_t next = 0; fields_next(fields, &next, &other, &value);) {
        if (slice_equal(other, name) && at-- == 0) {
            return value;
        }
    }
    return slice_of(NULL, 0);
}

void fields_clear(struct fields *fields, struct budget *budget)
{
    budget_give(budget, fields->charged);
    if (fields->cap > KEPT_CAP) {
        fields_fini(fields);
    }
    *fields = (struct fields){.data = fields->data, .cap = fields->cap};
}

void fields_fini(struct fields *fields)
{
    free(fields->data);
    *fields = (struct fields){0};
}
