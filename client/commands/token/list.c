#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/call/gateway_call.h"
#include "client/call/lane_words.h"
#include "client/channel/unpack.h"
#include "client/console/command.h"
#include "client/console/screen.h"
#include "proto/json.h"
#include "proto/text.h"
#include "segel/v1/keys.pb-c.h"

/* `segel token list` */
enum { JSON_BYTES = 1 << 20, BY_EN = 0, BY_ID = 1 };

struct list_options {
    const char *lang;
    bool json;
};

static const struct option rows[] = {
    {"lang", 0, "id|en", "language of the table (default: en)",
     offsetof(struct list_options, lang)},
    {"json", 0, NULL, "one JSON object for machines",
     offsetof(struct list_options, json)},
};

/* --- Words ------------------------------------------------------------------------- */

static const struct {
    const char *text[2];
    int width;
} heads[] = {
    {{"LANE", "JALUR"}, 12},    {{"STATE", "KEADAAN"}, 14},
    {{"SINCE", "SEJAK"}, 22},   {{"TOKEN", "TOKEN"}, 20},
    {{"MODEL", "MODEL"}, 18},   {{"SERIAL", "NOMOR SERI"}, 18},
    {{"SESSIONS", "SESI"}, 10}, {{"PIN", "PIN"}, 0},
};

enum word { WORD_FINE, WORD_LOW, WORD_LAST, WORD_LOCKED, WORD_REFUSED };
static const char *const words_of_pin[][2] = {
    [WORD_FINE] = {"ok", "baik"},
    [WORD_LOW] = {"few tries left", "sisa sedikit percobaan"},
    [WORD_LAST] = {"ONE TRY LEFT", "SISA SATU PERCOBAAN"},
    [WORD_LOCKED] = {"LOCKED", "TERKUNCI"},
    [WORD_REFUSED] = {"refused", "ditolak"},
};

static enum word pin_of(const Segel__V1__TokenFacts *token)
{
    if (token->pin_locked != 0) {
        return WORD_LOCKED;
    }
    if (token->pin_final_try != 0) {
        return WORD_LAST;
    }
    if (token->pin_count_low != 0) {
        return WORD_LOW;
    }
    return token->pin_failures > 0 ? WORD_REFUSED : WORD_FINE;
}

/* --- For people -------------------------------------------------------------------- */

static void print_heads(int lang)
{
    size_t last = SG_COUNT(heads) - 1;

    for (size_t i = 0; i < last; i++) {
        screen_cell(stdout, heads[i].text[lang], heads[i].width);
    }
    (void)printf("%s\n", heads[last].text[lang]);
}

static void print_state(const char *state, int width, int lang)
{
    enum screen_colour colour = lane_state_colour(state);

    (void)fputs(colour == SCREEN_PLAIN ? "" : screen_colour(stdout, colour), stdout);
    screen_cell(stdout, lane_state_text(state, lang == BY_ID), width);
    (void)fputs(screen_colour(stdout, SCREEN_PLAIN), stdout);
}

static void print_pin(const Segel__V1__TokenFacts *token, int lang)
{
    enum word word = pin_of(token);

    if (word != WORD_FINE) {
        (void)fputs(screen_colour(stdout, SCREEN_RED), stdout);
    }
    (void)fputs(words_of_pin[word][lang], stdout);
    (void)fputs(screen_colour(stdout, SCREEN_PLAIN), stdout);
}

static void print_why(const char *why)
{
    if (why[0] != '\0') {
        (void)printf("%s  ", screen_colour(stdout, SCREEN_DIM));
        screen_text(stdout, why);
        (void)printf("%s\n", screen_colour(stdout, SCREEN_PLAIN));
    }
}

static void print_token(const Segel__V1__TokenFacts *token, int lang)
{
    char full[TEXT_TIME_SIZE] = "-";
    char since[TEXT_TIME_SIZE + 1];
    char sessions[16];

    if (token->since_us > 0) {
        text_time(token->since_us, full);
    }
    (void)snprintf(since, sizeof(since), token->since_us > 0 ? "%.19sZ" : "%s", full);
    (void)snprintf(sessions, sizeof(sessions), "%u", (unsigned)token->threads);
    screen_cell(stdout, token->lane, heads[0].width);
    print_state(token->lane_state, heads[1].width, lang);
    screen_cell(stdout, since, heads[2].width);
    screen_cell(stdout, token->label, heads[3].width);
    screen_cell(stdout, token->model, heads[4].width);
    screen_cell(stdout, token->serial, heads[5].width);
    screen_cell(stdout, sessions, heads[6].width);
    print_pin(token, lang);
    (void)fputc('\n', stdout);
    print_why(token->why);
}

static void print_table(const Segel__V1__ListTokensResponse *list, int lang)
{
    print_heads(lang);
    for (size_t i = 0; i < list->n_tokens; i++) {
        print_token(list->tokens[i], lang);
    }
}

/* --- For machines ------------------------------------------------------------------ */

static void json_token(struct json_out *out, const Segel__V1__TokenFacts *token)
{
    json_open_object(out, NULL);
    json_str(out, "lane", token->lane);
    json_str(out, "state", token->lane_state);
    json_str(out, "why", token->why);
    json_known_time(out, "since", token->since_us);
    json_str(out, "label", token->label);
    json_str(out, "manufacturer", token->manufacturer);
    json_str(out, "model", token->model);
    json_str(out, "serial", token->serial);
    json_str(out, "firmware", token->firmware);
    json_str(out, "assurance", token->assurance);
    json_uint(out, "sessions", token->threads);
    json_uint(out, "pin_failures", token->pin_failures);
    json_bool(out, "pin_count_low", token->pin_count_low != 0);
    json_bool(out, "pin_final_try", token->pin_final_try != 0);
    json_bool(out, "pin_locked", token->pin_locked != 0);
    json_end(out);
}

static enum sg_status print_json(const Segel__V1__ListTokensResponse *list)
{
    struct json_out out;
    struct slice text;
    char *buffer = (char *)malloc(JSON_BYTES);

    if (buffer == NULL) {
        return SG_NO_MEMORY;
    }
    json_start(&out, buffer, JSON_BYTES);
    json_open_object(&out, NULL);
    json_open_array(&out, "tokens");
    for (size_t i = 0; i < list->n_tokens; i++) {
        json_token(&out, list->tokens[i]);
    }
    json_end(&out);
    json_end(&out);
    enum sg_status status = json_finish(&out, &text);
    if (status == SG_OK) {
        (void)printf("%.*s\n", (int)text.len, (const char *)text.data);
    }
    free(buffer);
    return status;
}

/* --- Running ----------------------------------------------------------------------- */

static enum sg_status show(const struct home *home, const struct list_options *options,
                           struct sg_error *why)
{
    ProtobufCMessage *reply = NULL;
    enum sg_status status = SG_OK;

    TRY(gateway_tokens(home, &reply, why));
    const Segel__V1__ListTokensResponse *list =
        (const Segel__V1__ListTokensResponse *)(const void *)reply;
    if (options->json) {
        status = print_json(list);
    } else {
        print_table(list, strcmp(options->lang, "id") == 0 ? BY_ID : BY_EN);
    }
    unpack_free(reply);
    return status;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct list_options options = {.lang = "en"};
    struct sg_error why = {0};

    if (command_parse(&command_token_list, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    bool known = strcmp(options.lang, "id") == 0 || strcmp(options.lang, "en") == 0;
    if (words->count > 0 || !known) {
        screen_complain(known ? "token list takes options only: 'segel token list --help'"
                              : "--lang is id or en");
        return EXIT_USAGE;
    }
    enum sg_status status = show(home, &options, &why);
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_token_list = {
    .name = "token list",
    .operands = "",
    .summary = "show the gateway's tokens and how their lanes are",
    .examples =
        "For officers, reviewers and operators. Times are in UTC. A lane that is\n"
        "pin-latched does not try its PIN again by itself: see 'segel token unlock'. "
        "One\n"
        "that awaits its PIN gets it by 'segel pin enter'.\n\n"
        "Examples:\n"
        "  segel token list\n"
        "  segel token list --json\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
