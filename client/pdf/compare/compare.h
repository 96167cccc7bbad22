#ifndef SEGEL_CLIENT_PDF_COMPARE_COMPARE_H
#define SEGEL_CLIENT_PDF_COMPARE_COMPARE_H

#include "client/pdf/compare/changes.h"
#include "client/pdf/entries.h"
#include "client/pdf/reader.h"

/* Two revisions of a PDF side by side; for the files compare*.c, in the process that
 * reads. Objects keep their numbers from revision to revision, so the rule is: the same
 * text, the same stream, and the same again for all that is referred to. Catalog, form,
 * fields and pages have keys that may change; nothing else has. */

/* To whom a difference is ascribed. */
struct compare_area {
    enum pdf_change_kind kind;
    int page;
    const char *name; /* lives as long as the comparison */
};

struct compare_item {
    int number;
    int generation;
    struct compare_area area;
};

/* What a setting of the form would show in. */
enum compare_seen {
    COMPARE_NOTHING,
    COMPARE_FILLABLE, /* in nothing but fields that somebody may fill in, if permitted */
    COMPARE_FIXED
};

/* An object that is not of generation 0. */
struct compare_other {
    int number;
    int generation;
    bool open; /* some of its keys may change */
};
enum { COMPARE_OTHERS_MAX = 4096 };

struct compare {
    struct pdf_reader old;
    struct pdf_reader new;
    struct entries before; /* owned; where the objects of the two lie */
    struct entries now;
    struct pdf_buffer trailers;   /* owned; of what was added: struct slice */
    struct pdf_buffer places;     /* owned; likewise: size_t */
    struct pdf_changes *changes;  /* borrowed */
    uint8_t *seen;                /* owned; a bit for each number, of generation 0 */
    uint8_t *open;                /* likewise, for those some of whose keys may change */
    struct compare_other *others; /* owned */
    size_t other_count;
    struct compare_item *queue; /* owned */
    size_t queued;
    size_t queue_cap;
    struct pdf_buffer listed; /* owned; the signatures that the new form has */
    int permission;           /* the strictest of DocMDP; 0 = nobody said */
    bool certified;           /* one of them is the author's, in a field of the form */
    bool locks;               /* some signature locks fields */
    /* Of the old revision, in which viewers draw fields themselves: */
    bool redraws;             /* the form asks for all of them */
    enum compare_seen fields; /* that are no signature's; widgets on a page, too */
    enum compare_seen unsaid; /* of these, that have words and no /DA */
    enum compare_seen drawn;  /* of these, and of notes, with what the form gives */
    bool broken;              /* no memory, or a structure without end */
};

/* What changed between two revisions; whatever cannot be compared is a change too. */
void compare_revisions(struct slice old, struct slice new, struct pdf_changes *changes);

void compare_note(struct compare *c, enum pdf_change_kind kind, int page,
                  const char *name);
/* A dictionary that has rules of its own, by which it is compared. may_change: unless it
 * serves as something else, too, some of its keys may change. */
void compare_mark(struct compare *c, qpdf_oh node, bool may_change);

/* The values of a key, compared to the bottom. */
void compare_key(struct compare *c, qpdf_oh old, qpdf_oh new, const char *key,
                 const struct compare_area *area);
/* Two values that should be the same, or stand for the same. */
void compare_value(struct compare *c, qpdf_oh old, qpdf_oh new,
                   const struct compare_area *area);
/* All that the references put off. */
void compare_drain(struct compare *c);

/* Equal as written: references by number. */
bool compare_equal(struct compare *c, qpdf_oh old, qpdf_oh new);

/* Names of the keys of both dictionaries, each ended by a zero byte, some twice. */
void compare_keys(struct compare *c, qpdf_oh old, qpdf_oh new, struct pdf_buffer *out);

/* The parts. Marking comes first, so that no reference is followed to what has rules of
 * its own. */
void compare_form_mark(struct compare *c);
void compare_form(struct compare *c);
void compare_form_settings(struct compare *c);
void compare_form_filling(struct compare *c);
void compare_pages_mark(struct compare *c);
void compare_pages(struct compare *c);

/* Before the form's settings are compared; the form first. */
void compare_see_form(struct compare *c);
void compare_see_annotation(struct compare *c, qpdf_oh node);
void compare_see_field(struct compare *c, qpdf_oh node);

enum { COMPARE_NAME_SIZE = 64 };
bool compare_is_signature(const struct pdf_reader *reader, qpdf_oh node);
bool compare_is_fillable(const struct pdf_reader *reader, qpdf_oh node);
/* Does the old revision permit to fill in such fields? After marking. */
bool compare_permits_filling(const struct compare *c);
void compare_field_name(const struct pdf_reader *reader, qpdf_oh node,
                        char name[COMPARE_NAME_SIZE]);

/* Has what the old revision refers to been compared, or is to be? Of generation 0. */
bool compare_has_seen(const struct compare *c, int number);
/* Of an object that was added, with its text behind "obj": no stream, or one that all
 * viewers read alike. */
bool compare_stream_is_plain(const struct pdf_reader *reader, qpdf_oh object,
                             struct slice text);
/* After all else: does what was added refer to objects that are there, and is all that
 * was referred to still there? */
bool compare_leads_somewhere(struct compare *c);
/* Does this widget or field show nothing and do nothing? */
bool compare_is_quiet(const struct pdf_reader *reader, qpdf_oh node);
/* Before any other part: what the old form's signatures permit, and the new form's. */
void compare_read_permission(struct compare *c);
void compare_list_signatures(struct compare *c);
/* Is this object of the new revision a widget or field of a signature that its form lists
 * and that covers more than the old revision, and so was made after it? Notes which. */
bool compare_new_signature(struct compare *c, qpdf_oh node);

#endif
