#include "proto/quorum/minutes.h"

/* --- Who must ---------------------------------------------------------------------- */

static enum sg_status find_person(const struct roster *roster, struct slice value,
                                  unsigned *person, struct sg_error *why)
{
    struct slice name = minutes_first(value);
    struct slice role = minutes_rest(value);

    *person = groups_find_leaf(&roster->groups, name);
    if (*person == GROUPS_NONE ||
        !slice_equal(role, slice_str(person_role_name(roster->persons[*person].role)))) {
        return sg_fail(why, SG_INVALID, "the quorum file has no %.*s '%.*s'",
                       (int)role.len, (const char *)role.data, (int)name.len,
                       (const char *)name.data);
    }
    return SG_OK;
}

static enum sg_status find_people(const struct roster *roster,
                                  const struct minutes *minutes, enum minutes_field field,
                                  uint64_t *out, struct sg_error *why)
{
    unsigned person = 0;

    for (size_t n = 0; minutes_get(minutes, field, n).len > 0; n++) {
        TRY(find_person(roster, minutes_get(minutes, field, n), &person, why));
        *out |= (uint64_t)1 << person % GROUPS_LEAVES_MAX; /* it is below */
    }
    return SG_OK;
}

/* --- Who did ----------------------------------------------------------------------- */

static bool is_of(const struct note_signature *signature, const struct note_key *key)
{
    return signature->id == key->id && slice_equal(signature->name, slice_str(key->name));
}

static const struct note_key *key_of(const struct roster_person *person,
                                     const struct note_signature *signature)
{
    for (size_t k = 0; k < person->key_count; k++) {
        if (is_of(signature, &person->keys[k])) {
            return &person->keys[k];
        }
    }
    return NULL;
}

/* Whose key it is; GROUPS_NONE: nobody's. */
static unsigned signer_of(const struct roster *roster,
                          const struct note_signature *signature,
                          const struct note_key **key)
{
    for (unsigned p = 0; p < roster->groups.leaf_count; p++) {
        *key = key_of(&roster->persons[p], signature);
        if (*key != NULL) {
            return p;
        }
    }
    return GROUPS_NONE;
}

/* The same person in the first file; GROUPS_NONE: it has nobody of that name and role. */
static unsigned same_person(const struct minutes_rosters *rosters, unsigned other)
{
    const char *name = rosters->other->groups.leaves[other];
    unsigned person = groups_find_leaf(&rosters->roster->groups, slice_str(name));

    return person != GROUPS_NONE && rosters->roster->persons[person].role ==
                                        rosters->other->persons[other].role
               ? person
               : GROUPS_NONE;
}

static unsigned find_signer(const struct minutes_rosters *rosters,
                            const struct note_signature *signature,
                            const struct note_key **key)
{
    unsigned person = signer_of(rosters->roster, signature, key);

    if (person == GROUPS_NONE && rosters->other != NULL) {
        person = signer_of(rosters->other, signature, key);
        return person == GROUPS_NONE ? GROUPS_NONE : same_person(rosters, person);
    }
    return person;
}

static enum sg_status take_signature(const struct minutes_rosters *rosters,
                                     const struct note *note,
                                     const struct note_signature *signature,
                                     struct minutes_votes *votes, struct sg_error *why)
{
    const struct note_key *key = NULL;
    struct note_verdict verdict;
    unsigned person = find_signer(rosters, signature, &key);

    if (person == GROUPS_NONE) {
        return SG_OK;
    }
    if (note_verify(note, key, &verdict) != SG_OK || !verdict.signed_by) {
        return sg_fail(why, SG_CORRUPT, "the signature of '%s' is false",
                       rosters->roster->groups.leaves[person]);
    }
    uint64_t bit = (uint64_t)1 << person % GROUPS_LEAVES_MAX; /* it is below */
    votes->late |=
        (votes->given & votes->witnesses) != 0 && (bit & votes->witnesses) == 0;
    votes->given |= bit & votes->must;
    return SG_OK;
}

enum sg_status minutes_votes_by(const struct minutes_rosters *rosters, struct slice bytes,
                                struct minutes *minutes, struct minutes_votes *votes,
                                struct sg_error *why)
{
    const struct roster *roster = rosters->roster;
    struct note note;

    *votes = (struct minutes_votes){.must = 0};
    if (bytes.len > MINUTES_NOTE_MAX || note_parse(bytes, &note) != SG_OK) {
        return sg_fail(why, SG_INVALID, "this is no signed note of at most %d bytes",
                       MINUTES_NOTE_MAX);
    }
    TRY(minutes_read(note.text, minutes, why));
    TRY(find_people(roster, minutes, MINUTES_FIELD_WITNESS, &votes->witnesses, why));
    votes->must = votes->witnesses;
    TRY(find_people(roster, minutes, MINUTES_FIELD_PARTICIPANT, &votes->must, why));
    for (size_t i = 0; i < note.count; i++) {
        TRY(take_signature(rosters, &note, &note.signatures[i], votes, why));
    }
    return SG_OK;
}

enum sg_status minutes_votes(const struct roster *roster, struct slice bytes,
                             struct minutes *minutes, struct minutes_votes *votes,
                             struct sg_error *why)
{
    const struct minutes_rosters rosters = {roster, NULL};

    return minutes_votes_by(&rosters, bytes, minutes, votes, why);
}

bool minutes_complete(const struct minutes_votes *votes)
{
    return votes->given == votes->must && votes->must != 0 && !votes->late;
}
