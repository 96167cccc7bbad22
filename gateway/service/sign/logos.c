#include "gateway/service/sign/logos.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void close_file(FILE **file)
{
    if (*file != NULL) {
        (void)fclose(*file);
    }
}

static enum sg_status read_file(const char *path, const char *setting, struct logo *logo,
                                struct sg_error *why)
{
    char text[128] = "";
    AUTO(close_file) FILE *file = fopen(path, "rbe");

    if (file == NULL) {
        (void)strerror_r(errno, text, sizeof(text));
        return sg_fail(why, SG_NOT_FOUND, "%s %s: %s", setting, path, text);
    }
    logo->len = fread(logo->bytes, 1, sizeof(logo->bytes), file);
    if (ferror(file) != 0) {
        return sg_fail(why, SG_IO, "%s %s cannot be read", setting, path);
    }
    if (fgetc(file) != EOF) {
        return sg_fail(why, SG_TOO_LARGE,
                       "%s %s is larger than %d bytes: save the logo with fewer pixels",
                       setting, path, LOGO_BYTES_MAX);
    }
    return SG_OK;
}

static enum sg_status load(const char *path, const char *setting, struct logo *logo,
                           struct sg_error *why)
{
    static const uint8_t png[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

    if (path[0] == '\0') {
        return SG_OK;
    }
    TRY(read_file(path, setting, logo, why));
    if (logo->len < sizeof(png) || memcmp(logo->bytes, png, sizeof(png)) != 0) {
        return sg_fail(why, SG_INVALID, "%s %s is not a PNG file", setting, path);
    }
    return EVP_Digest(logo->bytes, logo->len, logo->sha256, NULL, EVP_sha256(), NULL) == 1
               ? SG_OK
               : SG_INTERNAL;
}

enum sg_status logos_load(const struct config *config, struct logos **out,
                          struct sg_error *why)
{
    *out = (struct logos *)calloc(1, sizeof(**out));
    if (*out == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "no memory for the logos");
    }
    TRY(load(config->stamp_logo_file, "stamp.logo", &(*out)->at[0], why));
    return load(config->stamp_agency_logo_file, "stamp.agency_logo", &(*out)->at[1], why);
}

enum sg_status logos_check(const struct config *config, struct sg_error *why)
{
    struct logos *logos = NULL;
    enum sg_status status = logos_load(config, &logos, why);

    free(logos);
    return status;
}

struct slice logos_find(const struct logos *logos, const uint8_t sha256[32])
{
    for (size_t i = 0; i < LOGOS_MAX; i++) {
        const struct logo *logo = &logos->at[i];
        if (logo->len > 0 && memcmp(logo->sha256, sha256, sizeof(logo->sha256)) == 0) {
            return slice_of(logo->bytes, logo->len);
        }
    }
    return slice_of(NULL, 0);
}
