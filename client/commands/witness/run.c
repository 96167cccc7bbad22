#include <stdio.h>
#include <string.h>

#include "client/console/command.h"
#include "client/console/file.h"
#include "client/console/screen.h"
#include "client/witness/server.h"
#include "client/witness/settings.h"
#include "client/witness/witness.h"

/* `segel witness run` */
struct run_options {
    const char *config;
    const char *listen;
    const char *key;
    const char *state;
    const char *prefix;
    const char *log;
};

#define AT(member) offsetof(struct run_options, member)
static const struct option rows[] = {
    {"config", 0, "FILE", "settings as lines; those of the command line come after them",
     AT(config)},
    {"listen", 0, "ADDR:PORT", "IP address and port for plain HTTP; port 0: any free one",
     AT(listen)},
    {"key", 0, "FILE", "the witness's key, made by 'segel witness init'", AT(key)},
    {"state", 0, "FOLDER", "the witness's state, likewise", AT(state)},
    {"prefix", 0, "PATH", "path before /add-checkpoint (default: none)", AT(prefix)},
    {"log", 0, "VKEYS", "verifier keys of the logs that are witnessed, parted by commas",
     AT(log)},
};

static enum sg_status read_config(const char *path, struct settings *settings,
                                  struct sg_error *why)
{
    struct file_bytes text = {0};

    TRY(file_read(path, SETTINGS_FILE_MAX, &text, why));
    enum sg_status status =
        settings_read(settings, slice_of(text.data, text.len), path, why);
    file_free(&text);
    return status;
}

static enum sg_status put(struct settings *settings, const char *word, const char *value,
                          struct sg_error *why)
{
    return value == NULL ? SG_OK
                         : settings_put(settings, slice_str(word), slice_str(value), why);
}

static enum sg_status gather(const struct run_options *options, struct settings *settings,
                             struct sg_error *why)
{
    if (options->config != NULL) {
        TRY(read_config(options->config, settings, why));
    }
    TRY(put(settings, "listen", options->listen, why));
    TRY(put(settings, "key", options->key, why));
    TRY(put(settings, "state", options->state, why));
    TRY(put(settings, "prefix", options->prefix, why));
    TRY(settings_put_logs(settings, slice_str(options->log), why));
    return settings_check(settings, why);
}

static void close_witness(struct witness **witness)
{
    witness_close(*witness);
}

static enum sg_status serve(const struct settings *settings, struct sg_error *why)
{
    AUTO(close_witness) struct witness *witness = NULL;
    struct witness_paths paths = {.key = settings->key, .state = settings->state};
    struct server_options options = {
        .host = settings->host, .port = settings->port, .prefix = settings->prefix};

    TRY(witness_open(&paths, &settings->keys, &witness, why));
    return server_run(&options, witness, why);
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct run_options options = {.config = NULL};
    struct settings settings = {.port = 0};
    struct sg_error why = {0};

    (void)home;
    if (command_parse(&command_witness_run, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    if (words->count > 0) {
        screen_complain("witness run takes options only: 'segel witness run --help'");
        return EXIT_USAGE;
    }
    enum sg_status status = gather(&options, &settings, &why);
    if (status == SG_OK) {
        status = serve(&settings, &why);
    }
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_witness_run = {
    .name = "witness run",
    .operands = "",
    .summary = "cosign checkpoints of logs that only grew",
    .examples =
        "Serves C2SP tlog-witness over plain HTTP: put a proxy with TLS before it. One\n"
        "JSON line a request on stderr. Ends at SIGTERM; exit code 3 when what it would\n"
        "sign cannot be kept. A log that showed two trees of one size is told by the "
        "line\n"
        "SPLIT-VIEW, and both notes are kept in FOLDER/evidence.\n\n"
        "Lines of the --config file: 'listen ADDR:PORT', 'key FILE', 'state FOLDER',\n"
        "'prefix PATH', 'log VKEY [URL]' (any number of them), '# comment'.\n\n"
        "Examples:\n"
        "  segel witness run --config /etc/segel-witness/witness.conf\n"
        "  segel witness run --listen 127.0.0.1:8080 --key key.pem --state state \\\n"
        "      --log \"$(cat log.vkey)\"\n"
        "  curl http://127.0.0.1:8080/healthz\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
