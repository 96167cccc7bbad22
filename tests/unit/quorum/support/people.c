#include "tests/unit/quorum/support/people.h"

#include <criterion/criterion.h>
#include <stdio.h>

static const struct {
    const char *role;
    const char *name;
} who[PEOPLE] = {
    {"officer", "officer-a"},   {"officer", "officer-b"},   {"officer", "officer-c"},
    {"officer", "officer-d"},   {"reviewer", "reviewer-x"}, {"reviewer", "reviewer-y"},
    {"operator", "operator-o"},
};

static const char rest[] = "group two 2 officer-a officer-b officer-c officer-d\n"
                           "group three 3 officer-a officer-b officer-c officer-d\n"
                           "group one any officer-a officer-b officer-c officer-d\n"
                           "group reviewer any reviewer-x reviewer-y\n"
                           "group signers all one reviewer\n"
                           "group anybody any one reviewer\n"
                           "task key.generate two\ntask cert.accept two\n"
                           "task key.activate two\ntask mandate.open two\n"
                           "task key.hold anybody\ntask key.release two\n"
                           "task key.rotate two\ntask key.destroy two\n"
                           "task policy.load signers\ntask override two\n"
                           "task lockdown anybody\ntask lockdown.clear three\n"
                           "task log.prune two\ntask officer.add two\n"
                           "task officer.remove two\ntask pin.unlock two\n";

static void make_key(struct people *people, size_t i)
{
    uint8_t public_key[NOTE_KEY_SIZE];
    size_t len = sizeof(public_key);

    people->keys[i] = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    cr_assert_eq(EVP_PKEY_get_raw_public_key(people->keys[i], public_key, &len), 1);
    cr_assert_eq(note_key_make(slice_str(who[i].name), NOTE_ED25519, public_key,
                               &people->named[i]),
                 SG_OK);
}

void people_line(const struct people *people, size_t index, char out[512])
{
    char vkey[NOTE_VKEY_MAX];

    note_vkey_format(&people->named[index], vkey);
    (void)snprintf(out, 512, "%s %s %s\n", who[index].role, who[index].name, vkey);
}

static void append(struct people *people, const char *line)
{
    size_t len = strlen(people->text);

    (void)snprintf(people->text + len, sizeof(people->text) - len, "%s", line);
}

void people_make(struct people *people)
{
    char line[512];

    memset(people, 0, sizeof(*people));
    for (size_t i = 0; i < PEOPLE; i++) {
        make_key(people, i);
        people_line(people, i, line);
        append(people, line);
    }
    append(people, rest);
}

void people_remove(struct people *people)
{
    for (size_t i = 0; i < PEOPLE; i++) {
        EVP_PKEY_free(people->keys[i]);
    }
}

void people_sign(const struct people *people, size_t index, struct slice text,
                 struct lines_out *note)
{
    uint8_t signature[NOTE_ED25519_SIZE];
    size_t len = sizeof(signature);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const struct note_key *key = &people->named[index];

    cr_assert_eq(EVP_DigestSignInit(ctx, NULL, NULL, NULL, people->keys[index]), 1);
    cr_assert_eq(EVP_DigestSign(ctx, signature, &len, text.data, text.len), 1);
    EVP_MD_CTX_free(ctx);
    note_add_signature(note, slice_str(key->name), key->id, slice_of(signature, len));
}
