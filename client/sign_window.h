#ifndef SEGEL_CLIENT_SIGN_WINDOW_H
#define SEGEL_CLIENT_SIGN_WINDOW_H

#include "client/sign_letter.h"

/* The letters that are in memory at one time. */
enum { WINDOW_LETTERS = 64, WINDOW_BYTES = 256 << 20 };
struct window {
    size_t count;
    size_t bytes;
    struct letter letters[WINDOW_LETTERS];
};

/* A free place, or NULL while the window is full of letters or of bytes. A letter larger
 * than the window still gets in when it is alone. */
struct letter *window_place(struct window *window);
/* Counts a letter that letter_prepare has filled; window_drop undoes it and frees. */
void window_add(struct window *window, const struct letter *letter);
void window_drop(struct window *window, struct letter *letter);
struct letter *window_find(struct window *window, const char *request_id);
/* One that is to be sent, or NULL. */
struct letter *window_ready(struct window *window);
/* What was sent, or rests, is to be sent again: the connection was lost. */
void window_rewind(struct window *window);
/* Wakes the letters whose rest is over; the time until the next one wakes, or max_us. */
int64_t window_wake(struct window *window, int64_t now_us, int64_t max_us);
void window_clear(struct window *window);

#endif
