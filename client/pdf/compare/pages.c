#include "client/pdf/compare/compare.h"

/* The tree of pages: its shape and every page's content stay as they were; what may come
 * to a page is the widget of a later signature. */

enum { TREE_DEPTH_MAX = 64, PAGES_MAX = 200000 };

typedef void (*node_fn)(struct compare *c, qpdf_oh old, qpdf_oh new, int page);

struct tree_walk {
    struct compare *c;
    node_fn seen;
    int page;  /* the last one's number */
    int nodes; /* so that a loop ends */
};

/* Leaves get their number, other nodes 0. */
static void walk_node(struct tree_walk *walk, qpdf_oh old, qpdf_oh new, int depth);

/* NOLINTNEXTLINE(misc-no-recursion): not deeper than TREE_DEPTH_MAX */
static void walk_kids(struct tree_walk *walk, qpdf_oh old, qpdf_oh new, int depth)
{
    struct compare *c = walk->c;
    qpdf_oh before = pdf_get(&c->old, old, "/Kids");
    qpdf_oh after = pdf_get(&c->new, new, "/Kids");
    int count = pdf_count(&c->old, before);

    for (int i = 0; i < count && i < pdf_count(&c->new, after) && !c->broken; i++) {
        qpdf_oh left = qpdf_oh_get_array_item(c->old.qpdf, before, i);
        qpdf_oh right = qpdf_oh_get_array_item(c->new.qpdf, after, i);
        walk_node(walk, left, right, depth + 1);
        qpdf_oh_release(c->old.qpdf, left);
        qpdf_oh_release(c->new.qpdf, right);
    }
    if (count != pdf_count(&c->new, after)) {
        compare_note(c, PDF_CHANGE_PAGES, 0, NULL);
    }
    qpdf_oh_release(c->old.qpdf, before);
    qpdf_oh_release(c->new.qpdf, after);
}

/* NOLINTNEXTLINE(misc-no-recursion): not deeper than TREE_DEPTH_MAX */
static void walk_node(struct tree_walk *walk, qpdf_oh old, qpdf_oh new, int depth)
{
    struct compare *c = walk->c;

    if (depth > TREE_DEPTH_MAX || ++walk->nodes > PAGES_MAX) {
        c->broken = true;
        return;
    }
    bool inner = qpdf_oh_has_key(c->old.qpdf, old, "/Kids") != 0;
    walk->page += inner ? 0 : 1;
    walk->seen(c, old, new, inner ? 0 : walk->page);
    if (inner) {
        walk_kids(walk, old, new, depth);
    }
}

static void walk_pages(struct compare *c, node_fn seen)
{
    struct tree_walk walk = {.c = c, .seen = seen};
    qpdf_oh old = pdf_get(&c->old, c->old.root, "/Pages");
    qpdf_oh new = pdf_get(&c->new, c->new.root, "/Pages");

    if (pdf_is_dict(&c->old, old)) {
        walk_node(&walk, old, new, 0);
    }
    qpdf_oh_release(c->old.qpdf, old);
    qpdf_oh_release(c->new.qpdf, new);
}

static void mark_page(struct compare *c, qpdf_oh old, qpdf_oh new, int page)
{
    (void)new;
    (void)page;
    compare_mark(c, old, false);
    if (!pdf_is_dict(&c->old, old)) {
        return;
    }
    qpdf_oh annots = pdf_get(&c->old, old, "/Annots");
    for (int i = 0; i < pdf_count(&c->old, annots); i++) {
        qpdf_oh item = qpdf_oh_get_array_item(c->old.qpdf, annots, i);
        compare_see_annotation(c, item);
        qpdf_oh_release(c->old.qpdf, item);
    }
    qpdf_oh_release(c->old.qpdf, annots);
}

void compare_pages_mark(struct compare *c)
{
    walk_pages(c, mark_page);
}

/* --- One page ---------------------------------------------------------------------- */

static void compare_added(struct compare *c, qpdf_oh annots, int from, int page)
{
    for (int i = from; i < pdf_count(&c->new, annots); i++) {
        qpdf_oh item = qpdf_oh_get_array_item(c->new.qpdf, annots, i);
        if (!compare_new_signature(c, item)) {
            compare_note(c, PDF_CHANGE_ANNOTATION, page, NULL);
        }
        qpdf_oh_release(c->new.qpdf, item);
    }
}

static void compare_annots(struct compare *c, qpdf_oh old, qpdf_oh new, int page)
{
    const struct compare_area area = {PDF_CHANGE_ANNOTATION, page, NULL};
    qpdf_oh before = pdf_get(&c->old, old, "/Annots");
    qpdf_oh after = pdf_get(&c->new, new, "/Annots");
    int count = pdf_count(&c->old, before);

    bool may_grow =
        qpdf_oh_is_array(c->new.qpdf, after) &&
        (qpdf_oh_is_array(c->old.qpdf, before) || qpdf_oh_is_null(c->old.qpdf, before));

    /* Neither array nor nothing: then it has to be the same thing. */
    if (!may_grow) {
        compare_value(c, before, after, &area);
    } else if (count > pdf_count(&c->new, after)) {
        compare_note(c, PDF_CHANGE_ANNOTATION, page, NULL);
    }
    for (int i = 0; i < count && i < pdf_count(&c->new, after); i++) {
        qpdf_oh left = qpdf_oh_get_array_item(c->old.qpdf, before, i);
        qpdf_oh right = qpdf_oh_get_array_item(c->new.qpdf, after, i);
        compare_value(c, left, right, &area);
        qpdf_oh_release(c->old.qpdf, left);
        qpdf_oh_release(c->new.qpdf, right);
    }
    compare_added(c, after, count, page);
    qpdf_oh_release(c->old.qpdf, before);
    qpdf_oh_release(c->new.qpdf, after);
}

static void compare_page(struct compare *c, qpdf_oh old, qpdf_oh new, int page)
{
    const struct compare_area area = {page == 0 ? PDF_CHANGE_PAGES : PDF_CHANGE_PAGE,
                                      page, NULL};
    AUTO(pdf_buffer_fini) struct pdf_buffer keys = {0};

    if (qpdf_oh_is_indirect(c->old.qpdf, old) && !compare_equal(c, old, new)) {
        compare_note(c, PDF_CHANGE_PAGES, 0, NULL);
        return;
    }
    if (!pdf_is_dict(&c->old, old)) {
        compare_value(c, old, new, &area);
        compare_drain(c);
        return;
    }
    if (!pdf_is_dict(&c->new, new)) {
        compare_note(c, area.kind, page, NULL);
        return;
    }
    compare_keys(c, old, new, &keys);
    for (size_t at = 0; at < keys.len; at += strlen((char *)keys.data + at) + 1) {
        const char *key = (char *)keys.data + at;
        if (page > 0 && strcmp(key, "/Annots") == 0) {
            compare_annots(c, old, new, page);
        } else {
            compare_key(c, old, new, key, &area);
        }
    }
    compare_drain(c);
}

void compare_pages(struct compare *c)
{
    walk_pages(c, compare_page);
}
