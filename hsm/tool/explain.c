#include <stdio.h>
#include <string.h>

#include "hsm/tool/tool.h"
#include "proto/json.h"

/* What a code of the module means for the lane and for the caller: the rows of rv.def and
 * proto/failure.def, for whoever reads a log at night. docs/ERRORS.md holds what
 * --markdown prints. */

static const char *grpc_name(enum sg_status status)
{
    static const char *const names[] = {"OK",
                                        "CANCELLED",
                                        "UNKNOWN",
                                        "INVALID_ARGUMENT",
                                        "DEADLINE_EXCEEDED",
                                        "NOT_FOUND",
                                        "ALREADY_EXISTS",
                                        "PERMISSION_DENIED",
                                        "RESOURCE_EXHAUSTED",
                                        "FAILED_PRECONDITION",
                                        "ABORTED",
                                        "OUT_OF_RANGE",
                                        "UNIMPLEMENTED",
                                        "INTERNAL",
                                        "UNAVAILABLE",
                                        "DATA_LOSS",
                                        "UNAUTHENTICATED"};
    size_t code = (size_t)sg_status_grpc(status);
    return code < SG_COUNT(names) ? names[code] : "UNKNOWN";
}

static const char *again_text(enum again again)
{
    static const char *const texts[] = {
        [AGAIN_NEVER] = "no",
        [AGAIN_FRESH] = "once, on a fresh session",
        [AGAIN_FIND] = "once, after the key was looked up again",
        [AGAIN_WAIT] = "once, after 20 ms",
    };
    return (size_t)again < SG_COUNT(texts) ? texts[again] : "no";
}

/* One code in the words of its columns. */
struct row {
    CK_RV rv;
    const char *name;
    const char *class;
    const char *again;
    const char *lane;
    const char *answer;
};

static struct row row_of(CK_RV rv)
{
    enum failure failure = rv_failure(rv);
    return (struct row){.rv = rv,
                        .name = rv_name(rv),
                        .class = failure_name(failure),
                        .again = again_text(rv_again(rv)),
                        .lane = failure_action_name(failure_action(failure)),
                        .answer = grpc_name(failure_status(failure))};
}

static void print_line(const struct row *row)
{
    printf("0x%-5lx %-32s %-8s %-8s %-20s %s\n", row->rv, row->name, row->class,
           row->lane, row->answer, row->again);
}

static void print_markdown(const struct row *row)
{
    printf("| 0x%lx | %s | %s | %s | %s | %s |\n", row->rv, row->name, row->class,
           row->again, row->lane, row->answer);
}

static void print_json(const struct row *row)
{
    char text[512];
    struct json_out out;
    struct slice line;
    json_start(&out, text, sizeof(text));
    json_open_object(&out, NULL);
    json_uint(&out, "rv", row->rv);
    json_str(&out, "name", row->name);
    json_str(&out, "class", row->class);
    json_str(&out, "repeat", row->again);
    json_str(&out, "lane", row->lane);
    json_str(&out, "answer", row->answer);
    json_end(&out);
    MUST(json_finish(&out, &line) == SG_OK);
    printf("%.*s\n", (int)line.len, (const char *)line.data);
}

static void print_one(const struct row *row)
{
    enum failure failure = rv_failure(row->rv);
    printf("%s (0x%lx)\n"
           "  class   %s: %s\n"
           "  repeat  %s\n"
           "  lane    %s\n"
           "  answer  %s\n",
           row->name, row->rv, row->class, failure_text(failure), row->again, row->lane,
           row->answer);
}

static void print_classes(void)
{
    puts("## Classes\n\n"
         "| class | meaning | lane | answer |\n"
         "| --- | --- | --- | --- |");
    for (enum failure f = FAILURE_NONE; f < FAILURE_COUNT; f++) {
        printf("| %s | %s | %s | %s |\n", failure_name(f), failure_text(f),
               failure_action_name(failure_action(f)), grpc_name(failure_status(f)));
    }
    puts("\n## Codes\n\n"
         "| code | name | class | repeat | lane | answer |\n"
         "| --- | --- | --- | --- | --- | --- |");
}

static void print_all(const struct tool *tool)
{
    void (*print)(const struct row *row) = tool->markdown ? print_markdown
                                           : tool->json   ? print_json
                                                          : print_line;
    if (tool->markdown) {
        print_classes();
    } else if (!tool->json) {
        printf("%-7s %-32s %-8s %-8s %-20s %s\n", "code", "name", "class", "lane",
               "answer", "repeat");
    }
    for (size_t i = 0; i < rv_count(); i++) {
        struct row row = row_of(rv_code(i));
        print(&row);
    }
    if (!tool->json) {
        printf("%sAny other code: DEVICE, not repeated.\n", tool->markdown ? "\n" : "");
    }
}

enum sg_status tool_explain(const struct tool *tool, struct trouble *trouble)
{
    CK_RV rv = CKR_OK;
    if (tool->operand == NULL) {
        print_all(tool);
        return SG_OK;
    }
    if (!rv_parse(tool->operand, &rv)) {
        return trouble_config(trouble,
                              "'%s' is no code of PKCS#11: give its number, as 0xA0, or "
                              "its name, as CKR_PIN_INCORRECT",
                              tool->operand);
    }
    struct row row = row_of(rv);
    if (tool->json) {
        print_json(&row);
    } else if (tool->markdown) {
        print_markdown(&row);
    } else {
        print_one(&row);
    }
    return SG_OK;
}
