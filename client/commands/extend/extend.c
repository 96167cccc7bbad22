#include <stdio.h>
#include <stdlib.h>

#include "client/commands/extend/letter.h"
#include "client/console/command.h"
#include "client/console/file.h"
#include "client/console/names_apart.h"
#include "client/console/screen.h"
#include "proto/json.h"

/* `segel extend` */
struct extend_options {
    const char *key;
    const char *level;
    const char *out;
    bool force;
    bool resume;
    bool json;
};

#define AT(member) offsetof(struct extend_options, member)
static const struct option rows[] = {
    {"key", 'k', "NAME", "key that signed the letters", AT(key)},
    {"level", 'l', "L", "b-t, b-lt or b-lta (default)", AT(level)},
    {"out", 'o', "DIR", "folder for the letters; made if it is not there", AT(out)},
    {"resume", 0, NULL, "leave letters alone that are there already", AT(resume)},
    {"force", 0, NULL, "overwrite letters that are there", AT(force)},
    {"json", 0, NULL, "one JSON object a letter", AT(json)},
};

enum { PATH_SIZE = 4096, JSON_SIZE = 32768 };

/* What became of one letter. why: NULL unless it was refused. */
struct told {
    const char *path;
    const char *output;
    const char *why;
    const char *word; /* "extended", "refused", "skipped" */
};

static void say_json(const struct told *told, enum extend_level level)
{
    static char buffer[JSON_SIZE];
    struct json_out out;
    struct slice line;

    json_start(&out, buffer, sizeof(buffer));
    json_open_object(&out, NULL);
    json_str(&out, "file", told->path);
    json_str(&out, "status", told->word);
    json_str(&out, "level", extend_level_word(level));
    json_str(&out, told->why == NULL ? "output" : "reason",
             told->why == NULL ? told->output : told->why);
    json_end(&out);
    if (json_finish(&out, &line) == SG_OK) {
        (void)printf("%.*s\n", (int)line.len, (const char *)line.data);
    }
}

static void say(const struct told *told)
{
    (void)printf("%-8s ", told->word);
    screen_text(stdout, told->path);
    (void)printf(": ");
    screen_text(stdout, told->why == NULL ? told->output : told->why);
    (void)printf("\n");
}

/* As segel sign: letters never change where they lie. */
static enum sg_status place(const struct extend_options *options, const char *path,
                            char output[PATH_SIZE], bool *skip, struct sg_error *why)
{
    int len = snprintf(output, PATH_SIZE, "%s/%s", options->out, file_name(path));

    *skip = false;
    if (len < 0 || len >= PATH_SIZE) {
        return sg_fail(why, SG_INVALID, "the path of the output is too long");
    }
    if (file_same(path, output)) {
        return sg_fail(
            why, SG_CONFLICT,
            "the letter would overwrite itself: choose another folder with -o");
    }
    *skip = file_exists(output) && options->resume;
    return !file_exists(output) || options->force || options->resume
               ? SG_OK
               : sg_fail(why, SG_CONFLICT,
                         "%s is there already: --force overwrites, --resume leaves it",
                         output);
}

static void do_one(struct extend_run *run, const struct extend_options *options,
                   const char *path, bool *refused)
{
    char output[PATH_SIZE];
    struct sg_error why = {0};
    bool skip = false;

    enum sg_status status = place(options, path, output, &skip, &why);
    if (status == SG_OK && !skip) {
        status = extend_letter(run, path, output, &why);
    }
    const char *said = why.text[0] == '\0' ? sg_status_text(status) : why.text;
    const struct told told = {.path = path,
                              .output = output,
                              .why = status == SG_OK ? NULL : said,
                              .word = status != SG_OK ? "refused"
                                      : skip          ? "skipped"
                                                      : "extended"};
    *refused = *refused || status != SG_OK;
    if (options->json) {
        say_json(&told, run->level);
    } else {
        say(&told);
    }
}

static enum exit_code extend_all(struct extend_run *run,
                                 const struct extend_options *options,
                                 const struct words *paths)
{
    struct sg_error why = {0};
    bool refused = false;

    enum sg_status status = file_make_dir(options->out, &why);
    status = status == SG_OK ? extend_begin(run, &why) : status;
    if (status != SG_OK) {
        return command_failed(status, &why);
    }
    for (size_t i = 0; i < paths->count; i++) {
        do_one(run, options, paths->at[i], &refused);
        if (run->lost) {
            screen_complain(
                "the gateway, or its authority for time stamps, cannot be reached; the "
                "same command with --resume goes on where this one stopped");
            return EXIT_BROKEN;
        }
    }
    return refused ? EXIT_REFUSED : EXIT_WELL;
}

static enum sg_status check_options(const struct extend_options *options,
                                    const struct words *paths, struct sg_error *why)
{
    TRY(options_need(&command_extend.options, options, "key", why));
    TRY(options_need(&command_extend.options, options, "out", why));
    if (options->force && options->resume) {
        return sg_fail(why, SG_INVALID, "--force and --resume exclude each other");
    }
    return paths->count > 0
               ? names_apart(paths, why)
               : sg_fail(why, SG_INVALID, "name the letters: segel extend … FILE.pdf…");
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct extend_options options = {.level = "b-lta"};
    struct sg_error why = {0};

    if (command_parse(&command_extend, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    struct extend_run *run = (struct extend_run *)calloc(1, sizeof(*run));
    if (run == NULL) {
        return command_failed(SG_NO_MEMORY, &why);
    }
    run->home = home;
    run->key = options.key;
    run->keeps = !options.force;
    enum exit_code code = EXIT_USAGE;
    if (check_options(&options, words, &why) != SG_OK ||
        extend_level_read(options.level, &run->level, &why) != SG_OK) {
        screen_complain(why.text);
    } else {
        code = extend_all(run, &options, words);
    }
    extend_end(run);
    free(run);
    return code;
}

const struct command command_extend = {
    .name = "extend",
    .operands = "FILE.pdf…",
    .summary = "add what lets signed letters be checked in many years",
    .examples = "b-lt adds the certificates, CRLs and OCSP answers that the gateway has; "
                "b-lta a\n"
                "time stamp over all of the letter as well, and again when that one "
                "comes to its\n"
                "end; b-t only a time stamp. Earlier signatures stay valid, the "
                "originals are not\n"
                "changed. What is not signed, or was changed since, is refused.\n\n"
                "Examples:\n"
                "  segel extend -k seal-setda -o archive signed/*.pdf\n"
                "  segel extend -k seal-setda --level b-lt -o archive letter.pdf\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
