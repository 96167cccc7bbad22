#include "client/pdf/page.h"

/* A balanced tree of a million pages is far below; a loop ends here. */
enum { DEPTH_MAX = 64, NODES_MAX = 1000000 };

/* A node of the tree whose kids are being walked. The handles are owned. */
struct frame {
    qpdf_oh node;
    qpdf_oh kids;
    int before; /* pages in front of it */
    int next;
    int count;
};

struct walk {
    const struct pdf_reader *reader;
    int wanted;      /* 1…n, -1 = last, 0 = none */
    qpdf_oh same_as; /* pages that are this object are counted as repeats */
    bool compare;    /* same_as is set */
    qpdf_oh annots;  /* of same_as */
    bool shared;     /* another page has the very same annotations */
    qpdf_oh fields;  /* of the form: set with same_as */
    bool shown;      /* another page has them as its annotations */
    qpdf_oh widget;  /* the page whose annotations list this is found */
    bool by_widget;  /* widget is set */
    bool loose;      /* what others may read otherwise is no fault */
    bool look;       /* for widgets: */
    bool has_fields; /* some are not of signatures */
    qpdf_oh found;   /* owned */
    int pages;
    int nodes;
    int repeats;
    const char *fault; /* why the tree is unusable; NULL = nothing yet */
    struct frame frames[DEPTH_MAX];
    size_t depth;
};

/* Does the page list the widget? */
static bool shows(const struct pdf_reader *reader, qpdf_oh page, qpdf_oh widget,
                  int *looked_at)
{
    qpdf_oh annots = pdf_get(reader, page, "/Annots");
    int count = pdf_count(reader, annots);
    bool found = false;

    *looked_at += count;
    for (int i = 0; i < count && !found; i++) {
        qpdf_oh item = qpdf_oh_get_array_item(reader->qpdf, annots, i);
        found = pdf_same(reader, item, widget);
        qpdf_oh_release(reader->qpdf, item);
    }
    qpdf_oh_release(reader->qpdf, annots);
    return found;
}

static bool is_field(const struct pdf_reader *reader, qpdf_oh annotation)
{
    qpdf_oh subtype = pdf_get(reader, annotation, "/Subtype");
    qpdf_oh type = pdf_inherited(reader, annotation, "/FT");
    bool found =
        pdf_is_name(reader, subtype, "/Widget") && !pdf_is_name(reader, type, "/Sig");

    qpdf_oh_release(reader->qpdf, subtype);
    qpdf_oh_release(reader->qpdf, type);
    return found;
}

static void look_for_fields(struct walk *walk, qpdf_oh page)
{
    const struct pdf_reader *reader = walk->reader;
    qpdf_oh annots = pdf_get(reader, page, "/Annots");
    int count = pdf_count(reader, annots);

    walk->nodes += count;
    for (int i = 0; i < count && !walk->has_fields; i++) {
        qpdf_oh item = qpdf_oh_get_array_item(reader->qpdf, annots, i);
        walk->has_fields = is_field(reader, item);
        qpdf_oh_release(reader->qpdf, item);
    }
    qpdf_oh_release(reader->qpdf, annots);
}

static void compare_page(struct walk *walk, qpdf_oh node)
{
    const struct pdf_reader *reader = walk->reader;

    if (pdf_same(reader, node, walk->same_as)) {
        walk->repeats++;
        return;
    }
    qpdf_oh annots = pdf_get(reader, node, "/Annots");
    walk->shared = walk->shared || pdf_same(reader, annots, walk->annots);
    walk->shown = walk->shown || pdf_same(reader, annots, walk->fields);
    qpdf_oh_release(reader->qpdf, annots);
}

static void take_page(struct walk *walk, qpdf_oh node)
{
    walk->pages++;
    if (walk->by_widget && walk->wanted == 0 &&
        shows(walk->reader, node, walk->widget, &walk->nodes)) {
        walk->wanted = walk->pages;
    }
    if (walk->compare) {
        compare_page(walk, node);
    }
    if (walk->look && !walk->has_fields) {
        look_for_fields(walk, node);
    }
    if (walk->wanted == -1 && walk->pages > 1) {
        qpdf_oh_release(walk->reader->qpdf, walk->found);
    }
    if (walk->wanted == -1 || walk->wanted == walk->pages) {
        walk->found = qpdf_oh_new_object(walk->reader->qpdf, node);
    }
}

/* Takes the handle of the kids. */
static void enter_kids(struct walk *walk, qpdf_oh node, qpdf_oh kids)
{
    if (walk->depth == DEPTH_MAX) {
        walk->fault = "the page tree has no end";
        return;
    }
    walk->frames[walk->depth++] =
        (struct frame){.node = qpdf_oh_new_object(walk->reader->qpdf, node),
                       .kids = kids,
                       .before = walk->pages,
                       .count = pdf_count(walk->reader, kids)};
}

/* Viewers have so many pages as the root counts, and some skip by the counts below. */
static void leave(struct walk *walk)
{
    const struct pdf_reader *reader = walk->reader;
    const struct frame *frame = &walk->frames[--walk->depth];
    qpdf_oh count = pdf_get(reader, frame->node, "/Count");

    if (!walk->loose && pdf_int(reader, count, -1) != walk->pages - frame->before) {
        walk->fault = "a count of pages is wrong";
    }
    qpdf_oh_release(reader->qpdf, count);
    qpdf_oh_release(reader->qpdf, frame->node);
    qpdf_oh_release(reader->qpdf, frame->kids);
}

static bool same_text(const struct pdf_reader *reader, qpdf_oh a, qpdf_oh b)
{
    AUTO(pdf_buffer_fini) struct pdf_buffer left = {0};
    AUTO(pdf_buffer_fini) struct pdf_buffer right = {0};

    pdf_put(reader, a, &left);
    pdf_put(reader, b, &right);
    return !left.failed && !right.failed &&
           slice_equal(pdf_buffer_slice(&left), pdf_buffer_slice(&right));
}

/* What the node has, or inherits from those by which the walk came to it. */
static qpdf_oh inherited_here(const struct walk *walk, qpdf_oh node, const char *key)
{
    const struct pdf_reader *reader = walk->reader;
    qpdf_oh value = pdf_get(reader, node, key);

    for (size_t i = walk->depth; i > 0 && qpdf_oh_is_null(reader->qpdf, value); i--) {
        qpdf_oh_release(reader->qpdf, value);
        value = pdf_get(reader, walk->frames[i - 1].node, key);
    }
    return value;
}

/* Some viewers inherit from the nodes that list a page, others from what it names as its
 * /Parent. Programs name a wrong one where it makes no difference. */
static bool is_one_page_to_all(const struct walk *walk, qpdf_oh node)
{
    static const char *const keys[] = {"/MediaBox", "/CropBox", "/Rotate", "/Resources"};
    const struct pdf_reader *reader = walk->reader;
    qpdf_oh parent = pdf_get(reader, node, "/Parent");
    bool same = walk->depth > 0
                    ? pdf_same(reader, parent, walk->frames[walk->depth - 1].node)
                    : qpdf_oh_is_null(reader->qpdf, parent) != 0;

    bool alike = true;
    qpdf_oh_release(reader->qpdf, parent);
    for (size_t i = 0; i < SG_COUNT(keys) && !same && alike; i++) {
        qpdf_oh named = pdf_inherited(reader, node, keys[i]);
        qpdf_oh here = inherited_here(walk, node, keys[i]);
        alike = same_text(reader, named, here);
        qpdf_oh_release(reader->qpdf, named);
        qpdf_oh_release(reader->qpdf, here);
    }
    return alike;
}

static void enter_typed(struct walk *walk, qpdf_oh node, qpdf_oh type)
{
    const struct pdf_reader *reader = walk->reader;
    qpdf_oh kids = pdf_get(reader, node, "/Kids");

    if (qpdf_oh_is_array(reader->qpdf, kids) && pdf_is_name(reader, type, "/Pages")) {
        enter_kids(walk, node, kids);
        return;
    }
    bool leaf = walk->loose || qpdf_oh_is_null(reader->qpdf, kids);
    qpdf_oh_release(reader->qpdf, kids);
    if (pdf_is_name(reader, type, "/Page") && leaf) {
        take_page(walk, node);
    } else {
        walk->fault = "a node of the page tree has no certain type";
    }
}

static void enter(struct walk *walk, qpdf_oh node)
{
    const struct pdf_reader *reader = walk->reader;

    if (!pdf_is_dict(reader, node) || !qpdf_oh_is_indirect(reader->qpdf, node)) {
        walk->fault = "a page is not an object of its own";
        return;
    }
    if (++walk->nodes > NODES_MAX) {
        walk->fault = "the page tree has no end";
        return;
    }
    if (!walk->loose && !is_one_page_to_all(walk, node)) {
        walk->fault = "a page names another place in the page tree";
        return;
    }
    qpdf_oh type = pdf_get(reader, node, "/Type");
    enter_typed(walk, node, type);
    qpdf_oh_release(reader->qpdf, type);
}

static void walk_pages(struct walk *walk)
{
    const struct pdf_reader *reader = walk->reader;

    enter(walk, pdf_get(reader, reader->root, "/Pages"));
    while (walk->depth > 0 && walk->fault == NULL) {
        struct frame *frame = &walk->frames[walk->depth - 1];
        if (frame->next == frame->count) {
            leave(walk);
            continue;
        }
        qpdf_oh node = qpdf_oh_get_array_item(reader->qpdf, frame->kids, frame->next++);
        enter(walk, node);
        qpdf_oh_release(reader->qpdf, node);
    }
}

/* An annotation on a page that stands in the tree twice would show twice. */
static enum sg_status take_found(const struct walk *first, struct pdf_page *page,
                                 struct pdf_verdict *verdict)
{
    const struct pdf_reader *reader = first->reader;
    qpdf_oh form = pdf_get(reader, reader->root, "/AcroForm");
    struct walk second = {.reader = reader,
                          .loose = first->loose,
                          .compare = true,
                          .same_as = first->found,
                          .annots = pdf_get(reader, first->found, "/Annots"),
                          .fields = pdf_get(reader, form, "/Fields")};

    walk_pages(&second);
    if (second.repeats != 1) {
        return pdf_refuse(verdict, PDF_NO_PAGES, "the page is listed more than once");
    }
    *page = (struct pdf_page){.node = first->found,
                              .shares_annots = second.shared,
                              .fields_shown = second.shown};
    return pdf_reader_settle(reader, verdict);
}

static enum sg_status find(struct walk *walk, struct pdf_page *page,
                           struct pdf_verdict *verdict)
{
    walk_pages(walk);
    if (walk->fault != NULL || walk->pages == 0) {
        return pdf_refuse(verdict, PDF_NO_PAGES, walk->fault);
    }
    if (walk->wanted > walk->pages || walk->wanted == 0 || walk->wanted < -1) {
        return pdf_refuse(verdict, PDF_PAGE_RANGE, NULL);
    }
    return take_found(walk, page, verdict);
}

enum sg_status pdf_page_find(const struct pdf_reader *reader, int wanted,
                             struct pdf_page *page, struct pdf_verdict *verdict)
{
    struct walk walk = {.reader = reader, .wanted = wanted};

    return find(&walk, page, verdict);
}

enum sg_status pdf_page_first(const struct pdf_reader *reader, struct pdf_page *page,
                              struct pdf_verdict *verdict)
{
    struct walk walk = {.reader = reader, .wanted = 1, .loose = true};

    return find(&walk, page, verdict);
}

bool pdf_page_shows_fields(const struct pdf_reader *reader)
{
    struct walk walk = {.reader = reader, .loose = true, .look = true};

    walk_pages(&walk);
    return walk.has_fields || walk.fault != NULL;
}

/* Is the page one of those that are shown? A dictionary that says so of itself may be in
 * no tree. */
static bool tree_has(const struct pdf_reader *reader, qpdf_oh page)
{
    struct walk walk = {.reader = reader,
                        .compare = true,
                        .same_as = page,
                        .annots = qpdf_oh_new_null(reader->qpdf),
                        .fields = qpdf_oh_new_null(reader->qpdf)};

    walk_pages(&walk);
    return walk.fault == NULL && walk.repeats > 0;
}

enum sg_status pdf_page_showing(const struct pdf_reader *reader, qpdf_oh widget,
                                qpdf_oh *page, struct pdf_verdict *verdict)
{
    qpdf_oh named = pdf_get(reader, widget, "/P");
    int looked_at = 0;

    if (pdf_is_dict(reader, named) && tree_has(reader, named) &&
        shows(reader, named, widget, &looked_at)) {
        *page = named;
        return SG_OK;
    }
    struct walk walk = {.reader = reader, .by_widget = true, .widget = widget};
    walk_pages(&walk);
    if (walk.fault != NULL) {
        return pdf_refuse(verdict, PDF_NO_PAGES, walk.fault);
    }
    if (walk.wanted == 0) {
        return pdf_refuse(verdict, PDF_FORM_DAMAGED, "no page shows the field");
    }
    *page = walk.found;
    return SG_OK;
}
