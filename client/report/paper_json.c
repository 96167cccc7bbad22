#include <inttypes.h>

#include "client/report/paper.h"
#include "proto/json.h"

/* One member or row a line. The object is left open: whoever knows the hash of these
 * bytes adds it as the last member. */
enum { LINE_MAX = 1 << 17 };
struct json_paper {
    struct paper paper;
    bool some; /* the container has a member */
    bool in_hands;
    struct value columns[TABLE_COLUMNS];
    char line[LINE_MAX];
};

static struct json_paper *self(struct paper *paper)
{
    return (struct json_paper *)paper;
}

static void put_value(struct json_out *out, const struct value *value)
{
    char text[VALUE_SIZE];

    switch (value->kind) {
    case VALUE_COUNT:
    case VALUE_CHANGE:
    case VALUE_SECONDS:
        json_int(out, NULL, value->number);
        return;
    case VALUE_TRUTH:
        json_bool(out, NULL, value->number != 0);
        return;
    case VALUE_TEXT:
        json_str(out, NULL, value->text);
        return;
    case VALUE_PHRASE:
    case VALUE_TIME:
    case VALUE_DAY:
    case VALUE_MONTH:
        value_plain(value, text);
        json_str(out, NULL, text);
        return;
    case VALUE_NONE:
    default:
        return; /* put_alone has written it */
    }
}

static void separate(struct json_paper *json)
{
    (void)fputs(json->some ? ",\n" : "\n", json->paper.out);
    json->some = true;
}

static void put_name(struct json_paper *json, const char *name)
{
    separate(json);
    (void)fprintf(json->paper.out, "\"%s\": ", name); /* a key of ours */
}

/* A value alone: written as an array of one, without the brackets. */
static void put_alone(struct json_paper *json, const struct value *value)
{
    struct json_out out;
    struct slice text;

    if (value->kind == VALUE_NONE) {
        (void)fputs("null", json->paper.out);
        return;
    }
    json_start(&out, json->line, sizeof(json->line));
    json_open_array(&out, NULL);
    put_value(&out, value);
    json_end(&out);
    if (json_finish(&out, &text) != SG_OK) {
        (void)fputs("null", json->paper.out);
        return;
    }
    (void)fwrite(text.data + 1, 1, text.len - 2, json->paper.out);
}

static void open_named(struct json_paper *json, const char *name, char bracket)
{
    put_name(json, name);
    (void)fputc(bracket, json->paper.out);
    json->some = false;
}

static void close_named(struct json_paper *json, char bracket)
{
    (void)fprintf(json->paper.out, "\n%c", bracket);
    json->some = true;
}

static void begin(struct paper *paper, struct value title)
{
    struct json_paper *json = self(paper);

    (void)title;
    (void)fputc('{', paper->out);
    put_name(json, "format");
    (void)fputs("\"segel-report/v1\"", paper->out);
}

static void section(struct paper *paper, unsigned number, enum phrase title)
{
    (void)number;
    open_named(self(paper), phrase_key(title), '{');
}

static void section_end(struct paper *paper)
{
    struct json_paper *json = self(paper);

    if (json->in_hands) {
        close_named(json, '}');
    }
    json->in_hands = false;
    close_named(json, '}');
}

static void say(struct paper *paper, enum phrase sentence)
{
    (void)paper;
    (void)sentence;
}

static void fact(struct paper *paper, enum phrase name, struct value value)
{
    put_name(self(paper), phrase_key(name));
    put_alone(self(paper), &value);
}

static void table(struct paper *paper, enum phrase title, const struct value *columns,
                  size_t count)
{
    struct json_paper *json = self(paper);

    paper->columns = count;
    memcpy(json->columns, columns, count * sizeof(*columns));
    open_named(json, phrase_key(title), '[');
}

static void row(struct paper *paper, const struct value *values)
{
    struct json_paper *json = self(paper);

    separate(json);
    for (size_t i = 0; i < paper->columns; i++) {
        (void)fprintf(paper->out, "%s\"%s\": ", i == 0 ? "{" : ", ",
                      phrase_key(json->columns[i].phrase));
        put_alone(json, &values[i]);
    }
    (void)fputc('}', paper->out);
}

static void table_end(struct paper *paper)
{
    close_named(self(paper), ']');
}

static void hand(struct paper *paper, enum hand which, const char *text)
{
    struct json_paper *json = self(paper);
    struct value value = text == NULL ? value_none() : value_text(text);

    if (!json->in_hands) {
        open_named(json, "manual", '{');
        json->in_hands = true;
    }
    put_name(json, hand_key(which));
    put_alone(json, &value);
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
    (void)fputs(",\n", paper->out);
}

static const struct paper_kind kind = {
    .size = sizeof(struct json_paper),
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

struct paper *paper_json(FILE *out)
{
    return paper_make(&kind, out);
}
