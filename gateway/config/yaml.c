#include "gateway/config/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

#include "gateway/config/yaml_flaw.h"
#include "proto/arena.h"
#include "proto/text.h"

enum { BYTES_MAX = 1024 * 1024, DEPTH_MAX = 16, NODES_MAX = 100000 };
enum { NAME_SIZE = 256, ARENA_ALIGN = 16 };

struct yaml {
    char name[NAME_SIZE];
    struct arena arena; /* everything that the nodes point to */
    struct yaml_node root;
};

/* The containers that are open. Finished nodes wait in pending, children behind each
 * other, until their container ends: no array ever grows, and nothing recurses. */
struct builder {
    struct yaml *doc;
    struct sg_error *why;
    struct yaml_node *pending; /* owned */
    size_t pending_count;
    size_t total; /* nodes of the document so far */
    struct {
        struct yaml_node node;
        size_t first; /* its first child in pending */
    } open[DEPTH_MAX];
    size_t depth;
    bool begun; /* the document has started */
    bool ended;
};

static void delete_parser(yaml_parser_t *parser)
{
    yaml_parser_delete(parser);
}

static void delete_event(yaml_event_t *event)
{
    yaml_event_delete(event);
}

static enum sg_status fail_at(const struct builder *builder, const yaml_mark_t *mark,
                              const char *sentence)
{
    return sg_fail(builder->why, SG_INVALID, "%s:%zu:%zu: %s", builder->doc->name,
                   mark->line + 1, mark->column + 1, sentence);
}

enum sg_status yaml_fail(const struct yaml *doc, const struct yaml_node *at,
                         struct sg_error *why, const char *format, ...)
{
    char sentence[sizeof(why->text)];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(sentence, sizeof(sentence), format, args);
    va_end(args);
    return sg_fail(why, SG_INVALID, "%s:%u:%u: %s", doc->name, at->line, at->column,
                   sentence);
}

/* --- Nodes ----------------------------------------------------------------------- */

static struct yaml_node node_at(enum yaml_kind kind, const yaml_mark_t *mark)
{
    return (struct yaml_node){.kind = kind,
                              .line = (unsigned)mark->line + 1,
                              .column = (unsigned)mark->column + 1};
}

/* In a map every second child is a key. */
static bool at_key(const struct builder *builder)
{
    if (builder->depth == 0 || builder->open[builder->depth - 1].node.kind != YAML_MAP) {
        return false;
    }
    return (builder->pending_count - builder->open[builder->depth - 1].first) % 2 == 0;
}

static enum sg_status push(struct builder *builder, const struct yaml_node *node,
                           const yaml_mark_t *mark)
{
    if (builder->depth == 0) {
        builder->doc->root = *node;
        return SG_OK;
    }
    if (builder->total == NODES_MAX) {
        return fail_at(builder, mark, "the file has more than 100,000 values; split it");
    }
    builder->total++;
    builder->pending[builder->pending_count++] = *node;
    return SG_OK;
}

static const char *keep_text(struct builder *builder, const yaml_char_t *text, size_t len)
{
    char *kept = arena_alloc(&builder->doc->arena, len + 1);

    MUST(kept != NULL); /* the arena was sized by the length of the input */
    memcpy(kept, text, len);
    kept[len] = '\0';
    return kept;
}

/* An escape may have put in what the file itself must not hold. */
static bool has_control(const yaml_char_t *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((text[i] < 0x20 && text[i] != '\n') || text[i] == 0x7F) {
            return true;
        }
    }
    return false;
}

static enum sg_status on_scalar(struct builder *builder, const yaml_event_t *event)
{
    const yaml_mark_t *mark = &event->start_mark;
    const yaml_char_t *text = event->data.scalar.value;
    size_t len = event->data.scalar.length;

    if (event->data.scalar.anchor != NULL || event->data.scalar.tag != NULL) {
        return fail_at(builder, mark, "anchors (&) and tags (!) are not allowed here");
    }
    if (has_control(text, len)) {
        return fail_at(builder, mark, "the text holds a control character; remove it");
    }
    struct yaml_node node = node_at(YAML_SCALAR, mark);
    node.quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    if (at_key(builder) && !node.quoted && strcmp((const char *)text, "<<") == 0) {
        return fail_at(builder, mark, "the merge key << is not allowed; write it out");
    }
    node.text = keep_text(builder, text, len);
    return push(builder, &node, mark);
}

static enum sg_status on_open(struct builder *builder, const yaml_event_t *event,
                              enum yaml_kind kind)
{
    const yaml_mark_t *mark = &event->start_mark;
    bool is_map = kind == YAML_MAP;
    const yaml_char_t *anchor =
        is_map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor;
    const yaml_char_t *tag =
        is_map ? event->data.mapping_start.tag : event->data.sequence_start.tag;

    if (anchor != NULL || tag != NULL) {
        return fail_at(builder, mark, "anchors (&) and tags (!) are not allowed here");
    }
    if (at_key(builder)) {
        return fail_at(builder, mark, "a key must be plain text, not a list or a map");
    }
    if (builder->depth == DEPTH_MAX) {
        return fail_at(builder, mark, "nested deeper than 16 levels; make it flatter");
    }
    builder->open[builder->depth].node = node_at(kind, mark);
    builder->open[builder->depth].first = builder->pending_count;
    builder->depth++;
    return SG_OK;
}

static int by_text_then_place(const void *left, const void *right)
{
    const struct yaml_node *a = *(const struct yaml_node *const *)left;
    const struct yaml_node *b = *(const struct yaml_node *const *)right;
    int order = strcmp(a->text, b->text);

    if (order == 0) {
        order = (a->line > b->line) - (a->line < b->line);
    }
    return order != 0 ? order : (a->column > b->column) - (a->column < b->column);
}

/* libyaml lets duplicates pass: the reader of the file would believe one of them, the
 * program the other. */
static enum sg_status refuse_duplicates(struct builder *builder,
                                        const struct yaml_node *map)
{
    const struct yaml_node **sorted =
        arena_alloc(&builder->doc->arena, map->count * sizeof(struct yaml_node *));

    MUST(sorted != NULL);
    for (size_t i = 0; i < map->count; i++) {
        sorted[i] = &map->keys[i];
    }
    qsort(sorted, map->count, sizeof(struct yaml_node *), by_text_then_place);
    for (size_t i = 1; i < map->count; i++) {
        if (strcmp(sorted[i - 1]->text, sorted[i]->text) == 0) {
            return yaml_fail(builder->doc, sorted[i], builder->why,
                             "'%s' was already given in line %u; keep one of them",
                             sorted[i]->text, sorted[i - 1]->line);
        }
    }
    return SG_OK;
}

static struct yaml_node *keep_nodes(struct builder *builder, size_t count)
{
    struct yaml_node *kept =
        arena_alloc(&builder->doc->arena, count * sizeof(struct yaml_node));

    MUST(kept != NULL);
    return kept;
}

static enum sg_status on_close(struct builder *builder, const yaml_mark_t *mark)
{
    MUST(builder->depth > 0);
    builder->depth--;
    struct yaml_node node = builder->open[builder->depth].node;
    size_t first = builder->open[builder->depth].first;
    const struct yaml_node *child = builder->pending + first;
    size_t children = builder->pending_count - first;

    builder->pending_count = first;
    if (node.kind == YAML_LIST) {
        node.count = children;
        node.items = keep_nodes(builder, children);
        memcpy(node.items, child, children * sizeof(*child));
        return push(builder, &node, mark);
    }
    node.count = children / 2;
    node.keys = keep_nodes(builder, node.count);
    node.items = keep_nodes(builder, node.count);
    for (size_t i = 0; i < node.count; i++) {
        node.keys[i] = child[2 * i];
        node.items[i] = child[2 * i + 1];
    }
    TRY(refuse_duplicates(builder, &node));
    return push(builder, &node, mark);
}

/* --- Events ---------------------------------------------------------------------- */

static enum sg_status on_document(struct builder *builder, const yaml_event_t *event)
{
    if (builder->begun) {
        return fail_at(builder, &event->start_mark,
                       "a second document begins here; only one is allowed");
    }
    if (event->data.document_start.version_directive != NULL ||
        event->data.document_start.tag_directives.start !=
            event->data.document_start.tag_directives.end) {
        return fail_at(builder, &event->start_mark, "directives (%) are not allowed");
    }
    builder->begun = true;
    return SG_OK;
}

static enum sg_status on_stream_end(struct builder *builder, const yaml_event_t *event)
{
    if (!builder->begun) {
        return fail_at(builder, &event->start_mark, "the file has no content");
    }
    builder->ended = true;
    return SG_OK;
}

static enum sg_status on_event(struct builder *builder, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return on_document(builder, event);
    case YAML_SCALAR_EVENT:
        return on_scalar(builder, event);
    case YAML_SEQUENCE_START_EVENT:
        return on_open(builder, event, YAML_LIST);
    case YAML_MAPPING_START_EVENT:
        return on_open(builder, event, YAML_MAP);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return on_close(builder, &event->start_mark);
    case YAML_ALIAS_EVENT:
        return fail_at(builder, &event->start_mark,
                       "aliases (*) are not allowed; write the value out");
    case YAML_STREAM_END_EVENT:
        return on_stream_end(builder, event);
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
    default:
        return SG_OK;
    }
}

static enum sg_status parser_failed(const struct builder *builder,
                                    const yaml_parser_t *parser)
{
    char sentence[256];
    const char *problem = parser->problem != NULL ? parser->problem : "out of memory";

    (void)snprintf(sentence, sizeof(sentence), "not readable as YAML: %s%s%s", problem,
                   parser->context != NULL ? " " : "",
                   parser->context != NULL ? parser->context : "");
    return fail_at(builder, &parser->problem_mark, sentence);
}

static enum sg_status build(struct builder *builder, struct slice text)
{
    AUTO(delete_parser) yaml_parser_t parser = {0};

    if (yaml_parser_initialize(&parser) != 1) {
        return SG_NO_MEMORY;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, text.data, text.len);
    while (!builder->ended) {
        AUTO(delete_event) yaml_event_t event = {0};
        if (yaml_parser_parse(&parser, &event) != 1) {
            return parser_failed(builder, &parser);
        }
        TRY(on_event(builder, &event));
    }
    return SG_OK;
}

/* --- Whole documents ------------------------------------------------------------- */

static enum sg_status check_bytes(const struct builder *builder, struct slice text)
{
    const char *name = builder->doc->name;
    struct yaml_flaw flaw;

    if (text.len > BYTES_MAX) {
        return sg_fail(builder->why, SG_INVALID, "%s: the file is larger than 1 MiB",
                       name);
    }
    if (!text_utf8(text)) {
        return sg_fail(builder->why, SG_INVALID,
                       "%s: the file is not UTF-8 text; save it as UTF-8", name);
    }
    if (yaml_flawed(text, &flaw)) {
        return sg_fail(builder->why, SG_INVALID, "%s:%u:%u: the file holds %s", name,
                       flaw.line, flaw.column, flaw.sentence);
    }
    return SG_OK;
}

/* No document of len bytes needs more: a byte makes at most two nodes ("? " is a map with
 * an empty key and value), each is kept once and sorted once, an escape makes at most 3
 * bytes of 2. */
static enum sg_status reserve(struct builder *builder, size_t len)
{
    size_t nodes = len < NODES_MAX / 2 ? 2 * len + 4 : NODES_MAX;
    size_t per_node = sizeof(struct yaml_node) + sizeof(void *) + 4 * (size_t)ARENA_ALIGN;

    builder->pending = calloc(nodes, sizeof(struct yaml_node));
    if (builder->pending == NULL) {
        return SG_NO_MEMORY;
    }
    return arena_init(&builder->doc->arena, nodes * per_node + 2 * len + ARENA_ALIGN);
}

enum sg_status yaml_read(struct slice text, const char *name, struct yaml **out,
                         struct sg_error *why)
{
    struct builder builder = {.why = why};
    struct yaml *doc = calloc(1, sizeof(*doc));

    if (doc == NULL) {
        return SG_NO_MEMORY;
    }
    (void)snprintf(doc->name, sizeof(doc->name), "%s", name);
    builder.doc = doc;
    enum sg_status status = check_bytes(&builder, text);
    status = status == SG_OK ? reserve(&builder, text.len) : status;
    status = status == SG_OK ? build(&builder, text) : status;
    free(builder.pending);
    if (status != SG_OK) {
        yaml_free(doc);
        return status;
    }
    *out = doc;
    return SG_OK;
}

const char *yaml_library(void)
{
    return yaml_get_version_string();
}

void yaml_free(struct yaml *doc)
{
    if (doc != NULL) {
        arena_fini(&doc->arena);
        free(doc);
    }
}

const struct yaml_node *yaml_root(const struct yaml *doc)
{
    return &doc->root;
}
