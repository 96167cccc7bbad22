/* A small bundle in memory, lawful and signed, of which one file is replaced by the input
 * while the manifest is made to fit: records, entries or a tile other than the true ones
 * are never sound; a manifest or a checkpoint of any kind is read to its end. */
#define _GNU_SOURCE /* memfd_create */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client/bundle/check.h"
#include "proto/tlog/checkpoint.h"
#include "tests/fuzz/support/fuzz.h"

enum { RECORDS = 3, FILES = 6, ROOM = 8192, INPUT_MAX = 1 << 20 };
enum which { MANIFEST, CHECKPOINT, CHECKPOINTS, PART, TILE, ENTRIES };

static const char *const paths[FILES] = {
    [MANIFEST] = "MANIFEST",       [CHECKPOINT] = "checkpoint",
    [CHECKPOINTS] = "checkpoints", [PART] = "records/00000000.jsonl",
    [TILE] = "tile/0/000.p/3",     [ENTRIES] = "tile/entries/000.p/3"};
static const char name[] = "segel.example.go.id/log";

static struct {
    bool made;
    uint8_t bytes[FILES][ROOM];
    size_t len[FILES];
    struct trust_policy trust;
} lawful;

static void add(enum which file, const void *bytes, size_t len)
{
    MUST(lawful.len[file] + len <= ROOM);
    memcpy(lawful.bytes[file] + lawful.len[file], bytes, len);
    lawful.len[file] += len;
}

static void add_note(const struct tlog_head *head, enum which file, EVP_PKEY *key)
{
    struct checkpoint checkpoint = {.origin = slice_str(name), .head = *head};
    uint8_t signature[NOTE_ED25519_SIZE];
    size_t signature_len = sizeof(signature);
    char text[1024];
    char note[2048];
    struct lines_out out;
    struct slice body = {0};
    struct slice whole = {0};
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    lines_start(&out, text, sizeof(text));
    checkpoint_write(&out, &checkpoint);
    MUST(lines_finish(&out, &body) == SG_OK);
    MUST(EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
         EVP_DigestSign(ctx, signature, &signature_len, body.data, body.len) == 1);
    lines_start(&out, note, sizeof(note));
    note_begin(&out, body);
    note_add_signature(&out, slice_str(name), lawful.trust.logs[0].id,
                       slice_of(signature, signature_len));
    MUST(lines_finish(&out, &whole) == SG_OK);
    if (file == CHECKPOINTS) {
        int len = snprintf(text, sizeof(text), "%zu\n", whole.len);
        add(file, text, (size_t)len);
    }
    add(file, whole.data, whole.len);
    EVP_MD_CTX_free(ctx);
}

static void add_record(const char *json, struct tlog_frontier *tree)
{
    size_t len = strlen(json);
    uint8_t prefix[2] = {(uint8_t)(len >> 8), (uint8_t)len};
    struct tlog_hash leaf = tlog_leaf(slice_of(json, len));

    add(PART, json, len);
    add(PART, "\n", 1);
    add(TILE, leaf.bytes, sizeof(leaf.bytes));
    add(ENTRIES, prefix, sizeof(prefix));
    add(ENTRIES, json, len);
    tlog_frontier_add(tree, &leaf);
}

static EVP_PKEY *make_key(void)
{
    uint8_t seed[NOTE_KEY_SIZE];
    uint8_t public_key[NOTE_KEY_SIZE];
    size_t len = sizeof(public_key);

    for (size_t i = 0; i < sizeof(seed); i++) {
        seed[i] = (uint8_t)i;
    }
    EVP_PKEY *key =
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof(seed));
    MUST(key != NULL && EVP_PKEY_get_raw_public_key(key, public_key, &len) == 1);
    MUST(note_key_make(slice_str(name), NOTE_ED25519, public_key,
                       &lawful.trust.logs[0]) == SG_OK);
    lawful.trust.log_count = 1;
    return key;
}

static void make_lawful(void)
{
    static const char *const records[RECORDS] = {
        "{\"v\":1,\"seq\":0,\"ts\":\"2026-05-02T01:02:03.000000Z\",\"type\":\"boot\"}",
        "{\"v\":1,\"seq\":1,\"ts\":\"2026-05-02T01:02:04.000000Z\",\"type\":\"intent\","
        "\"caller\":\"a\",\"job\":\"1\",\"attempt\":1}",
        "{\"v\":1,\"seq\":2,\"ts\":\"2026-05-02T01:02:05.000000Z\",\"type\":\"outcome\","
        "\"intent\":1,\"attempt\":1,\"outcome\":\"signed\"}"};
    struct tlog_frontier tree = {0};
    EVP_PKEY *key = make_key();

    for (size_t i = 0; i < RECORDS; i++) {
        add_record(records[i], &tree);
        struct tlog_head head = {tree.size, tlog_frontier_root(&tree)};
        add_note(&head, i + 1 < RECORDS ? CHECKPOINTS : CHECKPOINT, key);
    }
    EVP_PKEY_free(key);
    lawful.made = true;
}

/* The manifest of these files, unless that is what the input replaces. */
static void seal(const struct slice files[FILES], struct slice *manifest)
{
    static char text[ROOM];
    struct manifest_head head = {.tree_size = RECORDS,
                                 .end = RECORDS,
                                 .from_us = INT64_MIN,
                                 .until_us = INT64_MAX,
                                 .files = FILES - 1};
    size_t len = 0;

    memcpy(head.origin, name, sizeof(name));
    MUST(manifest_write_head(&head, text, &len) == SG_OK);
    for (size_t i = CHECKPOINT; i < FILES; i++) {
        struct manifest_file file = {.sha256 = tlog_sha256(files[i]),
                                     .size = files[i].len};
        memcpy(file.path, paths[i], strlen(paths[i]));
        len += manifest_write_file(&file, text + len);
    }
    *manifest = slice_of(text, len);
}

static int make_tar(const struct slice files[FILES])
{
    static const uint8_t zeros[2 * TAR_BLOCK];
    uint8_t header[TAR_BLOCK];
    int fd = memfd_create("bundle", MFD_CLOEXEC);

    MUST(fd >= 0);
    for (size_t i = 0; i < FILES; i++) {
        size_t pad = (size_t)(tar_padded(files[i].len) - files[i].len);
        tar_header_write(paths[i], files[i].len, header);
        MUST(write(fd, header, TAR_BLOCK) == TAR_BLOCK);
        MUST(write(fd, files[i].data, files[i].len) == (ssize_t)files[i].len);
        MUST(write(fd, zeros, pad) == (ssize_t)pad);
    }
    MUST(write(fd, zeros, sizeof(zeros)) == (ssize_t)sizeof(zeros));
    return fd;
}

static enum verdict_code check(const struct slice files[FILES])
{
    struct verdict verdict = {.language = VERDICT_ENGLISH};
    struct sg_error why = {.text = ""};
    struct bundle bundle;
    char path[64];
    int fd = make_tar(files);

    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    enum sg_status status = bundle_open(path, &bundle, &why);
    if (status == SG_OK) {
        status = bundle_check(&bundle, &lawful.trust, &verdict, &why);
    }
    bundle_close(&bundle);
    (void)close(fd);
    return status == SG_OK ? verdict_code(&verdict) : VERDICT_UNREADABLE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct slice input = slice_of(data, len);
    struct slice files[FILES];
    uint8_t choice = fuzz_choice(&input) % FILES;

    if (input.len > INPUT_MAX) {
        return 0;
    }
    if (!lawful.made) {
        make_lawful();
    }
    for (size_t i = 0; i < FILES; i++) {
        files[i] = slice_of(lawful.bytes[i], lawful.len[i]);
    }
    bool same = slice_equal(input, files[choice]);
    uint8_t *copy = fuzz_copy(input);
    files[choice] = slice_of(copy, input.len);
    if (choice != MANIFEST) {
        seal(files, &files[MANIFEST]);
    }
    enum verdict_code code = check(files);
    MUST(choice < PART || (code == VERDICT_SOUND) == same);
    free(copy);
    return 0;
}
