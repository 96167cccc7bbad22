#include "proto/tlog/merkle.h"

#include <openssl/evp.h>
#include <stdatomic.h>

static void free_ctx(EVP_MD_CTX **ctx)
{
    EVP_MD_CTX_free(*ctx);
}

/* Fetching an algorithm costs more than hashing a node, so it is done once. Two threads
 * that come first at the same time both fetch, and one gives its own back. */
static const EVP_MD *sha256(void)
{
    static _Atomic(EVP_MD *) kept;
    EVP_MD *found = atomic_load(&kept);

    if (found != NULL) {
        return found;
    }
    EVP_MD *fetched = EVP_MD_fetch(NULL, "SHA256", NULL);
    MUST(fetched != NULL);
    if (!atomic_compare_exchange_strong(&kept, &found, fetched)) {
        EVP_MD_free(fetched);
        return found;
    }
    return fetched;
}

struct tlog_hash tlog_sha256_of(struct slice head, struct slice body)
{
    AUTO(free_ctx) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    struct tlog_hash out;

    MUST(ctx != NULL && EVP_DigestInit_ex2(ctx, sha256(), NULL) == 1);
    MUST(EVP_DigestUpdate(ctx, head.data, head.len) == 1);
    MUST(EVP_DigestUpdate(ctx, body.data, body.len) == 1);
    MUST(EVP_DigestFinal_ex(ctx, out.bytes, NULL) == 1);
    return out;
}

struct tlog_hash tlog_sha256(struct slice bytes)
{
    return tlog_sha256_of(slice_of("", 0), bytes);
}

struct tlog_hash tlog_leaf(struct slice entry)
{
    static const uint8_t prefix = 0x00;

    return tlog_sha256_of(slice_of(&prefix, 1), entry);
}

struct tlog_hash tlog_node(const struct tlog_hash *left, const struct tlog_hash *right)
{
    uint8_t text[1 + 2 * TLOG_HASH_SIZE] = {0x01};

    memcpy(text + 1, left->bytes, TLOG_HASH_SIZE);
    memcpy(text + 1 + TLOG_HASH_SIZE, right->bytes, TLOG_HASH_SIZE);
    return tlog_sha256(slice_of(text, sizeof(text)));
}

bool tlog_hash_equal(const struct tlog_hash *a, const struct tlog_hash *b)
{
    return memcmp(a->bytes, b->bytes, TLOG_HASH_SIZE) == 0;
}

struct tlog_hash tlog_fold(const struct tlog_hash *hashes, size_t count)
{
    struct tlog_frontier frontier;

    MUST(count > 0 && count <= 256);
    frontier.size = 0;
    for (size_t i = 0; i < count; i++) {
        tlog_frontier_add(&frontier, &hashes[i]);
    }
    return tlog_frontier_root(&frontier);
}

void tlog_frontier_add(struct tlog_frontier *frontier, const struct tlog_hash *leaf)
{
    tlog_frontier_add_subtree(frontier, 0, leaf);
}

void tlog_frontier_add_subtree(struct tlog_frontier *frontier, unsigned level,
                               const struct tlog_hash *hash)
{
    struct tlog_hash carry = *hash;
    unsigned at = level;

    MUST(level < 63);
    uint64_t leaves = (uint64_t)1 << level;
    MUST((frontier->size & (leaves - 1)) == 0 && frontier->size <= INT64_MAX - leaves);
    while ((frontier->size >> at & 1) != 0) {
        carry = tlog_node(&frontier->hash[at], &carry);
        at++;
    }
    frontier->hash[at] = carry;
    frontier->size += leaves;
}

struct tlog_hash tlog_frontier_root(const struct tlog_frontier *frontier)
{
    struct tlog_hash root = {{0}};
    bool any = false;

    if (frontier->size == 0) {
        return tlog_sha256(slice_of("", 0));
    }
    for (unsigned at = 0; at < 63; at++) {
        if ((frontier->size >> at & 1) == 0) {
            continue;
        }
        root = any ? tlog_node(&frontier->hash[at], &root) : frontier->hash[at];
        any = true;
    }
    return root;
}
