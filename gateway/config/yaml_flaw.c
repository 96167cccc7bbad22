#include "gateway/config/yaml_flaw.h"

static const struct {
    const char *bytes;
    const char *sentence;
} flaws[] = {
    {"\t", "a tab; use blanks"},
    {"\r", "a carriage return; save it with Unix line ends"},
    {"\xC2\x85", "the line separator U+0085; remove it"},
    {"\xE2\x80\xA8", "the line separator U+2028; remove it"},
    {"\xE2\x80\xA9", "the paragraph separator U+2029; remove it"},
    {"\xEF\xBB\xBF", "a byte order mark; save it without one"},
};

static const char *flaw_at(struct slice rest)
{
    for (size_t i = 0; i < SG_COUNT(flaws); i++) {
        size_t len = strlen(flaws[i].bytes);
        if (rest.len >= len && memcmp(rest.data, flaws[i].bytes, len) == 0) {
            return flaws[i].sentence;
        }
    }
    return NULL;
}

bool yaml_flawed(struct slice text, struct yaml_flaw *out)
{
    struct yaml_flaw flaw = {.line = 1, .column = 1};

    for (size_t i = 0; i < text.len; i++) {
        flaw.sentence = flaw_at(slice_of(text.data + i, text.len - i));
        if (flaw.sentence != NULL) {
            *out = flaw;
            return true;
        }
        bool line_end = text.data[i] == '\n';
        flaw.line += line_end ? 1 : 0;
        if (line_end) {
            flaw.column = 1;
        } else if ((text.data[i] & 0xC0) != 0x80) {
            flaw.column++;
        }
    }
    return false;
}
