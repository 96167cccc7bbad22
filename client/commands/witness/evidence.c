#include <stdio.h>
#include <string.h>

#include "client/call/log_head.h"
#include "client/channel/sentence.h"
#include "client/console/command.h"
#include "client/console/file.h"
#include "client/console/screen.h"
#include "proto/tlog/checkpoint.h"

/* `segel witness evidence` */
enum { BY_EN, BY_ID };

struct evidence_options {
    const char *key;
    const char *lang;
};

static const struct option rows[] = {
    {"log-key", 0, "VKEY", "verifier key of the log, or a file that holds it",
     offsetof(struct evidence_options, key)},
    {"lang", 0, "id|en", "language of the verdict (default: en)",
     offsetof(struct evidence_options, lang)},
};

/* What two notes come to. */
enum verdict { PROOF, SAME_TREE, OTHER_SIZES };
static const char *const texts[][2] = {
    [PROOF] = {"PROOF: the key of this log has signed two different trees of the size",
               "TERBUKTI: kunci log ini menandatangani dua pohon berbeda berukuran"},
    [SAME_TREE] = {"no proof: both are the same tree of the size",
                   "tidak terbukti: keduanya pohon yang sama berukuran"},
    [OTHER_SIZES] = {"no proof: the sizes differ, and a log may grow; the first is",
                     "tidak terbukti: ukurannya berbeda, dan log boleh bertambah; yang "
                     "pertama"},
};

static enum sg_status load_key(const char *given, struct log_trust *trust,
                               struct sg_error *why)
{
    return note_vkey_parse(slice_str(given), &trust->key) == SG_OK
               ? SG_OK
               : log_trust_load(given, trust, why);
}

static enum sg_status load_head(const char *path, const struct note_key *key,
                                struct tlog_head *head, struct sg_error *why)
{
    struct file_bytes bytes = {0};
    struct checkpoint checkpoint;

    TRY(file_read(path, NOTE_MAX, &bytes, why));
    enum sg_status status =
        checkpoint_open(slice_of(bytes.data, bytes.len), key, &checkpoint);
    if (status == SG_OK) {
        *head = checkpoint.head;
    } else {
        sentence(why, "%s is no checkpoint that the key of %s has signed", path,
                 key->name);
    }
    file_free(&bytes);
    return status == SG_OK ? SG_OK : SG_CORRUPT;
}

static enum verdict compare(const struct tlog_head head[2])
{
    if (head[0].size != head[1].size) {
        return OTHER_SIZES;
    }
    return tlog_hash_equal(&head[0].root, &head[1].root) ? SAME_TREE : PROOF;
}

static enum exit_code judge(const struct evidence_options *options, char **paths)
{
    struct log_trust trust = {.known = true};
    struct tlog_head head[2];
    struct sg_error why = {0};
    int lang = strcmp(options->lang, "id") == 0 ? BY_ID : BY_EN;
    enum sg_status status = load_key(options->key, &trust, &why);

    for (size_t i = 0; i < SG_COUNT(head) && status == SG_OK; i++) {
        status = load_head(paths[i], &trust.key, &head[i], &why);
    }
    if (status != SG_OK) {
        return command_failed(status, &why);
    }
    enum verdict verdict = compare(head);
    screen_text(stdout, trust.key.name);
    (void)printf(": %s %llu\n", texts[verdict][lang], (unsigned long long)head[0].size);
    return verdict == PROOF ? EXIT_WELL : EXIT_REFUSED;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct evidence_options options = {.lang = "en"};
    struct sg_error why = {0};

    (void)home;
    if (command_parse(&command_witness_evidence, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    if (words->count != 2) {
        sentence(&why, "name two checkpoints: segel witness evidence FILE FILE");
        return command_failed(SG_INVALID, &why);
    }
    if (strcmp(options.lang, "id") != 0 && strcmp(options.lang, "en") != 0) {
        sentence(&why, "--lang is id or en");
        return command_failed(SG_INVALID, &why);
    }
    if (options_need(&command_witness_evidence.options, &options, "log-key", &why) !=
        SG_OK) {
        return command_failed(SG_INVALID, &why);
    }
    return judge(&options, words->at);
}

const struct command command_witness_evidence = {
    .name = "witness evidence",
    .operands = "FILE FILE",
    .summary = "check that two checkpoints prove that a log has two faces",
    .examples =
        "A log that signed two trees of one size has shown different people different\n"
        "logs, or was rewritten: its own signatures prove it, whoever found them. A\n"
        "witness keeps such checkpoints in STATE/evidence. Needs no network. Exit "
        "codes:\n"
        "0 a proof, 1 none, 2 wrong command line, 3 a file cannot be read.\n\n"
        "Examples:\n"
        "  segel witness evidence --log-key log.vkey evidence/3f…-812-*.checkpoint\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
