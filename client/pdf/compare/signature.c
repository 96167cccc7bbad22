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

/* Four numbers; false = something else. */
static bool read_rect(const struct pdf_reader *reader, qpdf_oh rect, double at[4])
{
    bool whole = pdf_count(reader, rect) == 4;

    for (int i = 0; i < 4 && whole; i++) {
        qpdf_oh item = qpdf_oh_get_array_item(reader->qpdf, rect, i);
        whole = qpdf_oh_get_value_as_number(reader->qpdf, item, &at[i]) != 0;
        qpdf_oh_release(reader->qpdf, item);
    }
    return whole;
}

/* Does it show anything on the page? What is no rectangle may, in some viewer. */
static bool is_visible(const struct pdf_reader *reader, qpdf_oh node)
{
    qpdf_oh rect = pdf_get(reader, node, "/Rect");
    bool visible = !qpdf_oh_is_null(reader->qpdf, rect);
    double at[4] = {0};

    if (read_rect(reader, rect, at)) {
        bool has_width = at[2] > at[0] || at[2] < at[0];
        visible = has_width && (at[3] > at[1] || at[3] < at[1]);
    }
    qpdf_oh_release(reader->qpdf, rect);
    return visible;
}

/* What is no widget some viewer draws whatever its rectangle is: a line, a note's icon.
 */
static bool is_other_kind(const struct pdf_reader *reader, qpdf_oh node)
{
    qpdf_oh subtype = pdf_get(reader, node, "/Subtype");
    bool other = !qpdf_oh_is_null(reader->qpdf, subtype) &&
                 !pdf_is_name(reader, subtype, "/Widget");

    qpdf_oh_release(reader->qpdf, subtype);
    return other;
}

/* A script, or another action, when the page is opened. */
static bool does_something(const struct pdf_reader *reader, qpdf_oh node)
{
    return qpdf_oh_has_key(reader->qpdf, node, "/A") ||
           qpdf_oh_has_key(reader->qpdf, node, "/AA");
}

static bool is_quiet(const struct pdf_reader *reader, qpdf_oh node)
{
    return !is_visible(reader, node) && !is_other_kind(reader, node) &&
           !does_something(reader, node);
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

/* Anybody can make a time-stamp, and readers ask less who did: so it shows nothing
 * and does nothing. */
bool compare_new_signature(struct compare *c, qpdf_oh node)
{
    char name[COMPARE_NAME_SIZE] = "";
    struct listed one;

    if (!pdf_is_dict(&c->new, node) || !compare_is_signature(&c->new, node)) {
        return false;
    }
    bool covers = signature_of(c, node, &one) && covers_more(c, one.value);
    bool stamp = covers && is_time_stamp(c, one.value);
    if (!covers || (stamp && !is_quiet(&c->new, node))) {
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
