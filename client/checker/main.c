#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/bundle/check.h"
#include "client/checker/none.h"
#include "proto/quorum/words.h"
#include "proto/text.h"

/* segel-verify: checks a bundle, with nothing but the bundle and the keys that its user
 * was given. */
struct call {
    struct trust_policy trust;
    unsigned quorum;     /* --quorum; 0 = not given */
    bool by_file;        /* --trust was given */
    struct sg_error why; /* of a value that was wrong; "" = the option's sentence */
    const char *path;
    enum verdict_language language;
    bool json;
};

static const char help[] =
    "segel-verify - checks an exported log, offline\n\n"
    "Usage: segel-verify --log-key KEY [options] BUNDLE\n"
    "  or:  segel-verify --trust FILE [options] BUNDLE\n\n"
    "  BUNDLE            folder or .tar that 'segel log export' has made\n"
    "  --log-key KEY     verifier key of the log, or a file with it, as you received it\n"
    "                    by another way than the bundle\n"
    "  --witness KEY     verifier key of a witness, or a file with it; up to 32 times\n"
    "  --quorum N        so many of the witnesses must have cosigned\n"
    "  --trust FILE      logs, witnesses and who of them is enough, as a C2SP\n"
    "                    tlog-policy: lines of log, witness, group and quorum\n"
    "  --lang LANG       en or id (default: id when LANG begins with id, else en)\n"
    "  --json            one JSON object for machines\n"
    "  --help, --version\n\n"
    "Exit codes:\n"
    "  0  sound: complete, and as the log's key signed it\n"
    "  1  tampered with, or incomplete\n"
    "  2  sound, but a part has fewer witnesses than asked for: the page says from "
    "where\n"
    "  3  not readable, or the command line is wrong\n";

static int complain(const char *text, const char *about)
{
    (void)fprintf(stderr, "segel-verify: %s%s%s\n", text, about[0] == '\0' ? "" : ": ",
                  about);
    return VERDICT_UNREADABLE;
}

/* --- Keys -------------------------------------------------------------------------- */

static enum sg_status read_file(const char *path, char *text, size_t cap, size_t *len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got = fd < 0 ? -1 : 0;

    for (*len = 0; fd >= 0 && *len < cap; *len += (size_t)got) {
        got = read(fd, text + *len, cap - *len);
        if (got <= 0) {
            break;
        }
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return got < 0 ? SG_IO : SG_OK;
}

static enum sg_status read_key_file(const char *path, struct note_key *key)
{
    char text[NOTE_VKEY_MAX + 2];
    size_t len = 0;

    TRY(read_file(path, text, sizeof(text) - 1, &len));
    text[len] = '\0';
    return note_vkey_parse(slice_of(text, strcspn(text, "\r\n")), key);
}

static bool read_key(const char *given, bool of_log, struct note_key *key)
{
    return (note_vkey_parse(slice_str(given), key) == SG_OK ||
            read_key_file(given, key) == SG_OK) &&
           note_kind_of_log(key->kind) == of_log;
}

static bool add_log(struct call *call, const char *value)
{
    struct note_key key;

    return call->trust.log_count == 0 && read_key(value, true, &key) &&
           trust_add_log(&call->trust, &key, &call->why) == SG_OK;
}

/* One key is one witness, by whatever names. */
static bool add_witness(struct call *call, const char *value)
{
    struct note_key key;

    return !call->by_file && read_key(value, false, &key) &&
           trust_add_witness(&call->trust, &key, &call->why) == SG_OK;
}

static bool set_quorum(struct call *call, const char *value)
{
    uint64_t number = 0;

    if (text_uint(slice_str(value), TRUST_WITNESSES_MAX, &number) != SG_OK ||
        number == 0) {
        return false;
    }
    call->quorum = (unsigned)number;
    return true;
}

/* Instead of the three. */
static bool read_trust(struct call *call, const char *value)
{
    static char text[WORDS_FILE_MAX + 1];
    size_t len = 0;

    if (call->by_file || call->trust.log_count + call->trust.groups.leaf_count > 0) {
        return false;
    }
    call->by_file = true;
    return read_file(value, text, sizeof(text), &len) == SG_OK &&
           trust_parse(slice_of(text, len), &call->trust, &call->why) == SG_OK;
}

static bool set_language(struct call *call, const char *value)
{
    call->language = strcmp(value, "id") == 0 ? VERDICT_INDONESIAN : VERDICT_ENGLISH;
    return strcmp(value, "id") == 0 || strcmp(value, "en") == 0;
}

/* --- The command line -------------------------------------------------------------- */

static const struct {
    const char *name;
    bool (*take)(struct call *call, const char *value);
    const char *wrong;
} options[] = {
    {"--log-key", add_log,
     "--log-key needs one verifier key of a log, or a file with it"},
    {"--witness", add_witness,
     "--witness needs a witness's verifier key that was not given before, or a file"},
    {"--quorum", set_quorum, "--quorum needs a number from 1 on"},
    {"--trust", read_trust,
     "--trust needs one file with a trust policy, and stands instead of --log-key, "
     "--witness and --quorum"},
    {"--lang", set_language, "--lang needs en or id"},
};

/* Takes the word at *at and its value; 0 or an exit code. */
static int take_option(struct call *call, int argc, char **argv, int *at)
{
    const char *word = argv[*at];

    for (size_t i = 0; i < SG_COUNT(options); i++) {
        size_t len = strlen(options[i].name);
        const char *value = NULL;
        if (strncmp(word, options[i].name, len) != 0) {
            continue;
        }
        if (word[len] == '=') {
            value = word + len + 1;
        } else if (word[len] == '\0' && *at + 1 < argc) {
            value = argv[++*at];
        }
        if (value != NULL && options[i].take(call, value)) {
            return 0;
        }
        return value != NULL && call->why.text[0] != '\0'
                   ? complain(call->why.text, value)
                   : complain(options[i].wrong, "");
    }
    return complain("there is no such option, see --help", word);
}

static int take_word(struct call *call, int argc, char **argv, int *at)
{
    const char *word = argv[*at];

    if (strcmp(word, "--json") == 0) {
        call->json = true;
        return 0;
    }
    if (word[0] == '-') {
        return take_option(call, argc, argv, at);
    }
    if (call->path != NULL) {
        return complain("one bundle at a time", word);
    }
    call->path = word;
    return 0;
}

static bool only_help(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            (void)fputs(help, stdout);
            return true;
        }
        if (strcmp(argv[i], "--version") == 0) {
            (void)printf("segel-verify %s\n", SEGEL_VERSION);
            return true;
        }
    }
    return false;
}

static int ask_for_witnesses(struct call *call)
{
    if (call->quorum == 0) {
        return 0;
    }
    if (call->by_file) {
        return complain("the trust policy says which witnesses are enough, not --quorum",
                        "");
    }
    return call->quorum <= call->trust.groups.leaf_count &&
                   trust_ask_for(&call->trust, call->quorum, &call->why) == SG_OK
               ? 0
               : complain("--quorum asks for more witnesses than --witness names", "");
}

static int read_call(struct call *call, int argc, char **argv)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread */
    const char *language = getenv("LANG");

    call->language = language != NULL && strncmp(language, "id", 2) == 0
                         ? VERDICT_INDONESIAN
                         : VERDICT_ENGLISH;
    for (int i = 1; i < argc; i++) {
        int code = take_word(call, argc, argv, &i);
        if (code != 0) {
            return code;
        }
    }
    if (call->trust.log_count == 0 || call->path == NULL) {
        return complain("a log key and a bundle are needed, see --help", "");
    }
    return ask_for_witnesses(call);
}

static int check(const struct call *call)
{
    static struct verdict verdict;
    struct bundle bundle;
    struct sg_error why = {.text = ""};

    verdict.language = call->language;
    enum sg_status status = bundle_open(call->path, &bundle, &why);
    if (status == SG_OK) {
        status = bundle_check(&bundle, &call->trust, &verdict, &why);
    }
    bundle_close(&bundle);
    if (status != SG_OK) {
        return complain(why.text, "");
    }
    if (call->json) {
        verdict_print_json(&verdict);
    } else {
        verdict_print(&verdict);
    }
    return fflush(stdout) == 0 ? (int)verdict_code(&verdict) : VERDICT_UNREADABLE;
}

int main(int argc, char **argv)
{
    static struct call call;

    none_start();
    if (only_help(argc, argv)) {
        return VERDICT_SOUND;
    }
    int code = read_call(&call, argc, argv);
    return code != 0 ? code : check(&call);
}
