#include "client/pdf/shown/token.h"

#include "client/pdf/syntax.h"

void pdf_tokens_start(struct pdf_tokens *tokens, struct slice in)
{
    tokens->in = in;
    tokens->at = 0;
    tokens->text = slice_of("", 0);
    tokens->number = 0;
    tokens->cut = false;
}

bool pdf_token_is(const struct pdf_tokens *tokens, const char *word)
{
    return slice_equal(tokens->text, slice_str(word));
}

static bool is_over(const struct pdf_tokens *tokens)
{
    return tokens->at >= tokens->in.len;
}

static uint8_t byte_at(const struct pdf_tokens *tokens, size_t ahead)
{
    return tokens->in.len - tokens->at > ahead ? tokens->in.data[tokens->at + ahead] : 0;
}

static void skip_blanks(struct pdf_tokens *tokens)
{
    bool comment = false;

    while (!is_over(tokens)) {
        uint8_t byte = byte_at(tokens, 0);
        comment = (comment || byte == '%') && byte != '\n' && byte != '\r';
        if (!comment && !syntax_is_blank(byte)) {
            return;
        }
        tokens->at++;
    }
}

static void take(struct pdf_tokens *tokens, size_t len)
{
    tokens->text = slice_of(tokens->in.data + tokens->at, len);
    tokens->at += len;
}

/* --- Strings ----------------------------------------------------------------------- */

static void keep(struct pdf_tokens *tokens, size_t *len, int byte)
{
    if (*len < PDF_TOKEN_STRING_MAX) {
        tokens->string[(*len)++] = (uint8_t)byte;
    } else {
        tokens->cut = true;
    }
}

/* An odd digit at the end stands for itself and a zero. */
static void take_hex(struct pdf_tokens *tokens)
{
    size_t len = 0;
    int high = -1;

    for (; !is_over(tokens) && byte_at(tokens, 0) != '>'; tokens->at++) {
        int digit = syntax_hex(byte_at(tokens, 0));
        if (digit < 0) {
            continue;
        }
        if (high >= 0) {
            keep(tokens, &len, high * 16 + digit);
        }
        high = high >= 0 ? -1 : digit;
    }
    if (high >= 0) {
        keep(tokens, &len, high * 16);
    }
    tokens->at += is_over(tokens) ? 0 : 1;
    tokens->text = slice_of(tokens->string, len);
}

/* Up to three digits. */
static int take_octal(struct pdf_tokens *tokens)
{
    int value = 0;

    for (int i = 0; i < 3 && byte_at(tokens, 0) >= '0' && byte_at(tokens, 0) <= '7';
         i++) {
        value = value * 8 + (byte_at(tokens, 0) - '0');
        tokens->at++;
    }
    return value & 0xFF;
}

/* Behind the backslash. */
static void take_escaped(struct pdf_tokens *tokens, size_t *len)
{
    static const char from[] = "nrtbf";
    static const char to[] = "\n\r\t\b\f";
    uint8_t byte = byte_at(tokens, 0);
    const char *known = byte == 0 ? NULL : strchr(from, byte);

    if (byte >= '0' && byte <= '7') {
        keep(tokens, len, take_octal(tokens));
        return;
    }
    tokens->at += is_over(tokens) ? 0 : 1;
    if (byte == '\r' && byte_at(tokens, 0) == '\n') {
        tokens->at++;
    }
    if (byte != '\r' && byte != '\n') {
        keep(tokens, len, known == NULL ? byte : to[known - from]);
    }
}

static void take_literal(struct pdf_tokens *tokens)
{
    size_t len = 0;
    size_t depth = 1;

    while (!is_over(tokens) && depth > 0) {
        uint8_t byte = byte_at(tokens, 0);
        tokens->at++;
        depth += byte == '(' ? 1 : 0;
        depth -= byte == ')' ? 1 : 0;
        if (byte == '\\') {
            take_escaped(tokens, &len);
        } else if (depth > 0) {
            keep(tokens, &len, byte);
        }
    }
    tokens->text = slice_of(tokens->string, len);
}

/* --- Words ------------------------------------------------------------------------- */

static size_t regular_len(const struct pdf_tokens *tokens)
{
    size_t len = 0;

    while (tokens->at + len < tokens->in.len &&
           syntax_is_regular(tokens->in.data[tokens->at + len])) {
        len++;
    }
    return len;
}

/* "12", "-.5"; false: it is none. */
static bool read_number(struct slice text, double *out)
{
    double scale = 0; /* 0 = the point has not come */
    double value = 0;
    size_t digits = 0;
    bool minus = text.len > 0 && text.data[0] == '-';

    for (size_t i = minus || (text.len > 0 && text.data[0] == '+') ? 1 : 0; i < text.len;
         i++) {
        uint8_t byte = text.data[i];
        if (byte == '.' && scale == 0) {
            scale = 1;
        } else if (byte >= '0' && byte <= '9') {
            value = scale == 0 ? value * 10 + (byte - '0')
                               : value + (byte - '0') * (scale /= 10);
            digits++;
        } else {
            return false;
        }
    }
    *out = minus ? -value : value;
    return digits > 0;
}

static enum pdf_token_kind take_word(struct pdf_tokens *tokens)
{
    take(tokens, regular_len(tokens));
    return read_number(tokens->text, &tokens->number) ? PDF_TOKEN_NUMBER : PDF_TOKEN_WORD;
}

enum pdf_token_kind pdf_tokens_next(struct pdf_tokens *tokens)
{
    skip_blanks(tokens);
    if (is_over(tokens)) {
        tokens->text = slice_of("", 0);
        return PDF_TOKEN_END;
    }
    uint8_t byte = byte_at(tokens, 0);
    if (syntax_is_regular(byte)) {
        return take_word(tokens);
    }
    if (byte == '(' || (byte == '<' && byte_at(tokens, 1) != '<')) {
        tokens->at++;
        (byte == '(' ? take_literal : take_hex)(tokens);
        return PDF_TOKEN_STRING;
    }
    if (byte == '/') {
        tokens->at++;
        take(tokens, regular_len(tokens));
        return PDF_TOKEN_NAME;
    }
    take(tokens, (byte == '<' || byte == '>') && byte_at(tokens, 1) == byte ? 2 : 1);
    return PDF_TOKEN_MARK;
}

void pdf_tokens_skip_picture(struct pdf_tokens *tokens)
{
    while (!is_over(tokens)) {
        bool ends = syntax_is_blank(byte_at(tokens, 0)) && byte_at(tokens, 1) == 'E' &&
                    byte_at(tokens, 2) == 'I' && !syntax_is_regular(byte_at(tokens, 3));
        tokens->at++;
        if (ends) {
            tokens->at += 2;
            return;
        }
    }
}
