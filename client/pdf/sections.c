#include "client/pdf/sections.h"

#include <stdlib.h>

#include "client/pdf/by_number.h"
#include "client/pdf/reader.h"
#include "client/pdf/section.h"
#include "client/pdf/section_dict.h"
#include "client/pdf/syntax.h"

/* Of all sections together. A chain that bites its own tail ends here, too. */
enum { SECTIONS_MAX = 1 << 14, ENTRIES_MAX = 1 << 25 };
/* So many numbers more than before nobody needs; some viewers have no memory for them. */
enum { GROWTH_MAX = 1 << 16 };

/* What the sections so far say of a number. */
struct told {
    uint64_t place;      /* by the last of them that has it */
    uint32_t generation; /* by the newest of them that has it */
    uint32_t section;    /* the last of them; 0 = none */
    bool in_table;       /* of the last */
    bool is_free;        /* by the last */
    bool gone;           /* the newest says that it is free */
    bool below;          /* one that is not judged has it */
    bool judged;         /* the newest is */
};

struct sections {
    struct slice pdf;                 /* borrowed */
    const struct sections_rule *rule; /* borrowed */
    struct told *told;                /* owned */
    size_t cap;
    size_t entries;
    const struct section *at; /* the one that is read */
    struct section newest;    /* what it says of all */
    size_t limit;  /* the smallest size of those added: to viewers no number reaches it */
    size_t widest; /* their largest */
    size_t highest; /* number of those that are not judged */
    uint32_t section;
    bool in_table;
    bool judged;
    bool agreed; /* nothing was added, or what was signed has been reached */
    bool added;  /* it is judged, and was added to a letter that somebody signed */
};

static void fini(struct sections *sections)
{
    free(sections->told);
}

static struct told *find(struct sections *sections, size_t number)
{
    struct told *all = (struct told *)by_number_reach(sections->told, &sections->cap,
                                                      number, sizeof(struct told));

    if (all == NULL) {
        return NULL;
    }
    sections->told = all;
    return &all[number];
}

/* A stream beside a table has what the table hides as free from older viewers. What both
 * have is the same. */
static bool same_pair(const struct sections *sections, const struct told *told,
                      const struct section_entry *entry)
{
    bool hidden = sections->in_table && !told->in_table && entry->is_free;
    bool same = sections->in_table != told->in_table && told->is_free == entry->is_free &&
                told->place == entry->place;

    return hidden || same || !sections->judged;
}

/* "N G obj" stands there, and what everybody reads alike. */
static bool leads_to_object(struct slice pdf, const struct section_entry *entry)
{
    size_t at = (size_t)entry->place;
    size_t number = 0;
    size_t generation = 0;
    size_t from = at;

    if (at >= pdf.len || !section_number(pdf, &at, &number) ||
        !section_number(pdf, &at, &generation)) {
        return false;
    }
    at = section_skip(pdf, at);
    return number == entry->number && generation == entry->generation &&
           pdf.len - at > 3 && memcmp(pdf.data + at, "obj", 3) == 0 &&
           memchr(pdf.data + from, '%', at - from) == NULL &&
           syntax_is_plain(pdf, at + 3);
}

static bool leads_there(const struct sections *sections,
                        const struct section_entry *entry)
{
    if (!sections->added) {
        return true;
    }
    return entry->is_free || entry->is_packed || leads_to_object(sections->pdf, entry);
}

/* What was added and is free further down: some viewers leave it so, where its generation
 * was to be another, or where what freed it was added, too. */
static bool may_be_used_again(const struct sections *sections, const struct told *told,
                              const struct section_entry *entry)
{
    bool again = sections->rule->known != 0 && entry->is_free && told->section != 0 &&
                 told->judged && !told->gone && !told->below;

    return !again || (!sections->judged && entry->generation == told->generation);
}

static void note_place(const struct sections *sections, size_t place)
{
    struct pdf_buffer *places = sections->rule->places;

    if (sections->added && places != NULL) {
        pdf_buffer_put(places, &place, sizeof(place));
    }
}

static bool note(const struct sections *sections, const struct section_entry *entry)
{
    const struct sections_rule *rule = sections->rule;

    if (!entry->is_free && !entry->is_packed) {
        note_place(sections, (size_t)entry->place);
    }
    return (rule->now == NULL || entries_note(rule->now, entry)) &&
           (rule->before == NULL || sections->judged ||
            entries_note(rule->before, entry));
}

static void take_size(struct sections *sections)
{
    size_t size = sections->at->size;

    if (sections->added) {
        sections->limit = size < sections->limit ? size : sections->limit;
        sections->widest = size > sections->widest ? size : sections->widest;
    }
}

/* Some viewers give up where a number is larger than the trailer says, though it is free,
 * or where number 0 is not. */
static bool is_within(const struct sections *sections, const struct section_entry *entry)
{
    bool used = sections->added && entry->number == 0 && !entry->is_free;

    return entry->number < sections->limit && !used;
}

static bool take(void *context, const struct section_entry *entry)
{
    struct sections *sections = context;

    sections->entries++;
    take_size(sections);
    if (!is_within(sections, entry) || !leads_there(sections, entry)) {
        return false;
    }
    if (!sections->judged && entry->number > sections->highest) {
        sections->highest = entry->number;
    }
    if (entry->number == 0 || entry->number > PDF_OBJECT_MAX) {
        return sections->entries <=
               ENTRIES_MAX; /* is nobody's, or is refused by others */
    }
    struct told *told = find(sections, entry->number);
    if (told == NULL || sections->entries > ENTRIES_MAX || !note(sections, entry)) {
        return false;
    }
    if (told->section == sections->section) {
        return same_pair(sections, told, entry);
    }
    if (!may_be_used_again(sections, told, entry)) {
        return false;
    }
    told->below = told->below || !sections->judged;
    bool newest = told->section == 0;
    told->section = sections->section;
    told->in_table = sections->in_table;
    told->is_free = entry->is_free;
    told->place = entry->place;
    if (newest) {
        told->gone = entry->is_free;
        told->generation = entry->generation;
        told->judged = sections->judged;
        return !sections->judged || !entry->is_packed ||
               packed_note(sections->rule->packed, entry->number,
                           section_place_stream(entry->place),
                           section_place_index(entry->place));
    }
    return entry->is_free || told->gone || !told->judged ||
           entry->generation == told->generation ||
           (sections->rule->reused != NULL &&
            generations_note(sections->rule->reused, entry->number, told->generation));
}

/* The stream of a hybrid file first: what it has is not free, whatever the table says;
 * but some viewers let the table say it. */
static bool read_pair(struct sections *sections, struct section *section)
{
    sections->in_table = false;
    sections->at = section;
    if (!section_is_table(section)) {
        return section_read_stream(section);
    }
    if (!section_read_links(section)) {
        return false;
    }
    if (section->hybrid != 0) {
        struct section beside = *section;
        beside.offset = section->hybrid;
        if (sections->added || beside.offset >= section->pdf.len ||
            !section_read_stream(&beside)) {
            return false;
        }
    }
    sections->in_table = true;
    return section_read_table(section);
}

/* Blanks are as good as others. */
static bool same_words(struct slice a, struct slice b)
{
    size_t i = 0;
    size_t j = 0;

    while (i < a.len && j < b.len) {
        bool blank = syntax_is_blank(a.data[i]);
        if (blank ? !syntax_is_blank(b.data[j]) : a.data[i] != b.data[j]) {
            return false;
        }
        for (i++; blank && i < a.len && syntax_is_blank(a.data[i]);) {
            i++;
        }
        for (j++; blank && j < b.len && syntax_is_blank(b.data[j]);) {
            j++;
        }
    }
    return i == a.len && j == b.len;
}

/* Some viewers read the trailers of all sections, and some the newest or the oldest: what
 * was added has the catalog and the cipher of what was signed, and is of one kind. */
static bool agrees(struct sections *sections, const struct section *section)
{
    struct pdf_buffer *trailers = sections->rule->trailers;
    const struct section *newest = &sections->newest;

    if (sections->agreed || sections->rule->known == 0) {
        return true;
    }
    if (sections->section == 1) {
        sections->newest = *section;
    }
    if (sections->added && trailers != NULL) {
        pdf_buffer_put(trailers, &section->dict, sizeof(section->dict));
    }
    bool alike =
        !sections->added || section_is_table(section) == section_is_table(newest);
    sections->agreed = !sections->added;
    return alike && same_words(section->root, newest->root) &&
           same_words(section->encrypt, newest->encrypt);
}

/* The next older one; false: it is not as the rule has it. */
static bool read_next(struct sections *sections, size_t *offset)
{
    const struct sections_rule *rule = sections->rule;

    sections->section++;
    sections->judged = sections->judged && (rule->known == 0 || *offset != rule->known);
    sections->added = sections->judged && rule->known != 0;
    struct section section = {.pdf = sections->pdf,
                              .offset = *offset,
                              .take = take,
                              .context = sections,
                              .exact = sections->added,
                              .newest = sections->section == 1};
    if (*offset >= sections->pdf.len || !read_pair(sections, &section)) {
        return false;
    }
    note_place(sections, *offset);
    if (!agrees(sections, &section)) {
        return false;
    }
    take_size(sections);
    *offset = section.prev;
    return true;
}

bool sections_are_plain(struct slice pdf, size_t offset, const struct sections_rule *rule)
{
    AUTO(fini)
    struct sections sections = {
        .pdf = pdf, .rule = rule, .judged = true, .limit = SIZE_MAX};

    while (sections.section < SECTIONS_MAX) {
        if (!read_next(&sections, &offset)) {
            return false;
        }
        if (offset == 0) {
            return sections.widest <= sections.highest + GROWTH_MAX;
        }
    }
    return false;
}

struct slice sections_dict(struct slice pdf, size_t offset)
{
    struct section section = {.pdf = pdf, .offset = offset};

    bool read = section_is_table(&section) ? section_read_links(&section)
                                           : section_read_head(&section);
    return read ? section.dict : slice_of(NULL, 0);
}
