#include "tests/unit/segel/support/bench.h"

#include <criterion/criterion.h>

#include "client/segel/gateway.h"
#include "tests/unit/client/support/link.h"
#include "tests/unit/pdf/support/letter.h"

struct segel *segel;
struct segel_error error;
struct slice letter_bytes;

void bench_open(void)
{
    struct segel_options given = SEGEL_INIT(given);
    struct letter lawful = letter_lawful();

    find_server();
    given.address = options.address;
    given.ca = options.ca;
    given.certificate = options.certificate;
    given.private_key = options.private_key;
    given.call_ms = 5000;
    cr_assert_eq(segel_open(&given, &segel, &error), SEGEL_OK, "%s", error.text);
    letter_bytes = letter_build(&lawful);
}

void bench_close(void)
{
    segel_close(segel);
    letter_free(letter_bytes);
}

struct segel_plan *bench_plan(const char *key)
{
    struct segel_terms terms = SEGEL_INIT(terms);
    struct segel_plan *plan = NULL;

    terms.key = key;
    terms.document_class = "surat_keterangan";
    terms.approval = "ND/1/2026";
    cr_assert_eq(segel_plan_make(segel, &terms, &plan, &error), SEGEL_OK, "%s",
                 error.text);
    return plan;
}

struct segel_plan *bench_plan_behind(const char *key, const char *listener)
{
    struct segel_plan *plan = bench_plan(key);
    static char there[64];

    server_address(&server, listener, there);
    channel_close(segel->channel);
    segel->channel = NULL;
    segel->way.options.address = there;
    return plan;
}

struct segel_letter bench_letter(const char *id)
{
    struct segel_letter letter = SEGEL_INIT(letter);

    letter.request_id = id;
    letter.pdf = letter_bytes.data;
    letter.pdf_len = letter_bytes.len;
    letter.signing_time_us = 1790000000000000;
    return letter;
}
