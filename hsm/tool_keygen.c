#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "hsm/tool.h"
#include "proto/algorithm.h"
#include "proto/text.h"

/* keygen: a key that can only sign, only in one way, and never leave. */

struct kind {
    const char *name;
    enum key_type type;
    CK_ULONG bits;
    CK_MECHANISM_TYPE generation;
    const char *params;
    size_t params_len;
};

static const struct kind KINDS[] = {
#define KIND(name, type, bits, generation, params)                                       \
    {name, type, bits, generation, params, sizeof(params) - 1},
#include "hsm/kind.def"
#undef KIND
};

/* Modules that refuse an attribute are asked again without the optional ones, step by
 * step; what was left out is told. */
enum leave_out { LEAVE_NOTHING, LEAVE_DATES_AND_COPY, LEAVE_ALLOWED_TOO, LEAVE_COUNT };

static const char *const OMITTED[LEAVE_COUNT] = {
    "", "copyable start_date end_date",
    "copyable start_date end_date allowed_mechanisms"};

struct plan {
    const struct kind *kind;
    struct key_ref ref;
    const char *label;
    CK_MECHANISM_TYPE allowed;
    CK_DATE start;
    CK_DATE end;
    bool has_start;
    bool has_end;
};

enum { TEMPLATE_MAX = 20 };

struct template
{
    CK_ATTRIBUTE list[TEMPLATE_MAX];
    CK_ULONG len;
};

static CK_BBOOL yes = CK_TRUE;
static CK_BBOOL no = CK_FALSE;

static void add(struct template *template, CK_ATTRIBUTE_TYPE type, const void *value,
                size_t len)
{
    MUST(template->len < TEMPLATE_MAX);
    /* PKCS#11 has no const; the module only reads a template. */
    void *borrowed = (void *)(uintptr_t)value; /* NOLINT(performance-no-int-to-ptr) */
    template->list[template->len++] = (CK_ATTRIBUTE){type, borrowed, len};
}

static void add_flags(struct template *template, const CK_ATTRIBUTE_TYPE *types,
                      size_t count, const CK_BBOOL *value)
{
    for (size_t i = 0; i < count; i++) {
        add(template, types[i], value, sizeof(*value));
    }
}

static void add_name(struct template *template, const struct plan *plan)
{
    add(template, CKA_ID, plan->ref.id, plan->ref.id_len);
    add(template, CKA_LABEL, plan->label, strlen(plan->label));
}

static void add_dates(struct template *template, const struct plan *plan)
{
    if (plan->has_start) {
        add(template, CKA_START_DATE, &plan->start, sizeof(plan->start));
    }
    if (plan->has_end) {
        add(template, CKA_END_DATE, &plan->end, sizeof(plan->end));
    }
}

static void private_template(const struct plan *plan, enum leave_out leave,
                             struct template *out)
{
    static const CK_ATTRIBUTE_TYPE on[] = {CKA_TOKEN, CKA_PRIVATE, CKA_SENSITIVE,
                                           CKA_SIGN};
    static const CK_ATTRIBUTE_TYPE off[] = {CKA_EXTRACTABLE, CKA_SIGN_RECOVER,
                                            CKA_DECRYPT,     CKA_UNWRAP,
                                            CKA_DERIVE,      CKA_MODIFIABLE};
    out->len = 0;
    add_flags(out, on, SG_COUNT(on), &yes);
    add_flags(out, off, SG_COUNT(off), &no);
    add_name(out, plan);
    if (leave < LEAVE_ALLOWED_TOO) {
        add(out, CKA_ALLOWED_MECHANISMS, &plan->allowed, sizeof(plan->allowed));
    }
    if (leave < LEAVE_DATES_AND_COPY) {
        add(out, CKA_COPYABLE, &no, sizeof(no));
        add_dates(out, plan);
    }
}

static void public_template(const struct plan *plan, enum leave_out leave,
                            struct template *out)
{
    static const CK_ATTRIBUTE_TYPE on[] = {CKA_TOKEN, CKA_VERIFY};
    static const CK_ATTRIBUTE_TYPE off[] = {CKA_PRIVATE, CKA_ENCRYPT, CKA_WRAP,
                                            CKA_MODIFIABLE};
    static const uint8_t exponent[] = {0x01, 0x00, 0x01};
    out->len = 0;
    add_flags(out, on, SG_COUNT(on), &yes);
    add_flags(out, off, SG_COUNT(off), &no);
    add_name(out, plan);
    if (plan->kind->type == KEY_RSA) {
        add(out, CKA_MODULUS_BITS, &plan->kind->bits, sizeof(plan->kind->bits));
        add(out, CKA_PUBLIC_EXPONENT, exponent, sizeof(exponent));
    } else {
        add(out, CKA_EC_PARAMS, plan->kind->params, plan->kind->params_len);
    }
    if (leave < LEAVE_DATES_AND_COPY) {
        add_dates(out, plan);
    }
}

static CK_RV generate_once(struct reach reach, const struct plan *plan,
                           enum leave_out leave)
{
    struct template private;
    struct template public;
    CK_OBJECT_HANDLE handles[2];
    CK_MECHANISM mechanism = {plan->kind->generation, NULL, 0};
    private_template(plan, leave, &private);
    public_template(plan, leave, &public);
    return reach.fn->C_GenerateKeyPair(reach.session, &mechanism, public.list, public.len,
                                       private.list, private.len, &handles[0],
                                       &handles[1]);
}

static enum sg_status generate(struct reach reach, const struct plan *plan,
                               enum leave_out *left_out, struct trouble *trouble)
{
    CK_RV rv = CKR_OK;
    for (enum leave_out leave = LEAVE_NOTHING; leave < LEAVE_COUNT; leave++) {
        rv = generate_once(reach, plan, leave);
        *left_out = leave;
        if (rv != CKR_ATTRIBUTE_TYPE_INVALID && rv != CKR_TEMPLATE_INCONSISTENT &&
            rv != CKR_ATTRIBUTE_VALUE_INVALID) {
            break;
        }
    }
    return rv == CKR_OK
               ? SG_OK
               : trouble_rv(trouble, rv, "no key of type %s was made", plan->kind->name);
}

/* Trust no template: what counts is what the token says afterwards. */
static enum sg_status check(const struct key *key, enum leave_out left_out,
                            struct trouble *trouble)
{
#define BIT(name) (1U << KEY_ATTRIBUTE_##name)
    const uint32_t on = BIT(LOCAL) | BIT(SENSITIVE) | BIT(ALWAYS_SENSITIVE) |
                        BIT(NEVER_EXTRACTABLE) | BIT(SIGN);
    uint32_t off = BIT(EXTRACTABLE) | BIT(SIGN_RECOVER) | BIT(DECRYPT) | BIT(UNWRAP) |
                   BIT(DERIVE) | BIT(MODIFIABLE);
    if (left_out == LEAVE_NOTHING) {
        off |= BIT(COPYABLE);
    }
#undef BIT
    uint32_t wrong = (on & ~key->attributes) | (off & (key->attributes | ~key->known));
    for (unsigned i = 0; i < KEY_ATTRIBUTE_COUNT; i++) {
        if ((wrong >> i & 1U) != 0) {
            return trouble_config(
                trouble,
                "the key was made, but the token did not keep to what was "
                "asked: '%s' is wrong or unknown; do not use this key",
                key_attribute_name(i));
        }
    }
    return SG_OK;
}

/* Eight digits that name a day of the calendar. */
static bool is_date(const char *text)
{
    char moment[24];
    int64_t unix_us = 0;

    if (strlen(text) != 8 || strspn(text, "0123456789") != 8) {
        return false;
    }
    (void)snprintf(moment, sizeof(moment), "%.4s-%.2s-%.2sT00:00:00Z", text, text + 4,
                   text + 6);
    return text_time_parse(slice_str(moment), &unix_us) == SG_OK;
}

static enum sg_status read_date(const char *text, CK_DATE *date, bool *given,
                                struct trouble *trouble)
{
    *given = text != NULL;
    if (text == NULL) {
        return SG_OK;
    }
    if (!is_date(text)) {
        return trouble_config(trouble, "'%s' is not a date of the form YYYYMMDD", text);
    }
    memcpy(date->year, text, 4);
    memcpy(date->month, text + 4, 2);
    memcpy(date->day, text + 6, 2);
    return SG_OK;
}

static enum sg_status choose_mechanism(const struct tool *tool, struct plan *plan,
                                       struct trouble *trouble)
{
    enum sg_scheme scheme =
        tool->scheme == NULL ? SG_SCHEME_NONE : sg_scheme_parse(tool->scheme);
    if (plan->kind->type != KEY_RSA) {
        plan->allowed = plan->kind->type == KEY_EC ? CKM_ECDSA : CKM_EDDSA;
        return tool->scheme == NULL || scheme == SG_SCHEME_ECDSA
                   ? SG_OK
                   : trouble_config(trouble, "--scheme is for RSA keys only");
    }
    if (tool->scheme != NULL && scheme != SG_SCHEME_RSA_PKCS1 &&
        scheme != SG_SCHEME_RSA_PSS) {
        return trouble_config(trouble, "the scheme '%s' is neither rsa-pkcs1 nor rsa-pss",
                              tool->scheme);
    }
    plan->allowed = scheme == SG_SCHEME_RSA_PSS ? CKM_RSA_PKCS_PSS : CKM_RSA_PKCS;
    return SG_OK;
}

static enum sg_status choose_id(const struct tool *tool, struct key_ref *ref,
                                struct trouble *trouble)
{
    if (tool->id != NULL) {
        return tool_id(tool, ref, trouble);
    }
    *ref = (struct key_ref){.id_len = 16};
    return RAND_bytes(ref->id, (int)ref->id_len) == 1
               ? SG_OK
               : trouble_config(trouble, "there is no randomness for the key's id");
}

static enum sg_status make_plan(const struct tool *tool, struct plan *plan,
                                struct trouble *trouble)
{
    *plan = (struct plan){.label = tool->name};
    for (size_t i = 0; i < SG_COUNT(KINDS); i++) {
        if (strcmp(KINDS[i].name, tool->type) == 0) {
            plan->kind = &KINDS[i];
        }
    }
    if (plan->kind == NULL) {
        return trouble_config(
            trouble,
            "there is no key type '%s': take rsa-2048, rsa-3072, rsa-4096, "
            "p-256, p-384 or ed25519",
            tool->type);
    }
    if (strlen(tool->name) == 0 || strlen(tool->name) > KEY_NAME_MAX ||
        !text_plain(slice_str(tool->name))) {
        return trouble_config(trouble, "a key's name has 1 to %d printable characters",
                              KEY_NAME_MAX);
    }
    TRY(choose_mechanism(tool, plan, trouble));
    TRY(read_date(tool->start_date, &plan->start, &plan->has_start, trouble));
    return read_date(tool->end_date, &plan->end, &plan->has_end, trouble);
}

static enum sg_status check_id_free(struct reach reach, const struct key_ref *ref,
                                    struct trouble *trouble)
{
    static const CK_OBJECT_CLASS classes[] = {CKO_PRIVATE_KEY, CKO_PUBLIC_KEY};
    for (size_t i = 0; i < SG_COUNT(classes); i++) {
        CK_OBJECT_HANDLE handle = 0;
        unsigned count = 0;
        CK_RV rv =
            key_find(reach, classes[i], slice_of(ref->id, ref->id_len), &handle, &count);
        if (rv != CKR_OK) {
            return trouble_rv(trouble, rv, "the token cannot be searched");
        }
        if (count > 0) {
            return trouble_config(
                trouble, "the token has a key with this id already; take another");
        }
    }
    return SG_OK;
}

enum sg_status tool_keygen(const struct tool *tool, struct trouble *trouble)
{
    struct plan plan;
    struct token token;
    struct key key;
    enum leave_out left_out = LEAVE_NOTHING;
    TRY(make_plan(tool, &plan, trouble));
    TRY(tool_login(tool, true, &token, trouble));
    TRY(choose_id(tool, &plan.ref, trouble));
    struct reach reach = {token.fn, token.anchor};
    TRY(check_id_free(reach, &plan.ref, trouble));
    TRY(generate(reach, &plan, &left_out, trouble));
    TRY(tool_sync(tool->sync, trouble));
    TRY(key_load(reach, &plan.ref, &key, trouble));
    if (!key.usable) {
        return trouble_config(trouble, "%s", key.why.text);
    }
    tool_print_key(&key, OMITTED[left_out]);
    return check(&key, left_out, trouble);
}
