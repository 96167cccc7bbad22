#include "client/pdf/stamp/template.h"

#include <stdlib.h>

#include "client/pdf/stamp/template_line.h"
#include "proto/text.h"

static const struct pdf_box plain_box = {
    .largest = 8, .smallest = 5, .face = PDF_FACE_REGULAR, .align = PDF_BEGIN};

static enum sg_status begin_box(struct pdf_template *stamp, struct line *line)
{
    struct slice word = line_word(line);

    if (stamp->count == PDF_BOXES_MAX) {
        return line_wrong(line, "a stamp has at most %d boxes", PDF_BOXES_MAX);
    }
    for (int kind = 0; kind < PDF_BOX_KINDS; kind++) {
        if (slice_equal(word, slice_str(pdf_box_word((enum pdf_box_kind)kind)))) {
            stamp->boxes[stamp->count] = plain_box;
            stamp->boxes[stamp->count].kind = (enum pdf_box_kind)kind;
            stamp->boxes[stamp->count++].line = line->number;
            return line_end(line);
        }
    }
    return line_wrong(line, "write box and one of: text, statement, qr, logo, "
                            "agency-logo, line");
}

/* --- Keywords of the stamp --------------------------------------------------------- */

static enum sg_status read_title(struct pdf_template *stamp, struct pdf_box *box,
                                 struct line *line)
{
    (void)box;
    stamp->title = line_rest(line);
    return stamp->title == NULL ? line_wrong(line, "write stamp and what it is for")
                                : SG_OK;
}

static enum sg_status read_language(struct pdf_template *stamp, struct pdf_box *box,
                                    struct line *line)
{
    struct slice word = line_word(line);

    (void)box;
    stamp->english = slice_equal(word, slice_str("en"));
    if (!stamp->english && !slice_equal(word, slice_str("id"))) {
        return line_wrong(line, "write language id or language en");
    }
    return line_end(line);
}

static enum sg_status read_zone(struct pdf_template *stamp, struct pdf_box *box,
                                struct line *line)
{
    static const struct {
        const char *word;
        int hours;
    } zones[] = {
#define PDF_ZONE(word, hours) {word, hours},
#include "client/pdf/stamp/zones.def"
#undef PDF_ZONE
    };
    struct slice word = line_word(line);

    (void)box;
    for (size_t i = 0; i < SG_COUNT(zones); i++) {
        if (slice_equal(word, slice_str(zones[i].word))) {
            stamp->zone = zones[i].word;
            stamp->zone_hours = zones[i].hours;
            return line_end(line);
        }
    }
    return line_wrong(line, "write zone and one of: WIB, WITA, WIT, UTC");
}

static enum sg_status read_page(struct pdf_template *stamp, struct pdf_box *box,
                                struct line *line)
{
    struct slice word = line_word(line);
    uint64_t page = 0;

    (void)box;
    if (slice_equal(word, slice_str("last"))) {
        stamp->page = -1;
    } else if (slice_equal(word, slice_str("first"))) {
        stamp->page = 1;
    } else if (text_uint(word, 100000, &page) == SG_OK && page > 0) {
        stamp->page = (int)page;
    } else {
        return line_wrong(line, "write page and first, last, or a number from 1");
    }
    return line_end(line);
}

/* --- Keywords of a box, or of both ------------------------------------------------- */

static enum sg_status read_box(struct pdf_template *stamp, struct pdf_box *box,
                               struct line *line)
{
    (void)box;
    return begin_box(stamp, line);
}

static enum sg_status read_at(struct pdf_template *stamp, struct pdf_box *box,
                              struct line *line)
{
    double *x = box == NULL ? &stamp->x : &box->area.x;
    double *y = box == NULL ? &stamp->y : &box->area.y;

    if (!line_points(line, x) || !line_points(line, y)) {
        return line_wrong(line, "write at X Y in points from the lower left corner");
    }
    return line_end(line);
}

static enum sg_status read_size(struct pdf_template *stamp, struct pdf_box *box,
                                struct line *line)
{
    double *width = box == NULL ? &stamp->width : &box->area.width;
    double *height = box == NULL ? &stamp->height : &box->area.height;

    if (!line_points(line, width) || !line_points(line, height) || *width <= 0 ||
        *height <= 0) {
        return line_wrong(line, "write size WIDTH HEIGHT in points");
    }
    return line_end(line);
}

static enum sg_status read_font(struct pdf_template *stamp, struct pdf_box *box,
                                struct line *line)
{
    static const char *const words[PDF_FACES] = {
#define PDF_FACE(name, word, file, postscript) word,
#include "client/pdf/font/faces.def"
#undef PDF_FACE
    };

    (void)stamp;
    if (!line_points(line, &box->largest) || box->largest < 4 || box->largest > 144) {
        return line_wrong(line, "write font SIZE, from 4 to 144 points, and bold if it "
                                "is to be");
    }
    box->smallest = box->smallest < box->largest ? box->smallest : box->largest;
    struct slice word = line_word(line);
    for (int i = 0; i < PDF_FACES; i++) {
        if (word.len == 0 || slice_equal(word, slice_str(words[i]))) {
            box->face = (enum pdf_face)i;
            return line_end(line);
        }
    }
    return line_wrong(line, "a font is regular or bold");
}

static enum sg_status read_shrink(struct pdf_template *stamp, struct pdf_box *box,
                                  struct line *line)
{
    (void)stamp;
    if (!line_points(line, &box->smallest) || box->smallest < 4 ||
        box->smallest > box->largest) {
        return line_wrong(line, "write shrink SIZE, from 4 points to that of the font "
                                "above it");
    }
    return line_end(line);
}

static enum sg_status read_align(struct pdf_template *stamp, struct pdf_box *box,
                                 struct line *line)
{
    static const struct {
        const char *word;
        bool upright;
        enum pdf_align align;
    } words[] = {{"left", false, PDF_BEGIN},   {"centre", false, PDF_CENTRE},
                 {"right", false, PDF_END},    {"top", true, PDF_BEGIN},
                 {"middle", true, PDF_CENTRE}, {"bottom", true, PDF_END}};

    (void)stamp;
    for (struct slice word = line_word(line); word.len > 0; word = line_word(line)) {
        size_t i = 0;
        while (i < SG_COUNT(words) && !slice_equal(word, slice_str(words[i].word))) {
            i++;
        }
        if (i == SG_COUNT(words)) {
            return line_wrong(line, "write align and left, centre or right, and top, "
                                    "middle or bottom");
        }
        *(words[i].upright ? &box->upright : &box->align) = words[i].align;
    }
    return SG_OK;
}

static enum sg_status read_border(struct pdf_template *stamp, struct pdf_box *box,
                                  struct line *line)
{
    (void)stamp;
    if (!line_points(line, &box->border) || box->border > 10) {
        return line_wrong(line, "write border WIDTH in points, at most 10");
    }
    return line_end(line);
}

/* Values in braces must be known, or a slip would be printed on a thousand letters. */
static enum sg_status check_braces(const char *text, struct line *line)
{
    for (const char *at = strchr(text, '{'); at != NULL; at = strchr(at + 1, '{')) {
        size_t len = strcspn(at + 1, "}");
        if (at[1 + len] == '\0' || pdf_value_find(slice_of(at + 1, len)) == PDF_VALUES) {
            return line_wrong(line,
                              "there is no value '%.*s': 'segel stamp list' shows "
                              "which there are",
                              len > 40 ? 40 : (int)len, at + 1);
        }
    }
    return SG_OK;
}

static enum sg_status read_text(struct pdf_template *stamp, struct pdf_box *box,
                                struct line *line)
{
    const char *text = line_rest(line);

    (void)stamp;
    if (box->kind == PDF_BOX_STATEMENT) {
        return line_wrong(line, "the statement's words are those of the gateway's "
                                "policy: leave 'text' out");
    }
    if (box->kind != PDF_BOX_TEXT || text == NULL) {
        return line_wrong(line, "write text and words, in a box text");
    }
    if (box->text_count == PDF_BOX_TEXTS) {
        return line_wrong(line, "a box has at most %d lines of text", PDF_BOX_TEXTS);
    }
    if (strlen(text) > PDF_BOX_TEXT_MAX) {
        return line_wrong(line, "a line of text has at most %d bytes", PDF_BOX_TEXT_MAX);
    }
    box->texts[box->text_count++] = text;
    return check_braces(text, line);
}

/* --- Lines ------------------------------------------------------------------------- */

enum where { IN_STAMP = 1, IN_BOX = 2 };

static const struct keyword {
    const char *word;
    unsigned where;
    enum sg_status (*read)(struct pdf_template *stamp, struct pdf_box *box,
                           struct line *line);
} keywords[] = {
    {"stamp", IN_STAMP, read_title},        {"language", IN_STAMP, read_language},
    {"zone", IN_STAMP, read_zone},          {"page", IN_STAMP, read_page},
    {"box", IN_STAMP | IN_BOX, read_box},   {"at", IN_STAMP | IN_BOX, read_at},
    {"size", IN_STAMP | IN_BOX, read_size}, {"font", IN_BOX, read_font},
    {"shrink", IN_BOX, read_shrink},        {"align", IN_BOX, read_align},
    {"border", IN_BOX, read_border},        {"text", IN_BOX, read_text},
};

static enum sg_status read_line(struct pdf_template *stamp, struct line *line)
{
    struct slice word = line_word(line);
    struct pdf_box *box = stamp->count == 0 ? NULL : &stamp->boxes[stamp->count - 1];

    if (word.len == 0 || word.data[0] == '#') {
        return SG_OK;
    }
    for (size_t i = 0; i < SG_COUNT(keywords); i++) {
        if (!slice_equal(word, slice_str(keywords[i].word))) {
            continue;
        }
        if ((keywords[i].where & (box == NULL ? IN_STAMP : IN_BOX)) == 0) {
            return line_wrong(line,
                              box == NULL ? "'%s' belongs into a box"
                                          : "'%s' stands above the first box",
                              keywords[i].word);
        }
        return keywords[i].read(stamp, box, line);
    }
    return line_wrong(line, "'%.*s' is not a word of templates",
                      word.len > 40 ? 40 : (int)word.len, (const char *)word.data);
}

/* Everything lies within the stamp, so that scaling the stamp scales all of it. */
static enum sg_status check_boxes(const struct pdf_template *stamp, struct line *line)
{
    for (size_t i = 0; i < stamp->count; i++) {
        const struct pdf_box *box = &stamp->boxes[i];
        const struct pdf_area *area = &box->area;
        line->number = box->line;
        if (area->width <= 0) {
            return line_wrong(line, "the box has no size: write size WIDTH HEIGHT");
        }
        if (area->x + area->width > stamp->width + 0.001 ||
            area->y + area->height > stamp->height + 0.001) {
            return line_wrong(line, "the box does not lie within the stamp's size");
        }
        /* Such a frame would also reach beyond its box. */
        if (2 * box->border >= area->width || 2 * box->border >= area->height) {
            return line_wrong(line, "the border leaves no room in the box: make the "
                                    "border narrower or the box larger");
        }
        if (box->kind == PDF_BOX_TEXT && box->text_count == 0) {
            return line_wrong(line, "the box has no text");
        }
    }
    return SG_OK;
}

static enum sg_status check_stamp(const struct pdf_template *stamp, struct line *line)
{
    line->number = 1;
    if (stamp->title == NULL) {
        return line_wrong(line,
                          "the first word of a template is 'stamp', with what it is "
                          "for");
    }
    if (stamp->width <= 0) {
        return line_wrong(line,
                          "the stamp has no size: write size WIDTH HEIGHT above the "
                          "first box");
    }
    if (stamp->count == 0) {
        return line_wrong(line, "the stamp has no boxes");
    }
    return check_boxes(stamp, line);
}

static enum sg_status read_lines(struct pdf_template *stamp, const char *name,
                                 struct sg_error *why)
{
    struct line line = {.name = name, .why = why, .next = stamp->text};

    while (line_next(&line)) {
        TRY(read_line(stamp, &line));
    }
    return check_stamp(stamp, &line);
}

enum sg_status pdf_template_read(struct slice text, const char *name,
                                 struct pdf_template *out, struct sg_error *why)
{
    AUTO(pdf_template_fini)
    struct pdf_template stamp = {.zone = "UTC", .page = -1};

    if (text.len >= 3 && memcmp(text.data, "\xEF\xBB\xBF", 3) == 0) {
        text = slice_of(text.data + 3, text.len - 3); /* as some editors begin UTF-8 */
    }
    if (text.len > PDF_TEMPLATE_MAX) {
        return sg_fail(why, SG_TOO_LARGE, "%s: a template has at most %d bytes", name,
                       PDF_TEMPLATE_MAX);
    }
    if (!text_utf8(text)) {
        return sg_fail(why, SG_INVALID, "%s: the template is not text in UTF-8", name);
    }
    stamp.text = malloc(text.len + 1);
    if (stamp.text == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
    }
    if (text.len > 0) {
        memcpy(stamp.text, text.data, text.len);
    }
    stamp.text[text.len] = '\0';
    TRY(read_lines(&stamp, name, why));
    *out = stamp;
    stamp.text = NULL;
    return SG_OK;
}

void pdf_template_fini(struct pdf_template *stamp)
{
    free(stamp->text);
    *stamp = (struct pdf_template){.text = NULL};
}
