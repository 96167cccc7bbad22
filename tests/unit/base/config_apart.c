#include <criterion/criterion.h>

#include "gateway/config/config.h"
#include "tests/unit/base/support/config_file.h"

/* A lawful configuration with one thing more. */
struct more {
    const char *canary; /* of lane0: ", canary: …" */
    const char *lane;   /* an entry of lanes */
    const char *key;
    const char *caller;
};

TestSuite(config_apart, .init = config_file_make, .fini = config_file_remove);

static enum sg_status load(const struct more *more)
{
    return config_file_load(
        "listen: {address: 127.0.0.1, port: 0}\n"
        "tls: {certificate: server.pem, private_key: server.key, client_ca: ca.pem}\n"
        "ledger: {path: ledger.db, origin: example.go.id/log}\n"
        "policy: {file: policy.yaml, anchors: anchors.pem}\n"
        "lanes:\n"
        "  - {name: lane0, module: /usr/lib/m.so, token: t, pin_file: pin%s}\n"
        "%s"
        "log_key: {lane: lane0, id: \"0a0b\"}\n"
        "keys:\n"
        "  - {name: seal, class: seal, lane: lane0, id: \"01\", certificate: seal.pem,\n"
        "     scheme: rsa-pkcs1, allowed_classes: [surat_tugas]}\n"
        "%s"
        "callers:\n"
        "  - {name: e-office, match: \"URI:urn:x\", roles: [backend], keys: [seal]}\n"
        "%s",
        more->canary == NULL ? "" : more->canary, more->lane == NULL ? "" : more->lane,
        more->key == NULL ? "" : more->key, more->caller == NULL ? "" : more->caller);
}

static void expect_refused(const struct more *more, const char *place, const char *word)
{
    config_file_refused(load(more), place, word);
}

#define KEY(place)                                                                       \
    "  - {name: two, class: seal, " place ", certificate: seal.pem,\n"                   \
    "     scheme: rsa-pkcs1, allowed_classes: [surat_tugas]}\n"
#define LANE(canary)                                                                     \
    "  - {name: lane1, module: /usr/lib/m.so, token: u, pin_file: pin" canary "}\n"

Test(config_apart, a_key_has_one_name)
{
    expect_refused(&(struct more){.key = KEY("lane: lane0, id: \"01\"")}, "yaml:11:",
                   "key 'two' is key 'seal' on lane 'lane0' under another name");
    expect_refused(&(struct more){.key = KEY("uri: \"pkcs11:id=%01\"")},
                   "yaml:11:", "give it one name");
    cr_expect_eq(load(&(struct more){.key = KEY("lane: lane0, id: \"02\"")}), SG_OK, "%s",
                 tried.why.text);
}

Test(config_apart, the_same_id_on_another_token_is_another_key)
{
    const struct more more = {.lane = LANE(""), .key = KEY("lane: lane1, id: \"01\"")};

    cr_expect_eq(load(&more), SG_OK, "%s", tried.why.text);
}

Test(config_apart, what_signs_the_log_or_is_a_canary_signs_nothing_else)
{
    expect_refused(&(struct more){.key = KEY("lane: lane0, id: \"0a0b\"")},
                   "yaml:11:", "key 'two' is the log_key");
    expect_refused(&(struct more){.canary = ", canary: \"01\""},
                   "yaml:9:", "key 'seal' is the canary of lane 'lane0'");
    expect_refused(&(struct more){.canary = ", canary: \"0a0b\""},
                   "yaml:7:", "the log_key is the canary of lane 'lane0'");
    cr_expect_eq(load(&(struct more){.lane = LANE(", canary: \"01\"")}), SG_OK,
                 "another token's: %s", tried.why.text);
}

Test(config_apart, a_certificate_is_one_caller)
{
    expect_refused(
        &(struct more){.caller =
                           "  - {name: more, match: \"URI:urn:x\", roles: [reviewer]}\n"},
        "yaml:13:", "caller 'e-office' is known by this already");
    expect_refused(
        &(struct more){
            .caller = "  - {name: more, match: \"DNS:*.go.id\", roles: [reviewer]}\n"},
        "yaml:13:", "no pattern");
}

#define TWO(first, second)                                                               \
    "  - {name: one, match: \"" first "\", roles: [reviewer]}\n"                         \
    "  - {name: two, match: \"" second "\", roles: [officer]}\n"
#define EIGHT "0a1b2c3d"

Test(config_apart, callers_are_told_apart_as_certificates_are_matched)
{
    expect_refused(&(struct more){.caller = TWO("DNS:Dispo.go.id", "DNS:dispo.go.id")},
                   "yaml:14:", "caller 'one' is known by this already");
    expect_refused(
        &(struct more){.caller = TWO("sha256:" EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT
                                     "0a1b2c3d",
                                     "sha256:" EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT
                                     "0A1B2C3D")},
        "yaml:14:", "caller 'one' is known by this already");
    cr_expect_eq(load(&(struct more){.caller = TWO("URI:urn:A", "URI:urn:a")}), SG_OK,
                 "in a URI letters differ: %s", tried.why.text);
}
