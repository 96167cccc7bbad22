#include "client/pdf/locks.h"

#include "client/pdf/form.h"

struct search {
    const struct pdf_reader *reader;
    const char *name;
    struct pdf_locks *locks;
};

/* Does a list of names (as /Fields of a lock) cover the field or one above it? */
static bool lists(const struct pdf_reader *reader, qpdf_oh names, const char *name)
{
    int count = pdf_count(reader, names);

    for (int i = 0; i < count; i++) {
        char entry[1024];
        qpdf_oh item = qpdf_oh_get_array_item(reader->qpdf, names, i);
        pdf_text(reader, item, entry, sizeof(entry));
        qpdf_oh_release(reader->qpdf, item);
        size_t len = strlen(entry);
        if (strncmp(name, entry, len) == 0 && (name[len] == '\0' || name[len] == '.')) {
            return true;
        }
    }
    return false;
}

/* An action that is not known locks everything. */
static bool field_locks(const struct pdf_reader *reader, qpdf_oh params, const char *name)
{
    qpdf_oh action = pdf_get(reader, params, "/Action");
    qpdf_oh fields = pdf_get(reader, params, "/Fields");

    if (pdf_is_name(reader, action, "/Include")) {
        return lists(reader, fields, name);
    }
    if (pdf_is_name(reader, action, "/Exclude")) {
        return !lists(reader, fields, name);
    }
    return true;
}

/* 2 is meant when it is not stated; what is no known level allows nothing. */
static int level_of(const struct pdf_reader *reader, qpdf_oh params)
{
    qpdf_oh node = pdf_get(reader, params, "/P");

    if (qpdf_oh_is_null(reader->qpdf, node)) {
        return 2;
    }
    long long level = pdf_int(reader, node, 1);
    return level == 2 || level == 3 ? (int)level : 1;
}

static void lower(struct pdf_locks *locks, int level)
{
    if (locks->level == 0 || level < locks->level) {
        locks->level = level;
    }
}

static void take_reference(const struct search *search, qpdf_oh entry)
{
    const struct pdf_reader *reader = search->reader;
    qpdf_oh method = pdf_get(reader, entry, "/TransformMethod");
    qpdf_oh params = pdf_get(reader, entry, "/TransformParams");

    if (pdf_is_name(reader, method, "/DocMDP")) {
        lower(search->locks, level_of(reader, params));
    } else if (pdf_is_name(reader, method, "/FieldMDP") &&
               field_locks(reader, params, search->name)) {
        search->locks->locked = true;
    }
}

static void take_signature(const struct search *search, qpdf_oh signature)
{
    const struct pdf_reader *reader = search->reader;
    qpdf_oh references = pdf_get(reader, signature, "/Reference");
    int count = pdf_count(reader, references);

    for (int i = 0; i < count; i++) {
        qpdf_oh entry = qpdf_oh_get_array_item(reader->qpdf, references, i);
        take_reference(search, entry);
        qpdf_oh_release(reader->qpdf, entry);
    }
}

void pdf_locks_take(const struct pdf_reader *reader, qpdf_oh signature, const char *field,
                    struct pdf_locks *locks)
{
    const struct search search = {.reader = reader, .name = field, .locks = locks};

    take_signature(&search, signature);
}

static void look(void *user, const struct pdf_field *field)
{
    if (field->is_signature) {
        take_signature(user, field->value);
    }
}

enum sg_status pdf_locks_find(const struct pdf_reader *reader, const char *field,
                              struct pdf_locks *locks, struct pdf_verdict *verdict)
{
    struct search search = {.reader = reader, .name = field, .locks = locks};
    qpdf_oh perms = pdf_get(reader, reader->root, "/Perms");
    qpdf_oh certified = pdf_get(reader, perms, "/DocMDP");

    *locks = (struct pdf_locks){0};
    take_signature(&search, certified);
    if (locks->level == 0 && !qpdf_oh_is_null(reader->qpdf, certified)) {
        locks->level = 2;
    }
    return pdf_form_walk(reader, look, &search, verdict);
}
