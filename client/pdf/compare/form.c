#include "client/pdf/compare/compare.h"

/* The form: signatures may come; a field may be filled in where the author certified the
 * letter and permits it; nothing else. */

enum { FIELD_DEPTH_MAX = 32, FIELDS_MAX = 100000 };

/* What a later revision may write where a signature comes into its field, or a value. */
static const char *const signing_keys[] = {"/V", "/AP", "/M", "/F", "/AS", "/MK"};
static const char *const filling_keys[] = {"/V", "/AP", "/AS", "/M", "/I"};

static bool is_among(const char *key, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(key, list[i]) == 0) {
            return true;
        }
    }
    return false;
}

bool compare_is_signature(const struct pdf_reader *reader, qpdf_oh node)
{
    qpdf_oh type = pdf_inherited(reader, node, "/FT");
    bool found = pdf_is_name(reader, type, "/Sig");

    qpdf_oh_release(reader->qpdf, type);
    return found;
}

void compare_field_name(const struct pdf_reader *reader, qpdf_oh node,
                        char name[COMPARE_NAME_SIZE])
{
    qpdf_oh text = pdf_inherited(reader, node, "/T");

    pdf_text(reader, text, name, COMPARE_NAME_SIZE);
    qpdf_oh_release(reader->qpdf, text);
}

/* --- Fields that were there -------------------------------------------------------- */

bool compare_permits_filling(const struct compare *c)
{
    return c->certified && c->permission >= 2 && !c->locks;
}

/* Can a reader fill it in? Nobody can in a read-only field, nor in a push-button (ISO
 * 32000-2 tables 227 and 229), whose picture is the form's own. */
bool compare_is_fillable(const struct pdf_reader *reader, qpdf_oh field)
{
    enum { READ_ONLY = 1 << 0, PUSH_BUTTON = 1 << 16 };
    qpdf_oh type = pdf_inherited(reader, field, "/FT");
    qpdf_oh node = pdf_inherited(reader, field, "/Ff");
    bool none = qpdf_oh_is_null(reader->qpdf, node) != 0;
    long long flags = none ? 0 : pdf_int(reader, node, READ_ONLY);

    bool button = pdf_is_name(reader, type, "/Btn") && (flags & PUSH_BUTTON) == 0;
    bool fillable =
        (flags & READ_ONLY) == 0 &&
        (button || pdf_is_name(reader, type, "/Tx") || pdf_is_name(reader, type, "/Ch"));
    qpdf_oh_release(reader->qpdf, type);
    qpdf_oh_release(reader->qpdf, node);
    return fillable;
}

static bool differs(struct compare *c, qpdf_oh old, qpdf_oh new, const char *key)
{
    qpdf_oh before = pdf_get(&c->old, old, key);
    qpdf_oh after = pdf_get(&c->new, new, key);
    bool same = compare_equal(c, before, after);

    qpdf_oh_release(c->old.qpdf, before);
    qpdf_oh_release(c->new.qpdf, after);
    return !same;
}

/* The keys of a field that holds no signature yet, or another kind of value. What may
 * change is not followed here: what it shares with others has to stay by their rules. */
static void compare_open_field(struct compare *c, qpdf_oh old, qpdf_oh new, bool signing)
{
    AUTO(pdf_buffer_fini) struct pdf_buffer keys = {0};
    char name[COMPARE_NAME_SIZE] = "";
    bool permitted =
        signing || (compare_permits_filling(c) && compare_is_fillable(&c->old, old));

    compare_field_name(&c->old, old, name);
    const struct compare_area area = {PDF_CHANGE_FIELD, 0, name};
    compare_keys(c, old, new, &keys);
    for (size_t at = 0; at < keys.len; at += strlen((char *)keys.data + at) + 1) {
        const char *key = (char *)keys.data + at;
        bool may = signing ? is_among(key, signing_keys, SG_COUNT(signing_keys))
                           : is_among(key, filling_keys, SG_COUNT(filling_keys));
        if (!may || !permitted) {
            compare_key(c, old, new, key, &area);
        } else if (!signing && differs(c, old, new, key)) {
            compare_note(c, PDF_CHANGE_FORM_FILLED, 0, name);
        }
    }
    /* The area's name ends here. */
    compare_drain(c);
}

/* What a permitted filling refers to, after all else has been compared. */
static void compare_filling(struct compare *c, qpdf_oh old, qpdf_oh new)
{
    char name[COMPARE_NAME_SIZE] = "";

    if (!compare_is_fillable(&c->old, old) || !pdf_is_dict(&c->new, new)) {
        return;
    }
    compare_field_name(&c->old, old, name);
    const struct compare_area area = {PDF_CHANGE_FORM_FILLED, 0, name};
    for (size_t i = 0; i < SG_COUNT(filling_keys); i++) {
        if (!differs(c, old, new, filling_keys[i])) {
            compare_key(c, old, new, filling_keys[i], &area);
        }
    }
    compare_drain(c);
}

/* Has it a value, of its own or of the field above? A widget has the latter. */
static bool has_value(const struct pdf_reader *reader, qpdf_oh field)
{
    qpdf_oh value = pdf_inherited(reader, field, "/V");
    bool found = !qpdf_oh_is_null(reader->qpdf, value);

    qpdf_oh_release(reader->qpdf, value);
    return found;
}

static void compare_field(struct compare *c, qpdf_oh old, qpdf_oh new)
{
    char name[COMPARE_NAME_SIZE] = "";
    bool signature = compare_is_signature(&c->old, old);

    compare_field_name(&c->old, old, name);
    if (!pdf_is_dict(&c->old, old)) {
        /* An empty place, or what is no field at all. */
        compare_value(c, old, new, &(struct compare_area){PDF_CHANGE_FIELD, 0, ""});
    } else if (!compare_equal(c, old, new) || !pdf_is_dict(&c->new, new)) {
        compare_note(c, signature ? PDF_CHANGE_SIGNED_FIELD : PDF_CHANGE_FIELD, 0, name);
    } else if (!signature) {
        compare_open_field(c, old, new, false);
    } else if (has_value(&c->old, old) || !has_value(&c->new, new)) {
        const struct compare_area area = {PDF_CHANGE_SIGNED_FIELD, 0, name};
        AUTO(pdf_buffer_fini) struct pdf_buffer keys = {0};
        compare_keys(c, old, new, &keys);
        for (size_t at = 0; at < keys.len; at += strlen((char *)keys.data + at) + 1) {
            compare_key(c, old, new, (char *)keys.data + at, &area);
        }
        compare_drain(c);
    } else if (compare_new_signature(c, new)) {
        compare_open_field(c, old, new, true);
    } else {
        compare_note(c, PDF_CHANGE_SIGNED_FIELD, 0, name);
    }
}

/* --- The tree ---------------------------------------------------------------------- */

typedef void (*field_fn)(struct compare *c, qpdf_oh old, qpdf_oh new);

struct field_walk {
    struct compare *c;
    field_fn seen;
    field_fn added; /* new only: old is then not initialised. NULL = do not care */
    int nodes;
};

static void walk_list(struct field_walk *walk, qpdf_oh old, qpdf_oh new, int depth);

/* NOLINTNEXTLINE(misc-no-recursion): not deeper than FIELD_DEPTH_MAX */
static void walk_field(struct field_walk *walk, qpdf_oh old, qpdf_oh new, int depth)
{
    struct compare *c = walk->c;

    if (depth > FIELD_DEPTH_MAX || ++walk->nodes > FIELDS_MAX) {
        c->broken = true;
        return;
    }
    walk->seen(c, old, new);
    qpdf_oh before = pdf_get(&c->old, old, "/Kids");
    qpdf_oh after = pdf_get(&c->new, new, "/Kids");
    walk_list(walk, before, after, depth + 1);
    qpdf_oh_release(c->old.qpdf, before);
    qpdf_oh_release(c->new.qpdf, after);
}

/* NOLINTNEXTLINE(misc-no-recursion): not deeper than FIELD_DEPTH_MAX */
static void walk_list(struct field_walk *walk, qpdf_oh old, qpdf_oh new, int depth)
{
    struct compare *c = walk->c;
    int count = pdf_count(&c->old, old);
    int after = pdf_count(&c->new, new);

    for (int i = 0; i < count && !c->broken; i++) {
        qpdf_oh left = qpdf_oh_get_array_item(c->old.qpdf, old, i);
        qpdf_oh right = i < after ? qpdf_oh_get_array_item(c->new.qpdf, new, i)
                                  : qpdf_oh_new_null(c->new.qpdf);
        walk_field(walk, left, right, depth);
        qpdf_oh_release(c->old.qpdf, left);
        qpdf_oh_release(c->new.qpdf, right);
    }
    for (int i = count; walk->added != NULL && i < after; i++) {
        qpdf_oh right = qpdf_oh_get_array_item(c->new.qpdf, new, i);
        walk->added(c, right, right);
        qpdf_oh_release(c->new.qpdf, right);
    }
}

static void walk_form(struct compare *c, field_fn seen, field_fn added)
{
    struct field_walk walk = {.c = c, .seen = seen, .added = added};
    qpdf_oh old = pdf_get(&c->old, c->old.root, "/AcroForm");
    qpdf_oh new = pdf_get(&c->new, c->new.root, "/AcroForm");
    qpdf_oh before = pdf_get(&c->old, old, "/Fields");
    qpdf_oh after = pdf_get(&c->new, new, "/Fields");

    walk_list(&walk, before, after, 0);
    qpdf_oh_release(c->old.qpdf, old);
    qpdf_oh_release(c->old.qpdf, before);
    qpdf_oh_release(c->new.qpdf, new);
    qpdf_oh_release(c->new.qpdf, after);
}

/* --- From outside ------------------------------------------------------------------ */

/* A lock, or a signature with rules of its own besides the author's. */
static bool locks_fields(const struct pdf_reader *reader, qpdf_oh field)
{
    qpdf_oh lock = pdf_get(reader, field, "/Lock");
    qpdf_oh value = pdf_get(reader, field, "/V");
    /* qpdf complains when a text is asked for a key. */
    qpdf_oh rules = pdf_is_dict(reader, value) ? pdf_get(reader, value, "/Reference")
                                               : qpdf_oh_new_null(reader->qpdf);
    bool found = !qpdf_oh_is_null(reader->qpdf, lock);

    for (int i = 0; i < pdf_count(reader, rules); i++) {
        qpdf_oh rule = qpdf_oh_get_array_item(reader->qpdf, rules, i);
        qpdf_oh method = pdf_get(reader, rule, "/TransformMethod");
        found = found || !pdf_is_name(reader, method, "/DocMDP");
        qpdf_oh_release(reader->qpdf, rule);
        qpdf_oh_release(reader->qpdf, method);
    }
    qpdf_oh_release(reader->qpdf, lock);
    qpdf_oh_release(reader->qpdf, value);
    qpdf_oh_release(reader->qpdf, rules);
    return found;
}

static void mark_field(struct compare *c, qpdf_oh old, qpdf_oh new)
{
    (void)new;
    compare_mark(c, old, true);
    compare_see_field(c, old);
    c->locks = c->locks || locks_fields(&c->old, old);
}

static void field_added(struct compare *c, qpdf_oh node, qpdf_oh same)
{
    char name[COMPARE_NAME_SIZE] = "";

    (void)same;
    if (!compare_new_signature(c, node)) {
        compare_field_name(&c->new, node, name);
        compare_note(c, PDF_CHANGE_FIELD_ADDED, 0, name);
    }
}

void compare_form_mark(struct compare *c)
{
    walk_form(c, mark_field, NULL);
}

void compare_form(struct compare *c)
{
    compare_form_settings(c);
    walk_form(c, compare_field, field_added);
}

void compare_form_filling(struct compare *c)
{
    if (compare_permits_filling(c)) {
        walk_form(c, compare_filling, NULL);
    }
}
