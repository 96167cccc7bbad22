#include <openssl/crypto.h>

#include "gateway/cms/template.h"

/* Making a digest context costs more than hashing the attributes, so each thread keeps
 * one until it ends. */
static CRYPTO_ONCE slot_once = CRYPTO_ONCE_STATIC_INIT;
static CRYPTO_THREAD_LOCAL slot;
static bool slot_made;

static void free_context(void *context)
{
    EVP_MD_CTX_free(context);
}

static void make_slot(void)
{
    slot_made = CRYPTO_THREAD_init_local(&slot, free_context) == 1;
}

static EVP_MD_CTX *thread_context(void)
{
    if (CRYPTO_THREAD_run_once(&slot_once, make_slot) != 1 || !slot_made) {
        return NULL;
    }
    EVP_MD_CTX *context = CRYPTO_THREAD_get_local(&slot);
    if (context != NULL) {
        return context;
    }
    context = EVP_MD_CTX_new();
    if (context != NULL && CRYPTO_THREAD_set_local(&slot, context) != 1) {
        EVP_MD_CTX_free(context);
        return NULL;
    }
    return context;
}

enum sg_status cms_hash(const EVP_MD *md, const struct slice *parts, size_t count,
                        uint8_t *out)
{
    EVP_MD_CTX *context = thread_context();

    if (context == NULL) {
        return SG_NO_MEMORY;
    }
    bool good = EVP_DigestInit_ex2(context, md, NULL) == 1;
    for (size_t i = 0; good && i < count; i++) {
        good = EVP_DigestUpdate(context, parts[i].data, parts[i].len) == 1;
    }
    return good && EVP_DigestFinal_ex(context, out, NULL) == 1 ? SG_OK : SG_INTERNAL;
}
