#include "client/witness/settings.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "proto/text.h"
#include "proto/tlog/lines.h"

enum { SHOWN = 200 };

/* --- Words ------------------------------------------------------------------------- */

static struct slice trim(struct slice text)
{
    while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text = slice_of(text.data + 1, text.len - 1);
    }
    while (text.len > 0 &&
           (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\t' ||
            text.data[text.len - 1] == '\r')) {
        text.len--;
    }
    return text;
}

/* Takes the first word off. */
static struct slice take_word(struct slice *rest)
{
    size_t len = 0;

    while (len < rest->len && rest->data[len] != ' ' && rest->data[len] != '\t') {
        len++;
    }
    struct slice word = slice_of(rest->data, len);
    *rest = trim(slice_of(rest->data + len, rest->len - len));
    return word;
}

static int shown(struct slice text)
{
    return (int)(text.len < SHOWN ? text.len : SHOWN);
}

/* --- Values ------------------------------------------------------------------------ */

static bool copy(struct slice value, char *out, size_t cap)
{
    if (value.len == 0 || value.len >= cap || !text_plain(value)) {
        return false;
    }
    memcpy(out, value.data, value.len);
    out[value.len] = '\0';
    return true;
}

static bool is_address(const char *host)
{
    struct in6_addr any;

    return inet_pton(AF_INET, host, &any) == 1 || inet_pton(AF_INET6, host, &any) == 1;
}

/* "10.1.2.3:8080", "[::1]:0" */
static bool split_address(struct slice value, struct settings *out)
{
    size_t colon = value.len;
    uint64_t port = 0;

    while (colon > 0 && value.data[colon - 1] != ':') {
        colon--;
    }
    if (colon < 2 || text_uint(slice_of(value.data + colon, value.len - colon),
                               UINT16_MAX, &port) != SG_OK) {
        return false;
    }
    struct slice host = slice_of(value.data, colon - 1);
    if (host.len > 2 && host.data[0] == '[' && host.data[host.len - 1] == ']') {
        host = slice_of(host.data + 1, host.len - 2);
    } else if (memchr(host.data, ':', host.len) != NULL) {
        return false;
    }
    out->port = (uint16_t)port;
    return copy(host, out->host, sizeof(out->host)) && is_address(out->host);
}

static enum sg_status put_listen(struct settings *settings, struct slice value,
                                 struct sg_error *why)
{
    return split_address(value, settings)
               ? SG_OK
               : sg_fail(why, SG_INVALID,
                         "listen is '%.*s': write an IP address and a port, as in "
                         "127.0.0.1:8080 or [::1]:8080",
                         shown(value), (const char *)value.data);
}

static enum sg_status put_path(char out[FOLDER_PATH_MAX], struct slice value,
                               const char *word, struct sg_error *why)
{
    return copy(value, out, FOLDER_PATH_MAX)
               ? SG_OK
               : sg_fail(why, SG_INVALID, "%s needs a path of at most %d bytes", word,
                         FOLDER_PATH_MAX - 1);
}

static enum sg_status put_key(struct settings *settings, struct slice value,
                              struct sg_error *why)
{
    return put_path(settings->key, value, "key", why);
}

static enum sg_status put_state(struct settings *settings, struct slice value,
                                struct sg_error *why)
{
    return put_path(settings->state, value, "state", why);
}

static enum sg_status put_prefix(struct settings *settings, struct slice value,
                                 struct sg_error *why)
{
    if (value.len == 1 && value.data[0] == '/') {
        settings->prefix[0] = '\0';
        return SG_OK;
    }
    bool good = copy(value, settings->prefix, sizeof(settings->prefix)) &&
                value.data[0] == '/' && value.data[value.len - 1] != '/';
    return good ? SG_OK
                : sg_fail(why, SG_INVALID,
                          "prefix is the path before /add-checkpoint: it begins with '/' "
                          "and does not end with one");
}

static bool is_known(const struct witness_keys *keys, const struct note_key *key)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (note_key_same(&keys->key[i], key)) {
            return true;
        }
    }
    return false;
}

/* "<vkey> [<url>]": the url is for other readers of a policy. */
static enum sg_status put_log(struct settings *settings, struct slice value,
                              struct sg_error *why)
{
    struct slice rest = value;
    struct slice vkey = take_word(&rest);
    struct note_key key;

    (void)take_word(&rest);
    if (note_vkey_parse(vkey, &key) != SG_OK || !note_kind_of_log(key.kind) ||
        rest.len > 0) {
        return sg_fail(
            why, SG_INVALID,
            "'%.*s' is no verifier key of a log: it looks like "
            "NAME+8 HEX DIGITS+BASE64, and its kind is 1 (Ed25519) or 2 (ECDSA "
            "on P-256); the line \"ready\" of segeld's log has it as log_key",
            shown(vkey), (const char *)vkey.data);
    }
    if (is_known(&settings->keys, &key)) {
        return sg_fail(why, SG_INVALID, "the key of the log '%s' is named twice",
                       key.name);
    }
    if (settings->keys.count == WITNESS_KEYS_MAX) {
        return sg_fail(why, SG_INVALID, "at most %d keys of logs can be named",
                       (int)WITNESS_KEYS_MAX);
    }
    settings->keys.key[settings->keys.count++] = key;
    return SG_OK;
}

static const struct {
    const char *word;
    enum sg_status (*put)(struct settings *settings, struct slice value,
                          struct sg_error *why);
} words[] = {
    {"listen", put_listen}, {"key", put_key}, {"state", put_state},
    {"prefix", put_prefix}, {"log", put_log},
};

enum sg_status settings_put(struct settings *settings, struct slice word,
                            struct slice value, struct sg_error *why)
{
    for (size_t i = 0; i < SG_COUNT(words); i++) {
        if (slice_equal(slice_str(words[i].word), word)) {
            return words[i].put(settings, value, why);
        }
    }
    return sg_fail(why, SG_INVALID,
                   "'%.*s' is no setting: write listen, key, state, prefix or log",
                   shown(word), (const char *)word.data);
}

enum sg_status settings_put_logs(struct settings *settings, struct slice vkeys,
                                 struct sg_error *why)
{
    struct slice rest = vkeys;

    while (rest.len > 0) {
        size_t len = 0;
        while (len < rest.len && rest.data[len] != ',') {
            len++;
        }
        TRY(put_log(settings, slice_of(rest.data, len), why));
        len += len < rest.len ? 1 : 0;
        rest = slice_of(rest.data + len, rest.len - len);
    }
    return SG_OK;
}

/* --- Files ------------------------------------------------------------------------- */

static enum sg_status read_line(struct settings *settings, struct slice line,
                                struct sg_error *why)
{
    struct slice rest = trim(line);

    if (rest.len == 0 || rest.data[0] == '#') {
        return SG_OK;
    }
    struct slice word = take_word(&rest);
    return settings_put(settings, word, rest, why);
}

enum sg_status settings_read(struct settings *settings, struct slice text,
                             const char *name, struct sg_error *why)
{
    struct slice rest = text;
    struct sg_error inner = {0};

    for (unsigned number = 1; rest.len > 0; number++) {
        struct slice line = rest;
        if (!lines_next(&rest, &line)) {
            rest.len = 0; /* the last line may have no end */
        }
        enum sg_status status = read_line(settings, line, &inner);
        if (status != SG_OK) {
            return sg_fail(why, status, "%.100s line %u: %.380s", name, number,
                           inner.text);
        }
    }
    return SG_OK;
}

enum sg_status settings_check(const struct settings *settings, struct sg_error *why)
{
    const struct {
        const char *word;
        bool given;
    } needed[] = {{"listen", settings->host[0] != '\0'},
                  {"key", settings->key[0] != '\0'},
                  {"state", settings->state[0] != '\0'},
                  {"log", settings->keys.count > 0}};

    for (size_t i = 0; i < SG_COUNT(needed); i++) {
        if (!needed[i].given) {
            return sg_fail(why, SG_INVALID,
                           "'%s' is missing: give --%s, or a line of the --config file",
                           needed[i].word, needed[i].word);
        }
    }
    return SG_OK;
}
