#define _GNU_SOURCE /* nftw */
#include "tests/unit/witness/support/log.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

static struct test_tree tree;

static void seed_of(uint8_t first, uint8_t seed[32])
{
    for (uint8_t i = 0; i < 32; i++) {
        seed[i] = (uint8_t)(first + i);
    }
}

static EVP_PKEY *pair_of(uint8_t first)
{
    uint8_t seed[32];

    seed_of(first, seed);
    EVP_PKEY *pair = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
    cr_assert_not_null(pair);
    return pair;
}

void log_keys(struct witness_keys *keys)
{
    keys->count = 1;
    cr_assert_eq(note_vkey_parse(slice_str(vector_log_vkey), &keys->key[0]), SG_OK);
}

void log_witness_key(struct named_key *key)
{
    key->pair = pair_of(0x20);
    cr_assert_eq(note_vkey_parse(slice_str(vector_witness_vkey), &key->verifier), SG_OK);
}

struct tlog_hash log_root(uint64_t size)
{
    struct tlog_hash root;

    if (tree.size == 0) {
        tree_make_decimal(&tree, TREE_MAX);
    }
    cr_assert_eq(tlog_root(&tree.source, size, &root), SG_OK);
    return root;
}

static void sign(struct slice text, uint8_t signature[NOTE_ED25519_SIZE])
{
    size_t len = NOTE_ED25519_SIZE;
    EVP_PKEY *pair = pair_of(0);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    cr_assert_eq(EVP_DigestSignInit(ctx, NULL, NULL, NULL, pair), 1);
    cr_assert_eq(EVP_DigestSign(ctx, signature, &len, text.data, text.len), 1);
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pair);
}

struct slice log_note(uint64_t size, const struct tlog_hash *root)
{
    static char note[LOG_BODY_MAX];
    char text[CHECKPOINT_TEXT_MAX];
    uint8_t signature[NOTE_ED25519_SIZE];
    struct witness_keys keys;
    struct lines_out lines;
    struct slice body;
    struct slice whole;

    log_keys(&keys);
    struct checkpoint checkpoint = {.origin = slice_str(keys.key[0].name),
                                    .head = {.size = size, .root = *root}};
    lines_start(&lines, text, sizeof(text));
    checkpoint_write(&lines, &checkpoint);
    cr_assert_eq(lines_finish(&lines, &body), SG_OK);
    sign(body, signature);
    lines_start(&lines, note, sizeof(note));
    note_begin(&lines, body);
    note_add_signature(&lines, slice_str(keys.key[0].name), keys.key[0].id,
                       slice_of(signature, sizeof(signature)));
    cr_assert_eq(lines_finish(&lines, &whole), SG_OK);
    return whole;
}

struct slice log_body(uint64_t old_size, uint64_t size)
{
    static char body[LOG_BODY_MAX];
    struct tlog_hash root = log_root(size);
    struct tlog_path path = {.count = 0};
    struct lines_out lines;
    struct slice whole;

    if (old_size > 0 && old_size < size) {
        cr_assert_eq(tlog_consistency_prove(&tree.source, old_size, size, &path), SG_OK);
    }
    lines_start(&lines, body, sizeof(body));
    lines_text(&lines, "old ");
    lines_uint(&lines, old_size);
    for (size_t i = 0; i < path.count; i++) {
        lines_text(&lines, "\n");
        lines_b64(&lines, slice_of(path.hash[i].bytes, TLOG_HASH_SIZE));
    }
    lines_text(&lines, "\n\n");
    lines_put(&lines, log_note(size, &root));
    cr_assert_eq(lines_finish(&lines, &whole), SG_OK);
    return whole;
}

static char folder[64];

void log_paths(struct witness_paths *paths)
{
    static char key[96];
    static char state[96];

    (void)snprintf(folder, sizeof(folder), "/tmp/segel-witness-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    (void)snprintf(key, sizeof(key), "%s/key.pem", folder);
    (void)snprintf(state, sizeof(state), "%s/state", folder);
    *paths = (struct witness_paths){.key = key, .state = state};
}

static int remove_one(const char *path, const struct stat *about, int kind,
                      struct FTW *place)
{
    (void)about;
    (void)kind;
    (void)place;
    return remove(path);
}

void log_remove(void)
{
    cr_expect_eq(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}
