#include "proto/quorum/trust.h"

#include <stdio.h>
#include <string.h>

#include "proto/quorum/words.h"

struct reading {
    struct trust_policy *trust; /* borrowed */
    struct words line;
    bool quorum_seen;
    bool is_member[GROUPS_LEAVES_MAX]; /* of a group, each name once */
    bool is_below[GROUPS_MAX];
    struct sg_error *why; /* borrowed */
};

static bool is_known(const struct note_key *keys, size_t count,
                     const struct note_key *key)
{
    for (size_t i = 0; i < count; i++) {
        if (note_key_same(&keys[i], key)) {
            return true;
        }
    }
    return false;
}

/* One more key of a kind; its words are right. */
static enum sg_status read_key(const struct reading *reading, struct slice vkey,
                               bool of_log, struct note_key *key)
{
    if (note_vkey_parse(vkey, key) == SG_OK && note_kind_of_log(key->kind) == of_log) {
        return SG_OK;
    }
    return sg_fail(reading->why, SG_INVALID, "'%.*s' is no verifier key of a %s",
                   vkey.len < 80 ? (int)vkey.len : 80, (const char *)vkey.data,
                   of_log ? "log (Ed25519, or ECDSA on P-256)"
                          : "witness (cosignatures)");
}

enum sg_status trust_add_log(struct trust_policy *trust, const struct note_key *key,
                             struct sg_error *why)
{
    if (trust->log_count == TRUST_LOGS_MAX) {
        return sg_fail(why, SG_INVALID, "there are more than %d logs", TRUST_LOGS_MAX);
    }
    if (!note_kind_of_log(key->kind) || is_known(trust->logs, trust->log_count, key)) {
        return sg_fail(why, SG_INVALID, "this key stands above already");
    }
    trust->logs[trust->log_count++] = *key;
    return SG_OK;
}

static enum sg_status add_witness(struct trust_policy *trust, struct slice name,
                                  const struct note_key *key, struct sg_error *why)
{
    size_t count = trust->groups.leaf_count;

    if (count == TRUST_WITNESSES_MAX) {
        return sg_fail(why, SG_INVALID, "there are more than %d witnesses",
                       TRUST_WITNESSES_MAX);
    }
    if (key->kind != NOTE_COSIGNATURE || is_known(trust->witnesses, count, key)) {
        return sg_fail(why, SG_INVALID, "this key stands above already");
    }
    TRY(groups_add_leaf(&trust->groups, name, why));
    trust->witnesses[count] = *key;
    return SG_OK;
}

static enum sg_status read_log(struct reading *reading)
{
    struct note_key key;

    if (reading->line.count < 2 || reading->line.count > 3) {
        return sg_fail(reading->why, SG_INVALID, "a log is its key, and perhaps a URL");
    }
    TRY(read_key(reading, reading->line.word[1], true, &key));
    return trust_add_log(reading->trust, &key, reading->why);
}

static enum sg_status read_witness(struct reading *reading)
{
    struct note_key key;

    if (reading->line.count < 3 || reading->line.count > 4) {
        return sg_fail(reading->why, SG_INVALID,
                       "a witness is a name, its key, and perhaps a URL");
    }
    TRY(read_key(reading, reading->line.word[2], false, &key));
    return add_witness(reading->trust, reading->line.word[1], &key, reading->why);
}

static enum sg_status read_group(struct reading *reading)
{
    struct groups *groups = &reading->trust->groups;

    TRY(groups_add(groups, reading->line.word + 1, reading->line.count - 1,
                   reading->why));
    const struct group *group = &groups->list[groups->count - 1];
    for (size_t m = 0; m < group->count; m++) {
        struct group_member member = group->members[m];
        bool *is_member = member.is_group ? &reading->is_below[member.index]
                                          : &reading->is_member[member.index];
        if (*is_member) {
            return sg_fail(reading->why, SG_INVALID,
                           "'%s' is a member of another group already",
                           member.is_group ? groups->list[member.index].name
                                           : groups->leaves[member.index]);
        }
        *is_member = true;
    }
    return SG_OK;
}

static enum sg_status read_quorum(struct reading *reading)
{
    struct trust_policy *trust = reading->trust;

    if (reading->line.count != 2 || reading->quorum_seen) {
        return sg_fail(reading->why, SG_INVALID,
                       "there is one quorum, and it is a name or 'none'");
    }
    reading->quorum_seen = true;
    struct slice name = reading->line.word[1];
    if (slice_equal(name, slice_str("none"))) {
        return SG_OK;
    }
    if (!groups_member(&trust->groups, name, &trust->quorum)) {
        return sg_fail(reading->why, SG_INVALID, "'%.*s' does not stand above",
                       (int)name.len, (const char *)name.data);
    }
    trust->has_quorum = true;
    return SG_OK;
}

static const struct {
    const char *word;
    enum sg_status (*read)(struct reading *reading);
} kinds[] = {{"log", read_log},
             {"witness", read_witness},
             {"group", read_group},
             {"quorum", read_quorum}};

static enum sg_status read_line(struct reading *reading)
{
    for (size_t i = 0; i < SG_COUNT(kinds); i++) {
        if (slice_equal(reading->line.word[0], slice_str(kinds[i].word))) {
            return kinds[i].read(reading);
        }
    }
    return sg_fail(reading->why, SG_INVALID,
                   "it begins with none of the words log, witness, group, quorum");
}

enum sg_status trust_parse(struct slice text, struct trust_policy *out,
                           struct sg_error *why)
{
    struct reading reading = {.trust = out, .why = why};
    enum sg_status status;

    if (text.len > WORDS_FILE_MAX) {
        return sg_fail(why, SG_TOO_LARGE, "a trust policy has at most %d bytes",
                       WORDS_FILE_MAX);
    }
    memset(out, 0, sizeof(*out));
    while ((status = words_next(&text, &reading.line, why)) == SG_OK) {
        if (read_line(&reading) != SG_OK) {
            return words_fail(&reading.line, SG_INVALID, why);
        }
    }
    if (status != SG_NOT_FOUND) {
        return status;
    }
    if (!reading.quorum_seen) {
        return sg_fail(why, SG_INVALID,
                       "there is no quorum line: write 'quorum NAME', or 'quorum none'");
    }
    return SG_OK;
}

/* --- By hand -------------------------------------------------------------------------
 */

/* Names are for the file alone. */
static struct slice made_name(const char *before, size_t number, char out[16])
{
    int len = snprintf(out, 16, "%s%zu", before, number);

    return slice_of(out, (size_t)len);
}

enum sg_status trust_add_witness(struct trust_policy *trust, const struct note_key *key,
                                 struct sg_error *why)
{
    char name[16];

    return add_witness(trust, made_name("w", trust->groups.leaf_count, name), key, why);
}

enum sg_status trust_ask_for(struct trust_policy *trust, unsigned witnesses,
                             struct sg_error *why)
{
    char names[TRUST_WITNESSES_MAX + 2][16];
    struct slice words[TRUST_WITNESSES_MAX + 2];
    size_t count = trust->groups.leaf_count;

    words[0] = slice_str("quorum");
    words[1] = made_name("", witnesses, names[0]);
    for (size_t i = 0; i < count; i++) {
        words[2 + i] = made_name("w", i, names[1 + i]);
    }
    TRY(groups_add(&trust->groups, words, 2 + count, why));
    trust->has_quorum = true;
    trust->quorum = (struct group_member){.is_group = true,
                                          .index = (uint8_t)(trust->groups.count - 1)};
    return SG_OK;
}

/* --- Asking --------------------------------------------------------------------------
 */

const struct note_key *trust_log(const struct trust_policy *trust, const char *origin)
{
    for (size_t i = 0; i < trust->log_count; i++) {
        if (strcmp(trust->logs[i].name, origin) == 0) {
            return &trust->logs[i];
        }
    }
    return &trust->logs[0];
}

unsigned trust_fewest(const struct trust_policy *trust)
{
    if (!trust->has_quorum) {
        return 0;
    }
    return trust->quorum.is_group ? groups_fewest(&trust->groups, trust->quorum.index)
                                  : 1;
}

bool trust_reached(const struct trust_policy *trust, uint64_t witnesses)
{
    if (!trust->has_quorum) {
        return true;
    }
    return trust->quorum.is_group
               ? groups_reached(&trust->groups, trust->quorum.index, witnesses)
               : (witnesses >> trust->quorum.index & 1) == 1;
}
