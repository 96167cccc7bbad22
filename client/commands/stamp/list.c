#include <stdio.h>

#include "client/console/command.h"
#include "client/pdf/stamp/stamps.h"
#include "client/pdf/stamp/template.h"
#include "proto/json.h"

/* `segel stamp list` */
struct list_options {
    bool json;
};

static const struct option rows[] = {
    {"json", 0, NULL, "one JSON object for machines",
     offsetof(struct list_options, json)},
};

static const struct {
    const char *word;
    const char *help;
} boxes[] =
    {
#define PDF_BOX(name, word, help) {word, help},
#include "client/pdf/stamp/boxes.def"
#undef PDF_BOX
},
  values[] = {
#define PDF_VALUE(name, word, help) {word, help},
#include "client/pdf/values.def"
#undef PDF_VALUE
};

/* A shipped template; they are tested, so one that does not load is a mistake of ours. */
static void read_shipped(size_t nth, struct slice bytes, struct pdf_template *out,
                         const char **name)
{
    struct sg_error why = {0};

    (void)pdf_stamps_at(nth, name);
    MUST(pdf_template_read(bytes, *name, out, &why) == SG_OK);
}

static void print_table(void)
{
    const char *name = NULL;

    for (size_t i = 0;; i++) {
        struct slice bytes = pdf_stamps_at(i, &name);
        if (bytes.len == 0) {
            break;
        }
        AUTO(pdf_template_fini) struct pdf_template stamp = {.text = NULL};
        read_shipped(i, bytes, &stamp, &name);
        (void)printf("%-8s %4.0f x %-4.0f %s\n", name, stamp.width, stamp.height,
                     stamp.title);
    }
    (void)printf("\nBoxes of a template:\n");
    for (size_t i = 0; i < SG_COUNT(boxes); i++) {
        (void)printf("  %-12s %s\n", boxes[i].word, boxes[i].help);
    }
    (void)printf("\nValues, in braces:\n");
    for (size_t i = 0; i < SG_COUNT(values); i++) {
        (void)printf("  {%s}%*s %s\n", values[i].word, (int)(10 - strlen(values[i].word)),
                     "", values[i].help);
    }
}

static void json_stamp(struct json_out *out, size_t nth, struct slice bytes)
{
    const char *name = NULL;
    AUTO(pdf_template_fini) struct pdf_template stamp = {.text = NULL};

    read_shipped(nth, bytes, &stamp, &name);
    json_open_object(out, NULL);
    json_str(out, "name", name);
    json_str(out, "title", stamp.title);
    json_int(out, "width", (int64_t)stamp.width);
    json_int(out, "height", (int64_t)stamp.height);
    json_end(out);
}

static enum sg_status print_json(void)
{
    static char buffer[16384];
    struct json_out out;
    struct slice text;
    const char *name = NULL;

    json_start(&out, buffer, sizeof(buffer));
    json_open_object(&out, NULL);
    json_open_array(&out, "stamps");
    for (size_t i = 0; pdf_stamps_at(i, &name).len > 0; i++) {
        json_stamp(&out, i, pdf_stamps_at(i, &name));
    }
    json_end(&out);
    json_open_array(&out, "values");
    for (size_t i = 0; i < SG_COUNT(values); i++) {
        json_str(&out, NULL, values[i].word);
    }
    json_end(&out);
    json_end(&out);
    TRY(json_finish(&out, &text));
    (void)printf("%.*s\n", (int)text.len, (const char *)text.data);
    return SG_OK;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct list_options options = {.json = false};
    struct sg_error why = {0};

    (void)home;
    if (command_parse(&command_stamp_list, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    if (options.json) {
        enum sg_status status = print_json();
        return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
    }
    print_table();
    return EXIT_WELL;
}

const struct command command_stamp_list = {
    .name = "stamp list",
    .operands = "",
    .summary = "the stamps that are shipped, and what a template may hold",
    .examples = "Examples:\n"
                "  segel stamp list\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
