/* Request headers: the pure functions of metadata.h one by one, and whole lists of fields
 * in a request that has neither HPACK's tables nor Huffman in the way. Input: which
 * (1 byte); a value, or lines "name:value". */
#include "gateway/transport/metadata.h"

#include <stdlib.h>

#include "proto/text.h"
#include "tests/fuzz/support/fuzz.h"
#include "tests/fuzz/support/link.h"

enum { BLOCK_MAX = 16384, LINE_MAX_BYTES = 4096, ODD = 1 };

static void try_timeout(struct slice value)
{
    int64_t us = -1;

    MUST(!metadata_timeout(value, &us) ||
         (us >= 0 && us <= INT64_C(99999999) * 3600 * 1000000));
}

/* Wraps no character, and what it writes is printable. */
static void try_percent(struct slice text)
{
    static char out[512];
    size_t len = metadata_percent(text, out, sizeof(out));

    MUST(len <= sizeof(out) && (len == 0) == (text.len == 0));
    for (size_t i = 0; i < len; i++) {
        MUST(out[i] >= 0x20 && out[i] <= 0x7E);
    }
}

static void try_base64(struct slice bytes)
{
    char *text = (char *)malloc(METADATA_BASE64(bytes.len));
    uint8_t *back = (uint8_t *)malloc(bytes.len + 8);
    size_t len = 0;

    MUST(text != NULL && back != NULL);
    struct slice coded = slice_of(text, metadata_base64(bytes, text));
    MUST(metadata_from_base64(coded, back, &len));
    MUST(slice_equal(slice_of(back, len), bytes));
    free(text);
    free(back);
}

/* What is read as base64 is no longer than it may be. */
static void try_from_base64(struct slice text)
{
    size_t room = (text.len + 3) / 4 * 3;
    uint8_t *out = (uint8_t *)malloc(room + 1);
    size_t len = 0;

    MUST(out != NULL);
    MUST(!metadata_from_base64(text, out, &len) || len <= room);
    free(out);
}

static void try_list(struct slice list)
{
    struct slice rest = list;
    struct slice item = {0};
    size_t count = 0;

    while (metadata_item(&rest, &item)) {
        MUST(slice_equal(metadata_trim(item), item));
        MUST(memchr(item.len > 0 ? (const void *)item.data : "", ',', item.len) == NULL);
        MUST(++count <= list.len + 1);
    }
    (void)metadata_lists(list, slice_str("gzip"));
}

static void try_words(struct slice word)
{
    (void)metadata_content_type(word);
    if (metadata_name(word)) {
        MUST(word.len > 0 && word.len <= 256 && word.data[0] != ':');
    }
    if (metadata_value(word)) {
        MUST(slice_equal(metadata_trim(word), word));
    }
    (void)metadata_is_binary(word);
}

/* --- A list of fields -------------------------------------------------------------- */

static uint8_t block[BLOCK_MAX];
static size_t block_len;

static void put_string(struct slice text)
{
    size_t rest = text.len;

    if (rest < 127) {
        block[block_len++] = (uint8_t)rest;
    } else {
        block[block_len++] = 127;
        for (rest -= 127; rest >= 128; rest >>= 7) {
            block[block_len++] = (uint8_t)(rest | 128);
        }
        block[block_len++] = (uint8_t)rest;
    }
    if (text.len > 0) {
        memcpy(block + block_len, text.data, text.len);
    }
    block_len += text.len;
}

static void put_field(struct slice name, struct slice value)
{
    if (name.len + value.len < LINE_MAX_BYTES &&
        block_len + name.len + value.len + 16 < sizeof(block)) {
        block[block_len++] = 0;
        put_string(name);
        put_string(value);
    }
}

static struct slice cut_at(struct slice *text, char mark)
{
    const uint8_t *found =
        text->len == 0 ? NULL : (const uint8_t *)memchr(text->data, mark, text->len);
    size_t len = found == NULL ? text->len : (size_t)(found - text->data);
    size_t used = found == NULL ? len : len + 1;
    struct slice part = slice_of(text->data, len);

    *text = slice_of(text->data + used, text->len - used);
    return part;
}

/* ":path:/f.F/U": the colon of a pseudo-header belongs to its name. */
static void put_line(struct slice line)
{
    struct slice rest = line;
    bool pseudo = line.len > 0 && line.data[0] == ':';

    if (pseudo) {
        rest = slice_of(line.data + 1, line.len - 1);
    }
    struct slice name = cut_at(&rest, ':');
    put_field(pseudo ? slice_of(line.data, name.len + 1) : name, rest);
}

static void send_frame(uint8_t kind, uint8_t flags, struct slice payload)
{
    const uint8_t head[] = {(uint8_t)(payload.len >> 16),
                            (uint8_t)(payload.len >> 8),
                            (uint8_t)payload.len,
                            kind,
                            flags,
                            0,
                            0,
                            0,
                            1};

    (void)link_send(slice_of(head, sizeof(head)));
    (void)link_send(payload);
}

static void try_request(struct slice lines, bool unknown)
{
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";
    static const uint8_t message[] = {0, 0, 0, 0, 0};
    const struct link_options options = {.unknown = unknown, .reads = true};

    block_len = 0;
    while (lines.len > 0) {
        put_line(cut_at(&lines, '\n'));
    }
    link_open(&options);
    (void)link_send(slice_of(preface, sizeof(preface) - 1));
    send_frame(1, 4, slice_of(block, block_len));
    send_frame(0, 1, slice_of(message, sizeof(message)));
    link_close(true);
}

static void (*const pure[])(struct slice value) = {
    try_timeout, try_percent, try_base64, try_from_base64, try_list, try_words};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct slice input = slice_of(data, len);
    size_t which = fuzz_choice(&input);

    if (input.len > BLOCK_MAX) {
        return 0;
    }
    uint8_t *copy = fuzz_copy(input);
    if (which / 2 < SG_COUNT(pure)) {
        pure[which / 2](slice_of(copy, input.len));
    } else {
        try_request(slice_of(copy, input.len), (which & ODD) != 0);
    }
    free(copy);
    return 0;
}
