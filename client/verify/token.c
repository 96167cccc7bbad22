/* Time-stamps (RFC 3161): a token is a signature over a small text that names a time and
 * the digest of what existed then. */
#include <openssl/ts.h>

#include "client/verify/case.h"

enum { US_PER_S = 1000000, SKEW_S = 300 };

static void free_info(TS_TST_INFO **info)
{
    TS_TST_INFO_free(*info);
}

static struct slice content_of(const struct verify_case *c)
{
    ASN1_OCTET_STRING **content = CMS_get0_content(c->cms);
    bool is_info = OBJ_obj2nid(CMS_get0_eContentType(c->cms)) == NID_id_smime_ct_TSTInfo;

    return !is_info || content == NULL || *content == NULL
               ? slice_of(NULL, 0)
               : slice_of(ASN1_STRING_get0_data(*content),
                          (size_t)ASN1_STRING_length(*content));
}

/* Whole, version 1; NULL = something else. */
static TS_TST_INFO *read_info(struct slice bytes)
{
    const uint8_t *at = bytes.data;
    TS_TST_INFO *info = bytes.len == 0 || bytes.len > LONG_MAX
                            ? NULL
                            : d2i_TS_TST_INFO(NULL, &at, (long)bytes.len);

    if (info != NULL &&
        (at != bytes.data + bytes.len || TS_TST_INFO_get_version(info) != 1)) {
        TS_TST_INFO_free(info);
        return NULL;
    }
    return info;
}

static const EVP_MD *imprint_md(TS_MSG_IMPRINT *imprint)
{
    static const int accepted[] = {NID_sha256, NID_sha384, NID_sha512};
    const ASN1_OBJECT *object = NULL;

    X509_ALGOR_get0(&object, NULL, NULL, TS_MSG_IMPRINT_get_algo(imprint));
    for (size_t i = 0; i < SG_COUNT(accepted); i++) {
        if (OBJ_obj2nid(object) == accepted[i]) {
            return EVP_get_digestbynid(accepted[i]);
        }
    }
    return NULL;
}

static enum verify_mark check_imprint(TS_TST_INFO *info, const struct slice content[2],
                                      struct verify_check *out)
{
    TS_MSG_IMPRINT *imprint = TS_TST_INFO_get_msg_imprint(info);
    const EVP_MD *md = imprint_md(imprint);
    uint8_t digest[EVP_MAX_MD_SIZE];

    out->name = "digest";
    if (md == NULL || !verify_hash(content, md, digest)) {
        return verify_say(out, VERIFY_FAIL,
                          "The time-stamp's digest algorithm is not accepted; SHA-256, "
                          "SHA-384 and SHA-512 are.");
    }
    const ASN1_OCTET_STRING *stated = TS_MSG_IMPRINT_get_msg(imprint);
    struct slice wanted =
        slice_of(ASN1_STRING_get0_data(stated), (size_t)ASN1_STRING_length(stated));
    return slice_equal(wanted, slice_of(digest, (size_t)EVP_MD_get_size(md)))
               ? verify_say(out, VERIFY_PASS, "The time-stamp is about these bytes.")
               : verify_say(out, VERIFY_FAIL,
                            "The time-stamp is about other bytes: what it covers was "
                            "changed, or it belongs elsewhere.");
}

/* Adds a step; true = go on. */
static bool take(struct verify_token *out, const struct verify_check *step,
                 enum verify_mark mark)
{
    out->steps[out->count] = *step;
    out->steps[out->count++].mark = mark;
    return mark == VERIFY_PASS;
}

typedef enum verify_mark (*step_fn)(const struct verify_case *c,
                                    struct verify_check *out);

static bool judge_cms(const struct verify_case *c, struct verify_token *out)
{
    static const struct {
        const char *name;
        step_fn run;
    } steps[] = {{"digest", verify_digest},
                 {"signature", verify_signature},
                 {"certificate", verify_certificate}};

    for (size_t i = 0; i < SG_COUNT(steps); i++) {
        struct verify_check step = {.name = steps[i].name};
        enum verify_mark mark = steps[i].run(c, &step);
        /* The digest that the reader means is that of the content. */
        if (i == 0 && mark == VERIFY_PASS) {
            continue;
        }
        if (!take(out, &step, mark)) {
            return false;
        }
    }
    return true;
}

static void judge(struct verify_case *c, TS_TST_INFO *info, const struct slice content[2],
                  struct verify_token *out)
{
    struct verify_check step = {.name = "structure"};

    if (!take(out, &step, verify_structure(c, &step)) ||
        !take(out, &step, check_imprint(info, content, &step)) || !judge_cms(c, out)) {
        return;
    }
    out->sound = true;
    out->time_us = verify_time_us(TS_TST_INFO_get_time(info));
    c->made_us = out->time_us;
    verify_case_chain(c);
    step = c->said;
    step.name = "chain";
    out->status = c->status;
    out->trusted = take(out, &step, c->said.mark) && out->time_us > 0 &&
                   out->time_us <= (verify_now_s(c) + SKEW_S) * US_PER_S &&
                   c->status.state != VERIFY_STATE_REVOKED;
    /* Statements run out; that they were there for the token they tell for ever. Whether
     * to believe the token is another matter, and judged above as of now. */
    out->in_file = verify_case_proved_at(c, out->time_us, c->input->file);
    int64_t covered_us = c->time_us != 0 ? c->time_us : out->time_us;
    out->in_archive = verify_case_proved_at(c, covered_us, c->input->archived);
}

void verify_token_judge(struct slice token, const struct slice content[2],
                        const struct verify_input *terms, struct verify_token *out,
                        struct verify_report *report)
{
    struct verify_input input = *terms;
    struct verify_case c = {
        .input = &input, .is_token = true, .time_us = terms->proven_us};

    *out = (struct verify_token){.count = 0};
    input.cms = token;
    input.pades = false;
    verify_case_open(&c);
    input.content[0] = c.cms == NULL ? slice_of(NULL, 0) : content_of(&c);
    input.content[1] = slice_of(NULL, 0);
    AUTO(free_info) TS_TST_INFO *info = read_info(input.content[0]);
    if (info == NULL) {
        struct verify_check step = {.name = "structure"};
        (void)take(
            out, &step,
            verify_say(&step, VERIFY_FAIL, "The time-stamp is not a token by RFC 3161."));
    } else {
        judge(&c, info, content, out);
        verify_write_common_name(c.signer, out->authority, sizeof(out->authority));
    }
    if (report != NULL) {
        verify_case_describe(&c, report);
        report->proven_us = 0;
    }
    verify_case_close(&c);
}

/* --- Of a signature ---------------------------------------------------------------- */

enum verify_mark verify_time_stamp(const struct verify_case *c, struct verify_check *out)
{
    const struct verify_token *token = c->token;

    if (token == NULL) {
        return verify_say(out, c->time_us != 0 ? VERIFY_PASS : VERIFY_NOTE,
                          c->time_us != 0
                              ? "A time-stamp of the document proves the time."
                              : "There is no time-stamp: the time is only stated.");
    }
    const struct verify_check *last = &token->steps[token->count - 1];
    if (!token->sound) {
        return verify_say(out, VERIFY_FAIL, "The time-stamp is false. %s", last->text);
    }
    if (token->status.state == VERIFY_STATE_REVOKED) {
        return verify_say(out, VERIFY_NOTE,
                          "The certificate of the time-stamp was revoked, so the time is "
                          "only stated.");
    }
    if (!token->trusted) {
        return verify_say(out, VERIFY_NOTE, "The time is only stated by a time-stamp. %s",
                          last->text);
    }
    return verify_say(out, VERIFY_PASS, "A time-stamp proves the time.");
}
