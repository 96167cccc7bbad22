#ifndef SEGEL_CLIENT_PDF_STAMP_TEMPLATE_H
#define SEGEL_CLIENT_PDF_STAMP_TEMPLATE_H

#include "client/pdf/font/font.h"

/* What a stamp looks like: boxes at fixed places, read from a text file (docs/LETTERS.md
 * has the format). Data only: the statement and the logos are the policy's, a template
 * says where they stand. Not changed once read. */

enum pdf_box_kind {
#define PDF_BOX(name, word, help) PDF_BOX_##name,
#include "client/pdf/stamp/boxes.def"
#undef PDF_BOX
    PDF_BOX_KINDS
};
const char *pdf_box_word(enum pdf_box_kind kind);

enum pdf_value {
#define PDF_VALUE(name, word, help) PDF_VALUE_##name,
#include "client/pdf/values.def"
#undef PDF_VALUE
    PDF_VALUES
};
/* PDF_VALUES: there is none of that name. */
enum pdf_value pdf_value_find(struct slice word);

enum pdf_align {
    PDF_BEGIN,
    PDF_CENTRE,
    PDF_END
}; /* left or top, centre, right or bottom */

enum { PDF_BOXES_MAX = 32, PDF_BOX_TEXTS = 8, PDF_TEMPLATE_MAX = 16384 };
enum { PDF_BOX_TEXT_MAX = 200 };

struct pdf_area {
    double x, y, width, height; /* points, from the lower left corner */
};

struct pdf_box {
    enum pdf_box_kind kind;
    struct pdf_area area; /* within the stamp */
    double largest;       /* points of the font: the largest that fits is taken */
    double smallest;
    enum pdf_face face;
    enum pdf_align align;
    enum pdf_align upright; /* from the top to the bottom of the box */
    double border;          /* width of its frame; 0 = none */
    const char *texts[PDF_BOX_TEXTS];
    size_t text_count;
    unsigned line; /* of the file */
};

struct pdf_template {
    const char *title;
    bool english; /* months and labels; else Indonesian */
    const char *zone;
    int zone_hours;
    double width, height;
    int page; /* 1…n, -1 = last: where the stamp goes unless the letter's order says */
    double x, y;
    struct pdf_box boxes[PDF_BOXES_MAX];
    size_t count;
    char *text; /* owned; the strings above lie in it */
};

/* name stands in front of the line in why. SG_INVALID: why says what to write instead.
 * SG_TOO_LARGE, SG_NO_MEMORY. The caller gives *out to pdf_template_fini. */
SG_MUST_USE enum sg_status pdf_template_read(struct slice text, const char *name,
                                             struct pdf_template *out,
                                             struct sg_error *why);
void pdf_template_fini(struct pdf_template *stamp);

/* What the policy asks of stamps. */
struct pdf_notice {
    const char *statement; /* NULL or "" = none */
    bool logo;
};
/* SG_PRECONDITION: the template leaves out what the policy asks for, hides it, or words a
 * statement of its own; why says what to change. */
SG_MUST_USE enum sg_status pdf_template_fits(const struct pdf_template *stamp,
                                             const char *name,
                                             const struct pdf_notice *notice,
                                             struct sg_error *why);
/* Does a value that a letter brings hold words of the statement in a row? A reason is not
 * the place for another statement. Either may be NULL. */
bool pdf_restates(const char *text, const char *statement);

#endif
