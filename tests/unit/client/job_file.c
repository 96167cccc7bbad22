#include "client/commands/policy/job_file.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[64];
static struct sg_error why;

static enum sg_status load(const char *text, struct job_file **out)
{
    (void)snprintf(path, sizeof(path), "/tmp/segel-job-XXXXXX");
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(fd);
    enum sg_status status = job_file_load(path, "id", out, &why);
    (void)unlink(path);
    return status;
}

Test(job_file, each_field_goes_where_the_contract_has_it)
{
    struct job_file *job = NULL;

    cr_assert_eq(
        load("{\"key\": \"k\", \"profile\": \"cades-b-b\", \"hash\": \"sha384\",\n"
             " \"document_class\": \"c\", \"scheme\": \"ecdsa\", \"approval_ref\": "
             "\"r\",\n"
             " \"mandate\": \"m\", \"batch\": \"b\", \"content_type\": \"t\", "
             "\"notice\": true,\n"
             " \"labels\": {\"one\": \"1\", \"two\": \"2\"}, \"request_id\": \"i\", "
             "\"digest\": \"00ff\"}",
             &job),
        SG_OK, "%s", why.text);
    const Segel__V1__SignTerms *terms = job_file_request(job)->terms;
    const Segel__V1__SignItem *item = job_file_request(job)->item;
    cr_expect_str_eq(terms->key, "k");
    cr_expect_eq(terms->profile,
                 SEGEL__V1__SIGNATURE_PROFILE__SIGNATURE_PROFILE_CADES_B_B);
    cr_expect_eq(terms->hash_algorithm, SEGEL__V1__HASH_ALGORITHM__HASH_ALGORITHM_SHA384);
    cr_expect_eq(terms->signature_algorithm,
                 SEGEL__V1__SIGNATURE_ALGORITHM__SIGNATURE_ALGORITHM_ECDSA);
    cr_expect_str_eq(terms->document_class, "c");
    cr_expect_str_eq(terms->approval_ref, "r");
    cr_expect_str_eq(terms->mandate, "m");
    cr_expect_str_eq(terms->batch, "b");
    cr_expect_str_eq(terms->content_type, "t");
    cr_expect_str_eq(terms->language, "id");
    cr_expect(terms->notice_shown);
    cr_assert_eq(terms->n_labels, 2);
    cr_expect_str_eq(terms->labels[1]->key, "two");
    cr_expect_str_eq(terms->labels[1]->value, "2");
    cr_expect_str_eq(item->request_id, "i");
    cr_assert_eq(item->digest.len, 2);
    cr_expect_eq(memcmp(item->digest.data, "\x00\xff", 2), 0);
    job_file_free(job);
}

#define NEEDED "key: k\nprofile: raw\nhash: sha256\ndocument_class: c\n"

Test(job_file, what_is_wrong_is_named_with_its_place)
{
    static const struct {
        const char *text;
        const char *words;
    } rows[] = {
        {"", "no content"},
        {"- key", "a job is one object"},
        {"key: k\n", "'profile' is missing"},
        {NEEDED "kye: x\n", ":5:1: a job has no field 'kye': did you mean 'key'?"},
        {NEEDED "job.doc_class: x\n", ":5:1: 'job.doc_class' is a fact"},
        {NEEDED "notice: 1\n", ":5:9:"},
        {NEEDED "digest: abc\n", ":5:9: the digest is hexadecimal"},
        {NEEDED "labels: {a: [b]}\n", ":5:13:"},
        {NEEDED "scheme: rsa\n", "rsa-pkcs1, rsa-pss or ecdsa"},
        {NEEDED "key: k\n", ":5:1:"},
    };

    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        struct job_file *job = NULL;
        cr_expect_eq(load(rows[i].text, &job), SG_INVALID, "%s", rows[i].text);
        cr_expect_null(job);
        cr_expect_not_null(strstr(why.text, rows[i].words), "%s: %s", rows[i].text,
                           why.text);
    }
}

Test(job_file, a_file_that_is_not_there_is_not_found)
{
    struct job_file *job = NULL;

    cr_expect_neq(job_file_load("/nowhere/job.json", "id", &job, &why), SG_OK);
    cr_expect_not_null(strstr(why.text, "/nowhere/job.json"));
}
