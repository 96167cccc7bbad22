#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/config/config.h"
#include "gateway/config/files.h"
#include "tests/unit/base/support/config_file.h"

/* Where the PIN of a lane comes from. */

TestSuite(config_pin, .init = config_file_make, .fini = config_file_remove);

static enum sg_status load(const char *pin, const char *more)
{
    return config_file_load(
        "listen: {address: 127.0.0.1, port: 0}\n"
        "tls: {certificate: a, private_key: b, client_ca: c}\n"
        "ledger: {path: ledger.db, origin: example.go.id/log}\n"
        "policy: {file: policy.yaml, anchors: anchors.pem}\n"
        "%slanes:\n"
        "  - {name: lane0, module: /m.so, token: t, %s}\n"
        "log_key: {lane: lane0, id: \"0a\"}\n"
        "keys:\n"
        "  - {name: seal, class: seal, certificate: seal.pem, scheme: ecdsa,\n"
        "     id: \"01\"}\n"
        "callers:\n"
        "  - {name: x, match: \"URI:urn:x\", roles: [backend], keys: [seal]}\n",
        more, pin);
}

static void expect_refused(const char *pin, const char *more, const char *word)
{
    config_file_refused(load(pin, more), "segeld.yaml:", word);
}

Test(config_pin, a_credential_is_known_by_its_name)
{
    cr_assert_eq(setenv("CREDENTIALS_DIRECTORY", "/run/credentials", 1), 0);
    for (int word = 0; word < 2; word++) {
        cr_assert_eq(
            load(word == 0 ? "pin_file: \"credential:p1\"" : "pin_credential: p1", ""),
            SG_OK, "%s", tried.why.text);
        cr_expect_str_eq(tried.config->lanes[0].pin_path, "/run/credentials/p1");
        cr_expect_not(tried.config->lanes[0].pin_prompt);
    }
}

Test(config_pin, without_credentials_all_but_a_start_goes_on)
{
    cr_assert_eq(unsetenv("CREDENTIALS_DIRECTORY"), 0);
    cr_assert_eq(load("pin_credential: p1", ""), SG_OK, "%s", tried.why.text);
    cr_expect_str_eq(tried.config->lanes[0].pin_path, "");
    cr_expect_eq(config_files_credentials(tried.config, &tried.why), SG_PRECONDITION);
    cr_expect_not_null(strstr(tried.why.text, "LoadCredential"), "%s", tried.why.text);
    cr_assert_eq(setenv("CREDENTIALS_DIRECTORY", "/run/credentials", 1), 0);
    cr_assert_eq(load("pin_credential: p1", ""), SG_OK, "%s", tried.why.text);
    cr_expect_eq(config_files_credentials(tried.config, &tried.why), SG_OK, "%s",
                 tried.why.text);
}

Test(config_pin, a_credential_leads_to_no_other_folder)
{
    cr_assert_eq(setenv("CREDENTIALS_DIRECTORY", "/run/credentials", 1), 0);
    expect_refused("pin_file: \"credential:\"", "", "known by a name");
    expect_refused("pin_file: \"credential:..\"", "", "known by a name");
    expect_refused("pin_file: \"credential:../p1\"", "", "known by a name");
    expect_refused("pin_credential: a/b", "", "known by a name");
}

Test(config_pin, one_that_is_typed_needs_the_control_socket)
{
    expect_refused("pin_file: prompt", "", "control.socket");
    cr_assert_eq(load("pin_file: prompt", "control: {socket: /run/c}\n"), SG_OK, "%s",
                 tried.why.text);
    cr_expect(tried.config->lanes[0].pin_prompt);
    cr_expect_str_eq(tried.config->lanes[0].pin_path, "");
    expect_refused("pin_file: pin", "control: {socket: run/c}\n", "absolute");
}

Test(config_pin, a_file_of_that_name_can_be_named)
{
    cr_assert_eq(load("pin_file: ./prompt", ""), SG_OK, "%s", tried.why.text);
    cr_expect_not(tried.config->lanes[0].pin_prompt);
    cr_expect_not_null(strstr(tried.config->lanes[0].pin_path, "/prompt"));
}

Test(config_pin, there_is_one_source_and_no_pin_in_the_file)
{
    expect_refused("pin_file: prompt, pin_credential: p1", "control: {socket: /run/c}\n",
                   "either");
    expect_refused("pin_file: pin, pin: 1234", "", "pin");
}
