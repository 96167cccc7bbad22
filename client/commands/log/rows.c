#include "client/commands/log/rows.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "client/console/screen.h"
#include "proto/remarks.h"

/* --- Fields of a record --------------------------------------------------------------
 */

static const char *member(const json_t *record, const char *name)
{
    const char *text = json_string_value(json_object_get(record, name));

    return text == NULL ? "" : text;
}

static const char *first_of(const json_t *record, const char *one, const char *other)
{
    const char *text = member(record, one);

    return text[0] != '\0' ? text : member(record, other);
}

static const json_t *failure_of(const json_t *record)
{
    return json_array_get(json_object_get(record, "fail"), 0);
}

static const char *lifted_of(const json_t *rules)
{
    const json_t *first = json_array_get(json_object_get(rules, "lifted"), 0);

    return json_string_value(json_object_get(first, "rule"));
}

/* The rule that decided; of an allowed job the first that officers had lifted, or else
 * that it came through and did not pass. */
static const char *rule_of(const json_t *record)
{
    const json_t *rules = json_object_get(record, "rules");
    const json_t *failure = failure_of(record);
    const char *found = lifted_of(rules);

    if (failure != NULL) {
        return member(failure, "rule");
    }
    for (size_t i = 0; found == NULL && i < REMARKS; i++) {
        const json_t *list = json_object_get(rules, remark_list((enum remark)i));
        found = json_string_value(json_array_get(list, 0));
    }
    return found == NULL ? "" : found;
}

/* What became of the job: the decision, or of an OUTCOME what came of it. */
static const char *decision_of(const json_t *record)
{
    return first_of(record, "decision", "outcome");
}

/* Of which quorum file is in force, and of a start, that file's hash: people compare it
 * with what they have on paper. */
static const char *detail_of(const json_t *record)
{
    const char *type = member(record, "type");
    const char *why = first_of(record, "detail", "reason");

    if (strcmp(type, "roster.load") == 0 || strcmp(type, "boot") == 0) {
        return member(record, "quorum");
    }
    return why[0] != '\0' ? why : member(record, "sha256");
}

/* What the record is about: a job, its decision, or of an event of the gateway itself the
 * lane or key, and why; of what readers made of the log, which file. */
static void about(const json_t *record, char *out, size_t size)
{
    const char *job = first_of(record, "job", "decision_id");
    const char *detail = detail_of(record);
    const char *subject = job[0] != '\0' ? job : member(record, "subject");
    bool both = job[0] == '\0' && detail[0] != '\0';

    (void)snprintf(out, size, "%s%s%s", subject, both && subject[0] != '\0' ? "  " : "",
                   both ? detail : "");
}

/* --- The table -----------------------------------------------------------------------
 */

enum column { INDEX, TIME, TYPE, CALLER, KEY, DECISION, RULE, CLASS, ABOUT, COLUMNS };
enum { FIELD_MAX = 1024 };

/* The narrower the terminal, the more are left out, those of the highest rank first. */
static const struct {
    const char *title;
    unsigned width; /* with the blank behind it */
    unsigned rank;
} columns[COLUMNS] = {
    [INDEX] = {"INDEX", 10, 0},
    [TIME] = {"TIME", 21, 1},
    [TYPE] = {"TYPE", 13, 2},
    [CALLER] = {"CALLER", 16, 5},
    [KEY] = {"KEY OR LANE", 16, 7},
    [DECISION] = {"DECISION", 14, 3},
    [RULE] = {"RULE", 12, 4},
    [CLASS] = {"CLASS", 20, 8},
    [ABOUT] = {"REQUEST OR EVENT", 24, 6},
};

struct fields {
    char text[COLUMNS][FIELD_MAX];
};

static void put(struct fields *fields, enum column column, const char *text)
{
    (void)snprintf(fields->text[column], FIELD_MAX, "%s", text);
}

static void take_fields(uint64_t index, const json_t *record, struct fields *fields)
{
    (void)snprintf(fields->text[INDEX], FIELD_MAX, "%" PRIu64, index);
    (void)snprintf(fields->text[TIME], FIELD_MAX, "%.19sZ", member(record, "ts"));
    put(fields, TYPE, member(record, "type"));
    put(fields, CALLER, first_of(record, "caller", "officer"));
    put(fields, KEY, first_of(record, "key", "lane"));
    put(fields, DECISION, decision_of(record));
    put(fields, RULE, rule_of(record));
    put(fields, CLASS, member(record, "doc_class"));
    about(record, fields->text[ABOUT], FIELD_MAX);
}

/* Whether the column, and all that matter more, fit. */
static bool shown(const struct log_rows *rows, enum column column)
{
    unsigned needed = 0;

    for (size_t i = 0; i < COLUMNS; i++) {
        needed += columns[i].rank <= columns[column].rank ? columns[i].width : 0;
    }
    return rows->width == 0 || needed <= rows->width || columns[column].rank < 2;
}

/* The last column takes what is left of the line. */
static unsigned width_of(const struct log_rows *rows, enum column column)
{
    unsigned taken = 0;

    if (column != ABOUT || rows->width == 0) {
        return column == ABOUT ? FIELD_MAX : columns[column].width;
    }
    for (size_t i = 0; i < ABOUT; i++) {
        taken += shown(rows, (enum column)i) ? columns[i].width : 0;
    }
    return rows->width > taken ? rows->width - taken : columns[ABOUT].width;
}

/* Bytes of the text's first so many characters. */
static size_t cut(const char *text, unsigned characters)
{
    size_t at = 0;

    for (; text[at] != '\0' && characters > 0; characters--) {
        at++;
        while (((uint8_t)text[at] & 0xc0U) == 0x80U) {
            at++;
        }
    }
    return at;
}

static void print_cell(const char *text, unsigned width)
{
    char part[FIELD_MAX];
    size_t fits = cut(text, width - 1);

    if (text[fits] == '\0') {
        screen_cell(stdout, text, (int)(width > FIELD_MAX - 1 ? 0 : width));
        return;
    }
    (void)snprintf(part, sizeof(part), "%.*s", (int)cut(text, width - 2), text);
    screen_text(stdout, part);
    (void)printf("… ");
}

static void print_cells(const struct log_rows *rows, const struct fields *fields)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        if (shown(rows, (enum column)i)) {
            print_cell(fields->text[i], width_of(rows, (enum column)i));
        }
    }
}

static enum screen_colour row_colour(const char *decision)
{
    if (strcmp(decision, "deny") == 0 || strcmp(decision, "failed") == 0) {
        return SCREEN_RED;
    }
    return strcmp(decision, "indeterminate") == 0 ? SCREEN_YELLOW : SCREEN_PLAIN;
}

static void print_row(const struct log_rows *rows, uint64_t index, const json_t *record)
{
    static struct fields fields;
    enum screen_colour colour = row_colour(decision_of(record));

    take_fields(index, record, &fields);
    (void)printf("%s", colour == SCREEN_PLAIN ? "" : screen_colour(stdout, colour));
    print_cells(rows, &fields);
    (void)printf("%s\n", screen_colour(stdout, SCREEN_PLAIN));
}

static void print_head(const struct log_rows *rows)
{
    static struct fields fields;

    for (size_t i = 0; i < COLUMNS; i++) {
        put(&fields, (enum column)i, columns[i].title);
    }
    (void)printf("%s", screen_colour(stdout, SCREEN_DIM));
    print_cells(rows, &fields);
    (void)printf("%s\n", screen_colour(stdout, SCREEN_PLAIN));
}

static void print_plain(uint64_t index, const json_t *record)
{
    static struct fields fields;

    take_fields(index, record, &fields);
    for (size_t i = 0; i < COLUMNS; i++) {
        screen_text(stdout, fields.text[i]);
        (void)fputc(i == COLUMNS - 1 ? '\n' : '\t', stdout);
    }
}

/* --- CSV (RFC 4180) ------------------------------------------------------------------
 */

/* The members that are columns of their own; those of the deciding rule come after. */
static const struct {
    const char *title;
    const char *member;
} csv_columns[] = {
    {"time", "ts"},         {"node", "node"},
    {"type", "type"},       {"caller", "caller"},
    {"request_id", "job"},  {"decision_id", "decision_id"},
    {"key", "key"},         {"class", "doc_class"},
    {"mandate", "mandate"}, {"approval_ref", "approval_ref"},
    {"digest", "digest"},   {"policy_rev", "policy_rev"},
    {"lane", "lane"},       {"subject", "subject"},
    {"detail", "detail"},
};

/* What a spreadsheet would take for a formula is marked as text. */
static void print_csv_field(const char *text)
{
    bool formula = text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL;
    bool quoted = strpbrk(text, ",\"\r\n") != NULL;

    (void)fputs(quoted ? ","
                         "\""
                       : ",",
                stdout);
    (void)fputs(formula ? "'" : "", stdout);
    for (; *text != '\0'; text++) {
        if (*text == '"') {
            (void)fputc('"', stdout);
        }
        (void)fputc(*text, stdout);
    }
    (void)fputs(quoted ? "\"" : "", stdout);
}

static void print_csv_head(void)
{
    (void)printf("index");
    for (size_t i = 0; i < SG_COUNT(csv_columns); i++) {
        (void)printf(",%s", csv_columns[i].title);
    }
    (void)printf(",decision,rule,cp_section,code\r\n");
}

static void print_csv(uint64_t index, const json_t *record)
{
    const json_t *failure = failure_of(record);

    (void)printf("%" PRIu64, index);
    for (size_t i = 0; i < SG_COUNT(csv_columns); i++) {
        print_csv_field(member(record, csv_columns[i].member));
    }
    print_csv_field(decision_of(record));
    print_csv_field(rule_of(record));
    print_csv_field(member(failure, "cp"));
    print_csv_field(failure != NULL ? member(failure, "code") : member(record, "code"));
    (void)printf("\r\n");
}

/* --- All of them ---------------------------------------------------------------------
 */

void log_rows_start(struct log_rows *rows)
{
    struct winsize size = {.ws_col = 0};

    rows->begun = false;
    if (rows->form == LOG_TABLE && !screen_is_terminal(stdout)) {
        rows->form = LOG_PLAIN;
    }
    rows->width = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static void begin(struct log_rows *rows)
{
    if (!rows->begun && rows->form == LOG_TABLE) {
        print_head(rows);
    }
    if (!rows->begun && rows->form == LOG_CSV) {
        print_csv_head();
    }
    rows->begun = true;
}

void log_rows_print(struct log_rows *rows, uint64_t index, struct slice json)
{
    begin(rows);
    if (rows->form == LOG_JSON) {
        (void)fwrite(json.data, 1, json.len, stdout);
        (void)fputc('\n', stdout);
        return;
    }
    json_t *record = json_loadb((const char *)json.data, json.len, JSON_ALLOW_NUL, NULL);
    if (rows->form == LOG_CSV) {
        print_csv(index, record);
    } else if (rows->form == LOG_PLAIN) {
        print_plain(index, record);
    } else {
        print_row(rows, index, record);
    }
    json_decref(record);
}

void log_rows_end(struct log_rows *rows)
{
    if (rows->form == LOG_CSV) {
        begin(rows);
    }
}
