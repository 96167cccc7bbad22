#include "client/known_people.h"

#include <openssl/sha.h>
#include <stdio.h>

#include "client/approval_call.h"
#include "client/file.h"
#include "client/unpack.h"
#include "proto/quorum/words.h"

enum sg_status known_from_file(const char *path, struct known_people *out,
                               struct sg_error *why)
{
    struct file_bytes bytes = {0};
    struct sg_error plain = {0};

    memset(out, 0, sizeof(*out));
    TRY(file_read(path, WORDS_FILE_MAX, &bytes, why));
    (void)SHA256(bytes.data, bytes.len, out->sha256);
    enum sg_status status =
        roster_parse(slice_of(bytes.data, bytes.len), &out->roster, &plain);
    file_free(&bytes);
    return status == SG_OK ? SG_OK : sg_fail(why, status, "%s: %s", path, plain.text);
}

/* --- From the gateway -------------------------------------------------------------- */

static bool role_of(const char *text, enum person_role *out)
{
    unsigned role = 0;

    while (role < PERSON_ROLE_COUNT &&
           strcmp(text, person_role_name((enum person_role)role)) != 0) {
        role++;
    }
    *out = (enum person_role)role;
    return role < PERSON_ROLE_COUNT;
}

static bool take_keys(const Segel__V1__RosterEntry *entry, struct roster_person *person)
{
    if (entry->n_verifier_keys > ROSTER_KEYS_MAX) {
        return false;
    }
    for (size_t k = 0; k < entry->n_verifier_keys; k++) {
        struct note_key *key = &person->keys[person->key_count++];
        if (note_vkey_parse(slice_str(entry->verifier_keys[k]), key) != SG_OK ||
            key->kind != NOTE_ED25519) {
            return false;
        }
    }
    return true;
}

static bool take_entry(const Segel__V1__RosterEntry *entry, struct roster *roster)
{
    size_t at = roster->groups.leaf_count;
    struct sg_error why;

    if (entry->until_us != 0) { /* has left */
        return true;
    }
    return groups_add_leaf(&roster->groups, slice_str(entry->person), &why) == SG_OK &&
           role_of(entry->role, &roster->persons[at].role) &&
           take_keys(entry, &roster->persons[at]);
}

static enum sg_status take(const Segel__V1__GetRosterResponse *reply,
                           struct known_people *out, struct sg_error *why)
{
    if (reply->quorum_sha256.len != sizeof(out->sha256)) {
        return sg_fail(why, SG_PRECONDITION,
                       "the gateway has no quorum file, which names the persons of a "
                       "ceremony: see officers.quorum in its configuration");
    }
    memcpy(out->sha256, reply->quorum_sha256.data, sizeof(out->sha256));
    for (size_t i = 0; i < reply->n_entries; i++) {
        if (!take_entry(reply->entries[i], &out->roster)) {
            return sg_fail(why, SG_CORRUPT,
                           "the gateway's roster cannot be read: give the quorum file "
                           "with --quorum");
        }
    }
    return SG_OK;
}

enum sg_status known_from_gateway(const struct home *home, struct known_people *out,
                                  struct sg_error *why)
{
    ProtobufCMessage *reply = NULL;

    memset(out, 0, sizeof(*out));
    TRY(approval_roster(home, &reply, why));
    enum sg_status status =
        take((const Segel__V1__GetRosterResponse *)(const void *)reply, out, why);
    unpack_free(reply);
    return status;
}

/* --- Looking ----------------------------------------------------------------------- */

static bool has_key(const struct roster_person *person, const struct note_key *key)
{
    for (size_t k = 0; k < person->key_count; k++) {
        if (person->keys[k].id == key->id &&
            strcmp(person->keys[k].name, key->name) == 0 &&
            memcmp(person->keys[k].public_key, key->public_key, NOTE_KEY_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

unsigned known_owner(const struct known_people *known, const struct note_key *key)
{
    for (unsigned p = 0; p < known->roster.groups.leaf_count; p++) {
        if (has_key(&known->roster.persons[p], key)) {
            return p;
        }
    }
    return GROUPS_NONE;
}

void known_names(const struct known_people *known, uint64_t persons, char *out,
                 size_t cap)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t p = 0; p < known->roster.groups.leaf_count; p++) {
        if ((persons >> p & 1) != 0 && used < cap) {
            int len = snprintf(out + used, cap - used, "%s%s", used == 0 ? "" : ", ",
                               known->roster.groups.leaves[p]);
            used += len > 0 ? (size_t)len : 0;
        }
    }
}
