#include <openssl/evp.h>

#include "client/bundle/examination.h"

enum { HASH_STEP = 1 << 18 };

static void free_ctx(EVP_MD_CTX **ctx)
{
    EVP_MD_CTX_free(*ctx);
}

static enum sg_status hash_file(struct bundle_file *file, struct tlog_hash *out)
{
    AUTO(free_ctx) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    struct slice bytes = {.len = HASH_STEP};

    MUST(ctx != NULL && EVP_DigestInit_ex2(ctx, EVP_sha256(), NULL) == 1);
    while (bytes.len == HASH_STEP) {
        TRY(bundle_file_take(file, HASH_STEP, &bytes));
        MUST(EVP_DigestUpdate(ctx, bytes.data, bytes.len) == 1);
    }
    MUST(EVP_DigestFinal_ex(ctx, out->bytes, NULL) == 1);
    return SG_OK;
}

static enum sg_status compare(struct hashing *hashing, const struct manifest_file *named)
{
    struct bundle_file *file = &hashing->file;
    struct tlog_hash hash;

    if (!file_may_have(named->path, 0)) {
        return SG_OK; /* of no known kind, which is told */
    }
    enum sg_status status = bundle_file_open(&hashing->bundle, named->path, file);
    if (status == SG_NOT_FOUND) {
        verdict_find(&hashing->verdict, FINDING_FILE_MISSING, "%s", named->path);
        return SG_OK;
    }
    TRY(status);
    if (file->size != named->size || !file_may_have(named->path, file->size)) {
        verdict_find(&hashing->verdict, FINDING_FILE_SIZE, "%s", named->path);
        return SG_OK;
    }
    TRY(hash_file(file, &hash));
    if (!tlog_hash_equal(&hash, &named->sha256)) {
        verdict_find(&hashing->verdict, FINDING_FILE_HASH, "%s", named->path);
    }
    return SG_OK;
}

/* examine_files has read this manifest before: what it refused, it has told. */
static enum sg_status compare_all(struct hashing *hashing)
{
    struct manifest_file named = {.size = 0};
    struct slice line = {0};
    uint64_t number = 0;

    TRY(bundle_file_open(&hashing->bundle, BUNDLE_MANIFEST, &hashing->manifest));
    for (;;) {
        enum sg_status status =
            bundle_file_line(&hashing->manifest, MANIFEST_HEAD_MAX, &line);
        if (status != SG_OK) {
            return status == SG_NOT_FOUND ? SG_OK : status;
        }
        if (number++ < MANIFEST_HEAD_LINES) {
            continue;
        }
        TRY(manifest_file_line(line, &named));
        TRY(compare(hashing, &named));
    }
}

static void *run(void *context)
{
    struct hashing *hashing = (struct hashing *)context;

    hashing->status = compare_all(hashing);
    return NULL;
}

void hashes_begin(struct examination *exam)
{
    struct hashing *hashing = &exam->hashing;

    hashing->bundle = *exam->bundle;
    hashing->verdict.language = exam->verdict->language;
    hashing->running = pthread_create(&hashing->thread, NULL, run, hashing) == 0;
    if (!hashing->running) {
        (void)run(hashing); /* one after the other then */
    }
}

static void take_findings(struct verdict *to, const struct verdict *from)
{
    for (size_t i = 0; i < from->shown_count; i++) {
        verdict_find(to, from->shown[i].finding, "%s", from->shown[i].about);
    }
    to->counts[CHECK_FILES] += from->counts[CHECK_FILES] - from->shown_count;
}

enum sg_status hashes_end(struct examination *exam)
{
    struct hashing *hashing = &exam->hashing;

    if (hashing->running) {
        MUST(pthread_join(hashing->thread, NULL) == 0);
    }
    hashing->running = false;
    bundle_file_fini(&hashing->manifest);
    bundle_file_fini(&hashing->file);
    take_findings(exam->verdict, &hashing->verdict);
    TRY(hashing->status);
    verdict_done(exam->verdict, CHECK_FILES);
    return SG_OK;
}
