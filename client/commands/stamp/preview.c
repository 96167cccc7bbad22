#define _GNU_SOURCE /* environ, memfd_create */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/call/signer.h"
#include "client/channel/moment.h"
#include "client/console/command.h"
#include "client/console/screen.h"
#include "client/pdf/preview.h"
#include "client/segel/stamp.h"
#include "proto/text.h"

/* `segel stamp preview` */
struct preview_options {
    const char *stamp;
    const char *key;
    const char *out;
    const char *name, *title, *rank, *nip, *unit, *reason, *location;
};

#define AT(member) offsetof(struct preview_options, member)
static const struct option rows[] = {
    {"stamp", 0, "T", "block (default), footer, letter, or a template's file", AT(stamp)},
    {"out", 'o', "FILE", "FILE.pdf, or FILE.png when pdftoppm is installed", AT(out)},
    {"key", 'k', "NAME",
     "statement and logos of this key, from the gateway; without it "
     "they are marked by frames",
     AT(key)},
    {"name", 0, "TEXT", "signer's name", AT(name)},
    {"title", 0, "TEXT", "signer's office", AT(title)},
    {"unit", 0, "TEXT", "signer's unit", AT(unit)},
    {"rank", 0, "TEXT", "signer's rank", AT(rank)},
    {"nip", 0, "NIP", "signer's number as a civil servant", AT(nip)},
    {"reason", 0, "TEXT", "reason", AT(reason)},
    {"location", 0, "TEXT", "place", AT(location)},
};

static void fill_wish(const struct preview_options *options, struct pdf_wish *wish)
{
    wish->signing_time_us = moment_wall_us();
    wish->statement = "Di sini tertera pernyataan yang diminta kebijakan gateway "
                      "(notice.statement), kata demi kata.";
    wish->qr_text = "https://verifikasi.example.go.id/PRATINJAU";
    wish->name = options->name;
    wish->title = options->title;
    wish->rank = options->rank;
    wish->nip = options->nip;
    wish->unit = options->unit;
    wish->reason = options->reason;
    wish->location = options->location;
}

/* What the gateway says takes the place of the samples. */
static enum sg_status draw(const struct preview_options *options,
                           const Segel__V1__GetSignerResponse *signer,
                           struct segel_stamp *stamp, struct pdf_buffer *out,
                           struct sg_error *why)
{
    struct pdf_wish wish = {.page = 1};

    fill_wish(options, &wish);
    stamp_place(stamp, &wish);
    if (signer == NULL) {
        stamp->look.layout = &stamp->layout;
        stamp->look.sample = true;
        wish.look = &stamp->look;
        wish.signer = "NAMA DALAM SERTIFIKAT";
        return pdf_preview(&wish, out, why);
    }
    TRY(stamp_fit(stamp, signer, why));
    wish.look = &stamp->look;
    wish.signer = stamp->signer[0] == '\0' ? NULL : stamp->signer;
    wish.statement = signer->statement;
    wish.qr_text = signer->verify_url[0] == '\0' ? NULL : signer->verify_url;
    return pdf_preview(&wish, out, why);
}

static enum sg_status ask(const struct home *home, const char *key,
                          Segel__V1__GetSignerResponse **signer, struct sg_error *why)
{
    struct channel *channel = NULL;

    TRY(home_connect(home, &channel, why));
    enum sg_status status = signer_get(channel, key, "id", signer, why);
    channel_close(channel);
    return status;
}

static enum sg_status make(const struct home *home, const struct preview_options *options,
                           struct pdf_buffer *out, struct sg_error *why)
{
    AUTO(stamp_fini) struct segel_stamp stamp = {.name = NULL};
    AUTO(signer_free) Segel__V1__GetSignerResponse *signer = NULL;

    TRY(stamp_read(options->stamp, &stamp, why));
    if (options->key != NULL) {
        TRY(ask(home, options->key, &signer, why));
    }
    return draw(options, signer, &stamp, out, why);
}

/* --- Output ------------------------------------------------------------------------ */

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

static bool write_all(int fd, struct slice bytes)
{
    while (bytes.len > 0) {
        ssize_t len = write(fd, bytes.data, bytes.len);
        if (len < 0 && errno == EINTR) {
            continue;
        }
        if (len <= 0) {
            return false;
        }
        bytes = slice_of(bytes.data + len, bytes.len - (size_t)len);
    }
    return true;
}

static enum sg_status write_pdf(const char *path, struct slice pdf, struct sg_error *why)
{
    AUTO(close_fd) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    return fd >= 0 && write_all(fd, pdf)
               ? SG_OK
               : sg_fail(why, SG_IO, "%s cannot be written", path);
}

/* pdftoppm between two files: it reads the one and writes the other. */
static bool render(int from, int to)
{
    static const char *const words[] = {"pdftoppm",    "-png", "-r", "150",
                                        "-singlefile", "-",    NULL};
    posix_spawn_file_actions_t actions;
    pid_t child = -1;
    int state = 0;

    if (posix_spawn_file_actions_init(&actions) != 0) {
        return false;
    }
    bool begun = posix_spawn_file_actions_adddup2(&actions, from, STDIN_FILENO) == 0 &&
                 posix_spawn_file_actions_adddup2(&actions, to, STDOUT_FILENO) == 0 &&
                 posix_spawnp(&child, words[0], &actions, NULL,
                              (char *const *)sg_unconst(words), environ) == 0;
    (void)posix_spawn_file_actions_destroy(&actions);
    if (!begun) {
        return false;
    }
    while (waitpid(child, &state, 0) < 0) {
        if (errno != EINTR) {
            return false;
        }
    }
    return WIFEXITED(state) && WEXITSTATUS(state) == 0;
}

static enum sg_status write_png(const char *path, struct slice pdf, struct sg_error *why)
{
    AUTO(close_fd) int from = memfd_create("preview", MFD_CLOEXEC);
    AUTO(close_fd) int to = -1;

    if (from < 0 || !write_all(from, pdf) || lseek(from, 0, SEEK_SET) != 0) {
        return sg_fail(why, SG_IO, "there is no room for the preview");
    }
    to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (to < 0) {
        return sg_fail(why, SG_IO, "%s cannot be written", path);
    }
    if (!render(from, to)) {
        (void)unlink(path);
        return sg_fail(why, SG_IO,
                       "a PNG is made by pdftoppm, which is not installed or failed: "
                       "install poppler-utils, or write to a name that ends in .pdf");
    }
    return SG_OK;
}

static enum sg_status preview(const struct home *home,
                              const struct preview_options *options, struct sg_error *why)
{
    AUTO(pdf_buffer_fini) struct pdf_buffer out = {0};
    bool png = text_ends_in(options->out, ".png");

    if (!png && !text_ends_in(options->out, ".pdf")) {
        return sg_fail(why, SG_INVALID, "--out must end in .pdf or .png");
    }
    TRY(make(home, options, &out, why));
    struct slice pdf = pdf_buffer_slice(&out);
    return png ? write_png(options->out, pdf, why) : write_pdf(options->out, pdf, why);
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct preview_options options = {
        .stamp = "block",
        .name = "NAMA LENGKAP",
        .title = "NAMA JABATAN",
        .rank = "Pangkat (Golongan)",
        .nip = "00000000 000000 0 000",
        .location = "Nama Kota",
    };
    struct sg_error why = {0};

    if (command_parse(&command_stamp_preview, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    if (options_need(&command_stamp_preview.options, &options, "out", &why) != SG_OK) {
        screen_complain(why.text);
        return EXIT_USAGE;
    }
    enum sg_status status = preview(home, &options, &why);
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_stamp_preview = {
    .name = "stamp preview",
    .operands = "",
    .summary = "a page with the stamp as letters will carry it; nothing is signed",
    .examples = "Examples:\n"
                "  segel stamp preview -o stamp.pdf\n"
                "  segel stamp preview --stamp ./dinas.stamp --key seal-setda \\\n"
                "      --title 'SEKRETARIS DAERAH' -o stamp.png\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
