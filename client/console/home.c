#include "client/console/home.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/console/file.h"

/* Each file of the folder, and what a person has to put there. */
static const struct {
    const char *name;
    const char *what;
} files[HOME_FILE_COUNT] = {
    [HOME_GATEWAY] = {"gateway", "one line with the gateway's address, for example "
                                 "gw1.example.go.id:7443"},
    [HOME_CA] = {"ca.pem", "the certificates of the gateway's issuers, in PEM form"},
    [HOME_CERT] = {"cert.pem", "your client certificate and its issuers, in PEM form"},
    [HOME_KEY] = {"key.pem", "the private key of your client certificate, in PEM form"},
    [HOME_ANCHORS] = {"anchors.pem", "the root certificates that signatures must lead "
                                     "to, in PEM form"},
    [HOME_VKEY] = {"log.vkey", "the verifier key of the gateway's log, one line"},
};

static enum sg_status put(struct home *out, const char *dir, const char *below,
                          struct sg_error *why)
{
    int len = snprintf(out->dir, sizeof(out->dir), "%s%s", dir, below);

    /* Room is kept for "/" and the longest name of a file. */
    if (len <= 0 || (size_t)len + 16 > sizeof(out->dir)) {
        return sg_fail(why, SG_INVALID, "the path of the home folder is too long");
    }
    return SG_OK;
}

enum sg_status home_find(const char *given, struct home *out, struct sg_error *why)
{
    /* NOLINTBEGIN(concurrency-mt-unsafe): the client is one thread */
    const char *named = given != NULL ? given : getenv("SEGEL_HOME");
    const char *user = getenv("HOME");
    /* NOLINTEND(concurrency-mt-unsafe) */

    if (named != NULL && named[0] != '\0') {
        return put(out, named, "", why);
    }
    if (user == NULL || user[0] == '\0') {
        out->dir[0] = '\0';
        return SG_OK;
    }
    return put(out, user, "/.config/segel", why);
}

enum sg_status home_known(const struct home *home, struct sg_error *why)
{
    return home->dir[0] != '\0'
               ? SG_OK
               : sg_fail(why, SG_INVALID,
                         "where are the gateway's address and your certificate? Give "
                         "--home DIR or set SEGEL_HOME");
}

void home_path(const struct home *home, enum home_file file, char out[HOME_PATH_SIZE])
{
    bool known = home->dir[0] != '\0';
    int len = snprintf(out, HOME_PATH_SIZE, "%s%s%s", home->dir, known ? "/" : "",
                       known ? files[file].name : "");

    MUST(len >= 0 && len < HOME_PATH_SIZE);
}

enum sg_status home_need(const struct home *home, enum home_file file,
                         char out[HOME_PATH_SIZE], struct sg_error *why)
{
    TRY(home_known(home, why));
    home_path(home, file, out);
    if (access(out, R_OK) == 0) {
        return SG_OK;
    }
    return sg_fail(why, SG_INVALID, "%s is missing or not readable: put there %s", out,
                   files[file].what);
}

/* The first line of the file without blanks around it. */
static enum sg_status read_address(const char *path, char *out, size_t cap,
                                   struct sg_error *why)
{
    struct file_bytes bytes = {0};

    TRY(file_read(path, cap - 1, &bytes, why));
    const char *text = (const char *)bytes.data;
    size_t begin = strspn(text, " \t");
    size_t len = strcspn(text + begin, " \t\r\n");
    memcpy(out, text + begin, len);
    out[len] = '\0';
    file_free(&bytes);
    if (len == 0) {
        return sg_fail(why, SG_INVALID, "%s is empty: put there %s", path,
                       files[HOME_GATEWAY].what);
    }
    return SG_OK;
}

enum sg_status home_way(const struct home *home, struct home_way *out,
                        struct sg_error *why)
{
    for (unsigned file = HOME_GATEWAY; file <= HOME_KEY; file++) {
        TRY(home_need(home, (enum home_file)file, out->paths[file], why));
    }
    return read_address(out->paths[HOME_GATEWAY], out->address, sizeof(out->address),
                        why);
}

enum sg_status home_connect(const struct home *home, struct channel **out,
                            struct sg_error *why)
{
    return home_connect_heeding(home, NULL, out, why);
}

enum sg_status home_connect_heeding(const struct home *home, const atomic_bool *given_up,
                                    struct channel **out, struct sg_error *why)
{
    struct home_way way;

    TRY(home_way(home, &way, why));
    const struct channel_options options = {.address = way.address,
                                            .ca = way.paths[HOME_CA],
                                            .certificate = way.paths[HOME_CERT],
                                            .private_key = way.paths[HOME_KEY],
                                            .given_up = given_up};
    return channel_open(&options, out, why);
}
