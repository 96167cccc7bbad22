#include <openssl/x509.h>

#include "client/bundle/examination.h"
#include "client/bundle/key_hash.h"
#include "proto/text.h"

static void free_certificate(X509 **certificate)
{
    X509_free(*certificate);
}

/* "policies/<hash>.yaml", "certificates/<hash>.der". */
static bool hash_of_name(const char *path, const char *end, struct tlog_hash *out)
{
    const char *name = strchr(path, '/');
    char again[2 * TLOG_HASH_SIZE + 1];
    size_t len = 0;

    if (name == NULL || strlen(++name) != 64 + strlen(end) ||
        strcmp(name + 64, end) != 0 ||
        text_unhex(slice_of(name, 64), out->bytes, sizeof(out->bytes), &len) != SG_OK) {
        return false;
    }
    text_hex(slice_of(out->bytes, TLOG_HASH_SIZE), again);
    return memcmp(again, name, 64) == 0;
}

static bool hash_of_key(struct slice der, struct tlog_hash *out)
{
    const uint8_t *at = der.data;
    AUTO(free_certificate) X509 *certificate = d2i_X509(NULL, &at, (long)der.len);

    return certificate != NULL && at == der.data + der.len && key_hash(certificate, out);
}

static enum sg_status certificate_fits(struct examination *exam, const char *path,
                                       const struct tlog_hash *name, bool *fits)
{
    struct slice der = {0};
    struct tlog_hash hash;

    *fits = false;
    enum sg_status status = bundle_file_open(exam->bundle, path, &exam->entries);
    if (status == SG_NOT_FOUND) {
        return SG_OK; /* the manifest's check says so */
    }
    TRY(status);
    if (exam->entries.size <= BUNDLE_CERTIFICATE_MAX) {
        TRY(bundle_file_take(&exam->entries, BUNDLE_CERTIFICATE_MAX, &der));
        *fits = hash_of_key(der, &hash) && tlog_hash_equal(&hash, name);
    }
    return SG_OK;
}

enum sg_status take_named_file(struct examination *exam, const struct manifest_file *file)
{
    bool policy = file->path[0] == 'p';
    struct named *named = policy ? &exam->policies : &exam->certificates;
    struct tlog_hash name;
    bool fits = hash_of_name(file->path, policy ? ".yaml" : ".der", &name);

    if (fits && policy) {
        fits = tlog_hash_equal(&name, &file->sha256);
    } else if (fits) {
        TRY(certificate_fits(exam, file->path, &name, &fits));
    }
    if (!fits || !named_there(named, &name)) {
        verdict_find(exam->verdict, FINDING_NOT_NAMED, "%s", file->path);
    }
    return SG_OK;
}

static void find_unnamed(struct examination *exam, const struct named *named,
                         const char *folder)
{
    char text[2 * TLOG_HASH_SIZE + 1];
    const struct named_item *item = NULL;
    size_t at = 0;

    while ((item = named_next(named, &at, false, true)) != NULL) {
        text_hex(slice_of(item->hash.bytes, TLOG_HASH_SIZE), text);
        verdict_find(exam->verdict, FINDING_NOT_NAMED, "%s/%s", folder, text);
    }
}

static void find_absent(struct examination *exam, const struct named *named,
                        enum bundle_finding finding)
{
    uint64_t absent = named->beyond;
    size_t at = 0;

    while (named_next(named, &at, true, false) != NULL) {
        absent++;
    }
    if (absent > 0) {
        verdict_find(exam->verdict, finding, "%llu", (unsigned long long)absent);
    }
}

void examine_named(struct examination *exam)
{
    find_unnamed(exam, &exam->policies, "policies");
    find_unnamed(exam, &exam->certificates, "certificates");
    find_absent(exam, &exam->policies, FINDING_POLICY_ABSENT);
    find_absent(exam, &exam->certificates, FINDING_CERTIFICATE_ABSENT);
    verdict_done(exam->verdict, CHECK_NAMED);
}
