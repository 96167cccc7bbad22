#include <fcntl.h>
#include <unistd.h>

#include "client/report/paper.h"

/* RFC 4180. Into a folder: a file a table, and facts.csv and manual.csv for what stands
 * alone. Into one stream: a line a value. */
struct csv_paper {
    struct paper paper;
    int folder; /* borrowed; -1: one stream */
    FILE *facts;
    FILE *hands;
    FILE *rows;
    bool failed;
    uint64_t row;
    enum phrase section_title;
    enum phrase table_title;
    struct value columns[TABLE_COLUMNS];
};

static struct csv_paper *self(struct paper *paper)
{
    return (struct csv_paper *)paper;
}

/* What a spreadsheet would take for a formula is marked as text; a number is none. */
static void put_field(FILE *out, const char *text, bool number)
{
    bool formula = !number && text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL;
    bool quoted = strpbrk(text, ",\"\r\n") != NULL;

    if (out == NULL) {
        return;
    }
    (void)fputs(quoted ? "\"" : "", out);
    (void)fputs(formula ? "'" : "", out);
    for (; *text != '\0'; text++) {
        (void)fputs(*text == '"' ? "\"" : "", out);
        (void)fputc(*text, out);
    }
    (void)fputs(quoted ? "\"" : "", out);
}

static void put_value(FILE *out, const struct value *value)
{
    char text[VALUE_SIZE];

    if (value->kind == VALUE_TEXT) {
        put_field(out, value->text, false);
        return;
    }
    value_plain(value, text);
    put_field(out, text, value_is_number(value));
}

static void put(FILE *out, const char *text)
{
    if (out != NULL) {
        (void)fputs(text, out);
    }
}

static FILE *open_file(struct csv_paper *csv, const char *name)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "%s.csv", name);
    int fd = openat(csv->folder, path,
                    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (file == NULL && fd >= 0) {
        (void)close(fd);
    }
    csv->failed = csv->failed || file == NULL;
    return file;
}

static void shut(struct csv_paper *csv, FILE **file)
{
    if (*file != NULL && csv->folder >= 0) {
        bool broken = ferror(*file) != 0;
        csv->failed = fclose(*file) != 0 || broken || csv->failed;
    }
    *file = NULL;
}

/* The beginning of a line of the one stream. */
static void put_place(struct csv_paper *csv, const char *table, uint64_t number)
{
    FILE *out = csv->paper.out;

    (void)fprintf(out, "%s,%s,", phrase_key(csv->section_title), table);
    if (number > 0) {
        (void)fprintf(out, "%llu", (unsigned long long)number);
    }
    (void)fputc(',', out);
}

static void begin(struct paper *paper, struct value title)
{
    struct csv_paper *csv = self(paper);

    (void)title;
    if (csv->folder < 0) {
        put(paper->out, "section,table,row,name,value\r\n");
        return;
    }
    csv->facts = open_file(csv, "facts");
    csv->hands = open_file(csv, "manual");
    put(csv->facts, "section,name,value\r\n");
    put(csv->hands, "section,name,text\r\n");
}

static void section(struct paper *paper, unsigned number, enum phrase title)
{
    (void)number;
    self(paper)->section_title = title;
}

static void section_end(struct paper *paper)
{
    (void)paper;
}

static void say(struct paper *paper, enum phrase sentence)
{
    (void)paper;
    (void)sentence;
}

static void put_single(struct csv_paper *csv, FILE *file, const char *name,
                       const struct value *value)
{
    if (csv->folder < 0) {
        put_place(csv, "", 0);
        file = csv->paper.out;
    } else {
        put(file, phrase_key(csv->section_title));
        put(file, ",");
    }
    put(file, name);
    put(file, ",");
    put_value(file, value);
    put(file, "\r\n");
}

static void fact(struct paper *paper, enum phrase name, struct value value)
{
    put_single(self(paper), self(paper)->facts, phrase_key(name), &value);
}

static void hand(struct paper *paper, enum hand which, const char *text)
{
    struct value value = text == NULL ? value_none() : value_text(text);

    put_single(self(paper), self(paper)->hands, hand_key(which), &value);
}

static void table(struct paper *paper, enum phrase title, const struct value *columns,
                  size_t count)
{
    struct csv_paper *csv = self(paper);

    paper->columns = count;
    csv->table_title = title;
    csv->row = 0;
    memcpy(csv->columns, columns, count * sizeof(*columns));
    if (csv->folder < 0) {
        return;
    }
    csv->rows = open_file(csv, phrase_key(title));
    for (size_t i = 0; i < count; i++) {
        put(csv->rows, i == 0 ? "" : ",");
        put(csv->rows, phrase_key(columns[i].phrase));
    }
    put(csv->rows, "\r\n");
}

static void row(struct paper *paper, const struct value *values)
{
    struct csv_paper *csv = self(paper);

    csv->row++;
    for (size_t i = 0; i < paper->columns && csv->folder < 0; i++) {
        put_place(csv, phrase_key(csv->table_title), csv->row);
        put(paper->out, phrase_key(csv->columns[i].phrase));
        put(paper->out, ",");
        put_value(paper->out, &values[i]);
        put(paper->out, "\r\n");
    }
    for (size_t i = 0; i < paper->columns && csv->folder >= 0; i++) {
        put(csv->rows, i == 0 ? "" : ",");
        put_value(csv->rows, &values[i]);
    }
    put(csv->rows, csv->folder < 0 ? "" : "\r\n");
}

static void table_end(struct paper *paper)
{
    shut(self(paper), &self(paper)->rows);
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
    struct csv_paper *csv = self(paper);
    struct value hash = value_text(paper->sha256 == NULL ? "" : paper->sha256);

    csv->section_title = PHRASE_S_INTEGRITY;
    put_single(csv, csv->facts, phrase_key(PHRASE_HASH), &hash);
    shut(csv, &csv->facts);
    shut(csv, &csv->hands);
    csv->paper.out = csv->failed ? NULL : csv->paper.out;
}

static const struct paper_kind kind = {
    .size = sizeof(struct csv_paper),
    .for_people = false,
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

struct paper *paper_csv(FILE *out)
{
    struct paper *paper = paper_make(&kind, out);

    if (paper != NULL) {
        self(paper)->folder = -1;
    }
    return paper;
}

struct paper *paper_csv_files(int folder)
{
    struct paper *paper = paper_make(&kind, stdout);

    if (paper != NULL) {
        self(paper)->folder = folder;
    }
    return paper;
}
