#include "client/console/screen.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "proto/text.h"

bool screen_is_terminal(FILE *file)
{
    return isatty(fileno(file)) == 1;
}

/* no-color.org */
static bool no_colour(void)
{
    return getenv("NO_COLOR") != NULL; /* NOLINT(concurrency-mt-unsafe): one thread */
}

const char *screen_colour(FILE *file, enum screen_colour colour)
{
    static const char *const codes[] = {[SCREEN_PLAIN] = "\x1b[0m",
                                        [SCREEN_RED] = "\x1b[31m",
                                        [SCREEN_GREEN] = "\x1b[32m",
                                        [SCREEN_YELLOW] = "\x1b[33m",
                                        [SCREEN_DIM] = "\x1b[2m"};

    if (!screen_is_terminal(file) || no_colour()) {
        return "";
    }
    return codes[colour];
}

void screen_text(FILE *file, const char *text)
{
    bool sound = text_utf8(slice_str(text));

    struct slice all = slice_str(text);

    for (size_t i = 0; i < all.len; i++) {
        uint8_t byte = all.data[i];
        size_t hidden = text_hidden(all, i);
        bool hostile =
            hidden > 0 || byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !sound);
        (void)fputc(hostile ? '?' : byte, file);
        i += hidden > 0 ? hidden - 1 : 0;
    }
}

void screen_cell(FILE *file, const char *text, int width)
{
    int len = (int)strlen(text);

    screen_text(file, text);
    (void)fprintf(file, "%*s", len < width ? width - len : 1, "");
}

/* Columns of the terminal; 0 where there is none. */
static int columns_of(FILE *file)
{
    struct winsize size = {0};

    return screen_is_terminal(file) && ioctl(fileno(file), TIOCGWINSZ, &size) == 0
               ? size.ws_col
               : 0;
}

static int letters_of(const char *text, size_t len)
{
    int letters = 0;

    for (size_t i = 0; i < len; i++) {
        letters += ((uint8_t)text[i] & 0xC0) != 0x80 ? 1 : 0;
    }
    return letters;
}

static void put_word(FILE *file, const char *word, size_t len)
{
    char text[512];

    for (size_t at = 0; at < len; at += sizeof(text) - 1) {
        size_t some = len - at < sizeof(text) - 1 ? len - at : sizeof(text) - 1;
        (void)snprintf(text, sizeof(text), "%.*s", (int)some, word + at);
        screen_text(file, text);
    }
}

void screen_folded(FILE *file, const char *text, int indent)
{
    enum { NARROWEST = 24 };
    int width = columns_of(file);
    int column = indent;

    if (width < indent + NARROWEST) {
        screen_text(file, text);
        return;
    }
    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        int letters = letters_of(text, len);
        if (column > indent && column + 1 + letters > width) {
            (void)fprintf(file, "\n%*s", indent, "");
            column = indent;
        }
        (void)fputs(column > indent ? " " : "", file);
        put_word(file, text, len);
        column += letters + (column > indent ? 1 : 0);
        text += len + strspn(text + len, " ");
    }
}

void screen_complain(const char *sentence)
{
    (void)fprintf(stderr, "%ssegel:%s ", screen_colour(stderr, SCREEN_RED),
                  screen_colour(stderr, SCREEN_PLAIN));
    screen_text(stderr, sentence);
    (void)fputc('\n', stderr);
}
