#include <inttypes.h>

#include "client/report/html.h"

/* One page, without a script and without anything from elsewhere: it may be kept,
 * printed, and read where there is no network. */
enum { HTML_ROWS = 500, LONG_WORD = 24 };
struct html_paper {
    struct paper paper;
    size_t rows; /* without that of totals */
    bool headed; /* the head stands, which waits for the first row */
    bool in_facts;
    struct value columns[TABLE_COLUMNS]; /* of the table that is open */
};

static const char style[] =
    "@page{size:A4;margin:16mm 14mm}\n"
    "*{box-sizing:border-box}\n"
    "body{font:10.5pt/1.45 'DejaVu Sans',Verdana,Arial,sans-serif;color:#1b1f24;"
    "background:#fff;margin:0 auto;padding:24px;max-width:1040px}\n"
    "h1{font-size:20pt;line-height:1.2;margin:0 0 4px;color:#12304a}\n"
    "h2{font-size:13.5pt;margin:30px 0 8px;padding-bottom:4px;color:#12304a;"
    "border-bottom:2px solid #12304a;break-after:avoid}\n"
    "h3{font-size:10.5pt;margin:18px 0 6px;break-after:avoid}\n"
    "p{margin:6px 0}\n"
    ".lead{color:#4a5560;margin:0 0 2px}\n"
    "dl{display:grid;grid-template-columns:minmax(200px,38%) 1fr;gap:3px 16px;margin:8px "
    "0}\n"
    "dt{color:#4a5560}\n"
    "dd{margin:0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}\n"
    ".wide{overflow-x:auto}\n"
    "table{border-collapse:collapse;font-size:9pt;margin:4px 0;min-width:50%}\n"
    "thead{display:table-header-group}\n"
    "tr{break-inside:avoid}\n"
    "th,td{padding:3px 8px;border-bottom:1px solid #d5dbe1;text-align:left;"
    "vertical-align:top}\n"
    "th{border-bottom:1.5px solid #7b8794;color:#12304a;font-weight:600;"
    "vertical-align:bottom}\n"
    "td.x{overflow-wrap:anywhere}\n"
    "td.w{white-space:nowrap}\n"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}\n"
    "td.n{white-space:nowrap}\n"
    "tr.t td{font-weight:600;border-top:1.5px solid #7b8794}\n"
    ".hand{border:1px solid #9aa5b1;border-left:4px solid #9aa5b1;padding:6px 10px;"
    "margin:8px 0;white-space:pre-line;break-inside:avoid}\n"
    ".hand b{display:block;font-weight:600}\n"
    ".hand i{display:block;font-style:normal;color:#4a5560;font-size:9pt}\n"
    ".open{min-height:74px;border-style:dashed;border-left-style:solid}\n"
    ".sign{display:grid;grid-template-columns:1fr 1fr;gap:40px;margin-top:24px;"
    "break-inside:avoid}\n"
    ".sign div{border-bottom:1px solid #1b1f24;height:120px}\n"
    "figure{margin:12px 0;break-inside:avoid}\n"
    "figcaption{font-weight:600;margin-bottom:6px}\n"
    "svg{max-width:100%;height:auto;display:block}\n"
    "code{overflow-wrap:anywhere;font-family:'DejaVu Sans "
    "Mono',Menlo,Consolas,monospace;font-size:8.5pt}\n"
    "@media print{body{padding:0;max-width:none;font-size:9.5pt}.wide{overflow:visible}"
    "table{font-size:7.5pt}th,td{padding:2px 5px}}\n";

static struct html_paper *self(struct paper *paper)
{
    return (struct html_paper *)paper;
}

void html_text(FILE *out, const char *text)
{
    static const struct {
        char byte;
        const char *as;
    } escapes[] = {
        {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};

    for (; *text != '\0'; text++) {
        const char *as = NULL;
        for (size_t i = 0; i < SG_COUNT(escapes); i++) {
            as = *text == escapes[i].byte ? escapes[i].as : as;
        }
        if (as != NULL) {
            (void)fputs(as, out);
        } else {
            (void)fputc(*text, out);
        }
    }
}

void html_phrase(const struct paper *paper, enum phrase phrase)
{
    html_text(paper->out, phrase_text(paper, phrase));
}

static void put_value(const struct paper *paper, const struct value *value)
{
    char text[VALUE_SIZE];

    value_say(paper, value, text);
    html_text(paper->out, text);
}

static void shut_facts(struct paper *paper)
{
    if (self(paper)->in_facts) {
        (void)fputs("</dl>\n", paper->out);
    }
    self(paper)->in_facts = false;
}

static void begin(struct paper *paper, struct value title)
{
    FILE *out = paper->out;

    (void)fprintf(
        out,
        "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
        "'none'; style-src 'unsafe-inline'\">\n<title>",
        paper->indonesian ? "id" : "en");
    html_phrase(paper, PHRASE_TITLE);
    (void)fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<h1>", style);
    html_phrase(paper, PHRASE_TITLE);
    (void)fputs("</h1>\n<p class=\"lead\">", out);
    put_value(paper, &title);
    (void)fputs("</p>\n<p class=\"lead\">", out);
    html_phrase(paper, PHRASE_SUBTITLE);
    (void)fputs("</p>\n<main>\n", out);
}

static void section(struct paper *paper, unsigned number, enum phrase title)
{
    (void)fprintf(paper->out, "<section id=\"s%u\">\n<h2>%u. ", number, number);
    html_phrase(paper, title);
    (void)fputs("</h2>\n", paper->out);
}

static void section_end(struct paper *paper)
{
    shut_facts(paper);
    (void)fputs("</section>\n", paper->out);
}

static void say(struct paper *paper, enum phrase sentence)
{
    shut_facts(paper);
    (void)fputs("<p>", paper->out);
    html_phrase(paper, sentence);
    (void)fputs("</p>\n", paper->out);
}

static void fact(struct paper *paper, enum phrase name, struct value value)
{
    if (!self(paper)->in_facts) {
        (void)fputs("<dl>\n", paper->out);
    }
    self(paper)->in_facts = true;
    (void)fputs("<dt>", paper->out);
    html_phrase(paper, name);
    (void)fputs("</dt><dd>", paper->out);
    put_value(paper, &value);
    (void)fputs("</dd>\n", paper->out);
}

/* --- Tables ------------------------------------------------------------------------ */

static void table(struct paper *paper, enum phrase title, const struct value *columns,
                  size_t count)
{
    shut_facts(paper);
    paper->columns = count;
    self(paper)->rows = 0;
    self(paper)->headed = false;
    (void)fputs("<h3>", paper->out);
    html_phrase(paper, title);
    (void)fputs("</h3>\n<div class=\"wide\"><table>\n", paper->out);
    memcpy(self(paper)->columns, columns, count * sizeof(*columns));
}

/* The head waits for the first row: heads of numbers stand over them. */
static void put_head(struct paper *paper, const struct value *values)
{
    self(paper)->headed = true;
    (void)fputs("<thead><tr>", paper->out);
    for (size_t i = 0; i < paper->columns; i++) {
        bool number = values != NULL && value_is_number(&values[i]);
        (void)fprintf(paper->out, "<th scope=\"col\"%s>", number ? " class=\"n\"" : "");
        put_value(paper, &self(paper)->columns[i]);
        (void)fputs("</th>", paper->out);
    }
    (void)fputs("</tr></thead>\n<tbody>\n", paper->out);
}

/* What has no blanks and is long may be broken anywhere; a word may not. */
static const char *cell_class(const struct value *value)
{
    if (value_is_number(value)) {
        return " class=\"n\"";
    }
    if (value->kind != VALUE_TEXT || strchr(value->text, ' ') != NULL) {
        return "";
    }
    return strlen(value->text) > LONG_WORD ? " class=\"x\"" : " class=\"w\"";
}

static void row(struct paper *paper, const struct value *values)
{
    bool total = value_is_total(&values[0]);

    if (!self(paper)->headed) {
        put_head(paper, values);
    }
    self(paper)->rows += total ? 0 : 1;
    if (!total && self(paper)->rows > HTML_ROWS) {
        return;
    }
    (void)fputs(total ? "<tr class=\"t\">" : "<tr>", paper->out);
    for (size_t i = 0; i < paper->columns; i++) {
        (void)fprintf(paper->out, "<td%s>", cell_class(&values[i]));
        put_value(paper, &values[i]);
        (void)fputs("</td>", paper->out);
    }
    (void)fputs("</tr>\n", paper->out);
}

static void table_end(struct paper *paper)
{
    size_t rows = self(paper)->rows;

    if (!self(paper)->headed) {
        put_head(paper, NULL);
        (void)fprintf(paper->out, "<tr><td colspan=\"%zu\">", paper->columns);
        html_phrase(paper, PHRASE_NO_ROWS);
        (void)fputs("</td></tr>\n", paper->out);
    }
    (void)fputs("</tbody></table></div>\n", paper->out);
    if (rows > HTML_ROWS) {
        (void)fprintf(paper->out, "<p>+ %zu: ", rows - HTML_ROWS);
        html_phrase(paper, PHRASE_MORE_ROWS);
        (void)fputs("</p>\n", paper->out);
    }
}

/* --- What people write, and the end ------------------------------------------------ */

static void hand(struct paper *paper, enum hand which, const char *text)
{
    shut_facts(paper);
    (void)fprintf(paper->out, "<div class=\"hand%s\"><b>", text == NULL ? " open" : "");
    html_text(paper->out, hand_text(paper, which));
    (void)fputs("</b><i>", paper->out);
    html_phrase(paper, text == NULL ? PHRASE_BY_HAND : PHRASE_GIVEN);
    (void)fputs("</i>", paper->out);
    html_text(paper->out, text == NULL ? "" : text);
    (void)fputs("</div>\n", paper->out);
}

static void put_signature(const struct paper *paper, enum phrase who)
{
    (void)fputs("<div>", paper->out);
    html_phrase(paper, who);
    (void)fputs("</div>", paper->out);
}

/* The hash stands above the signatures: it is what they are for. */
static void end(struct paper *paper)
{
    (void)fputs("<p>", paper->out);
    html_phrase(paper, PHRASE_HASH);
    (void)fprintf(paper->out, ":<br><code>%s</code></p>\n<div class=\"sign\">",
                  paper->sha256 == NULL ? "" : paper->sha256);
    put_signature(paper, PHRASE_SIGN_OFFICER);
    put_signature(paper, PHRASE_SIGN_REVIEWER);
    (void)fputs("</div>\n</main>\n</body>\n</html>\n", paper->out);
}

static void stack(struct paper *paper, const struct stack_chart *chart)
{
    shut_facts(paper);
    html_stack(paper, chart);
}

static void bars(struct paper *paper, const struct bar_chart *chart)
{
    shut_facts(paper);
    html_bars(paper, chart);
}

static const struct paper_kind kind = {
    .size = sizeof(struct html_paper),
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

struct paper *paper_html(FILE *out)
{
    return paper_make(&kind, out);
}
