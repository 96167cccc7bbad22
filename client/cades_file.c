#include "client/cades_file.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "client/file.h"
#include "client/verify/verify.h"

enum { PIECE = 1 << 20 };

static void close_file(FILE **file)
{
    if (*file != NULL) {
        (void)fclose(*file);
    }
}

static void free_md(EVP_MD_CTX **md)
{
    EVP_MD_CTX_free(*md);
}

static const EVP_MD *md_of(enum sg_hash hash)
{
    return hash == SG_HASH_SHA384   ? EVP_sha384()
           : hash == SG_HASH_SHA512 ? EVP_sha512()
                                    : EVP_sha256();
}

static enum sg_status unreadable(const char *path, struct sg_error *why)
{
    char text[128] = "unknown reason";
    int code = errno;

    (void)strerror_r(code, text, sizeof(text));
    return sg_fail(why, SG_INVALID, "%s cannot be read: %s", path, text);
}

static enum sg_status hash_file(struct cades_file *out, enum sg_hash hash,
                                struct sg_error *why)
{
    AUTO(close_file) FILE *file = fopen(out->path, "re");
    AUTO(free_md) EVP_MD_CTX *md = EVP_MD_CTX_new();
    static uint8_t piece[PIECE]; /* one thread signs */
    unsigned len = 0;
    size_t got = 0;

    if (file == NULL) {
        return unreadable(out->path, why);
    }
    bool good = md != NULL && EVP_DigestInit_ex(md, md_of(hash), NULL) == 1;
    while (good && (got = fread(piece, 1, PIECE, file)) > 0) {
        good = EVP_DigestUpdate(md, piece, got) == 1;
    }
    if (ferror(file) != 0) {
        return unreadable(out->path, why);
    }
    good = good && EVP_DigestFinal_ex(md, out->digest, &len) == 1;
    out->digest_len = len;
    return good ? SG_OK : sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
}

enum sg_status cades_prepare(struct cades_file *file, const struct sign_plan *plan,
                             struct sg_error *why)
{
    int len = snprintf(file->output, sizeof(file->output), "%s/%s.p7s", plan->out_dir,
                       file_name(file->path));

    if (len < 0 || (size_t)len >= sizeof(file->output) ||
        !file_fits(file->output, ".part")) {
        return sg_fail(why, SG_INVALID, "the path of the output is too long");
    }
    if (file_exists(file->output) && !plan->force) {
        file->state = plan->resume ? CADES_SKIPPED : CADES_OPEN;
        return plan->resume
                   ? SG_OK
                   : sg_fail(
                         why, SG_CONFLICT,
                         "%s is there already: --force overwrites, --resume leaves it",
                         file->output);
    }
    return hash_file(file, plan->wish.hash, why);
}

enum sg_status cades_finish(const struct cades_file *file, struct slice cms,
                            struct sg_error *why)
{
    TRY(verify_answer(cms, slice_of(file->digest, file->digest_len), why));
    return pdf_write(file->output, cms, slice_of("", 0), why);
}
