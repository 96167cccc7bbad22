#include "client/pdf/sections.h"

#include <stdlib.h>

#include "client/pdf/reader.h"
#include "client/pdf/section.h"
#include "client/pdf/section_dict.h"
#include "client/pdf/syntax.h"

/* Of all sections together. A chain that bites its own tail ends here, too. */
enum { SECTIONS_MAX = 1 << 14, ENTRIES_MAX = 1 << 25 };

/* What the sections so far say of a number. */
struct told {
    uint64_t place;      /* by the last of them that has it */
    uint32_t generation; /* by the newest of them that has it */
    uint32_t section;    /* the last of them; 0 = none */
    bool in_table;       /* of the last */
    bool is_free;        /* by the last */
    bool gone;           /* the newest says that it is free */
    bool judged;         /* the newest is */
};

struct sections {
    struct slice pdf;                 /* borrowed */
    const struct sections_rule *rule; /* borrowed */
    struct told *told;                /* owned */
    size_t cap;
    size_t entries;
    uint32_t section;
    bool in_table;
    bool judged;
};

static void fini(struct sections *sections)
{
    free(sections->told);
}

static struct told *find(struct sections *sections, size_t number)
{
    if (number >= sections->cap) {
        size_t cap = number < PDF_OBJECT_MAX / 2 ? number * 2 + 64 : PDF_OBJECT_MAX + 1;
        struct told *more =
            (struct told *)realloc(sections->told, cap * sizeof(struct told));
        if (more == NULL) {
            return NULL;
        }
        memset(more + sections->cap, 0, (cap - sections->cap) * sizeof(struct told));
        sections->told = more;
        sections->cap = cap;
    }
    return &sections->told[number];
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

    if (at >= pdf.len || !section_number(pdf, &at, &number) ||
        !section_number(pdf, &at, &generation)) {
        return false;
    }
    at = section_skip(pdf, at);
    return number == entry->number && generation == entry->generation &&
           pdf.len - at > 3 && memcmp(pdf.data + at, "obj", 3) == 0 &&
           syntax_reads_alike(pdf, at + 3);
}

static bool leads_there(const struct sections *sections,
                        const struct section_entry *entry)
{
    if (sections->rule->known == 0 || !sections->judged) {
        return true;
    }
    /* Some viewers give up where a number is too large for them, though it is free. */
    return entry->number <= PDF_OBJECT_MAX &&
           (entry->is_free || entry->is_packed || leads_to_object(sections->pdf, entry));
}

static bool note(const struct sections *sections, const struct section_entry *entry)
{
    const struct sections_rule *rule = sections->rule;

    return (rule->now == NULL || entries_note(rule->now, entry)) &&
           (rule->before == NULL || sections->judged ||
            entries_note(rule->before, entry));
}

static bool take(void *context, const struct section_entry *entry)
{
    struct sections *sections = context;

    sections->entries++;
    if (!leads_there(sections, entry)) {
        return false;
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
                           section_entry_stream(entry), section_entry_index(entry));
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
    if (!section_is_table(section)) {
        return section_read_stream(section);
    }
    if (!section_read_links(section)) {
        return false;
    }
    if (section->hybrid != 0) {
        struct section beside = *section;
        beside.offset = section->hybrid;
        bool added = sections->rule->known != 0 && sections->judged;
        if (added || beside.offset >= section->pdf.len || !section_read_stream(&beside)) {
            return false;
        }
    }
    sections->in_table = true;
    return section_read_table(section);
}

bool sections_are_plain(struct slice pdf, size_t offset, const struct sections_rule *rule)
{
    AUTO(fini) struct sections sections = {.pdf = pdf, .rule = rule, .judged = true};

    while (sections.section < SECTIONS_MAX) {
        struct section section = {
            .pdf = pdf, .offset = offset, .take = take, .context = &sections};
        sections.section++;
        sections.judged = sections.judged && (rule->known == 0 || offset != rule->known);
        if (offset >= pdf.len || !read_pair(&sections, &section)) {
            return false;
        }
        if (section.prev == 0) {
            return true;
        }
        offset = section.prev;
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
