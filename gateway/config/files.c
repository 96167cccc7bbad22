#define _GNU_SOURCE /* strerrordesc_np */
#include "gateway/config/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/config/settings.h"
#include "gateway/program.h"
#include "gateway/venture.h"

/* What is looked at, and where it is named: "tls.certificate", "lane 'hsm0': module". */
struct place {
    const char *named;
    const char *path;
};

/* --- One place ------------------------------------------------------------------- */

static enum sg_status missing(const struct place *place, int rights, int error,
                              struct sg_error *why)
{
    return sg_fail(why, error == ENOENT ? SG_NOT_FOUND : SG_IO,
                   "%s: %s cannot be %s: %s; check the path and its rights", place->named,
                   place->path, rights == R_OK ? "read" : "used", strerrordesc_np(error));
}

static enum sg_status look(const struct place *place, int rights, struct stat *found,
                           struct sg_error *why)
{
    return stat(place->path, found) == 0 ? SG_OK : missing(place, rights, errno, why);
}

static enum sg_status may(const struct place *place, int rights, struct sg_error *why)
{
    return faccessat(AT_FDCWD, place->path, rights, AT_EACCESS) == 0
               ? SG_OK
               : missing(place, rights, errno, why);
}

static enum sg_status check_regular(const struct place *place, int rights,
                                    struct sg_error *why)
{
    struct stat found;

    TRY(look(place, rights, &found, why));
    if (!S_ISREG(found.st_mode)) {
        return sg_fail(why, SG_INVALID, "%s: %s is no regular file", place->named,
                       place->path);
    }
    return may(place, rights, why);
}

static enum sg_status check_file(const struct place *place, struct sg_error *why)
{
    return check_regular(place, R_OK, why);
}

static enum sg_status check_program(const struct place *place, struct sg_error *why)
{
    return check_regular(place, X_OK, why);
}

static enum sg_status check_folder(const struct place *place, int rights,
                                   struct sg_error *why)
{
    struct stat found;

    TRY(look(place, rights, &found, why));
    if (!S_ISDIR(found.st_mode)) {
        return sg_fail(why, SG_INVALID, "%s: %s is no folder", place->named, place->path);
    }
    return may(place, rights, why);
}

/* Something is made there: in what it will lie. */
static enum sg_status check_above(const struct place *place, struct sg_error *why)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(place->path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - place->path) + 1;

    if (len >= sizeof(folder)) {
        return sg_fail(why, SG_INVALID, "%s: the path is too long", place->named);
    }
    (void)snprintf(folder, sizeof(folder), "%.*s", len == 0 ? 1 : (int)len,
                   len == 0 ? "." : place->path);
    const struct place above = {place->named, folder};
    return check_folder(&above, W_OK | X_OK, why);
}

static bool is_there(const struct place *place)
{
    struct stat found;

    return stat(place->path, &found) == 0;
}

static enum sg_status check_database(const struct place *place, struct sg_error *why)
{
    TRY(check_above(place, why));
    return is_there(place) ? check_regular(place, R_OK | W_OK, why) : SG_OK;
}

static enum sg_status check_made_folder(const struct place *place, struct sg_error *why)
{
    return is_there(place) ? check_folder(place, R_OK | W_OK | X_OK, why)
                           : check_above(place, why);
}

/* One that is there already is taken over when the gateway starts. */
static enum sg_status check_socket(const struct place *place, struct sg_error *why)
{
    struct stat found;

    if (strncmp(place->path, "fd:", 3) == 0) {
        return SG_OK;
    }
    if (lstat(place->path, &found) == 0 && !S_ISSOCK(found.st_mode)) {
        return sg_fail(why, SG_INVALID,
                       "%s: %s is there already and is not a socket; choose another path",
                       place->named, place->path);
    }
    return check_above(place, why);
}

static enum sg_status check_secret(const struct place *place, struct sg_error *why)
{
    struct stat found;

    TRY(check_file(place, why));
    TRY(look(place, R_OK, &found, why));
    return (found.st_mode & S_IRWXO) == 0
               ? SG_OK
               : sg_fail(why, SG_INVALID,
                         "%s: %s is open to everybody on this machine; run: chmod o= %s",
                         place->named, place->path, place->path);
}

/* --- Settings -------------------------------------------------------------------- */

static enum sg_status check_setting(const struct setting *row,
                                    const struct config *config, struct sg_error *why)
{
    static enum sg_status (*const checks[TEXT_KINDS])(const struct place *place,
                                                      struct sg_error *why) = {
        [TEXT_FILE] = check_file,          [TEXT_DATABASE] = check_database,
        [TEXT_FOLDER] = check_made_folder, [TEXT_PROGRAM] = check_program,
        [TEXT_SOCKET] = check_socket,      [TEXT_SECRET] = check_secret,
    };

    if (row->kind != TEXT_SETTING || checks[row->text_kind] == NULL) {
        return SG_OK;
    }
    const struct place place = {row->path, setting_text(row, config)};
    return place.path[0] == '\0' ? SG_OK : checks[row->text_kind](&place, why);
}

static enum sg_status check_hsm_program(const struct config *config, struct sg_error *why)
{
    char path[PATH_MAX];

    TRY(hsm_program(config, path, why));
    const struct place place = {"hsm.program", path};
    return check_program(&place, why);
}

/* --- Lists ----------------------------------------------------------------------- */

enum { NAMED_SIZE = 128 };

static void name(char out[NAMED_SIZE], const char *kind, const char *which,
                 const char *field)
{
    (void)snprintf(out, NAMED_SIZE, "%s '%s': %s", kind, which, field);
}

/* The lane would refuse it, too. */
static enum sg_status check_pin_file(const struct place *place, struct sg_error *why)
{
    struct stat found;

    TRY(check_secret(place, why));
    TRY(look(place, R_OK, &found, why));
    return found.st_size > 0
               ? SG_OK
               : sg_fail(why, SG_INVALID, "%s: %s is empty; write the PIN into it",
                         place->named, place->path);
}

/* What a loader would refuse only in the lane's own process. */
static enum sg_status check_module(const struct place *place, struct sg_error *why)
{
    static const char magic[] = {0x7f, 'E', 'L', 'F'};
    char start[sizeof(magic)] = "";

    TRY(check_file(place, why));
    int fd = open(place->path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, start, sizeof(start));
    if (fd >= 0) {
        (void)close(fd);
    }
    return len == (ssize_t)sizeof(start) && memcmp(start, magic, sizeof(magic)) == 0
               ? SG_OK
               : sg_fail(
                     why, SG_INVALID,
                     "%s: %s is no shared library; name the PKCS#11 module of the HSM",
                     place->named, place->path);
}

/* A credential that this process is not given. */
static bool is_kept_back(const struct config_lane *lane)
{
    return lane->credential != NULL && lane->pin_path[0] == '\0';
}

static enum sg_status check_lane(const struct config_lane *lane, struct sg_error *why)
{
    char named[NAMED_SIZE];

    name(named, "lane", lane->name, "module");
    const struct place module = {named, lane->module};
    /* By its name alone the loader looks for it where it looks for libraries. */
    TRY(strchr(lane->module, '/') == NULL ? SG_OK : check_module(&module, why));
    name(named, "lane", lane->name,
         lane->credential != NULL ? "pin_credential" : "pin_file");
    const struct place pin = {named, lane->pin_path};
    TRY(lane->pin_prompt || is_kept_back(lane) ? SG_OK : check_pin_file(&pin, why));
    name(named, "lane", lane->name, "read_only");
    for (size_t i = 0; i < lane->read_only.count; i++) {
        const struct place folder = {named, lane->read_only.items[i]};
        TRY(check_folder(&folder, X_OK, why));
    }
    return SG_OK;
}

static enum sg_status check_maybe_file(const char *kind, const char *which,
                                       const char *field, const char *path,
                                       struct sg_error *why)
{
    char named[NAMED_SIZE];

    name(named, kind, which, field);
    const struct place place = {named, path};
    return path == NULL || path[0] == '\0' ? SG_OK : check_file(&place, why);
}

static enum sg_status check_lists(const struct config *config, struct sg_error *why)
{
    for (size_t i = 0; i < config->lane_count; i++) {
        TRY(check_lane(&config->lanes[i], why));
    }
    for (size_t i = 0; i < config->key_count; i++) {
        const struct config_key *key = &config->keys[i];
        TRY(check_maybe_file("key", key->name, "certificate", key->certificate, why));
        TRY(check_maybe_file("key", key->name, "chain", key->chain, why));
    }
    for (size_t i = 0; i < config->anchor_count; i++) {
        const struct config_anchor *anchor = &config->anchors[i];
        TRY(check_maybe_file("anchor", anchor->name, "chain", anchor->chain, why));
        TRY(check_maybe_file("anchor", anchor->name, "ca", anchor->ca, why));
    }
    return SG_OK;
}

enum sg_status config_files_check(const struct config *config, struct sg_error *why)
{
    for (size_t i = 0; i < settings_count(); i++) {
        TRY(check_setting(settings_row(i), config, why));
    }
    TRY(check_hsm_program(config, why));
    return check_lists(config, why);
}

/* --- What stays open -------------------------------------------------------------- */

enum sg_status config_files_credentials(const struct config *config, struct sg_error *why)
{
    for (size_t i = 0; i < config->lane_count; i++) {
        const struct config_lane *lane = &config->lanes[i];
        if (is_kept_back(lane)) {
            return sg_fail(why, SG_PRECONDITION,
                           "lane '%s': no credentials are passed to this process; name "
                           "'%s' in LoadCredential= of its systemd unit and restart "
                           "that, or use pin_file",
                           lane->name, lane->credential);
        }
    }
    return SG_OK;
}

/* A folder that hangs must not keep whoever asks from ending, so each is looked at by a
 * thread that takes along what it needs. */
struct folder_look {
    struct venture venture; /* first */
    char named[NAMED_SIZE];
    char path[PATH_MAX];
    enum sg_status status; /* once it is back */
    struct sg_error why;
};

static void look_at_folder(struct venture *venture)
{
    struct folder_look *look = (struct folder_look *)venture;
    const struct place folder = {look->named, look->path};

    look->status = check_folder(&folder, W_OK | X_OK, &look->why);
}

static void free_look(struct venture *venture)
{
    free(venture);
}

/* NULL: there is nothing to look at, or no thread to do it. */
static struct folder_look *begin_look(const struct config_anchor *anchor)
{
    bool is_folder = anchor->kind == ANCHOR_DISK || anchor->kind == ANCHOR_DROP;
    const char *path = is_folder ? anchor->place : anchor->keep;
    struct folder_look *look = NULL;

    if (path != NULL && path[0] != '\0') {
        look = (struct folder_look *)calloc(1, sizeof(*look));
    }
    if (look == NULL) {
        return NULL;
    }
    look->venture = (struct venture){.run = look_at_folder, .free = free_look};
    name(look->named, "anchor", anchor->name, config_anchor_word(anchor->kind));
    (void)snprintf(look->path, sizeof(look->path), "%s", path);
    if (venture_begin(&look->venture, "segeld-folder") != SG_OK) {
        free(look);
        return NULL;
    }
    return look;
}

static void tell_look(struct folder_look *look, int64_t until_us, FILE *out)
{
    if (!venture_back(&look->venture, until_us)) {
        (void)fprintf(
            out,
            "%s: %s gives no answer; see to the disk or the share that it is on "
            "(until then nothing is kept there)\n",
            look->named, look->path);
    } else if (look->status != SG_OK) {
        (void)fprintf(out,
                      "%s (until then nothing is kept there; a systemd unit must "
                      "name it in ReadWritePaths)\n",
                      look->why.text);
    }
    venture_leave(&look->venture);
}

static void tell_folders(const struct config *config, FILE *out)
{
    struct folder_look *looks[CONFIG_ANCHORS_MAX] = {NULL};
    int64_t until_us = clock_mono_us() + config_folder_patience_us(config);

    for (size_t i = 0; i < config->anchor_count; i++) {
        looks[i] = begin_look(&config->anchors[i]);
    }
    for (size_t i = 0; i < config->anchor_count; i++) {
        if (looks[i] != NULL) {
            tell_look(looks[i], until_us, out);
        }
    }
}

void config_files_tell(const struct config *config, FILE *out)
{
    for (size_t i = 0; i < config->lane_count; i++) {
        if (is_kept_back(&config->lanes[i])) {
            (void)fprintf(
                out,
                "lane '%s': the credential '%s' was not looked at: it is passed "
                "to the systemd unit alone\n",
                config->lanes[i].name, config->lanes[i].credential);
        }
    }
    tell_folders(config, out);
}
