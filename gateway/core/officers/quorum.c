#include "gateway/core/officers/quorum.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/config/yaml.h"

/* --- Persons are callers ----------------------------------------------------------- */

static unsigned roles_of(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->caller_count; i++) {
        if (strcmp(config->callers[i].name, name) == 0) {
            return config->callers[i].roles;
        }
    }
    return 0;
}

static enum sg_status check_person(const struct config *config,
                                   const struct roster *roster, size_t person,
                                   struct sg_error *why)
{
    static const unsigned roles[PERSON_ROLE_COUNT] = {[PERSON_OFFICER] = ROLE_OFFICER,
                                                      [PERSON_REVIEWER] = ROLE_REVIEWER,
                                                      [PERSON_OPERATOR] = ROLE_OPERATOR};
    const unsigned all = ROLE_OFFICER | ROLE_REVIEWER | ROLE_OPERATOR;
    const char *name = roster->groups.leaves[person];
    enum person_role role = roster->persons[person].role;

    if ((roles_of(config, name) & all) == roles[role]) {
        return SG_OK;
    }
    return sg_fail(why, SG_INVALID,
                   "'%s' is %s there, and callers has nobody of that name with just that "
                   "role: make both say the same",
                   name, person_role_name(role));
}

static enum sg_status check_persons(const struct config *config,
                                    const struct roster *roster, struct sg_error *why)
{
    for (size_t i = 0; i < roster->groups.leaf_count; i++) {
        TRY(check_person(config, roster, i, why));
    }
    return SG_OK;
}

enum sg_status quorum_fits(const struct config *config, const struct quorum *quorum,
                           struct sg_error *why)
{
    return check_persons(config, &quorum->roster, why);
}

/* --- The file ---------------------------------------------------------------------- */

static bool keep_text(struct quorum *quorum, struct slice text)
{
    uint8_t *copy = (uint8_t *)malloc(text.len + 1);

    if (copy != NULL) {
        memcpy(copy, text.data, text.len);
        quorum->text = slice_of(copy, text.len);
    }
    return copy != NULL;
}

static enum sg_status fill(const struct config *config, struct slice text,
                           struct quorum *out, struct sg_error *why)
{
    if (!keep_text(out, text)) {
        return sg_fail(why, SG_NO_MEMORY, "no memory for the quorum file");
    }
    (void)SHA256(text.data, text.len, out->sha256);
    TRY(roster_parse(text, &out->roster, why));
    return check_persons(config, &out->roster, why);
}

enum sg_status quorum_make(const struct config *config, struct slice text,
                           struct quorum **out, struct sg_error *why)
{
    struct quorum *quorum = (struct quorum *)calloc(1, sizeof(*quorum));

    *out = NULL;
    if (quorum == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "no memory for the quorum file");
    }
    enum sg_status status = fill(config, text, quorum, why);
    if (status != SG_OK) {
        quorum_free(quorum);
        return status;
    }
    *out = quorum;
    return SG_OK;
}

static enum sg_status read_file(const struct config *config, struct quorum **out,
                                struct sg_error *why)
{
    uint8_t *bytes = NULL;
    size_t len = 0;

    TRY(yaml_file_bytes(config->quorum_file, &bytes, &len, why));
    enum sg_status status = quorum_make(config, slice_of(bytes, len), out, why);
    free(bytes);
    return status;
}

enum sg_status quorum_load(const struct config *config, struct quorum **out,
                           struct sg_error *why)
{
    struct sg_error inner = {0};

    *out = NULL;
    if (config->quorum_file[0] == '\0') {
        return SG_OK;
    }
    enum sg_status status = read_file(config, out, &inner);
    return status == SG_OK ? SG_OK
                           : sg_fail(why, status, "officers.quorum: %.200s: %.300s",
                                     config->quorum_file, inner.text);
}

struct quorum *quorum_copy(const struct quorum *quorum)
{
    struct quorum *copy = (struct quorum *)malloc(sizeof(*copy));

    if (copy == NULL) {
        return NULL;
    }
    memcpy(copy, quorum, sizeof(*copy));
    if (!keep_text(copy, quorum->text)) {
        free(copy);
        return NULL;
    }
    return copy;
}

void quorum_free(struct quorum *quorum)
{
    if (quorum != NULL) {
        free((void *)(uintptr_t)quorum->text.data);
        free(quorum);
    }
}

unsigned quorum_find(const struct quorum *quorum, const char *person)
{
    return quorum == NULL ? GROUPS_NONE
                          : groups_find_leaf(&quorum->roster.groups, slice_str(person));
}
