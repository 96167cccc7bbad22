#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "gateway/config/config.h"
#include "tests/unit/base/support/config_file.h"

/* Lanes and keys by PKCS#11 URI, and keys that are not there yet. */

static const char *certificate = "certificate: seal.pem,"; /* tests take it away */

TestSuite(config_uri, .init = config_file_make, .fini = config_file_remove);

#define LANE_URI                                                                         \
    "pkcs11:token=My%20token;serial=12;manufacturer=Maker;model=M1?module-path=/m.so"    \
    "&pin-source=file:/run/pin"
#define KEY_URI "pkcs11:token=My%20token;id=%01%AB;object=seal;type=private"

static enum sg_status load(const char *lane, const char *key)
{
    return config_file_load(
        "listen: {address: 127.0.0.1, port: 0}\n"
        "tls: {certificate: a, private_key: b, client_ca: c}\n"
        "ledger: {path: ledger.db, origin: example.go.id/log}\n"
        "policy: {file: policy.yaml, anchors: anchors.pem}\n"
        "lanes:\n"
        "  - {name: lane0, %s}\n"
        "  - {name: other, module: /n.so, token: Elsewhere, pin_file: pin}\n"
        "log_key: {lane: other, id: \"0a\"}\n"
        "keys:\n"
        "  - {name: seal, class: seal, %s scheme: ecdsa,\n"
        "     %s}\n"
        "callers:\n"
        "  - {name: x, match: \"URI:urn:x\", roles: [backend], keys: [seal]}\n",
        lane, certificate, key);
}

static void expect_refused(const char *lane, const char *key, const char *word)
{
    config_file_refused(load(lane, key), "segeld.yaml:", word);
}

#define LAWFUL_LANE "uri: \"" LANE_URI "\""
#define LAWFUL_KEY  "uri: \"" KEY_URI "\""

Test(config_uri, a_lane_is_all_that_its_uri_says)
{
    cr_assert_eq(load(LAWFUL_LANE, LAWFUL_KEY), SG_OK, "%s", tried.why.text);
    const struct config_lane *lane = &tried.config->lanes[0];
    cr_expect_str_eq(lane->token.label, "My token");
    cr_expect_str_eq(lane->token.serial, "12");
    cr_expect_str_eq(lane->token.manufacturer, "Maker");
    cr_expect_str_eq(lane->token.model, "M1");
    cr_expect_str_eq(lane->module, "/m.so");
    cr_expect_str_eq(lane->pin_path, "/run/pin");
}

Test(config_uri, a_key_is_found_by_id_and_label_on_the_lanes_of_its_token)
{
    cr_assert_eq(load(LAWFUL_LANE, LAWFUL_KEY), SG_OK, "%s", tried.why.text);
    const struct config_key *key = &tried.config->keys[0];
    cr_expect_eq(key->object.id_len, 2);
    cr_expect_eq(key->object.id[1], 0xAB);
    cr_expect_str_eq(key->object.label, "seal");
    cr_expect(config_key_on_lane(key, &tried.config->lanes[0]));
    cr_expect_not(config_key_on_lane(key, &tried.config->lanes[1]));
}

Test(config_uri, a_key_without_a_token_is_looked_for_on_every_lane)
{
    cr_assert_eq(load(LAWFUL_LANE, "uri: \"pkcs11:object=seal\""), SG_OK, "%s",
                 tried.why.text);
    cr_expect_eq(tried.config->keys[0].object.id_len, 0);
    cr_expect(config_key_on_lane(&tried.config->keys[0], &tried.config->lanes[0]));
    cr_expect(config_key_on_lane(&tried.config->keys[0], &tried.config->lanes[1]));
}

Test(config_uri, a_key_that_names_lanes_is_looked_for_on_those)
{
    cr_assert_eq(load(LAWFUL_LANE, "id: \"01\", lanes: [other]"), SG_OK, "%s",
                 tried.why.text);
    cr_expect_not(config_key_on_lane(&tried.config->keys[0], &tried.config->lanes[0]));
    cr_expect(config_key_on_lane(&tried.config->keys[0], &tried.config->lanes[1]));
}

Test(config_uri, a_relative_pin_source_stands_beside_the_file)
{
    char wanted[256];

    cr_assert_eq(load("uri: \"pkcs11:token=t?module-path=/m.so&pin-source=pin\"",
                      "uri: \"pkcs11:object=seal\""),
                 SG_OK, "%s", tried.why.text);
    (void)snprintf(wanted, sizeof(wanted), "%s/pin", tried.folder);
    cr_expect_str_eq(tried.config->lanes[0].pin_path, wanted);
}

Test(config_uri, what_the_uri_leaves_out_may_stand_beside_it)
{
    cr_assert_eq(load("uri: \"pkcs11:token=My%20token\", module: /m.so, pin_file: pin",
                      LAWFUL_KEY),
                 SG_OK, "%s", tried.why.text);
    cr_expect_str_eq(tried.config->lanes[0].module, "/m.so");
}

Test(config_uri, a_pin_in_a_uri_is_refused)
{
    expect_refused("uri: \"pkcs11:token=t?module-path=/m.so&pin-value=1234\"", LAWFUL_KEY,
                   "holds a PIN");
    cr_expect_null(strstr(tried.why.text, "1234"), "the PIN is told: %s", tried.why.text);
}

Test(config_uri, what_is_no_uri_is_refused)
{
    expect_refused("uri: \"token=t\"", LAWFUL_KEY, "RFC 7512");
    expect_refused("uri: \"pkcs11:token=%zz\"", LAWFUL_KEY, "RFC 7512");
}

Test(config_uri, an_attribute_that_is_not_known_is_refused)
{
    expect_refused("uri: \"pkcs11:token=t;tokne=t?module-path=/m.so&pin-source=p\"",
                   LAWFUL_KEY, "not known");
}

Test(config_uri, a_pin_source_that_is_no_file_is_refused)
{
    expect_refused("uri: \"pkcs11:token=t?module-path=/m.so&pin-source=%7Ccat%20pin\"",
                   LAWFUL_KEY, "pin-source");
    expect_refused("uri: \"pkcs11:token=t?module-path=/m.so&pin-source=https://x/p\"",
                   LAWFUL_KEY, "pin-source");
}

Test(config_uri, what_is_said_twice_is_refused)
{
    expect_refused(LAWFUL_LANE ", module: /n.so", LAWFUL_KEY, "already");
    expect_refused(LAWFUL_LANE ", token: t", LAWFUL_KEY, "already");
    expect_refused(LAWFUL_LANE ", pin_file: pin", LAWFUL_KEY, "pin_file");
    expect_refused(LAWFUL_LANE, LAWFUL_KEY ", id: \"01\"", "either id or uri");
    expect_refused(LAWFUL_LANE, "id: \"01\", lane: other, lanes: [other]", "one of the");
}

Test(config_uri, a_key_that_is_nowhere_named_is_refused)
{
    expect_refused(LAWFUL_LANE, "uri: \"pkcs11:token=My%20token\"", "names no key");
    expect_refused(LAWFUL_LANE, "uri: \"pkcs11:token=Nowhere;id=%01\"", "no lane has");
}

Test(config_uri, a_lane_whose_uri_names_a_key_is_refused)
{
    expect_refused("uri: \"pkcs11:token=t;id=%01?module-path=/m.so&pin-source=p\"",
                   LAWFUL_KEY, "names a key");
}

Test(config_uri, a_token_or_a_text_that_no_lane_would_take_is_refused)
{
    static char lane[2200];
    const char *plain = "module: /m.so, pin_file: pin, token: My token, init_args";

    expect_refused("module: /m.so, pin_file: pin, token: "
                   "a-label-of-thirty-three-characters",
                   LAWFUL_KEY, "token has at most 32 bytes");
    expect_refused("module: /m.so, pin_file: pin, token: t, serial: 01234567890123456",
                   LAWFUL_KEY, "serial has at most 16 bytes");
    (void)snprintf(lane, sizeof(lane), "%s: \"%02049d\"", plain, 1);
    expect_refused(lane, LAWFUL_KEY, "init_args has at most 2048 bytes, this has 2049");
    (void)snprintf(lane, sizeof(lane), "%s: \"%02048d\"", plain, 1);
    cr_expect_eq(load(lane, LAWFUL_KEY), SG_OK, "%s", tried.why.text);
}

Test(config_uri, a_key_without_place_and_certificate_is_a_slot)
{
    certificate = "";
    cr_assert_eq(load(LAWFUL_LANE, "lane: lane0"), SG_OK, "%s", tried.why.text);
    cr_expect_null(tried.config->keys[0].certificate);
    cr_expect_eq(tried.config->keys[0].object.id_len, 0);
    cr_expect_str_eq(tried.config->keys[0].lanes.items[0], "lane0");
}

Test(config_uri, half_a_slot_is_refused)
{
    expect_refused(LAWFUL_LANE, "lane: lane0", "a slot that a ceremony fills");
    certificate = "";
    expect_refused(LAWFUL_LANE, LAWFUL_KEY, "a slot that a ceremony fills");
    expect_refused(LAWFUL_LANE, "id: \"01\"", "a slot that a ceremony fills");
    certificate = "chain: issuing.pem,";
    expect_refused(LAWFUL_LANE, "lane: lane0", "a slot that a ceremony fills");
}

Test(config_uri, a_key_whose_lanes_are_an_empty_list_is_refused)
{
    expect_refused(LAWFUL_LANE, "id: \"01\", lanes: []", "lanes names none");
}

/* A caller could have it sign a checkpoint. */
Test(config_uri, a_key_that_signs_letters_does_not_sign_the_log)
{
    expect_refused(LAWFUL_LANE, "id: \"0a\"", "log_key");
}
