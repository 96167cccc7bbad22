#include "client/pdf/form.h"

#include <stdio.h>

#include "client/pdf/locks.h"
#include "client/pdf/page.h"

enum { DEPTH_MAX = 32, NODES_MAX = 100000, NAME_SIZE = 1024 };
/* Longer numbers in names are nobody's count. */
enum { NUMBER_DIGITS = 8, NUMBER_MAX = 99999999 };

/* A field whose kids are being walked. The handles are owned. */
struct frame {
    qpdf_oh node;
    qpdf_oh kids;
    qpdf_oh type;    /* its own or inherited */
    qpdf_oh value;   /* likewise */
    qpdf_oh flags;   /* likewise */
    size_t name_len; /* of its full name */
    int next;
    int count;
    bool has_fields; /* some of its kids are fields */
};

struct walk {
    const struct pdf_reader *reader;
    pdf_field_fn seen;
    void *user;
    int nodes;
    const char *fault;
    char name[NAME_SIZE]; /* of the field on top */
    struct frame frames[DEPTH_MAX + 1];
    size_t depth;
};

static bool has_name(const struct pdf_reader *reader, qpdf_oh node)
{
    return pdf_is_dict(reader, node) && qpdf_oh_has_key(reader->qpdf, node, "/T");
}

/* The name of the field above, a point, its own; false = too long. */
static bool append_name(struct walk *walk, qpdf_oh node, size_t *name_len)
{
    char part[NAME_SIZE];
    qpdf_oh text = pdf_get(walk->reader, node, "/T");

    pdf_text(walk->reader, text, part, sizeof(part));
    qpdf_oh_release(walk->reader->qpdf, text);
    size_t room = sizeof(walk->name) - *name_len;
    int len =
        snprintf(walk->name + *name_len, room, "%s%s", *name_len == 0 ? "" : ".", part);
    if (len < 0 || (size_t)len >= room) {
        return false;
    }
    *name_len += (size_t)len;
    return true;
}

/* Keeps the inherited value when the node has none of its own. */
static qpdf_oh own_or(const struct pdf_reader *reader, qpdf_oh node, const char *key,
                      qpdf_oh above)
{
    qpdf_oh own = pdf_get(reader, node, key);

    if (!qpdf_oh_is_null(reader->qpdf, own)) {
        return own;
    }
    qpdf_oh_release(reader->qpdf, own);
    return qpdf_oh_new_object(reader->qpdf, above);
}

static void enter(struct walk *walk, qpdf_oh node)
{
    const struct pdf_reader *reader = walk->reader;
    const struct frame *above = &walk->frames[walk->depth - 1];
    size_t name_len = above->name_len;

    if (walk->depth > DEPTH_MAX || ++walk->nodes > NODES_MAX) {
        walk->fault = "the tree of fields has no end";
        return;
    }
    if (!append_name(walk, node, &name_len)) {
        walk->fault = "a field's name is too long";
        return;
    }
    qpdf_oh kids = pdf_get(reader, node, "/Kids");
    walk->frames[walk->depth++] = (struct frame){
        .node = qpdf_oh_new_object(reader->qpdf, node),
        .kids = kids,
        .type = own_or(reader, node, "/FT", above->type),
        .value = own_or(reader, node, "/V", above->value),
        .flags = own_or(reader, node, "/Ff", above->flags),
        .name_len = name_len,
        .count = pdf_count(reader, kids),
    };
}

static void show(const struct walk *walk, const struct frame *frame)
{
    struct pdf_field field = {
        .node = frame->node,
        .value = frame->value,
        .name = walk->name,
        .is_signature = pdf_is_name(walk->reader, frame->type, "/Sig"),
        .flags = pdf_int(walk->reader, frame->flags, 0),
    };
    walk->seen(walk->user, &field);
}

static void leave(struct walk *walk)
{
    struct frame *frame = &walk->frames[--walk->depth];
    qpdf_data qpdf = walk->reader->qpdf;

    walk->name[frame->name_len] = '\0';
    if (walk->depth > 0 && !frame->has_fields) {
        show(walk, frame);
    }
    qpdf_oh_release(qpdf, frame->node);
    qpdf_oh_release(qpdf, frame->kids);
    qpdf_oh_release(qpdf, frame->type);
    qpdf_oh_release(qpdf, frame->value);
    qpdf_oh_release(qpdf, frame->flags);
}

/* Kids without a name are widgets of the field above. Writers leave empty places behind
 * for fields that they deleted from the form's own list. */
static void enter_next(struct walk *walk)
{
    const struct pdf_reader *reader = walk->reader;
    struct frame *frame = &walk->frames[walk->depth - 1];
    qpdf_oh kid = qpdf_oh_get_array_item(reader->qpdf, frame->kids, frame->next++);
    bool top = walk->depth == 1;

    walk->nodes++;
    if (has_name(reader, kid) || (top && pdf_is_dict(reader, kid))) {
        frame->has_fields = true;
        enter(walk, kid);
    } else if (top && !qpdf_oh_is_null(reader->qpdf, kid)) {
        walk->fault = "a field is no dictionary";
    }
    qpdf_oh_release(reader->qpdf, kid);
}

enum sg_status pdf_form_walk(const struct pdf_reader *reader, pdf_field_fn seen,
                             void *user, struct pdf_verdict *verdict)
{
    struct walk walk = {.reader = reader, .seen = seen, .user = user};
    qpdf_oh form = pdf_get(reader, reader->root, "/AcroForm");
    qpdf_oh fields = pdf_get(reader, form, "/Fields");

    /* The form itself is the lowest frame: a field without name, type and value. */
    walk.frames[walk.depth++] = (struct frame){
        .node = form,
        .kids = fields,
        .type = qpdf_oh_new_null(reader->qpdf),
        .value = qpdf_oh_new_null(reader->qpdf),
        .flags = qpdf_oh_new_null(reader->qpdf),
        .count = pdf_count(reader, fields),
    };
    while (walk.depth > 0 && walk.fault == NULL) {
        const struct frame *frame = &walk.frames[walk.depth - 1];
        if (frame->next == frame->count) {
            leave(&walk);
        } else {
            enter_next(&walk);
        }
    }
    if (walk.fault != NULL) {
        return pdf_refuse(verdict, PDF_FORM_DAMAGED, walk.fault);
    }
    return SG_OK;
}

static void note_other(void *user, const struct pdf_field *field)
{
    bool *others = user;

    *others = *others || !field->is_signature;
}

enum sg_status pdf_form_has_others(const struct pdf_reader *reader, bool *others,
                                   struct pdf_verdict *verdict)
{
    qpdf_oh form = pdf_get(reader, reader->root, "/AcroForm");
    qpdf_oh redraw = pdf_get(reader, form, "/NeedAppearances");

    *others = false;
    TRY(pdf_form_walk(reader, note_other, others, verdict));
    /* Some viewers draw what a page shows anew, though the form does not list it. */
    if (!*others && !qpdf_oh_is_null(reader->qpdf, redraw)) {
        *others = pdf_page_shows_fields(reader);
    }
    return SG_OK;
}

static void note_number(void *user, const struct pdf_field *field)
{
    static const char prefix[] = "Signature";
    int *highest = user;
    int n = 0;
    int len = 0;

    if (strncmp(field->name, prefix, sizeof(prefix) - 1) != 0) {
        return;
    }
    for (const char *at = field->name + sizeof(prefix) - 1; *at >= '0' && *at <= '9';
         at++) {
        if (++len > NUMBER_DIGITS) {
            return;
        }
        n = n * 10 + (*at - '0');
    }
    if (n > *highest) {
        *highest = n;
    }
}

enum sg_status pdf_form_free_name(const struct pdf_reader *reader, int *n,
                                  struct pdf_verdict *verdict)
{
    int highest = 0;

    TRY(pdf_form_walk(reader, note_number, &highest, verdict));
    if (highest == NUMBER_MAX) {
        return pdf_refuse(verdict, PDF_FORM_DAMAGED, "the names of its fields");
    }
    *n = highest + 1;
    return SG_OK;
}

static bool is_usable(const struct pdf_reader *reader, qpdf_oh form)
{
    qpdf_oh fields = pdf_get(reader, form, "/Fields");

    return (qpdf_oh_has_key(reader->qpdf, reader->root, "/AcroForm") == 0 ||
            pdf_is_dict(reader, form)) &&
           (qpdf_oh_is_null(reader->qpdf, fields) ||
            qpdf_oh_is_array(reader->qpdf, fields));
}

enum sg_status pdf_form_takes(const struct pdf_reader *reader,
                              struct pdf_verdict *verdict)
{
    qpdf_oh form = pdf_get(reader, reader->root, "/AcroForm");

    if (!qpdf_oh_is_null(reader->qpdf, pdf_get(reader, form, "/XFA"))) {
        return pdf_refuse(verdict, PDF_XFA, NULL);
    }
    return is_usable(reader, form)
               ? SG_OK
               : pdf_refuse(verdict, PDF_FORM_DAMAGED, "its list of fields");
}

enum sg_status pdf_form_allows(const struct pdf_reader *reader, const char *field,
                               bool new_field, struct pdf_verdict *verdict)
{
    struct pdf_locks locks;

    TRY(pdf_form_takes(reader, verdict));
    TRY(pdf_locks_find(reader, field, &locks, verdict));
    if (locks.level == 1) {
        return pdf_refuse(verdict, PDF_CERTIFIED, NULL);
    }
    /* How viewers judge a new field in a certified letter is not settled. */
    if (locks.level != 0 && new_field) {
        return pdf_refuse(verdict, PDF_CERTIFIED_NEW_FIELD, NULL);
    }
    return locks.locked ? pdf_refuse(verdict, PDF_FIELD_LOCKED, field) : SG_OK;
}
