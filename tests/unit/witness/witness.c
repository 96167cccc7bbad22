#include "client/witness/witness.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "client/witness/evidence.h"
#include "client/witness/settings.h"
#include "tests/unit/witness/support/log.h"

enum { NOW = 1800000000 };

static struct witness_paths paths;
static struct witness_keys keys;
static struct witness *witness;
static struct sg_error why;

static void begin(void)
{
    struct note_key cosigner;

    log_keys(&keys);
    log_paths(&paths);
    cr_assert_eq(witness_init(&paths, "witness.example.go.id/w", &cosigner, &why), SG_OK,
                 "%s", why.text);
    cr_assert_eq(witness_open(&paths, &keys, &witness, &why), SG_OK, "%s", why.text);
}

static void end(void)
{
    witness_close(witness);
    witness = NULL;
    log_remove();
}

TestSuite(witness, .init = begin, .fini = end);

static enum witness_answer add(struct slice body, uint64_t now_s)
{
    static struct witness_reply reply;

    witness_add(witness, body, now_s, &reply);
    return reply.answer;
}

static ino_t state_file(void)
{
    struct stat about;
    char path[FOLDER_PATH_MAX + 8];

    (void)snprintf(path, sizeof(path), "%s/state", paths.state);
    cr_assert_eq(stat(path, &about), 0);
    return about.st_ino;
}

Test(witness, cosigns_every_step_of_a_growing_log)
{
    uint64_t before = 0;

    for (uint64_t size = 1; size < 300; size += size / 3 + 1) {
        cr_expect_eq(add(log_body(before, size), NOW + size), WITNESS_COSIGNED, "%d",
                     (int)size);
        before = size;
    }
}

Test(witness, the_same_request_in_one_second_is_written_once)
{
    static struct witness_reply first;
    static struct witness_reply second;

    witness_add(witness, log_body(0, 5), NOW, &first);
    cr_assert_eq(first.answer, WITNESS_COSIGNED);
    ino_t before = state_file();
    witness_add(witness, log_body(5, 5), NOW, &second);
    cr_expect_eq(second.answer, WITNESS_COSIGNED);
    cr_expect_str_eq(second.body, first.body);
    cr_expect_eq(state_file(), before);
    witness_add(witness, log_body(5, 5), NOW + 1, &second);
    cr_expect_eq(second.answer, WITNESS_COSIGNED);
    cr_expect_str_neq(second.body, first.body, "a new time is a new promise");
}

Test(witness, a_clock_behind_the_last_time_signs_nothing)
{
    cr_expect(witness_healthy(witness, NOW));
    cr_assert_eq(add(log_body(0, 5), NOW), WITNESS_COSIGNED);
    cr_expect_eq(add(log_body(5, 6), NOW - 1), WITNESS_CLOCK);
    cr_expect_not(witness_healthy(witness, NOW - 1));
    cr_expect_eq(add(log_body(5, 6), 0), WITNESS_CLOCK);
    cr_expect_eq(add(log_body(5, 6), NOW), WITNESS_COSIGNED);
}

Test(witness, a_state_that_cannot_be_written_breaks_it)
{
    char aside[FOLDER_PATH_MAX + 8];

    cr_assert_eq(add(log_body(0, 5), NOW), WITNESS_COSIGNED);
    (void)snprintf(aside, sizeof(aside), "%s/state.new", paths.state);
    cr_assert_eq(mkdir(aside, 0700), 0);
    cr_expect_eq(add(log_body(5, 6), NOW + 1), WITNESS_BROKEN);
    cr_assert_eq(remove(aside), 0);
    struct slice note;
    cr_assert_eq(witness_latest(witness, slice_str(""), &note), SG_NOT_FOUND);
}

/* The log shows this root of five numbers. */
static const struct witness_reply *show(const struct tlog_hash *root)
{
    static char body[LOG_BODY_MAX];
    static struct witness_reply reply;

    struct slice note = log_note(5, root);
    (void)snprintf(body, sizeof(body), "old 5\n\n%.*s", (int)note.len,
                   (const char *)note.data);
    witness_add(witness, slice_str(body), NOW, &reply);
    cr_expect_eq(reply.answer, WITNESS_SPLIT);
    cr_expect(reply.split);
    return &reply;
}

Test(witness, evidence_has_the_name_of_origin_size_and_root)
{
    struct tlog_hash other = tlog_sha256(slice_str("other"));

    cr_assert_eq(add(log_body(0, 5), NOW), WITNESS_COSIGNED);
    cr_expect_eq(evidence_count(paths.state), 0);
    cr_expect_str_empty(show(&other)->why.text);
    cr_expect_eq(evidence_count(paths.state), 2);
}

Test(witness, roots_that_begin_alike_are_two_proofs)
{
    struct tlog_hash other = log_root(5);

    cr_assert_eq(add(log_body(0, 5), NOW), WITNESS_COSIGNED);
    other.bytes[TLOG_HASH_SIZE - 1] ^= 1;
    cr_expect_str_empty(show(&other)->why.text);
    cr_expect_eq(evidence_count(paths.state), 2);
}

/* What another log has done must not use up the room of this one. */
static void fill_evidence(const char *origin, size_t count)
{
    struct folder folder;
    struct tlog_hash hash;

    cr_assert_eq(folder_open(paths.state, &folder, &why), SG_OK);
    for (size_t i = 0; i < count; i++) {
        hash = tlog_sha256(slice_of(&i, sizeof(i)));
        const struct checkpoint checkpoint = {.origin = slice_str(origin),
                                              .head = {.size = 5, .root = hash}};
        cr_assert_eq(evidence_keep(&folder, &checkpoint, slice_str("note\n"), &why),
                     SG_OK, "%zu: %s", i, why.text);
    }
    folder_close(&folder);
}

Test(witness, evidence_of_one_log_leaves_room_for_that_of_another)
{
    struct tlog_hash other = tlog_sha256(slice_str("other"));

    fill_evidence("log.example.go.id/loud", EVIDENCE_MAX);
    cr_assert_eq(add(log_body(0, 5), NOW), WITNESS_COSIGNED);
    cr_expect_str_empty(show(&other)->why.text);
    cr_expect_eq(evidence_count(paths.state), EVIDENCE_MAX + 2);
    for (size_t i = 2; i < EVIDENCE_MAX - 1; i++) {
        other = tlog_sha256(slice_of(&i, sizeof(i)));
        (void)show(&other);
    }
    other = tlog_sha256(slice_str("one more"));
    cr_expect_str_empty(show(&other)->why.text, "the last one that has room");
    other = tlog_sha256(slice_str("too many"));
    cr_expect_str_not_empty(show(&other)->why.text);
    cr_expect_eq(evidence_count(paths.state), (size_t)EVIDENCE_MAX * 2);
}

/* --- State ------------------------------------------------------------------------- */

static struct witness_state state;
static struct witness_state again;
static struct witness_entry entry;

/* A cosigned note of the known answers under another origin each: only its own signature
 * counts in the state. */
static void make_entry(struct named_key *key, unsigned number)
{
    static char note[4096];
    uint8_t blob[WITNESS_COSIGNATURE_SIZE];
    char text[256];
    struct lines_out lines;
    struct slice whole;

    (void)snprintf(text, sizeof(text),
                   "log.example.go.id/%u\n1\nbjQLnP+zepicpUTmu3gKLHiQHT+"
                   "zNzh2hRGjBhevoB0=\n",
                   number);
    cr_assert_eq(witness_key_cosign(key, slice_str(text), NOW, blob), SG_OK);
    lines_start(&lines, note, sizeof(note));
    note_begin(&lines, slice_str(text));
    note_add_signature(&lines, slice_str(key->verifier.name), key->verifier.id,
                       slice_of(blob, sizeof(blob)));
    cr_assert_eq(lines_finish(&lines, &whole), SG_OK);
    cr_assert_eq(witness_entry_read(whole, &key->verifier, &entry), SG_OK);
}

static void open_folder(struct folder *folder)
{
    log_paths(&paths);
    cr_assert_eq(folder_make(paths.state, &why), SG_OK);
    cr_assert_eq(folder_open(paths.state, folder, &why), SG_OK);
}

Test(state, holds_as_many_origins_as_it_says_and_reads_them_back)
{
    struct named_key key;
    struct folder folder;

    open_folder(&folder);
    log_witness_key(&key);
    state.cosigner = key.verifier;
    for (unsigned i = 0; i < WITNESS_ORIGINS_MAX; i++) {
        make_entry(&key, i);
        cr_assert_eq(witness_state_store(&folder, &state, &entry, &why), SG_OK);
    }
    make_entry(&key, 7);
    cr_expect_eq(witness_state_store(&folder, &state, &entry, &why), SG_OK, "again");
    make_entry(&key, WITNESS_ORIGINS_MAX);
    cr_expect_eq(witness_state_store(&folder, &state, &entry, &why), SG_BUSY);
    cr_expect_eq(state.count, WITNESS_ORIGINS_MAX);
    cr_assert_eq(witness_state_load(&folder, &again, &why), SG_OK, "%s", why.text);
    cr_expect_eq(again.count, WITNESS_ORIGINS_MAX);
    for (size_t i = 0; i < again.count; i++) {
        cr_expect_str_eq(again.entries[i].origin, state.entries[i].origin);
        cr_expect_eq(again.entries[i].time_s, NOW);
    }
    named_key_fini(&key);
    folder_close(&folder);
    end();
}

Test(state, no_changed_byte_is_taken)
{
    struct named_key key;
    struct folder folder;
    static uint8_t image[8192];
    struct folder_room room = {.data = image, .cap = sizeof(image)};

    open_folder(&folder);
    log_witness_key(&key);
    state.cosigner = key.verifier;
    make_entry(&key, 0);
    cr_assert_eq(witness_state_store(&folder, &state, &entry, &why), SG_OK);
    cr_assert_eq(folder_read(&folder, "state", &room, &why), SG_OK);
    for (size_t i = 0; i < room.len; i++) {
        image[i] ^= 1;
        cr_assert_eq(folder_replace(&folder, "state", slice_of(image, room.len), &why),
                     SG_OK);
        cr_expect_neq(witness_state_load(&folder, &again, &why), SG_OK, "byte %zu", i);
        image[i] ^= 1;
    }
    named_key_fini(&key);
    folder_close(&folder);
    end();
}

/* --- Settings ---------------------------------------------------------------------- */

static struct settings settings;

static enum sg_status put(const char *word, const char *value)
{
    return settings_put(&settings, slice_str(word), slice_str(value), &why);
}

Test(settings, addresses_are_ip_addresses_with_a_port)
{
    static const char *const good[] = {"127.0.0.1:0", "0.0.0.0:65535", "[::1]:80",
                                       "[fe80::1]:8080"};
    static const char *const bad[] = {
        "",      ":1",         "1.2.3.4",       "1.2.3.4:", "::1:80",
        "[::1]", "x:1",        "1.2.3.4:65536", "[x]:1",    "1.2.3:4:5",
        "[]:1",  "1.2.3.4:01", "1.2.3.4 :1"};

    for (size_t i = 0; i < SG_COUNT(good); i++) {
        cr_expect_eq(put("listen", good[i]), SG_OK, "%s", good[i]);
    }
    for (size_t i = 0; i < SG_COUNT(bad); i++) {
        cr_expect_eq(put("listen", bad[i]), SG_INVALID, "%s", bad[i]);
    }
}

Test(settings, a_prefix_is_a_path)
{
    cr_expect_eq(put("prefix", "/a/b"), SG_OK);
    cr_expect_str_eq(settings.prefix, "/a/b");
    cr_expect_eq(put("prefix", "/"), SG_OK);
    cr_expect_str_eq(settings.prefix, "");
    cr_expect_eq(put("prefix", "a"), SG_INVALID);
    cr_expect_eq(put("prefix", "/a/"), SG_INVALID);
    cr_expect_eq(put("prefix", ""), SG_INVALID);
}

Test(settings, logs_are_keys_of_logs_each_named_once)
{
    char line[512];

    cr_expect_eq(put("log", vector_witness_vkey), SG_INVALID, "a witness's key");
    cr_expect_eq(put("log", "x"), SG_INVALID);
    (void)snprintf(line, sizeof(line), "%s https://log.example.go.id more",
                   vector_log_vkey);
    cr_expect_eq(put("log", line), SG_INVALID);
    cr_expect_eq(put("log", vector_log_vkey), SG_OK);
    cr_expect_eq(put("log", vector_log_vkey), SG_INVALID);
    cr_expect_eq(settings.keys.count, 1);
    (void)snprintf(line, sizeof(line), "%s,,", vector_example_vkey);
    cr_expect_eq(settings_put_logs(&settings, slice_str(line), &why), SG_INVALID);
    cr_expect_eq(settings_put_logs(&settings, slice_str(""), &why), SG_OK);
}

Test(settings, a_file_is_told_by_its_line)
{
    cr_expect_eq(settings_read(&settings,
                               slice_str("# x\n\n \t\nlisten 127.0.0.1:1\r\nkey k"), "f",
                               &why),
                 SG_OK);
    cr_expect_eq(settings.port, 1);
    cr_expect_str_eq(settings.key, "k");
    cr_expect_eq(settings_read(&settings, slice_str("key k\nkey\n"), "f", &why),
                 SG_INVALID);
    cr_expect(strstr(why.text, "f line 2") != NULL, "%s", why.text);
}
