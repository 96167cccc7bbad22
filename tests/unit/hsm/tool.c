#include "hsm/tool/tool.h"

#include <criterion/criterion.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <sys/stat.h>

#include "tests/unit/hsm/support/rig.h"

TestSuite(tool, .init = rig_make, .fini = rig_remove, .timeout = 60);

#define TOKEN "--module", RIG_MODULE, "--token", RIG_LABEL, "--pin-file", rig_path("pin")

static void holds(const char *text, const char *part)
{
    cr_expect_not_null(strstr(text, part), "'%s' is not in: %s", part, text);
}

Test(tool, keygen_tells_what_the_token_made)
{
    struct output made =
        rig_run("keygen", TOKEN, "--type", "p-256", "--name", "seal", "--id", "0a0b",
                "--start-date", "20260101", "--end-date", "20280101", NULL);
    cr_assert_eq(made.code, TOOL_OK, "%s", made.errors);
    holds(made.text, "{\"id\":\"0a0b\",\"type\":\"p-256\",\"name\":\"seal\"");
    holds(made.text, "\"sensitive\":true,\"always_sensitive\":true,\"extractable\":false,"
                     "\"never_extractable\":true,\"sign\":true,\"sign_recover\":false,"
                     "\"decrypt\":false,\"unwrap\":false,\"derive\":false,"
                     "\"modifiable\":false,\"copyable\":false");
    holds(made.text, "\"start_date\":\"20260101\",\"end_date\":\"20280101\"");
    holds(made.text, "\"omitted\":\"\"");
}

Test(tool, keygen_takes_days_of_the_calendar_only)
{
    static const char *const dates[] = {"20280230", "20281301", "2028-1-1", "", "x"};

    for (size_t i = 0; i < SG_COUNT(dates); i++) {
        struct output made = rig_run("keygen", TOKEN, "--type", "p-256", "--name", "seal",
                                     "--end-date", dates[i], NULL);
        cr_expect_eq(made.code, TOOL_FAILED, "%s", dates[i]);
        holds(made.errors, "YYYYMMDD");
    }
}

Test(tool, keygen_gives_an_id_of_16_bytes_by_itself)
{
    struct output made =
        rig_run("keygen", TOKEN, "--type", "ed25519", "--name", "log", NULL);
    cr_assert_eq(made.code, TOOL_OK, "%s", made.errors);
    cr_expect_eq(strcspn(made.text + strlen("{\"id\":\""), "\""), 32, "%s", made.text);
}

Test(tool, keygen_never_takes_an_id_twice)
{
    rig_key("p-256", "0a", NULL);
    struct output made =
        rig_run("keygen", TOKEN, "--type", "p-256", "--name", "x", "--id", "0a", NULL);
    cr_expect_eq(made.code, TOOL_FAILED);
    holds(made.errors, "already");
}

Test(tool, keygen_names_the_types_it_knows)
{
    struct output made =
        rig_run("keygen", TOKEN, "--type", "rsa-1024", "--name", "x", NULL);
    cr_expect_eq(made.code, TOOL_FAILED);
    holds(made.errors, "rsa-2048, rsa-3072, rsa-4096, p-256, p-384, p-521, ed25519");
}

static X509_REQ *request_of(const char *type, const char *scheme, const char *subject)
{
    rig_key(type, "0a", scheme);
    struct output made = rig_run("csr", TOKEN, "--id", "0a", "--subject", subject,
                                 "--out", rig_path("request.pem"), NULL);
    cr_assert_eq(made.code, TOOL_OK, "%s", made.errors);
    BIO *file = BIO_new_file(rig_path("request.pem"), "r");
    X509_REQ *request = PEM_read_bio_X509_REQ(file, NULL, NULL, NULL);
    (void)BIO_free(file);
    cr_assert_not_null(request);
    return request;
}

static void csr_verifies(const char *type, const char *scheme)
{
    X509_REQ *request = request_of(type, scheme, "/C=ID/O=Kota\\/Kabupaten/CN=Segel");
    char name[128];
    cr_expect_eq(X509_REQ_verify(request, X509_REQ_get0_pubkey(request)), 1);
    (void)X509_NAME_get_text_by_NID(X509_REQ_get_subject_name(request),
                                    NID_organizationName, name, sizeof(name));
    cr_expect_str_eq(name, "Kota/Kabupaten");
    X509_REQ_free(request);
}

Test(tool, csr_verifies_for_rsa)
{
    csr_verifies("rsa-2048", NULL);
}

Test(tool, csr_verifies_for_pss)
{
    csr_verifies("rsa-2048", "rsa-pss");
}

Test(tool, csr_verifies_for_p_384)
{
    csr_verifies("p-384", NULL);
}

Test(tool, csr_verifies_for_p_521)
{
    csr_verifies("p-521", NULL);
}

Test(tool, csr_verifies_for_ed25519)
{
    csr_verifies("ed25519", NULL);
}

Test(tool, csr_refuses_a_subject_that_is_none)
{
    static const char *const subjects[] = {"CN=x", "", "/CN", "/CN=", "/NOSUCH=x"};
    for (size_t i = 0; i < SG_COUNT(subjects); i++) {
        struct output made =
            rig_run("csr", TOKEN, "--id", "0a", "--subject", subjects[i], NULL);
        cr_expect_eq(made.code, TOOL_FAILED, "%s", subjects[i]);
        holds(made.errors, "subject");
    }
}

Test(tool, public_writes_the_key_that_keygen_hashed)
{
    rig_key("p-256", "0a", NULL);
    struct output made = rig_run("public", TOKEN, "--id", "0a", NULL);
    cr_assert_eq(made.code, TOOL_OK, "%s", made.errors);
    holds(made.text, "-----BEGIN PUBLIC KEY-----");
}

Test(tool, list_shows_tokens_and_keys)
{
    rig_key("rsa-2048", "0a", "rsa-pss");
    struct output tokens = rig_run("list", "--module", RIG_MODULE, NULL);
    holds(tokens.text, RIG_LABEL);
    struct output keys = rig_run("list", TOKEN, NULL);
    holds(keys.text, "rsa-2048");
    holds(keys.text, "usable");
    struct output lines = rig_run("list", TOKEN, "--json", NULL);
    holds(lines.text, "\"allowed_mechanisms\":[13]");
}

/* Of other programs: an id that is missing, or longer than Segel can name. */
Test(tool, list_shows_keys_without_an_id_that_could_name_them)
{
    rig_key_named(0, "by its label");
    rig_key_named(KEY_ID_MAX + 1, "of a long id");
    rig_key_named(0, "");
    rig_key("p-256", "0a", NULL);
    struct output keys = rig_run("list", TOKEN, NULL);
    cr_assert_eq(keys.code, TOOL_OK, "%d %s", keys.code, keys.errors);
    holds(keys.text, "by its label          usable");
    holds(keys.text, "of a long id          usable");
    holds(keys.text, "KEY_UNNAMED");
    holds(keys.text, "0a                  ");
    struct output lines = rig_run("list", TOKEN, "--json", NULL);
    holds(lines.text, "{\"id\":\"\",\"type\":\"p-256\",\"name\":\"by its label\"");
    holds(lines.text, "nothing can name it");
}

Test(tool, a_token_is_never_made_over_another)
{
    struct output made =
        rig_run("init-token", "--module", RIG_MODULE, "--label", RIG_LABEL,
                "--so-pin-file", rig_path("so-pin"), "--pin-file", rig_path("pin"), NULL);
    cr_expect_eq(made.code, TOOL_FAILED);
    holds(made.errors, "already");
}

Test(tool, an_empty_or_long_pin_file_is_refused)
{
    char line[300];
    memset(line, '1', sizeof(line));
    line[256] = '\0';
    rig_write("pin", "\n");
    struct output empty = rig_run("list", TOKEN, NULL);
    cr_expect_eq(empty.code, TOOL_FAILED);
    holds(empty.errors, "1 to 255 characters");
    rig_write("pin", line);
    struct output too_long = rig_run("list", TOKEN, NULL);
    holds(too_long.errors, "1 to 255 characters");
}

Test(tool, usage_errors_end_with_2)
{
    cr_expect_eq(rig_run("frob", NULL).code, TOOL_USAGE);
    cr_expect_eq(rig_run("keygen", "--module", RIG_MODULE, NULL).code, TOOL_USAGE);
    cr_expect_eq(rig_run("list", "--nonsense", NULL).code, TOOL_USAGE);
    cr_expect_eq(rig_run("list", "--module", RIG_MODULE, "more", NULL).code, TOOL_USAGE);
    cr_expect_eq(rig_run("lane", "--fd", "0", NULL).code, TOOL_USAGE);
    cr_expect_eq(rig_run("lane", "--marks", "3", NULL).code, TOOL_USAGE);
    cr_expect_eq(rig_run("--help", NULL).code, TOOL_OK);
}

Test(tool, sync_of_a_missing_directory_is_said_before_a_key_is_made)
{
    struct output made = rig_run("keygen", TOKEN, "--type", "p-256", "--name", "x",
                                 "--sync", "/nowhere", NULL);
    cr_expect_eq(made.code, TOOL_FAILED);
    holds(made.errors, "/nowhere cannot be opened");
    cr_expect_null(strstr(rig_run("list", TOKEN, NULL).text, "p-256"));
    cr_expect_eq(rig_run("keygen", TOKEN, "--type", "p-256", "--name", "y", "--sync",
                         rig_path("tokens"), NULL)
                     .code,
                 TOOL_OK);
}
