#include "client/pdf/shown/drawn.h"

#include <stdlib.h>

enum { SAVED_MAX = 32, NAME_SIZE = 128, INVISIBLE = 3, CLIP_ALONE = 7 };

/* What counts of the graphics state. */
struct state {
    const struct pdf_drawn_font *font; /* borrowed; NULL = none */
    size_t serial;                     /* of the font; another: it had to make room */
    int mode;                          /* Tr */
};

/* One content stream under way. */
struct drawing {
    struct pdf_drawn *drawn;
    struct pdf_tokens *tokens; /* owned */
    qpdf_oh resources;
    struct state state;
    struct state saved[SAVED_MAX];
    size_t depth;  /* of q, which may be more than are saved */
    size_t nested; /* of dictionaries */
    char name[NAME_SIZE];
    double number;
    size_t level;
};

void pdf_drawn_forget(struct pdf_drawn *drawn)
{
    drawn->text.len = 0;
    drawn->unknown = 0;
    drawn->pictures = 0;
    drawn->has_wanted = false;
    drawn->cut = false;
}

void pdf_drawn_fini(struct pdf_drawn *drawn)
{
    pdf_buffer_fini(&drawn->text);
    for (size_t i = 0; i < PDF_DRAWN_FONTS; i++) {
        pdf_glyphs_fini(&drawn->fonts[i].glyphs);
    }
}

/* --- Resources --------------------------------------------------------------------- */

static void release(struct pdf_drawn *drawn, qpdf_oh node)
{
    qpdf_oh_release(drawn->reader->qpdf, node);
}

/* The resource of that kind that was named last. The caller releases it: a stream may
 * name millions. */
static qpdf_oh resource(const struct drawing *drawing, const char *kind)
{
    const struct pdf_reader *reader = drawing->drawn->reader;
    qpdf_oh all = pdf_get(reader, drawing->resources, kind);
    qpdf_oh found = pdf_get(reader, all, drawing->name);

    release(drawing->drawn, all);
    return found;
}

static const struct pdf_drawn_font *find_font(struct pdf_drawn *drawn, qpdf_oh font)
{
    if (!pdf_is_dict(drawn->reader, font)) {
        return NULL;
    }
    int object = qpdf_oh_get_object_id(drawn->reader->qpdf, font);
    for (size_t i = 0; object != 0 && i < PDF_DRAWN_FONTS; i++) {
        if (drawn->fonts[i].object == object) {
            return &drawn->fonts[i];
        }
    }
    struct pdf_drawn_font *slot = &drawn->fonts[drawn->next_font];
    struct pdf_tokens *tokens = malloc(sizeof(*tokens));
    drawn->next_font = (drawn->next_font + 1) % PDF_DRAWN_FONTS;
    pdf_glyphs_fini(&slot->glyphs);
    slot->object = tokens == NULL ? 0 : object;
    slot->serial = ++drawn->font_serial;
    if (tokens != NULL) {
        pdf_glyphs_read(drawn->reader, font, tokens, &slot->glyphs);
    }
    free(tokens);
    return slot;
}

/* --- Pictures ---------------------------------------------------------------------- */

static bool has_size(struct pdf_drawn *drawn, qpdf_oh dict, const char *key, int size)
{
    qpdf_oh value = pdf_get(drawn->reader, dict, key);
    bool same = pdf_int(drawn->reader, value, 0) == size;

    release(drawn, value);
    return same;
}

static void look_at_picture(struct pdf_drawn *drawn, qpdf_oh picture, qpdf_oh dict)
{
    const struct pdf_picture *wanted = drawn->wanted;
    const struct pdf_reader *reader = drawn->reader;
    unsigned char *data = NULL;
    size_t len = 0;

    drawn->pictures++;
    if (wanted == NULL || drawn->has_wanted ||
        !has_size(drawn, dict, "/Width", wanted->width) ||
        !has_size(drawn, dict, "/Height", wanted->height)) {
        return;
    }
    (void)qpdf_oh_get_stream_data(reader->qpdf, picture, qpdf_dl_all, NULL, &data, &len);
    drawn->has_wanted = data != NULL && slice_equal(slice_of(data, len), wanted->samples);
    free(data);
}

/* --- Operators --------------------------------------------------------------------- */

static void draw_stream(struct pdf_drawn *drawn, struct slice content, qpdf_oh resources,
                        size_t level);

static void draw_form(struct pdf_drawn *drawn, qpdf_oh form, qpdf_oh inherited,
                      size_t level)
{
    const struct pdf_reader *reader = drawn->reader;
    unsigned char *data = NULL;
    size_t len = 0;

    if (!qpdf_oh_is_stream(reader->qpdf, form)) {
        return;
    }
    if (level > PDF_DRAWN_DEPTH_MAX || drawn->forms++ >= PDF_DRAWN_FORMS_MAX) {
        drawn->cut = true;
        return;
    }
    (void)qpdf_oh_get_stream_data(reader->qpdf, form, qpdf_dl_generalized, NULL, &data,
                                  &len);
    qpdf_oh dict = qpdf_oh_get_dict(reader->qpdf, form);
    qpdf_oh own = pdf_get(reader, dict, "/Resources");
    draw_stream(drawn, slice_of(data, len), pdf_is_dict(reader, own) ? own : inherited,
                level);
    release(drawn, own);
    release(drawn, dict);
    free(data);
}

static void do_stream(struct drawing *drawing, qpdf_oh object)
{
    struct pdf_drawn *drawn = drawing->drawn;
    const struct pdf_reader *reader = drawn->reader;
    qpdf_oh dict = qpdf_oh_get_dict(reader->qpdf, object);
    qpdf_oh kind = pdf_get(reader, dict, "/Subtype");

    if (pdf_is_name(reader, kind, "/Image")) {
        look_at_picture(drawn, object, dict);
    } else if (pdf_is_name(reader, kind, "/Form")) {
        draw_form(drawn, object, drawing->resources, drawing->level + 1);
    }
    release(drawn, kind);
    release(drawn, dict);
}

static void do_object(struct drawing *drawing)
{
    qpdf_oh object = resource(drawing, "/XObject");

    if (qpdf_oh_is_stream(drawing->drawn->reader->qpdf, object)) {
        do_stream(drawing, object);
    }
    release(drawing->drawn, object);
}

static void save(struct drawing *drawing)
{
    if (drawing->depth < SAVED_MAX) {
        drawing->saved[drawing->depth] = drawing->state;
    }
    drawing->depth++;
}

static void restore(struct drawing *drawing)
{
    if (drawing->depth > 0 && --drawing->depth < SAVED_MAX) {
        drawing->state = drawing->saved[drawing->depth];
    }
}

static void set_font(struct drawing *drawing)
{
    qpdf_oh font = resource(drawing, "/Font");

    drawing->state.font = find_font(drawing->drawn, font);
    drawing->state.serial = drawing->state.font == NULL ? 0 : drawing->state.font->serial;
    release(drawing->drawn, font);
}

static void set_mode(struct drawing *drawing)
{
    drawing->state.mode =
        drawing->number >= 0 && drawing->number < 8 ? (int)drawing->number : 0;
}

/* Between words; where letters are placed one by one, also between those. */
static void part(struct drawing *drawing)
{
    struct pdf_buffer *text = &drawing->drawn->text;

    if (text->len > 0 && text->data[text->len - 1] != ' ') {
        pdf_buffer_text(text, " ");
    }
}

static void skip_picture(struct drawing *drawing)
{
    pdf_tokens_skip_picture(drawing->tokens);
    drawing->drawn->pictures++;
}

static const struct {
    const char *word;
    void (*act)(struct drawing *drawing);
} operators[] = {
    {"q", save},  {"Q", restore},    {"Tf", set_font},     {"Tr", set_mode}, {"Td", part},
    {"TD", part}, {"T*", part},      {"Tm", part},         {"ET", part},     {"'", part},
    {"\"", part}, {"Do", do_object}, {"ID", skip_picture},
};

static void act(struct drawing *drawing)
{
    for (size_t i = 0; i < SG_COUNT(operators); i++) {
        if (pdf_token_is(drawing->tokens, operators[i].word)) {
            operators[i].act(drawing);
            return;
        }
    }
}

/* Strings that are no values of dictionaries are shown by the operator behind them. */
static void show(struct drawing *drawing)
{
    struct pdf_drawn *drawn = drawing->drawn;
    const struct state *state = &drawing->state;
    struct slice string = drawing->tokens->text;

    if (drawing->nested > 0 || state->mode == INVISIBLE || state->mode == CLIP_ALONE) {
        return;
    }
    size_t room = (size_t)4 * PDF_GLYPH_UNITS * string.len; /* at most */
    if (drawn->text.len + room > PDF_DRAWN_TEXT_MAX) {
        drawn->cut = true;
        return;
    }
    drawn->cut = drawn->cut || drawing->tokens->cut;
    bool known = state->font != NULL && state->font->serial == state->serial;
    drawn->unknown +=
        known ? pdf_glyphs_put(&state->font->glyphs, string, &drawn->text) : string.len;
}

/* The gaps of a TJ are thousandths of the font's size, and back: words are parted. */
static void take_number(struct drawing *drawing)
{
    drawing->number = drawing->tokens->number;
    if (drawing->number < -180) {
        part(drawing);
    }
}

static void take_name(struct drawing *drawing)
{
    struct slice text = drawing->tokens->text;
    size_t len = text.len < NAME_SIZE - 2 ? text.len : 0;

    drawing->name[0] = '/';
    memcpy(drawing->name + 1, text.data, len);
    drawing->name[len + 1] = '\0';
}

static void take_mark(struct drawing *drawing)
{
    bool opens = pdf_token_is(drawing->tokens, "<<");
    bool closes = pdf_token_is(drawing->tokens, ">>");

    drawing->nested += opens ? 1 : 0;
    drawing->nested -= closes && drawing->nested > 0 ? 1 : 0;
}

static void draw_stream(struct pdf_drawn *drawn, struct slice content, qpdf_oh resources,
                        size_t level)
{
    static void (*const take[])(struct drawing *) = {[PDF_TOKEN_NUMBER] = take_number,
                                                     [PDF_TOKEN_NAME] = take_name,
                                                     [PDF_TOKEN_STRING] = show,
                                                     [PDF_TOKEN_WORD] = act,
                                                     [PDF_TOKEN_MARK] = take_mark};
    struct drawing drawing = {.drawn = drawn, .resources = resources, .level = level};

    drawing.tokens = malloc(sizeof(*drawing.tokens));
    if (drawing.tokens == NULL || content.len > PDF_DRAWN_BYTES_MAX - drawn->bytes) {
        drawn->cut = true;
        free(drawing.tokens);
        return;
    }
    drawn->bytes += content.len;
    pdf_tokens_start(drawing.tokens, content);
    enum pdf_token_kind kind = pdf_tokens_next(drawing.tokens);
    while (kind != PDF_TOKEN_END) {
        take[kind](&drawing);
        kind = pdf_tokens_next(drawing.tokens);
    }
    free(drawing.tokens);
}

void pdf_draw_form(struct pdf_drawn *drawn, qpdf_oh form)
{
    qpdf_oh none = qpdf_oh_new_null(drawn->reader->qpdf);

    draw_form(drawn, form, none, 1);
}

void pdf_draw_page(struct pdf_drawn *drawn, qpdf_oh page)
{
    qpdf_data qpdf = drawn->reader->qpdf;
    unsigned char *data = NULL;
    size_t len = 0;

    (void)qpdf_oh_get_page_content_data(qpdf, page, &data, &len);
    if (data != NULL) {
        draw_stream(drawn, slice_of(data, len),
                    pdf_get(drawn->reader, page, "/Resources"), 0);
    }
    free(data);
}
