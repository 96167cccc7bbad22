#include "client/pdf/compare/compare.h"
#include "client/pdf/form.h"
#include "client/pdf/locks.h"

/* New signatures. Only what the form lists is judged as one: an annotation that merely
 * looks like a signature shows what it likes, and nobody answers for it. */

/* A signature of the new revision; both handles are the reader's until its end. The name
 * stands behind it, and changes cut it. */
struct listed {
    qpdf_oh node;
    qpdf_oh value;
    const char *name;
    size_t name_size;
};

static void list_field(void *user, const struct pdf_field *field)
{
    struct compare *c = user;
    const struct pdf_reader *reader = &c->new;

    if (field->is_signature && pdf_is_dict(reader, field->value)) {
        const struct listed one = {
            .node = qpdf_oh_new_object(reader->qpdf, field->node),
            .value = qpdf_oh_new_object(reader->qpdf, field->value),
            .name_size = strlen(field->name) + 1,
        };
        pdf_buffer_put(&c->listed, &one, sizeof(one));
        pdf_buffer_put(&c->listed, field->name, one.name_size);
    }
}

void compare_list_signatures(struct compare *c)
{
    struct pdf_verdict verdict = {.why = NULL};

    if (pdf_form_walk(&c->new, list_field, c, &verdict) != SG_OK || c->listed.failed) {
        c->broken = true;
    }
}

/* The signature that the form lists under this field; false = it lists none. */
static bool find_listed(const struct compare *c, qpdf_oh node, struct listed *one)
{
    for (size_t at = 0; at < c->listed.len; at += sizeof(*one) + one->name_size) {
        memcpy(one, c->listed.data + at, sizeof(*one));
        one->name = (const char *)c->listed.data + at + sizeof(*one);
        if (pdf_same(&c->new, one->node, node)) {
            return true;
        }
    }
    return false;
}

/* Of a field, or of the field above when this is only its widget. */
static bool signature_of(const struct compare *c, qpdf_oh node, struct listed *one)
{
    qpdf_data qpdf = c->new.qpdf;

    if (find_listed(c, node, one)) {
        return true;
    }
    if (qpdf_oh_has_key(qpdf, node, "/T") || qpdf_oh_has_key(qpdf, node, "/V")) {
        return false;
    }
    qpdf_oh above = pdf_get(&c->new, node, "/Parent");
    bool found = find_listed(c, above, one);
    qpdf_oh_release(qpdf, above);
    return found;
}

static long long item_int(const struct pdf_reader *reader, qpdf_oh array, int index)
{
    long long value = -1;

    if (index < pdf_count(reader, array)) {
        qpdf_oh item = qpdf_oh_get_array_item(reader->qpdf, array, index);
        value = pdf_int(reader, item, -1);
        qpdf_oh_release(reader->qpdf, item);
    }
    return value;
}

/* Does the value's signature cover more than the old revision? A copy of an older one
 * does not, and would say other things in its place. */
static bool covers_more(struct compare *c, qpdf_oh value)
{
    qpdf_oh range = pdf_get(&c->new, value, "/ByteRange");
    long long from = item_int(&c->new, range, 2);
    long long len = item_int(&c->new, range, 3);
    long long most = (long long)c->new.pdf.len;
    bool more = from >= 0 && len >= 0 && from <= most && len <= most - from &&
                from + len > (long long)c->old.pdf.len;

    qpdf_oh_release(c->new.qpdf, range);
    return more;
}

static bool is_time_stamp(struct compare *c, qpdf_oh value)
{
    qpdf_oh filter = pdf_get(&c->new, value, "/SubFilter");
    bool found = pdf_is_name(&c->new, filter, "/ETSI.RFC3161");

    qpdf_oh_release(c->new.qpdf, filter);
    return found;
}

/* An object of the letter that was signed, or in its place. */
static bool was_there(const struct compare *c, qpdf_oh node)
{
    int number = qpdf_oh_get_object_id(c->new.qpdf, node);
    const struct entry *before = entries_find(&c->before, (size_t)number);

    return number == 0 || (before != NULL && !before->is_free);
}

/* A new field has new widgets alone: some viewers give one that was there what the field
 * says, though it stands on the page by itself. */
static bool has_own_kids(const struct compare *c, qpdf_oh node)
{
    static const char *const keys[] = {"/Kids", "/FT", "/V", "/T"};
    qpdf_data qpdf = c->new.qpdf;
    qpdf_oh kids = pdf_get(&c->new, node, "/Kids");
    bool own = qpdf_oh_is_null(qpdf, kids) || qpdf_oh_is_array(qpdf, kids);

    for (int i = 0; i < pdf_count(&c->new, kids) && own; i++) {
        qpdf_oh kid = qpdf_oh_get_array_item(qpdf, kids, i);
        own = pdf_is_dict(&c->new, kid) && !was_there(c, kid);
        for (size_t k = 0; k < SG_COUNT(keys) && own; k++) {
            own = !qpdf_oh_has_key(qpdf, kid, keys[k]);
        }
        qpdf_oh_release(qpdf, kid);
    }
    qpdf_oh_release(qpdf, kids);
    return own;
}

/* Did somebody forbid it who signed before, by a certification or a lock of fields? A
 * time-stamp fills nothing in. */
static bool is_forbidden(struct compare *c, const char *name)
{
    struct pdf_verdict verdict = {.why = NULL};
    struct pdf_locks locks;

    if (pdf_locks_find(&c->old, name, &locks, &verdict) != SG_OK) {
        c->broken = true;
    }
    return c->permission == 1 || locks.locked;
}

bool compare_new_signature(struct compare *c, qpdf_oh node)
{
    char name[COMPARE_NAME_SIZE] = "";
    struct listed one;

    if (!pdf_is_dict(&c->new, node) || !compare_is_signature(&c->new, node)) {
        return false;
    }
    bool covers = signature_of(c, node, &one) && covers_more(c, one.value);
    bool stamp = covers && is_time_stamp(c, one.value);
    if (!covers || (stamp && !compare_is_quiet(&c->new, node)) ||
        (!was_there(c, node) && !has_own_kids(c, node))) {
        return false;
    }
    compare_field_name(&c->new, node, name);
    compare_note(c,
                 stamp                       ? PDF_CHANGE_TIME_STAMP
                 : is_forbidden(c, one.name) ? PDF_CHANGE_CERTIFIED
                                             : PDF_CHANGE_SIGNATURE,
                 0, name);
    return true;
}
