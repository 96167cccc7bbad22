#define _GNU_SOURCE /* NOLINT: the name is the C library's */
#include "tests/unit/pdf/support/tool.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

void tool_folder_init(struct tool_folder *folder)
{
    (void)snprintf(folder->path, sizeof(folder->path), "/tmp/segel-pdf-XXXXXX");
    MUST(mkdtemp(folder->path) != NULL);
}

void tool_folder_fini(const struct tool_folder *folder)
{
    const char *const argv[] = {"rm", "-rf", folder->path, NULL};
    char out[64];

    MUST(tool_run(argv, out, sizeof(out)) == 0);
}

const char *tool_path(const struct tool_folder *folder, const char *name,
                      char out[TOOL_PATH])
{
    (void)snprintf(out, TOOL_PATH, "%s/%s", folder->path, name);
    return out;
}

static void become(const char *const argv[], int out)
{
    int nothing = open("/dev/null", O_RDONLY);

    (void)dup2(nothing, STDIN_FILENO);
    (void)dup2(out, STDOUT_FILENO);
    (void)dup2(out, STDERR_FILENO);
    (void)close(out);
    (void)setenv("LC_ALL", "C", 1); /* NOLINT: the child has one thread */
    (void)execvp(argv[0], (char *const *)letter_own(argv));
    _exit(127);
}

static void drain(int from, char *out, size_t size)
{
    char rest[4096];
    size_t len = 0;
    ssize_t got = 0;

    while ((got = read(from, rest, sizeof(rest))) > 0) {
        size_t room = size - 1 - len;
        size_t part = (size_t)got < room ? (size_t)got : room;
        memcpy(out + len, rest, part);
        len += part;
    }
    out[len] = '\0';
}

int tool_run(const char *const argv[], char *out, size_t size)
{
    int ends[2];
    int state = 0;

    MUST(pipe(ends) == 0);
    pid_t child = fork();
    MUST(child >= 0);
    if (child == 0) {
        (void)close(ends[0]);
        become(argv, ends[1]);
    }
    (void)close(ends[1]);
    drain(ends[0], out, size);
    (void)close(ends[0]);
    MUST(waitpid(child, &state, 0) == child);
    return WIFEXITED(state) ? WEXITSTATUS(state) : 128;
}

static void must_run(const char *const argv[])
{
    char out[1024];

    MUST(tool_run(argv, out, sizeof(out)) == 0);
}

struct slice tool_variant(const struct tool_folder *folder, const struct letter *letter,
                          const char *first, const char *second)
{
    char plain[TOOL_PATH];
    char made[TOOL_PATH];
    struct slice pdf = letter_build(letter);

    letter_write(tool_path(folder, "plain.pdf", plain), pdf);
    letter_free(pdf);
    (void)tool_path(folder, "made.pdf", made);
    const char *const argv[] = {"qpdf", plain, made, first, second, NULL};
    must_run(argv);
    return letter_read(made);
}

void tool_trust(const struct tool_folder *folder, const struct signer *signer)
{
    char pem[TOOL_PATH];
    char base[TOOL_PATH];
    char nss[TOOL_PATH + 4];

    signer_write(signer, tool_path(folder, "signer.pem", pem));
    const char *const make_folder[] = {"mkdir", tool_path(folder, "nss", base), NULL};
    must_run(make_folder);
    (void)snprintf(nss, sizeof(nss), "sql:%s", base);
    const char *const make_base[] = {"certutil",         "-N", "-d", nss,
                                     "--empty-password", NULL};
    must_run(make_base);
    const char *const add[] = {"certutil", "-A",     "-d", nss, "-n", "signer",
                               "-t",       "CT,C,C", "-i", pem, NULL};
    must_run(add);
}

int tool_count(const char *text, const char *word)
{
    int count = 0;

    for (const char *at = text; (at = strstr(at, word)) != NULL; at++) {
        count++;
    }
    return count;
}

const char *tool_judge(const struct tool_folder *folder, const char *path, int count)
{
    static char out[16384];
    char base[TOOL_PATH];
    char nss[TOOL_PATH + 4];

    (void)snprintf(nss, sizeof(nss), "sql:%s", tool_path(folder, "nss", base));
    const char *const pdfsig[] = {"pdfsig", "-nssdir", nss, path, NULL};
    /* Its exit code also speaks of empty fields: count what it says. */
    (void)tool_run(pdfsig, out, sizeof(out));
    if (tool_count(out, "Signature is Valid.") != count ||
        tool_count(out, "Certificate is Trusted.") != count ||
        tool_count(out, "Signed Ranges:") != count ||
        tool_count(out, "Total document signed") != 1) {
        return out;
    }
    const char *const qpdf[] = {"qpdf", "--check", path, NULL};
    if (tool_run(qpdf, out, sizeof(out)) != 0) {
        return out;
    }
    return "";
}
