#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/console/command.h"
#include "client/console/screen.h"
#include "client/witness/evidence.h"
#include "client/witness/state.h"
#include "proto/json.h"
#include "proto/text.h"
#include "proto/tlog/b64.h"

/* `segel witness status` */
enum { BY_EN, BY_ID, JSON_BYTES = 1 << 16, ORIGIN_WIDTH = 44, SIZE_WIDTH = 14 };

struct status_options {
    const char *state;
    const char *lang;
    bool json;
};

#define AT(member) offsetof(struct status_options, member)
static const struct option rows[] = {
    {"state", 0, "FOLDER", "the witness's state", AT(state)},
    {"lang", 0, "id|en", "language of the table (default: en)", AT(lang)},
    {"json", 0, NULL, "one JSON object for machines", AT(json)},
};

enum text { TEXT_ORIGIN, TEXT_SIZE, TEXT_TIME, TEXT_NONE, TEXT_EVIDENCE };
static const char *const texts[][2] = {
    [TEXT_ORIGIN] = {"ORIGIN", "ASAL LOG"},
    [TEXT_SIZE] = {"SIZE", "UKURAN"},
    [TEXT_TIME] = {"COSIGNED (UTC)", "DITANDATANGANI (UTC)"},
    [TEXT_NONE] = {"nothing was cosigned yet", "belum ada yang ditandatangani"},
    [TEXT_EVIDENCE] = {"checkpoints that prove a split view lie in",
                       "checkpoint yang membuktikan log bercabang ada di"},
};

static void print_entry(const struct witness_entry *entry)
{
    char time[TEXT_TIME_SIZE];
    char size[24];

    text_time((int64_t)entry->time_s * 1000000, time);
    (void)snprintf(size, sizeof(size), "%llu", (unsigned long long)entry->head.size);
    screen_cell(stdout, entry->origin, ORIGIN_WIDTH);
    screen_cell(stdout, size, SIZE_WIDTH);
    (void)printf("%.19sZ\n", time);
}

static void print_table(const struct witness_state *state, const char *path,
                        size_t evidence, int lang)
{
    char vkey[NOTE_VKEY_MAX];

    note_vkey_format(&state->cosigner, vkey);
    screen_text(stdout, vkey);
    (void)printf("\n\n");
    if (state->count == 0) {
        (void)printf("%s\n", texts[TEXT_NONE][lang]);
    } else {
        screen_cell(stdout, texts[TEXT_ORIGIN][lang], ORIGIN_WIDTH);
        screen_cell(stdout, texts[TEXT_SIZE][lang], SIZE_WIDTH);
        (void)printf("%s\n", texts[TEXT_TIME][lang]);
    }
    for (size_t i = 0; i < state->count; i++) {
        print_entry(&state->entries[i]);
    }
    if (evidence > 0) {
        (void)printf("\n%s%zu %s ", screen_colour(stdout, SCREEN_RED), evidence,
                     texts[TEXT_EVIDENCE][lang]);
        screen_text(stdout, path);
        (void)printf("/evidence%s\n", screen_colour(stdout, SCREEN_PLAIN));
    }
}

static void json_entry(struct json_out *out, const struct witness_entry *entry)
{
    char root[B64_HASH_LEN];

    b64_encode(slice_of(entry->head.root.bytes, TLOG_HASH_SIZE), root);
    json_open_object(out, NULL);
    json_str(out, "origin", entry->origin);
    json_uint(out, "size", entry->head.size);
    json_slice(out, "root", slice_of(root, sizeof(root)));
    json_time(out, "time", (int64_t)entry->time_s * 1000000);
    json_end(out);
}

static enum sg_status print_json(const struct witness_state *state, size_t evidence)
{
    struct json_out out;
    struct slice text = {0};
    char vkey[NOTE_VKEY_MAX];
    char *buffer = (char *)malloc(JSON_BYTES);

    if (buffer == NULL) {
        return SG_NO_MEMORY;
    }
    note_vkey_format(&state->cosigner, vkey);
    json_start(&out, buffer, JSON_BYTES);
    json_open_object(&out, NULL);
    json_str(&out, "vkey", vkey);
    json_open_array(&out, "origins");
    for (size_t i = 0; i < state->count; i++) {
        json_entry(&out, &state->entries[i]);
    }
    json_end(&out);
    json_uint(&out, "evidence", evidence);
    json_end(&out);
    enum sg_status status = json_finish(&out, &text);
    if (status == SG_OK) {
        (void)printf("%.*s\n", (int)text.len, (const char *)text.data);
    }
    free(buffer);
    return status;
}

static enum sg_status load(const char *path, struct witness_state *state,
                           struct sg_error *why)
{
    struct folder folder;

    TRY(folder_open(path, &folder, why));
    enum sg_status status = witness_state_load(&folder, state, why);
    folder_close(&folder);
    return status;
}

static enum exit_code show(const struct status_options *options)
{
    struct witness_state *state = (struct witness_state *)calloc(1, sizeof(*state));
    struct sg_error why = {0};
    int lang = strcmp(options->lang, "id") == 0 ? BY_ID : BY_EN;
    size_t evidence = evidence_count(options->state);

    if (state == NULL) {
        return command_failed(SG_NO_MEMORY, &why);
    }
    enum sg_status status = load(options->state, state, &why);
    if (status == SG_OK && options->json) {
        status = print_json(state, evidence);
    } else if (status == SG_OK) {
        print_table(state, options->state, evidence, lang);
    }
    free(state);
    if (status != SG_OK) {
        return command_failed(status, &why);
    }
    return evidence > 0 ? EXIT_REFUSED : EXIT_WELL;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct status_options options = {.lang = "en"};
    struct sg_error why = {0};

    (void)home;
    if (command_parse(&command_witness_status, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    bool known = strcmp(options.lang, "id") == 0 || strcmp(options.lang, "en") == 0;
    if (words->count > 0 || !known) {
        screen_complain(known
                            ? "witness status takes options only: 'segel witness status "
                              "--help'"
                            : "--lang is id or en");
        return EXIT_USAGE;
    }
    if (options_need(&command_witness_status.options, &options, "state", &why) != SG_OK) {
        return command_failed(SG_INVALID, &why);
    }
    return show(&options);
}

const struct command command_witness_status = {
    .name = "witness status",
    .operands = "",
    .summary = "show what a witness has cosigned last, log by log",
    .examples =
        "May be asked while the witness runs. Exit codes: 0 well, 1 a log was found to\n"
        "have two trees of one size, or the state is damaged, 2 wrong command line,\n"
        "3 the state cannot be read.\n\n"
        "Examples:\n"
        "  segel witness status --state /var/lib/segel-witness/state\n"
        "  segel witness status --state /var/lib/segel-witness/state --json\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
