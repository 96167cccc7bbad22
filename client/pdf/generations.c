#include "client/pdf/generations.h"

#include <ctype.h>
#include <stdlib.h>

#include "client/pdf/by_number.h"

struct reference {
    int number;
    int generation;
};

/* --- What was written anew -----------------------------------------------------------
 */

void generations_fini(struct generations *reused)
{
    free(reused->newest);
    *reused = (struct generations){0};
}

bool generations_note(struct generations *reused, size_t number, uint32_t newest)
{
    uint32_t *all = (uint32_t *)by_number_reach(reused->newest, &reused->cap, number,
                                                sizeof(uint32_t));
    if (all == NULL) {
        return false;
    }
    reused->newest = all;
    all[number] = newest + 1;
    return newest <= UINT16_MAX;
}

static bool is_older(const struct generations *reused, struct reference to)
{
    uint32_t newest = (size_t)to.number < reused->cap ? reused->newest[to.number] : 0;

    return newest != 0 && newest != (uint32_t)to.generation + 1;
}

/* --- What is referred to ---------------------------------------------------------------
 */

struct walk {
    const struct pdf_reader *reader;  /* borrowed */
    const struct generations *reused; /* borrowed */
    uint8_t *seen;                    /* owned; a bit for each number */
    struct reference *queue;          /* owned */
    size_t queued;
    size_t cap;
    bool good;
};

static bool grow(struct walk *walk)
{
    size_t cap = walk->cap == 0 ? 256 : 2 * walk->cap;
    struct reference *more =
        (struct reference *)realloc(walk->queue, cap * sizeof(struct reference));

    if (more == NULL) {
        return false;
    }
    walk->queue = more;
    walk->cap = cap;
    return true;
}

/* A number that no PDF has is refused elsewhere. */
static void push(struct walk *walk, struct reference to)
{
    if (to.number <= 0 || to.number > PDF_OBJECT_MAX) {
        return;
    }
    uint8_t bit = (uint8_t)(1U << (to.number % 8));
    walk->good = walk->good && !is_older(walk->reused, to);
    if (!walk->good || (walk->seen[to.number / 8] & bit) != 0) {
        return;
    }
    walk->seen[to.number / 8] |= bit;
    walk->good = walk->queued < walk->cap || grow(walk);
    if (walk->good) {
        walk->queue[walk->queued++] = to;
    }
}

/* "N G R" as qpdf writes it. One that stands in a string counts, too: that is to err on
 * the safe side, of a letter that is odd already. */
static void follow(struct walk *walk, const char *text)
{
    for (const char *at = text; *at != '\0';) {
        char *end = NULL;
        if (!isdigit((unsigned char)*at)) {
            at++;
            continue;
        }
        long number = strtol(at, &end, 10);
        at = end;
        if (*at != ' ' || !isdigit((unsigned char)at[1])) {
            continue;
        }
        long generation = strtol(at + 1, &end, 10);
        if (end[0] == ' ' && end[1] == 'R' && number <= PDF_OBJECT_MAX &&
            generation <= UINT16_MAX) {
            push(walk, (struct reference){(int)number, (int)generation});
        }
    }
}

static void follow_object(struct walk *walk, struct reference from)
{
    qpdf_data qpdf = walk->reader->qpdf;
    qpdf_oh object = qpdf_get_object_by_id(qpdf, from.number, from.generation);

    if (qpdf_oh_is_stream(qpdf, object)) {
        qpdf_oh dict = qpdf_oh_get_dict(qpdf, object);
        qpdf_oh_release(qpdf, object);
        object = dict;
    }
    const char *text = qpdf_oh_unparse_resolved(qpdf, object);
    if (text != NULL) {
        follow(walk, text);
    }
    qpdf_oh_release(qpdf, object);
}

static void walk_all(struct walk *walk)
{
    const struct pdf_reader *reader = walk->reader;

    push(walk, (struct reference){qpdf_oh_get_object_id(reader->qpdf, reader->root),
                                  qpdf_oh_get_generation(reader->qpdf, reader->root)});
    while (walk->good && walk->queued > 0) {
        follow_object(walk, walk->queue[--walk->queued]);
    }
}

bool generations_are_one(const struct pdf_reader *reader,
                         const struct generations *reused)
{
    struct walk walk = {.reader = reader, .reused = reused, .good = true};

    if (reused->cap == 0) {
        return true;
    }
    walk.seen = (uint8_t *)calloc(PDF_OBJECT_MAX / 8 + 1, 1);
    walk.good = walk.seen != NULL;
    if (walk.good) {
        walk_all(&walk);
    }
    free(walk.seen);
    free(walk.queue);
    return walk.good;
}
