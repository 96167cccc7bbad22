#include "client/sign_window.h"

#include <string.h>

struct letter *window_place(struct window *window)
{
    if (window->count > 0 &&
        (window->count == WINDOW_LETTERS || window->bytes >= WINDOW_BYTES)) {
        return NULL;
    }
    for (size_t i = 0; i < WINDOW_LETTERS; i++) {
        if (window->letters[i].state == LETTER_EMPTY) {
            return &window->letters[i];
        }
    }
    return NULL;
}

void window_add(struct window *window, const struct letter *letter)
{
    window->count++;
    window->bytes += letter->pdf.len;
}

void window_drop(struct window *window, struct letter *letter)
{
    window->count--;
    window->bytes -= letter->pdf.len;
    letter_clear(letter);
}

struct letter *window_find(struct window *window, const char *request_id)
{
    for (size_t i = 0; i < WINDOW_LETTERS; i++) {
        struct letter *letter = &window->letters[i];
        if (letter->state == LETTER_SENT && strcmp(letter->request_id, request_id) == 0) {
            return letter;
        }
    }
    return NULL;
}

struct letter *window_ready(struct window *window)
{
    for (size_t i = 0; i < WINDOW_LETTERS; i++) {
        if (window->letters[i].state == LETTER_READY) {
            return &window->letters[i];
        }
    }
    return NULL;
}

void window_rewind(struct window *window)
{
    for (size_t i = 0; i < WINDOW_LETTERS; i++) {
        if (window->letters[i].state != LETTER_EMPTY) {
            window->letters[i].state = LETTER_READY;
        }
    }
}

int64_t window_wake(struct window *window, int64_t now_us, int64_t max_us)
{
    int64_t wait_us = max_us;

    for (size_t i = 0; i < WINDOW_LETTERS; i++) {
        struct letter *letter = &window->letters[i];
        if (letter->state != LETTER_RESTING) {
            continue;
        }
        int64_t left_us = letter->retry_us - now_us;
        if (left_us <= 0) {
            letter->state = LETTER_READY;
        } else if (left_us < wait_us) {
            wait_us = left_us;
        }
    }
    return wait_us;
}

void window_clear(struct window *window)
{
    for (size_t i = 0; i < WINDOW_LETTERS; i++) {
        if (window->letters[i].state != LETTER_EMPTY) {
            window_drop(window, &window->letters[i]);
        }
    }
}
