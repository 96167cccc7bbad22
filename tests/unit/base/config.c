#include "gateway/config/config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/base/support/config_file.h"

/* One lawful configuration, of which each test spoils one thing. */
static const char lawful[] =
    "listen: {address: 127.0.0.1, port: 0}\n"
    "tls: {certificate: server.pem, private_key: server.key, client_ca: /etc/ca.pem}\n"
    "ledger: {path: ledger.db, origin: example.go.id/log}\n"
    "policy: {file: policy.yaml, anchors: anchors.pem}\n"
    "lanes:\n"
    "  - {name: lane0, module: /usr/lib/softhsm/libsofthsm2.so, token: t, pin_file: "
    "pin,\n"
    "     environment: {SOFTHSM2_CONF: softhsm2.conf}}\n"
    "log_key: {lane: lane0, id: \"0a0b\"}\n"
    "keys:\n"
    "  - {name: seal, class: seal, lane: lane0, id: \"01\", certificate: seal.pem,\n"
    "     scheme: rsa-pkcs1, allowed_classes: [surat_tugas]}\n"
    "callers:\n"
    "  - {name: e-office, match: \"URI:urn:x\", roles: [backend], keys: [seal]}\n";

/* The lawful text with one piece replaced. */
static enum sg_status load_with(const char *from, const char *to)
{
    const char *at = from == NULL ? lawful : strstr(lawful, from);

    cr_assert_not_null(at, "the test spoils what is not there: %s", from);
    return from == NULL ? config_file_load("%s", lawful)
                        : config_file_load("%.*s%s%s", (int)(at - lawful), lawful, to,
                                           at + strlen(from));
}

static void expect_refused(const char *from, const char *to, const char *place,
                           const char *word)
{
    config_file_refused(load_with(from, to), place, word);
}

TestSuite(config, .init = config_file_make, .fini = config_file_remove);

Test(config, reads_a_lawful_file)
{
    cr_assert_eq(load_with(NULL, NULL), SG_OK, "%s", tried.why.text);
    cr_expect_eq(tried.config->listen_port, 0);
    cr_expect_eq(tried.config->queue_limit, 4096);
    cr_expect_eq(tried.config->keys[0].hash, SG_HASH_SHA256);
    cr_expect_eq(tried.config->keys[0].object.id_len, 1);
    cr_expect_str_eq(tried.config->callers[0].keys.items[0], "seal");
}

/* It is part of every record, and a record holds 8192 bytes. */
Test(config, the_name_of_a_gateway_has_1_to_64_bytes)
{
    char head[128];

    cr_assert_lt(snprintf(head, sizeof(head), "node: %064d\nlisten:", 0),
                 (int)sizeof(head));
    head[strlen("node: ")] = 'n';
    cr_assert_eq(load_with("listen:", head), SG_OK, "%s", tried.why.text);
    cr_expect_eq(strlen(tried.config->node), 64);
    cr_assert_lt(snprintf(head, sizeof(head), "node: %065d\nlisten:", 0),
                 (int)sizeof(head));
    head[strlen("node: ")] = 'n';
    expect_refused("listen:", head, "segeld.yaml:1:", "this has 65");
    expect_refused("listen:", "node: \"\"\nlisten:", "segeld.yaml:1:", "this has 0");
}

Test(config, a_caller_weighs_1_unless_it_is_given_up_to_100)
{
    cr_assert_eq(load_with(NULL, NULL), SG_OK, "%s", tried.why.text);
    cr_expect_eq(tried.config->callers[0].weight, 1);
    cr_assert_eq(load_with("roles: [backend]", "roles: [backend], weight: 100"), SG_OK);
    cr_expect_eq(tried.config->callers[0].weight, 100);
}

Test(config, a_weight_out_of_bounds_is_refused_with_its_bounds)
{
    expect_refused("roles: [backend]", "roles: [backend], weight: 0",
                   "segeld.yaml:", "1 to 100");
    expect_refused("roles: [backend]", "roles: [backend], weight: 101",
                   "segeld.yaml:", "1 to 100");
}

Test(config, paths_are_relative_to_the_file)
{
    char wanted[256];

    cr_assert_eq(load_with(NULL, NULL), SG_OK, "%s", tried.why.text);
    (void)snprintf(wanted, sizeof(wanted), "%s/server.pem", tried.folder);
    cr_expect_str_eq(tried.config->tls_certificate_file, wanted);
    cr_expect_str_eq(tried.config->tls_client_ca_file, "/etc/ca.pem");
    (void)snprintf(wanted, sizeof(wanted), "SOFTHSM2_CONF=%s/softhsm2.conf",
                   tried.folder);
    cr_expect_str_eq(tried.config->lanes[0].environment[0], wanted);
}

Test(config, a_misspelt_setting_is_named_with_its_place_and_a_proposal)
{
    expect_refused("port: 0", "prot: 0", "segeld.yaml:1:", "did you mean 'port'");
}

Test(config, a_missing_setting_is_named)
{
    expect_refused("path: ledger.db, ", "", "segeld.yaml:", "ledger.path");
}

Test(config, a_number_outside_its_bounds_is_refused)
{
    expect_refused("port: 0", "port: 65536", "segeld.yaml:1:", "65535");
}

Test(config, an_unknown_lane_is_refused)
{
    expect_refused("lane: lane0, id: \"01\"", "lane: lane9, id: \"01\"",
                   "segeld.yaml:", "lane9");
}

Test(config, an_unknown_key_of_a_caller_is_refused)
{
    expect_refused("keys: [seal]", "keys: [sael]", "segeld.yaml:", "sael");
}

Test(config, a_reviewer_cannot_be_an_officer)
{
    expect_refused("roles: [backend]", "roles: [reviewer, officer]",
                   "segeld.yaml:", "reviewer");
}

Test(config, a_match_must_name_a_certificate)
{
    expect_refused("URI:urn:x", "urn:x", "segeld.yaml:", "match");
}

Test(config, a_key_id_is_hexadecimal)
{
    expect_refused("id: \"0a0b\"", "id: \"0a0\"", "segeld.yaml:", "CKA_ID");
}

Test(config, a_lane_needs_exactly_one_source_of_its_pin)
{
    expect_refused("pin_file: pin,", "", "segeld.yaml:", "pin_credential");
}

Test(config, a_pin_has_no_place_in_the_file)
{
    expect_refused("pin_file: pin,", "pin: 1234,", "segeld.yaml:", "pin");
}

Test(config, two_keys_of_one_name_are_refused)
{
    expect_refused(
        "callers:",
        "  - {name: seal, class: seal, lane: lane0, id: \"02\", certificate: b,\n"
        "     scheme: ecdsa}\n"
        "callers:",
        "segeld.yaml:", "twice");
}

Test(config, an_absent_file_is_named)
{
    cr_expect_eq(config_load("/nonexistent/segeld.yaml", &tried.config, &tried.why),
                 SG_NOT_FOUND);
    cr_expect_not_null(strstr(tried.why.text, "/nonexistent/segeld.yaml"), "%s",
                       tried.why.text);
}

/* --- Limits ------------------------------------------------------------------------ */

static enum sg_status load_with_limit(const struct limit_row *row, int64_t value)
{
    char text[128];

    (void)snprintf(text, sizeof(text),
                   "limits: {%s: %lld}\nlisten:", row->path + strlen("limits."),
                   (long long)value);
    return load_with("listen:", text);
}

static uint32_t limit_of(const struct limit_row *row)
{
    uint32_t value;

    memcpy(&value, (const char *)&tried.config->limits + row->offset, sizeof(value));
    return value;
}

static void expect_limit(const struct limit_row *row, uint32_t value)
{
    cr_assert_eq(load_with_limit(row, value), SG_OK, "%s", tried.why.text);
    cr_expect_eq(limit_of(row), value, "%s", row->path);
}

static void expect_no_limit(const struct limit_row *row, int64_t value)
{
    char bound[16];

    (void)snprintf(bound, sizeof(bound), "%u", value < row->min ? row->min : row->max);
    cr_expect_eq(load_with_limit(row, value), SG_INVALID, "%s", row->path);
    cr_expect_not_null(strstr(tried.why.text, "segeld.yaml:1:"), "%s", tried.why.text);
    cr_expect_not_null(strstr(tried.why.text, row->path), "%s", tried.why.text);
    cr_expect_not_null(strstr(tried.why.text, bound), "%s", tried.why.text);
}

Test(config, every_limit_can_be_set_within_its_bounds)
{
    for (int i = 0; i < LIMIT_COUNT; i++) {
        const struct limit_row *row = limits_row((enum limit)i);
        expect_limit(row, row->min);
        expect_limit(row, row->max);
        expect_no_limit(row, (int64_t)row->min - 1);
        expect_no_limit(row, (int64_t)row->max + 1);
    }
}

Test(config, limits_that_are_not_given_have_their_defaults)
{
    const struct server_limits wanted = SERVER_LIMITS_DEFAULT;

    cr_assert_eq(load_with(NULL, NULL), SG_OK, "%s", tried.why.text);
    cr_expect_eq(memcmp(&tried.config->limits, &wanted, sizeof(wanted)), 0);
    cr_assert_eq(load_with("listen:", "sign: {deadline_ms: 700}\nlisten:"), SG_OK);
    cr_expect_eq(tried.config->limits.deadline_default_ms, 700);
}

Test(config, a_misspelt_limit_is_named_with_a_proposal)
{
    expect_refused("listen:", "limits: {ping_strike: 3}\nlisten:", "segeld.yaml:1:",
                   "did you mean 'ping_strikes'");
}

#define WITH_NETWORKS(list) "networks:\n" list "callers:"

Test(config, the_network_with_the_longest_prefix_has_an_address)
{
    cr_assert_eq(
        load_with(
            "callers:",
            WITH_NETWORKS("  - {name: city, addresses: [10.0.0.0/8, 2001:db8::/32]}\n"
                          "  - {name: server_vlan, addresses: [10.20.0.0/16]}\n"
                          "  - {name: host, addresses: [10.20.0.7]}\n")),
        SG_OK, "%s", tried.why.text);
    cr_expect_str_eq(config_find_network(tried.config, "10.1.0.1:1"), "city");
    cr_expect_str_eq(config_find_network(tried.config, "10.20.0.1:1"), "server_vlan");
    cr_expect_str_eq(config_find_network(tried.config, "10.20.0.7:1"), "host");
    cr_expect_str_eq(config_find_network(tried.config, "[2001:db8::5]:1"), "city");
    cr_expect_null(config_find_network(tried.config, "11.0.0.1:1"));
    cr_expect_null(config_find_network(tried.config, "unix"));
}

Test(config, a_network_needs_addresses_and_a_name_of_its_own)
{
    expect_refused("callers:", WITH_NETWORKS("  - {name: n, addresses: [10.0.0.1/8]}\n"),
                   "segeld.yaml:13:", "'10.0.0.1/8' is no network");
    expect_refused("callers:", WITH_NETWORKS("  - {name: n, addresses: []}\n"),
                   "segeld.yaml:13:", "at least one");
    expect_refused(
        "callers:", WITH_NETWORKS("  - {name: local, addresses: [10.0.0.0/8]}\n"),
        "segeld.yaml:13:", "choose another name");
    expect_refused("callers:",
                   WITH_NETWORKS("  - {name: n, addresses: [\"::1\"]}\n"
                                 "  - {name: n, addresses: [10.0.0.0/8]}\n"),
                   "segeld.yaml:14:", "used twice");
    expect_refused("callers:", WITH_NETWORKS("  - {name: n, adresses: [\"::1\"]}\n"),
                   "segeld.yaml:13:", "did you mean 'addresses'");
}

/* --- Anchors --------------------------------------------------------------------- */

#define LANES            "lanes:\n"
#define ANCHORS(entries) "anchors:\n" entries "lanes:\n"

Test(config, anchors_are_of_four_kinds_with_intervals_of_their_own)
{
    cr_assert_eq(load_with(LANES, ANCHORS("  - {name: disk2, path: disk2}\n"
                                          "  - {name: a, drop: /srv/a}\n"
                                          "  - {name: w, witness: 'https://w.example/x',"
                                          " vkey: k, monitor: 'https://m.example',"
                                          " interval_s: 5}\n"
                                          "  - {name: t, tsa: 'http://t.example',"
                                          " chain: tsa.pem, ca: ca.pem}\n")),
                 SG_OK, "%s", tried.why.text);
    cr_assert_eq(tried.config->anchor_count, 4);
    cr_expect_eq(tried.config->anchors[0].kind, ANCHOR_DISK);
    cr_expect_eq(
        strncmp(tried.config->anchors[0].place, tried.folder, strlen(tried.folder)), 0);
    cr_expect_eq(tried.config->anchors[0].interval_s, 10);
    cr_expect_eq(tried.config->anchors[1].interval_s, 3600);
    cr_expect_eq(tried.config->anchors[2].interval_s, 5);
    cr_expect_str_eq(tried.config->anchors[2].place, "https://w.example/x");
    cr_expect_str_eq(tried.config->anchors[2].monitor, "https://m.example");
    cr_expect_eq(tried.config->anchors[3].kind, ANCHOR_STAMP);
    cr_expect_eq(tried.config->anchoring_start_ms, 3000);
}

Test(config, a_witness_shows_what_it_holds_at_its_address_unless_another_is_given)
{
    cr_assert_eq(load_with(LANES, ANCHORS("  - {name: w, witness: 'http://w.example',"
                                          " vkey: k}\n")),
                 SG_OK, "%s", tried.why.text);
    cr_expect_str_eq(tried.config->anchors[0].monitor, "http://w.example");
}

Test(config, an_anchor_that_cannot_be_meant_is_refused)
{
    static const struct {
        const char *entries;
        const char *word;
    } cases[] = {
        {ANCHORS("  - {name: a}\n"), "exactly one of path, drop, witness and tsa"},
        {ANCHORS("  - {name: a, path: x, drop: y}\n"), "exactly one"},
        {ANCHORS("  - {path: x}\n"), "'name' is missing"},
        {ANCHORS("  - {name: a, path: x, vkey: k}\n"), "there is no setting 'vkey' here"},
        {ANCHORS("  - {name: a, witness: 'http://w'}\n"), "'vkey' is missing"},
        {ANCHORS("  - {name: a, tsa: 'http://t'}\n"), "'chain' is missing"},
        {ANCHORS("  - {name: a, path: ''}\n"), "must not be empty"},
        {ANCHORS("  - {name: a, path: x, interval_s: 0}\n"), "1 to 86400"},
        {ANCHORS("  - {name: a, path: x}\n  - {name: a, path: y}\n"), "used twice"},
        {ANCHORS("  - {name: a, path: x}\n  - {name: b, drop: x}\n"),
         "is the place of anchor 'a' already"},
        {ANCHORS("  []\n"), "at least 1"},
        {"anchoring: {quorum: 2}\n" ANCHORS("  - {name: a, path: x}\n"
                                            "  - {name: b, drop: y}\n"),
         "asks for 2 anchors outside of this machine, and 1 are here"},
    };

    for (size_t i = 0; i < SG_COUNT(cases); i++) {
        expect_refused(LANES, cases[i].entries, "segeld.yaml:", cases[i].word);
    }
}

Test(config, an_address_of_an_anchor_carries_nothing_but_an_address)
{
    static const char *const urls[] = {"ftp://w.example",   "http://",
                                       "http:///x",         "https://w.example/",
                                       "https://u:p@w",     "https://w/?x=1",
                                       "https://w/#x",      "file:///etc/passwd",
                                       "w.example",         "https://w.example/a b",
                                       "https://w/\xC3\xA9"};
    char entry[512];

    for (size_t i = 0; i < SG_COUNT(urls); i++) {
        (void)snprintf(entry, sizeof(entry),
                       "anchors:\n  - {name: a, witness: \"%s\", vkey: k}\nlanes:\n",
                       urls[i]);
        expect_refused(LANES, entry, "segeld.yaml:", "is no address for an anchor");
    }
}

Test(config, there_are_at_most_16_anchors)
{
    char entries[2048] = "anchors:\n";

    for (int i = 0; i < 17; i++) {
        size_t len = strlen(entries);
        (void)snprintf(entries + len, sizeof(entries) - len,
                       "  - {name: a%d, path: p%d}\n", i, i);
    }
    (void)snprintf(entries + strlen(entries), sizeof(entries) - strlen(entries), LANES);
    expect_refused(LANES, entries, "segeld.yaml:", "may have 16 entries");
}
