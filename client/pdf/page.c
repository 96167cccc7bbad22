#include "client/pdf/page.h"

#include <math.h>

/* A balanced tree of a million pages is far below; a loop ends here. */
enum { DEPTH_MAX = 64, NODES_MAX = 1000000, PARENTS_MAX = 64 };

/* A node of the tree whose kids are being walked. */
struct frame {
    qpdf_oh kids;
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
    if (walk->wanted == -1 && walk->pages > 1) {
        qpdf_oh_release(walk->reader->qpdf, walk->found);
    }
    if (walk->wanted == -1 || walk->wanted == walk->pages) {
        walk->found = qpdf_oh_new_object(walk->reader->qpdf, node);
    }
}

/* Takes the handle of the kids. */
static void enter_kids(struct walk *walk, qpdf_oh kids)
{
    if (walk->depth == DEPTH_MAX) {
        walk->fault = "the page tree has no end";
        return;
    }
    walk->frames[walk->depth++] =
        (struct frame){.kids = kids, .count = pdf_count(walk->reader, kids)};
}

static void enter_typed(struct walk *walk, qpdf_oh node, qpdf_oh type)
{
    const struct pdf_reader *reader = walk->reader;
    qpdf_oh kids = pdf_get(reader, node, "/Kids");

    if (qpdf_oh_is_array(reader->qpdf, kids) && pdf_is_name(reader, type, "/Pages")) {
        enter_kids(walk, kids);
        return;
    }
    qpdf_oh_release(reader->qpdf, kids);
    if (pdf_is_name(reader, type, "/Page")) {
        take_page(walk, node);
    } else {
        walk->fault = "a node of the page tree has no type";
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
            qpdf_oh_release(reader->qpdf, frame->kids);
            walk->depth--;
            continue;
        }
        qpdf_oh node = qpdf_oh_get_array_item(reader->qpdf, frame->kids, frame->next++);
        enter(walk, node);
        qpdf_oh_release(reader->qpdf, node);
    }
}

enum sg_status pdf_page_find(const struct pdf_reader *reader, int wanted,
                             struct pdf_page *page, struct pdf_verdict *verdict)
{
    struct walk first = {.reader = reader, .wanted = wanted};
    walk_pages(&first);
    if (first.fault != NULL || first.pages == 0) {
        return pdf_refuse(verdict, PDF_NO_PAGES, first.fault);
    }
    if (wanted > first.pages || wanted == 0 || wanted < -1) {
        return pdf_refuse(verdict, PDF_PAGE_RANGE, NULL);
    }
    /* An annotation on a page that stands in the tree twice would show twice. */
    qpdf_oh form = pdf_get(reader, reader->root, "/AcroForm");
    struct walk second = {.reader = reader,
                          .compare = true,
                          .same_as = first.found,
                          .annots = pdf_get(reader, first.found, "/Annots"),
                          .fields = pdf_get(reader, form, "/Fields")};
    walk_pages(&second);
    if (second.repeats != 1) {
        return pdf_refuse(verdict, PDF_NO_PAGES, "the page is listed more than once");
    }
    *page = (struct pdf_page){.node = first.found,
                              .shares_annots = second.shared,
                              .fields_shown = second.shown};
    return pdf_reader_settle(reader, verdict);
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

/* A key that pages inherit; the null object when no node above has it. */
static qpdf_oh inherited(const struct pdf_reader *reader, qpdf_oh page, const char *key)
{
    qpdf_oh node = page;
    qpdf_oh value = pdf_get(reader, node, key);

    for (int i = 0; i < PARENTS_MAX && qpdf_oh_is_null(reader->qpdf, value); i++) {
        node = pdf_get(reader, node, "/Parent");
        if (!pdf_is_dict(reader, node)) {
            break;
        }
        value = pdf_get(reader, node, key);
    }
    return value;
}

static void order(double *low, double *high)
{
    if (*low > *high) {
        double swap = *low;
        *low = *high;
        *high = swap;
    }
}

bool pdf_page_box(const struct pdf_reader *reader, qpdf_oh array, double box[4])
{
    if (pdf_count(reader, array) != 4) {
        return false;
    }
    for (int i = 0; i < 4; i++) {
        qpdf_oh item = qpdf_oh_get_array_item(reader->qpdf, array, i);
        if (!qpdf_oh_get_value_as_number(reader->qpdf, item, &box[i]) ||
            !isfinite(box[i]) || fabs(box[i]) > 1e6) {
            return false;
        }
    }
    order(&box[0], &box[2]);
    order(&box[1], &box[3]);
    return true;
}

/* What is shown is the part of the crop box that lies on the medium. */
static bool visible_box(const struct pdf_reader *reader, qpdf_oh page,
                        struct pdf_view *view)
{
    double media[4];
    double crop[4];

    if (!pdf_page_box(reader, inherited(reader, page, "/MediaBox"), media)) {
        return false;
    }
    qpdf_oh array = inherited(reader, page, "/CropBox");
    if (qpdf_oh_is_null(reader->qpdf, array)) {
        memcpy(crop, media, sizeof(crop));
    } else if (!pdf_page_box(reader, array, crop)) {
        return false;
    }
    view->left = fmax(media[0], crop[0]);
    view->bottom = fmax(media[1], crop[1]);
    view->right = fmin(media[2], crop[2]);
    view->top = fmin(media[3], crop[3]);
    return view->right > view->left && view->top > view->bottom;
}

enum sg_status pdf_page_view(const struct pdf_reader *reader, qpdf_oh page,
                             struct pdf_view *view, struct pdf_verdict *verdict)
{
    qpdf_oh turned = inherited(reader, page, "/Rotate");
    long long rotate = pdf_int(reader, turned, 0);
    bool whole =
        qpdf_oh_is_null(reader->qpdf, turned) || qpdf_oh_is_integer(reader->qpdf, turned);
    qpdf_oh unit = pdf_get(reader, page, "/UserUnit");

    if (!visible_box(reader, page, view)) {
        return pdf_refuse(verdict, PDF_PAGE_UNUSUAL, "its visible area");
    }
    if (!whole || rotate % 90 != 0) {
        return pdf_refuse(verdict, PDF_PAGE_UNUSUAL, "its rotation");
    }
    view->rotate = (int)((rotate % 360 + 360) % 360);
    if (!qpdf_oh_get_value_as_number(reader->qpdf, unit, &view->unit)) {
        view->unit = 1;
    }
    if (!isfinite(view->unit) || view->unit < 0.001 || view->unit > 1e5) {
        return pdf_refuse(verdict, PDF_PAGE_UNUSUAL, "its unit of length");
    }
    return SG_OK;
}

/* A point of the page as shown, counted from the lower left corner, in page units. */
static void turn(const struct pdf_view *view, double x, double y, double *out)
{
    double width = view->right - view->left;
    double height = view->top - view->bottom;

    switch (view->rotate) {
    case 90:
        out[0] = width - y;
        out[1] = x;
        break;
    case 180:
        out[0] = width - x;
        out[1] = height - y;
        break;
    case 270:
        out[0] = y;
        out[1] = height - x;
        break;
    default:
        out[0] = x;
        out[1] = y;
    }
    out[0] += view->left;
    out[1] += view->bottom;
}

bool pdf_view_place(const struct pdf_view *view, const struct pdf_rect *rect,
                    double box[4])
{
    const double slack = 0.01;
    bool finite = isfinite(rect->x) && isfinite(rect->y) && isfinite(rect->width) &&
                  isfinite(rect->height);
    if (!finite || rect->width < 1 || rect->height < 1) {
        return false;
    }
    turn(view, rect->x / view->unit, rect->y / view->unit, box);
    turn(view, (rect->x + rect->width) / view->unit,
         (rect->y + rect->height) / view->unit, box + 2);
    order(&box[0], &box[2]);
    order(&box[1], &box[3]);
    return box[0] >= view->left - slack && box[1] >= view->bottom - slack &&
           box[2] <= view->right + slack && box[3] <= view->top + slack;
}
