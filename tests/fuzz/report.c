/* Records of any kind, one a line, counted and written in every format. What they say
 * ends as text and nothing else: JSON that parses, HTML with our own tags only, CSV
 * without formulas, and a page of text without control characters. */
#include <jansson.h>
#include <stdlib.h>

#include "client/report/output.h"
#include "proto/tlog/lines.h"
#include "tests/fuzz/support/fuzz.h"

static struct audit audit;

static void take_lines(struct account *account, struct slice text)
{
    struct slice line = {0};

    audit_start(&audit);
    account_begin(account, &audit);
    for (uint64_t i = 0; lines_next(&text, &line); i++) {
        MUST(audit_record(&audit, i, line) == SG_OK);
        MUST(account_record(account, i, line, &audit));
    }
    struct tlog_head head = {audit.tree.size, tlog_frontier_root(&audit.tree)};
    account_checkpoint(account, &head, text, &audit); /* the rest is the note */
    audit_fini(&audit);
}

/* --- What came out ----------------------------------------------------------------- */

static void look_at_json(const char *text, size_t len)
{
    json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);

    MUST(json_is_object(json));
    json_decref(json);
}

/* Each '<' begins one of our own tags. */
static void look_at_html(const char *text, size_t len)
{
    static const char *const tags[] = {"!DOCTYPE html>",
                                       "html ",
                                       "head>",
                                       "meta ",
                                       "title>",
                                       "style>",
                                       "body>",
                                       "h1>",
                                       "h2>",
                                       "h3>",
                                       "p",
                                       "main>",
                                       "section",
                                       "dl>",
                                       "dt>",
                                       "dd>",
                                       "div",
                                       "table",
                                       "thead>",
                                       "tbody>",
                                       "tr",
                                       "th",
                                       "td",
                                       "b>",
                                       "i>",
                                       "br>",
                                       "code>",
                                       "figure>",
                                       "figcaption>",
                                       "svg",
                                       "line ",
                                       "text",
                                       "rect",
                                       "html>"};

    for (const char *at = text;
         (at = memchr(at, '<', (size_t)(text + len - at))) != NULL;) {
        bool known = false;
        at += at[1] == '/' ? 2 : 1;
        for (size_t i = 0; i < SG_COUNT(tags); i++) {
            known = known || strncmp(at, tags[i], strlen(tags[i])) == 0;
        }
        MUST(known);
    }
}

static void look_at_text(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        MUST(((uint8_t)text[i] >= 0x20 && text[i] != 0x7F) || text[i] == '\n');
    }
}

/* A cell begins the line, or stands behind a comma; a quoted one shows what is in it. */
static void look_at_csv(const char *text, size_t len)
{
    bool quoted = false;
    bool first = true;

    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        bool number = c == '-' && text[i + 1] >= '0' && text[i + 1] <= '9';
        MUST(!first || c == '\0' || strchr("=+-@\t", c) == NULL || number);
        first = (c == '"' && first) || (!quoted && (c == ',' || c == '\n'));
        quoted = c == '"' ? !quoted : quoted;
    }
}

/* The choice: who receives it, and in which format; JSON is made for all of them. */
static void write_one(const struct account *account, uint8_t choice)
{
    static void (*const looks[OUTPUT_FORMATS])(const char *text, size_t len) = {
        [OUTPUT_TEXT] = look_at_text,
        [OUTPUT_HTML] = look_at_html,
        [OUTPUT_CSV] = look_at_csv,
        [OUTPUT_JSON] = look_at_json};
    static const struct hands hands;
    bool for_ca = (choice & 1) != 0;
    enum output_format format = (enum output_format)((choice >> 1) % OUTPUT_FORMATS);
    const struct output output = {
        .account = account, .hands = &hands, .for_ca = for_ca, .indonesian = for_ca};
    struct sg_error why;
    char *text = NULL;
    size_t len = 0;
    FILE *stream = open_memstream(&text, &len);

    MUST(stream != NULL);
    MUST(output_stream(&output, format, stream, &why) == SG_OK);
    MUST(fclose(stream) == 0 && len > 0);
    looks[format](text, len);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct slice input = slice_of(data, len);
    uint8_t choice = fuzz_choice(&input);
    uint8_t *copy = fuzz_copy(input);
    struct account *account = (struct account *)calloc(1, sizeof(*account));
    struct report_period period = {.months = 0};
    struct sg_error why;

    MUST(account != NULL && zone_parse("Asia/Jakarta", &period.zone, &why) == SG_OK);
    MUST(period_of_year("2026", &period, &why) == SG_OK);
    MUST(account_start(account, &period) == SG_OK);
    take_lines(account, slice_of(copy, input.len));
    if (account_finish(account, &why) == SG_OK) {
        write_one(account, choice);
    }
    account_fini(account);
    free(account);
    free(copy);
    return 0;
}
