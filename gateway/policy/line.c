#include "gateway/policy/line.h"

#include "proto/text.h"

void line_init(struct line *line, char *text, size_t cap)
{
    MUST(cap > 0);
    *line = (struct line){.text = text, .cap = cap};
    text[0] = '\0';
}

void line_to(struct line *line, FILE *stream)
{
    *line = (struct line){.stream = stream};
}

static void put_through(struct line *line, struct slice bytes)
{
    line->full = line->full || (bytes.len > 0 && fwrite(bytes.data, 1, bytes.len,
                                                        line->stream) != bytes.len);
}

static void put_fitting(struct line *line, struct slice bytes)
{
    size_t room = line->cap - 1 - line->len;
    size_t len = bytes.len;

    if (line->full) {
        return;
    }
    if (len > room) {
        line->full = true;
        len = room;
        while (len > 0 && (bytes.data[len] & 0xC0) == 0x80) {
            len--;
        }
    }
    if (len > 0) {
        memcpy(line->text + line->len, bytes.data, len);
    }
    line->len += len;
    line->text[line->len] = '\0';
}

void line_put(struct line *line, struct slice bytes)
{
    if (line->text == NULL) {
        put_through(line, bytes);
    } else {
        put_fitting(line, bytes);
    }
}

void line_str(struct line *line, const char *text)
{
    line_put(line, slice_str(text));
}

static bool reads_as_two(struct slice item)
{
    bool edge = item.len == 0 || item.data[0] == ' ' || item.data[item.len - 1] == ' ';

    for (size_t i = 0; !edge && i < item.len; i++) {
        bool mark = item.data[i] == ',' || item.data[i] == ';';
        bool parts = mark && i + 1 < item.len && item.data[i + 1] == ' ';
        edge = item.data[i] == '"' || parts;
    }
    return edge;
}

void line_item(struct line *line, struct slice item)
{
    if (!reads_as_two(item)) {
        line_put(line, item);
        return;
    }
    line_str(line, "\"");
    for (size_t i = 0, from = 0; i <= item.len; i++) {
        bool special = i < item.len && (item.data[i] == '"' || item.data[i] == '\\');
        if (i == item.len || special) {
            line_put(line, slice_of(item.data + from, i - from));
            line_str(line, special ? "\\" : "");
            from = i;
        }
    }
    line_str(line, "\"");
}

void line_number(struct line *line, int64_t number)
{
    char digits[24];

    (void)snprintf(digits, sizeof(digits), "%lld", (long long)number);
    line_str(line, digits);
}

void line_time(struct line *line, int64_t unix_us)
{
    enum { FRACTION = 19 };
    char text[TEXT_TIME_SIZE];

    if (unix_us < 0 || unix_us >= TEXT_TIME_END_US) {
        line_number(line, unix_us);
        return;
    }
    text_time(unix_us, text);
    if (unix_us % 1000000 == 0) {
        text[FRACTION] = 'Z';
        text[FRACTION + 1] = '\0';
    }
    line_str(line, text);
}
