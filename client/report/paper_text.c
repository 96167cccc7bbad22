#include <inttypes.h>

#include "client/report/paper.h"

/* For a terminal, and for who reads without a browser: no colours, no tabs. Tables are
 * kept until their end, when the widths are known. */
enum { SHOWN_ROWS = 60, SHOWN_COLUMNS = 20, CELL_SIZE = 72, NAME_WIDTH = 46 };
struct text_cell {
    char text[CELL_SIZE];
    bool number;
};
struct text_paper {
    struct paper paper;
    size_t rows; /* the first is the head */
    size_t left_out;
    struct text_cell cells[1 + SHOWN_ROWS + 1][SHOWN_COLUMNS]; /* head, rows, total */
};

static struct text_paper *self(struct paper *paper)
{
    return (struct text_paper *)paper;
}

/* Characters, not bytes. */
static size_t width_of(const char *text)
{
    size_t width = 0;

    for (; *text != '\0'; text++) {
        width += ((uint8_t)*text & 0xC0u) != 0x80u ? 1 : 0;
    }
    return width;
}

static void put_padding(FILE *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)fputc(' ', out);
    }
}

/* A text that does not fit is cut between characters. */
static void put_cell(struct text_cell *cell, const char *text, bool number)
{
    size_t len = strlen(text);

    cell->number = number;
    if (len < CELL_SIZE) {
        memcpy(cell->text, text, len + 1);
        return;
    }
    len = CELL_SIZE - 4;
    while (len > 0 && ((uint8_t)text[len] & 0xC0u) == 0x80u) {
        len--;
    }
    memcpy(cell->text, text, len);
    memcpy(cell->text + len, "\xE2\x80\xA6", 4); /* an ellipsis and the NUL */
}

static void begin(struct paper *paper, struct value title)
{
    char text[VALUE_SIZE];

    value_say(paper, &title, text);
    (void)fprintf(paper->out, "%s\n%s\n%s\n", phrase_text(paper, PHRASE_TITLE), text,
                  phrase_text(paper, PHRASE_SUBTITLE));
}

static void section(struct paper *paper, unsigned number, enum phrase title)
{
    const char *text = phrase_text(paper, title);
    size_t len = (size_t)fprintf(paper->out, "\n%u. %s\n", number, text) - 2;

    for (size_t i = 0; i < len; i++) {
        (void)fputc('-', paper->out);
    }
    (void)fputc('\n', paper->out);
}

static void section_end(struct paper *paper)
{
    (void)paper;
}

static void say(struct paper *paper, enum phrase sentence)
{
    (void)fprintf(paper->out, "%s\n", phrase_text(paper, sentence));
}

static void put_fact(const struct paper *paper, const char *name, const char *text)
{
    size_t width = width_of(name) + 1;

    (void)fprintf(paper->out, "%s:", name);
    put_padding(paper->out, width < NAME_WIDTH ? NAME_WIDTH - width : 1);
    (void)fprintf(paper->out, "%s\n", text);
}

static void fact(struct paper *paper, enum phrase name, struct value value)
{
    char text[VALUE_SIZE];

    value_say(paper, &value, text);
    put_fact(paper, phrase_text(paper, name), text);
}

static void put_row(struct paper *paper, const struct value *values)
{
    struct text_paper *text = self(paper);
    char said[VALUE_SIZE];

    for (size_t i = 0; i < paper->columns && i < SHOWN_COLUMNS; i++) {
        value_say(paper, &values[i], said);
        put_cell(&text->cells[text->rows][i], said, value_is_number(&values[i]));
    }
    text->rows++;
}

static void table(struct paper *paper, enum phrase title, const struct value *columns,
                  size_t count)
{
    struct text_paper *text = self(paper);

    (void)fprintf(paper->out, "\n%s\n", phrase_text(paper, title));
    paper->columns = count;
    text->rows = 0;
    text->left_out = 0;
    put_row(paper, columns);
}

static void row(struct paper *paper, const struct value *values)
{
    struct text_paper *text = self(paper);

    if (text->rows <= SHOWN_ROWS || value_is_total(&values[0])) {
        MUST(text->rows < SG_COUNT(text->cells));
        put_row(paper, values);
    } else {
        text->left_out++;
    }
}

static size_t widest(const struct text_paper *text, size_t column)
{
    size_t most = 0;

    for (size_t i = 0; i < text->rows; i++) {
        size_t width = width_of(text->cells[i][column].text);
        most = width > most ? width : most;
    }
    return most;
}

static void print_row(const struct text_paper *text, size_t at, const size_t *widths)
{
    FILE *out = text->paper.out;

    for (size_t i = 0; i < text->paper.columns && i < SHOWN_COLUMNS; i++) {
        const struct text_cell *cell = &text->cells[at][i];
        bool last = i + 1 == text->paper.columns || i + 1 == SHOWN_COLUMNS;
        size_t padding = widths[i] - width_of(cell->text);
        (void)fputs(i == 0 ? "  " : "", out);
        /* heads of columns of numbers stand over them */
        bool number = text->cells[text->rows > 1 ? 1 : 0][i].number;
        put_padding(out, number ? padding : 0);
        (void)fputs(cell->text, out);
        put_padding(out, last ? 0 : (number ? 0 : padding) + 2);
    }
    (void)fputc('\n', out);
}

static void table_end(struct paper *paper)
{
    struct text_paper *text = self(paper);
    size_t widths[SHOWN_COLUMNS] = {0};

    if (text->rows == 1) {
        (void)fprintf(paper->out, "  %s\n", phrase_text(paper, PHRASE_NO_ROWS));
        return;
    }
    for (size_t i = 0; i < paper->columns && i < SHOWN_COLUMNS; i++) {
        widths[i] = widest(text, i);
    }
    for (size_t i = 0; i < text->rows; i++) {
        print_row(text, i, widths);
    }
    if (text->left_out > 0) {
        (void)fprintf(paper->out, "  + %zu: %s\n", text->left_out,
                      phrase_text(paper, PHRASE_MORE_ROWS));
    }
}

static void hand(struct paper *paper, enum hand which, const char *text)
{
    if (text == NULL) {
        (void)fprintf(paper->out, "\n%s\n  (%s)\n  ______________________________\n",
                      hand_text(paper, which), phrase_text(paper, PHRASE_BY_HAND));
        return;
    }
    (void)fprintf(paper->out, "\n%s (%s)\n  ", hand_text(paper, which),
                  phrase_text(paper, PHRASE_GIVEN));
    for (; *text != '\0'; text++) {
        (void)fputc(*text, paper->out);
        (void)fputs(*text == '\n' ? "  " : "", paper->out);
    }
    (void)fputc('\n', paper->out);
}

static void stack(struct paper *paper, const struct stack_chart *chart)
{
    (void)paper;
    (void)chart;
}

static void bars(struct paper *paper, const struct bar_chart *chart)
{
    (void)paper;
    (void)chart;
}

static void end(struct paper *paper)
{
    (void)fprintf(paper->out,
                  "\n%s\n%s\n\n%s\n\n\n____________________\n\n%s\n\n\n"
                  "____________________\n",
                  phrase_text(paper, PHRASE_HASH),
                  paper->sha256 == NULL ? "" : paper->sha256,
                  phrase_text(paper, PHRASE_SIGN_OFFICER),
                  phrase_text(paper, PHRASE_SIGN_REVIEWER));
}

static const struct paper_kind kind = {
    .size = sizeof(struct text_paper),
    .for_people = true,
    .begin = begin,
    .section = section,
    .section_end = section_end,
    .say = say,
    .fact = fact,
    .table = table,
    .row = row,
    .table_end = table_end,
    .hand = hand,
    .stack = stack,
    .bars = bars,
    .end = end,
};

struct paper *paper_text(FILE *out)
{
    return paper_make(&kind, out);
}
