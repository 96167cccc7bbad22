#include "proto/tlog/merkle.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

/* Fetching the algorithm costs more than hashing a node, and making a context nearly as
 * much: the one is done once, and each thread keeps a context until it ends. */
static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
static CRYPTO_THREAD_LOCAL slot;
static EVP_MD *algorithm;

static void free_context(void *context)
{
    EVP_MD_CTX_free((EVP_MD_CTX *)context);
}

static void prepare(void)
{
    algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
    MUST(algorithm != NULL && CRYPTO_THREAD_init_local(&slot, free_context) == 1);
}

/* Ready to take bytes. */
static EVP_MD_CTX *begin(void)
{
    MUST(CRYPTO_THREAD_run_once(&once, prepare) == 1);
    EVP_MD_CTX *context = (EVP_MD_CTX *)CRYPTO_THREAD_get_local(&slot);
    if (context == NULL) {
        context = EVP_MD_CTX_new();
        MUST(context != NULL && CRYPTO_THREAD_set_local(&slot, context) == 1);
    }
    MUST(EVP_DigestInit_ex2(context, algorithm, NULL) == 1);
    return context;
}

struct tlog_hash tlog_sha256_of(struct slice head, struct slice body)
{
    EVP_MD_CTX *context = begin();
    struct tlog_hash out;

    MUST(EVP_DigestUpdate(context, head.data, head.len) == 1);
    MUST(EVP_DigestUpdate(context, body.data, body.len) == 1);
    MUST(EVP_DigestFinal_ex(context, out.bytes, NULL) == 1);
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
        struct tlog_hash left = frontier->hash[at];
        frontier->hash[at] = carry; /* for tlog_frontier_last */
        carry = tlog_node(&left, &carry);
        at++;
    }
    frontier->hash[at] = carry;
    frontier->size += leaves;
}

const struct tlog_hash *tlog_frontier_last(const struct tlog_frontier *frontier,
                                           unsigned level)
{
    MUST(level < 63 && frontier->size > 0);
    MUST((frontier->size & (((uint64_t)1 << level) - 1)) == 0);
    return &frontier->hash[level];
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
