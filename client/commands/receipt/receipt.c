#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/channel/sentence.h"
#include "client/commands/receipt/check.h"
#include "client/commands/receipt/fetch.h"
#include "client/console/command.h"
#include "client/console/file.h"
#include "client/pdf/pdf.h"
#include "proto/json.h"
#include "proto/text.h"

/* `segel receipt` */
struct receipt_options {
    const char *out;
    const char *caller;
    const char *wait;
    bool json;
};

#define AT(member) offsetof(struct receipt_options, member)
static const struct option rows[] = {
    {"out", 'o', "FILE", "write the receipt there (default: to the screen)", AT(out)},
    {"caller", 0, "NAME", "whose job it was, for reviewers (default: your own)",
     AT(caller)},
    {"wait", 0, "SECONDS",
     "how long to wait for a checkpoint that covers it (default: 60)", AT(wait)},
    {"json", 0, NULL, "one JSON object", AT(json)},
};

struct fetched {
    const struct receipt_options *options;
    const char *request_id;
    enum sg_status status;
    struct sg_error why;
    bool asked;
};

static bool next(void *context, struct receipt_order *out)
{
    struct fetched *fetched = (struct fetched *)context;
    bool first = !fetched->asked;

    *out = (struct receipt_order){.request_id = fetched->request_id,
                                  .caller = fetched->options->caller};
    fetched->asked = true;
    return first;
}

static enum sg_status print_json(const struct fetched *fetched, struct slice text,
                                 const struct proof *proof, struct sg_error *why)
{
    size_t cap = text.len * 6 + 65536;
    char *buffer = (char *)malloc(cap);
    struct json_out out;
    struct slice line;

    if (buffer == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
    }
    json_start(&out, buffer, cap);
    json_open_object(&out, NULL);
    json_str(&out, "request_id", fetched->request_id);
    json_uint(&out, "log_index", proof->index);
    json_slice(&out, "record", proof->extra);
    if (fetched->options->out != NULL) {
        json_str(&out, "receipt", fetched->options->out);
    } else {
        json_slice(&out, "proof", text);
    }
    json_end(&out);
    if (json_finish(&out, &line) == SG_OK) {
        (void)printf("%.*s\n", (int)line.len, (const char *)line.data);
    }
    free(buffer);
    return SG_OK;
}

/* An earlier receipt may be written over; a letter that was named by mistake may not. */
static enum sg_status check_target(const char *path, struct sg_error *why)
{
    AUTO(file_free) struct file_bytes bytes = {.data = NULL};
    static uint8_t extra[PROOF_EXTRA_MAX];
    struct proof proof;

    if (path == NULL || !file_exists(path)) {
        return SG_OK;
    }
    if (file_read(path, PROOF_MAX, &bytes, why) == SG_OK &&
        proof_read(slice_of(bytes.data, bytes.len), extra, sizeof(extra), &proof) ==
            SG_OK) {
        return SG_OK;
    }
    return sg_fail(why, SG_INVALID,
                   "'%s' is there and is no receipt: name another file with --out", path);
}

/* What is no proof is not written down as one. */
static enum sg_status put(struct fetched *fetched, struct slice text,
                          struct sg_error *why)
{
    static uint8_t extra[PROOF_EXTRA_MAX];
    const struct receipt_options *options = fetched->options;
    struct proof proof;

    if (proof_read(text, extra, sizeof(extra), &proof) != SG_OK) {
        return sg_fail(why, SG_INTERNAL, "the gateway's answer is not a receipt");
    }
    if (options->out != NULL) {
        TRY(pdf_write(options->out, text, slice_of("", 0), why));
    }
    if (options->json) {
        return print_json(fetched, text, &proof, why);
    }
    if (options->out == NULL) {
        (void)fwrite(text.data, 1, text.len, stdout);
    }
    return SG_OK;
}

static void take(void *context, const struct receipt_order *order, struct slice proof,
                 enum sg_status status, const struct sg_error *why)
{
    struct fetched *fetched = (struct fetched *)context;

    (void)order;
    fetched->status = status;
    fetched->why = *why;
    if (status == SG_OK) {
        fetched->status = put(fetched, proof, &fetched->why);
    }
}

static enum sg_status read_wait(const char *text, uint64_t *seconds, struct sg_error *why)
{
    *seconds = 0;
    if (text == NULL ||
        (text_uint(slice_str(text), 3600, seconds) == SG_OK && *seconds > 0)) {
        return SG_OK;
    }
    return sg_fail(why, SG_INVALID, "--wait is 1 to 3600 seconds, not '%s'", text);
}

static enum sg_status fetch(const struct home *home, struct fetched *fetched)
{
    AUTO(channel_end) struct channel *channel = NULL;
    const struct receipt_sink sink = {take, fetched};
    uint64_t seconds = 0;

    TRY(check_target(fetched->options->out, &fetched->why));
    TRY(read_wait(fetched->options->wait, &seconds, &fetched->why));
    const struct receipt_orders orders = {
        .next = next, .context = fetched, .patience_ms = (uint32_t)seconds * 1000};
    TRY(home_connect(home, &channel, &fetched->why));
    enum sg_status lost = receipts_fetch(channel, &orders, &sink);
    return fetched->asked ? fetched->status : lost;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct receipt_options options = {.caller = ""};
    struct fetched fetched = {.options = &options};

    if (command_parse(&command_receipt, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    if (words->count != 1) {
        sentence(&fetched.why, "name one request id: segel receipt REQUEST_ID");
        return command_failed(SG_INVALID, &fetched.why);
    }
    fetched.request_id = words->at[0];
    enum sg_status status = fetch(home, &fetched);
    return status == SG_OK ? EXIT_WELL : command_failed(status, &fetched.why);
}

const struct command command_receipt = {
    .name = "receipt",
    .operands = "REQUEST_ID",
    .summary = "fetch the log's proof of what became of one request",
    .examples =
        "The receipt is a C2SP tlog-proof: the record of the outcome, its place in the\n"
        "log, and a checkpoint that the log's key signed. It stays valid for ever, and\n"
        "anybody can check it offline. The gateway makes a checkpoint every few "
        "seconds;\n"
        "this waits for the one that covers the record.\n\n"
        "Examples:\n"
        "  segel receipt 7f2a90b1c3d4e5f6-000012 --out surat.pdf.tlog-proof\n"
        "  segel receipt --caller e-office 7f2a90b1c3d4e5f6-000012 --json\n"
        "  segel receipt verify surat.pdf.tlog-proof --letter surat.pdf\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
