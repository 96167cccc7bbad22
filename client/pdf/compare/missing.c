/* References that lead nowhere. The parser leaves them out; some viewers that follow one
 * make a table of their own, from all that looks like an object, and show what lay
 * hidden. So what was added may refer to nothing that is missing, unless the signed
 * revision did so in the same place: whoever signed saw the letter so. */
#include <stdlib.h>

#include "client/pdf/compare/compare.h"
#include "client/pdf/mention.h"
#include "client/pdf/object_text.h"
#include "client/pdf/sections.h"
#include "client/pdf/syntax.h"

struct walk {
    struct compare *c;         /* borrowed */
    struct object_text before; /* the two revisions' */
    struct object_text now;
    struct slice trailer;    /* borrowed; the signed revision's */
    struct pdf_buffer queue; /* owned; numbers */
    uint8_t *queued;         /* owned; a bit for each number */
    size_t number;           /* whose references are followed; 0 = the trailer's */
    bool all;                /* something is gone: what was compared is followed, too */
};

static void fini(struct walk *walk)
{
    object_text_fini(&walk->before);
    object_text_fini(&walk->now);
    pdf_buffer_fini(&walk->queue);
    free(walk->queued);
}

/* --- What is where ----------------------------------------------------------------- */

static bool is_there(const struct pdf_reader *reader, int number, int generation)
{
    if (number == 0) {
        return false;
    }
    qpdf_oh object = qpdf_get_object_by_id(reader->qpdf, number, generation);
    bool found = !qpdf_oh_is_null(reader->qpdf, object);
    qpdf_oh_release(reader->qpdf, object);
    return found;
}

static bool same_entry(const struct entry *a, const struct entry *b)
{
    return a != NULL && a->place == b->place && a->generation == b->generation &&
           a->is_free == b->is_free && a->is_packed == b->is_packed;
}

static bool is_added(const struct compare *c, size_t number)
{
    const struct entry *now = entries_find(&c->now, number);

    return now != NULL && !same_entry(entries_find(&c->before, number), now);
}

/* --- The signed revision ----------------------------------------------------------- */

/* Whether one of its references is this one. */
struct search {
    const struct mention *wanted;
    bool found;
};

static bool search_mention(void *context, const struct mention *mention)
{
    struct search *search = context;

    search->found = search->found || slice_equal(mention->path, search->wanted->path);
    return !search->found;
}

static bool has_mention(struct slice text, const struct mention *wanted)
{
    struct search search = {.wanted = wanted};
    bool whole = mention_each(text, 0, search_mention, &search);

    return search.found && !whole;
}

static bool search_number(void *context, const struct mention *mention)
{
    struct search *search = context;

    search->found = search->found || mention->number == search->wanted->number;
    return !search->found;
}

/* Did whoever looked at the signed revision look at this object? */
static bool was_followed(const struct walk *walk, size_t number)
{
    const struct mention wanted = {.number = (int)number};
    struct search search = {.wanted = &wanted};

    if (compare_has_seen(walk->c, (int)number)) {
        return true;
    }
    bool whole = mention_each(walk->trailer, 0, search_number, &search);
    return search.found && !whole;
}

static bool is_info(const struct mention *mention)
{
    static const char key[] = "/Info ";
    const size_t len = sizeof(key) - 1;

    return mention->path.len > len && memcmp(mention->path.data, key, len) == 0;
}

/* Cross-references that are a stream are an object, too, which carries this key along. */
static bool carries_info(const struct walk *walk, const struct mention *mention)
{
    return is_info(mention) && has_mention(walk->trailer, mention);
}

/* What is said of the letter is in no object that is part of it: some viewer takes it for
 * both. */
static bool is_own_info(const struct walk *walk, const struct mention *mention)
{
    const struct entry *before = entries_find(&walk->c->before, (size_t)mention->number);

    return !is_info(mention) || before == NULL || before->is_free ||
           has_mention(walk->trailer, mention);
}

/* The object that is followed referred to it in the same place, and it was missing. */
static bool was_missing(struct walk *walk, const struct mention *mention)
{
    const struct entry *entry = entries_find(&walk->c->before, walk->number);
    struct slice text;

    if (is_there(&walk->c->old, mention->number, mention->generation)) {
        return false;
    }
    if (walk->number == 0) {
        return has_mention(walk->trailer, mention);
    }
    bool had = entry != NULL && !entry->is_free && was_followed(walk, walk->number) &&
               object_text_find(&walk->before, walk->number, entry, &text) &&
               has_mention(text, mention);
    return had || carries_info(walk, mention);
}

/* --- The walk ---------------------------------------------------------------------- */

static bool push(struct walk *walk, size_t number)
{
    uint8_t bit = (uint8_t)(1U << (number % 8));

    if ((walk->queued[number / 8] & bit) == 0) {
        walk->queued[number / 8] |= bit;
        pdf_buffer_put(&walk->queue, &(uint32_t){(uint32_t)number}, sizeof(uint32_t));
    }
    return !walk->queue.failed;
}

/* What was there before, and what nobody looked at until something new refers to it, is
 * followed: it may refer to what is missing. */
static bool take(void *context, const struct mention *mention)
{
    struct walk *walk = context;

    if (walk->number == 0 && !is_own_info(walk, mention)) {
        return false;
    }
    if (!is_there(&walk->c->new, mention->number, mention->generation)) {
        return was_missing(walk, mention);
    }
    bool looked_at =
        !walk->all && walk->number != 0 && compare_has_seen(walk->c, mention->number);
    return looked_at || push(walk, (size_t)mention->number);
}

static bool follow(struct walk *walk)
{
    struct slice text;

    while (walk->queue.len > 0) {
        uint32_t number = 0;
        walk->queue.len -= sizeof(number);
        memcpy(&number, walk->queue.data + walk->queue.len, sizeof(number));
        const struct entry *entry = entries_find(&walk->c->now, number);
        walk->number = number;
        bool is_new = !was_followed(walk, number);
        if (entry == NULL || !object_text_find(&walk->now, number, entry, &text) ||
            (is_new && !syntax_is_plain(text, 0)) || !mention_each(text, 0, take, walk)) {
            return false;
        }
    }
    return true;
}

/* An object stream that was there stays as it is: what lies in it has no new entry. */
static bool is_repacked(const struct compare *c, const struct entry *entry)
{
    return entry->is_packed && is_added(c, section_place_stream(entry->place));
}

static bool is_plain_stream(struct walk *walk, size_t number, const struct entry *entry)
{
    const struct pdf_reader *reader = &walk->c->new;
    struct slice text;
    qpdf_oh object =
        qpdf_get_object_by_id(reader->qpdf, (int)number, (int)entry->generation);
    bool plain = object_text_find(&walk->now, number, entry, &text) &&
                 compare_stream_is_plain(reader, object, text);

    qpdf_oh_release(reader->qpdf, object);
    return plain;
}

static bool push_added(struct walk *walk, size_t number, const struct entry *entry)
{
    const struct compare *c = walk->c;
    const struct entry *before = entries_find(&c->before, number);

    if (is_there(&c->new, (int)number, (int)entry->generation)) {
        return is_plain_stream(walk, number, entry) && push(walk, number);
    }
    walk->all = walk->all || (before != NULL &&
                              is_there(&c->old, (int)number, (int)before->generation));
    return true;
}

static bool push_all(struct walk *walk)
{
    const struct compare *c = walk->c;

    for (size_t number = 1; number < c->now.count; number++) {
        const struct entry *entry = entries_find(&c->now, number);
        if (entry == NULL) {
            continue;
        }
        bool good = is_added(c, number) ? push_added(walk, number, entry)
                                        : !is_repacked(c, entry);
        if (!good) {
            return false;
        }
    }
    return true;
}

static bool follow_trailers(struct walk *walk)
{
    const struct pdf_buffer *trailers = &walk->c->trailers;

    walk->number = 0;
    for (size_t at = 0; at < trailers->len; at += sizeof(struct slice)) {
        struct slice trailer;
        memcpy(&trailer, trailers->data + at, sizeof(trailer));
        if (!syntax_is_plain(trailer, 0) || !mention_each(trailer, 0, take, walk)) {
            return false;
        }
    }
    return trailers->len > 0 && !trailers->failed;
}

bool compare_leads_somewhere(struct compare *c)
{
    struct walk walk = {.c = c,
                        .before = {.reader = &c->old},
                        .now = {.reader = &c->new},
                        .trailer = sections_dict(c->old.pdf, c->old.last.offset)};

    walk.queued = (uint8_t *)calloc(PDF_OBJECT_MAX / 8 + 1, 1);
    bool good =
        walk.queued != NULL && push_all(&walk) && follow_trailers(&walk) && follow(&walk);
    fini(&walk);
    return good;
}
