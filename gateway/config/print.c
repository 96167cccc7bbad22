#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gateway/config/settings.h"

/* A configuration file with every setting in it, as somebody would write it who has to
 * read it again in a year. */

enum { WIDTH = 88, INDENT = 2 };

static const char lists[] =
    "\n"
    "# Who connects from where, for rules over caller.network; may be left out.\n"
    "# networks:\n"
    "#   - {name: server_vlan, addresses: [10.1.0.0/16, \"::1\"]}\n"
    "\n"
    "# One process for each token.\n"
    "# lanes:\n"
    "#   - name: hsm0\n"
    "#     module: /usr/lib/softhsm/libsofthsm2.so\n"
    "#     token: city-seal\n"
    "#     pin_file: /run/credentials/segeld.service/hsm0.pin\n"
    "#     threads: 2\n"
    "\n"
    "# The key that signs the log's checkpoints, and nothing else: Ed25519, or P-256\n"
    "# where the token has no Ed25519.\n"
    "# log_key: {lane: hsm0, id: \"a1b2\"}\n"
    "\n"
    "# Keys that sign letters.\n"
    "# keys:\n"
    "#   - name: seal-setda\n"
    "#     class: seal\n"
    "#     id: \"c3d4\"\n"
    "#     scheme: rsa-pkcs1\n"
    "#     certificate: seal-setda.pem\n"
    "#     chain: issuing.pem\n"
    "\n"
    "# Who may call, by client certificate or user of this machine.\n"
    "# callers:\n"
    "#   - {name: e-office, match: \"URI:urn:segel:caller:e-office\", roles: [backend],\n"
    "#      keys: [seal-setda]}\n"
    "\n"
    "# Who else holds the log, out of the operator's reach; may be left out.\n"
    "# anchors:\n"
    "#   - {name: assessor, drop: /srv/assessor/segel}\n";

static size_t section_len(const char *path)
{
    const char *dot = strchr(path, '.');

    return dot == NULL ? 0 : (size_t)(dot - path);
}

static bool same_section(const char *one, const char *other)
{
    size_t len = section_len(one);

    return len == section_len(other) && strncmp(one, other, len) == 0;
}

/* A comment in lines that fit. */
static void print_comment(const char *text, int indent, FILE *out)
{
    size_t room = (size_t)(WIDTH - indent - 2);

    while (*text != '\0') {
        size_t len = strlen(text);
        if (len > room) {
            for (len = room; len > 0 && text[len] != ' '; len--) {
            }
            len = len == 0 ? room : len;
        }
        (void)fprintf(out, "%*s# %.*s\n", indent, "", (int)len, text);
        text += len;
        text += strspn(text, " ");
    }
}

/* YAML's double-quoted form; no setting holds what cannot be seen (read_text). */
static void print_quoted(const char *text, FILE *out)
{
    (void)fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            (void)fputc('\\', out);
        }
        (void)fputc(*text, out);
    }
    (void)fputc('"', out);
}

static void print_text(const struct setting *row, const struct config *config, FILE *out)
{
    const char *text = config == NULL ? row->text_fallback : setting_text(row, config);

    if (text == NULL) {
        (void)fprintf(out, " # must be given");
        return;
    }
    (void)fputc(' ', out);
    print_quoted(text, out);
}

static void print_setting(const struct setting *row, const struct config *config,
                          FILE *out)
{
    int indent = section_len(row->path) == 0 ? 0 : INDENT;
    const char *dot = strchr(row->path, '.');
    char help[512];

    if (row->kind == TEXT_SETTING) {
        print_comment(row->help, indent, out);
        (void)fprintf(out, "%*s%s:", indent, "", dot == NULL ? row->path : dot + 1);
        print_text(row, config, out);
    } else {
        (void)snprintf(help, sizeof(help), "%s (%" PRId64 " to %" PRId64 "%s%s)",
                       row->help, row->range.min, row->range.max,
                       row->unit[0] == '\0' ? "" : " ", row->unit);
        print_comment(help, indent, out);
        (void)fprintf(out, "%*s%s: %" PRId64, indent, "",
                      dot == NULL ? row->path : dot + 1,
                      config == NULL ? row->fallback : setting_number(row, config));
    }
    (void)fputc('\n', out);
}

/* All rows of the section that this row is the first of. */
static void print_section(size_t first, const struct config *config, FILE *out)
{
    const char *path = settings_row(first)->path;
    size_t len = section_len(path);

    if (len > 0) {
        (void)fprintf(out, "\n%.*s:\n", (int)len, path);
    }
    for (size_t i = first; i < settings_count(); i++) {
        if (same_section(settings_row(i)->path, path)) {
            print_setting(settings_row(i), config, out);
        }
    }
}

static bool is_first(size_t i)
{
    for (size_t before = 0; before < i; before++) {
        if (same_section(settings_row(before)->path, settings_row(i)->path)) {
            return false;
        }
    }
    return true;
}

void config_print(const struct config *config, FILE *out)
{
    (void)fputs(
        config == NULL
            ? "# All settings of segeld with their defaults. Paths are relative to "
              "this file.\n"
            : "# The settings of the file, with the defaults of those that it leaves "
              "out; a\n"
              "# gateway that runs may go by an earlier file. Lists stand in it alone.\n",
        out);
    for (size_t i = 0; i < settings_count(); i++) {
        if (is_first(i)) {
            print_section(i, config, out);
        }
    }
    if (config == NULL) {
        (void)fputs(lists, out);
    }
}
