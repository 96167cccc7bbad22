#include "hsm/keys/generate.h"

#include <stdio.h>
#include <string.h>

#include "proto/text.h"

static const struct kind KINDS[] = {
#define KIND(name, type, bits, generation, params)                                       \
    {name, type, bits, generation, params, sizeof(params) - 1},
#include "hsm/keys/kind.def"
#undef KIND
};

static const char *const OPTIONALS[] = {
#define OPTIONAL(name, text) text,
#include "hsm/keys/optional.def"
#undef OPTIONAL
};

const struct kind *generate_kind(const char *name)
{
    for (size_t i = 0; i < SG_COUNT(KINDS); i++) {
        if (strcmp(KINDS[i].name, name) == 0) {
            return &KINDS[i];
        }
    }
    return NULL;
}

const char *generate_kinds(void)
{
    static const char names[] =
#define KIND(name, type, bits, generation, params) ", " name
#include "hsm/keys/kind.def"
#undef KIND
        ;
    return names + 2;
}

/* --- The template ---------------------------------------------------------------- */

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

static bool keeps(unsigned left_out, enum optional optional)
{
    return (left_out >> optional & 1U) == 0;
}

static void private_template(const struct plan *plan, unsigned left_out,
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
    if (keeps(left_out, OPTIONAL_ALLOWED)) {
        add(out, CKA_ALLOWED_MECHANISMS, &plan->allowed, sizeof(plan->allowed));
    }
    if (keeps(left_out, OPTIONAL_COPYABLE)) {
        add(out, CKA_COPYABLE, &no, sizeof(no));
    }
    if (keeps(left_out, OPTIONAL_DATES)) {
        add_dates(out, plan);
    }
}

/* What the public half may be used for is no protection of the private one, and
 * tpm2-pkcs11 derives it from the kind of key. */
static void add_public_use(struct template *template)
{
    add(template, CKA_VERIFY, &yes, sizeof(yes));
    add(template, CKA_ENCRYPT, &no, sizeof(no));
}

static void public_template(const struct plan *plan, unsigned left_out,
                            struct template *out)
{
    static const CK_ATTRIBUTE_TYPE off[] = {CKA_PRIVATE, CKA_WRAP, CKA_MODIFIABLE};
    static const uint8_t exponent[] = {0x01, 0x00, 0x01};
    out->len = 0;
    add(out, CKA_TOKEN, &yes, sizeof(yes));
    add_flags(out, off, SG_COUNT(off), &no);
    add_name(out, plan);
    if (plan->kind->type == KEY_RSA) {
        add(out, CKA_MODULUS_BITS, &plan->kind->bits, sizeof(plan->kind->bits));
        add(out, CKA_PUBLIC_EXPONENT, exponent, sizeof(exponent));
    } else {
        add(out, CKA_EC_PARAMS, plan->kind->params, plan->kind->params_len);
    }
    if (keeps(left_out, OPTIONAL_PUBLIC_USE)) {
        add_public_use(out);
    }
    if (keeps(left_out, OPTIONAL_DATES)) {
        add_dates(out, plan);
    }
}

static CK_RV generate_once(struct reach reach, const struct plan *plan, unsigned left_out)
{
    struct template private;
    struct template public;
    CK_OBJECT_HANDLE handles[2];
    CK_MECHANISM mechanism = {plan->kind->generation, NULL, 0};
    private_template(plan, left_out, &private);
    public_template(plan, left_out, &public);
    return reach.fn->C_GenerateKeyPair(reach.session, &mechanism, public.list, public.len,
                                       private.list, private.len, &handles[0],
                                       &handles[1]);
}

/* --- The plan --------------------------------------------------------------------- */

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

enum sg_status generate_dates(const char *start, const char *end, struct plan *plan,
                              struct trouble *trouble)
{
    TRY(read_date(start, &plan->start, &plan->has_start, trouble));
    return read_date(end, &plan->end, &plan->has_end, trouble);
}

enum sg_status generate_id_free(struct reach reach, const struct key_ref *ref,
                                struct trouble *trouble)
{
    static const CK_OBJECT_CLASS classes[] = {CKO_PRIVATE_KEY, CKO_PUBLIC_KEY,
                                              CKO_CERTIFICATE};
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

/* --- Asking ---------------------------------------------------------------------- */

/* How modules say that they do not like a template. NSS and tpm2-pkcs11 know no better
 * answer than CKR_GENERAL_ERROR. */
static bool refuses_template(CK_RV rv)
{
    static const CK_RV codes[] = {CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID,
                                  CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT,
                                  CKR_GENERAL_ERROR};

    for (size_t i = 0; i < SG_COUNT(codes); i++) {
        if (codes[i] == rv) {
            return true;
        }
    }
    return false;
}

static bool leaves_nothing_out(const struct plan *plan, unsigned left_out)
{
    return !keeps(left_out, OPTIONAL_DATES) && !plan->has_start && !plan->has_end;
}

/* Counting upwards tries the sets of attributes in the order of their weight: the most
 * important one goes last. */
enum sg_status generate_key(struct reach reach, const struct plan *plan,
                            unsigned *left_out, struct trouble *trouble)
{
    CK_RV rv = CKR_OK;

    for (unsigned without = 0; without < 1U << OPTIONAL_COUNT; without++) {
        if (leaves_nothing_out(plan, without)) {
            continue;
        }
        rv = generate_once(reach, plan, without);
        *left_out = without;
        if (!refuses_template(rv)) {
            break;
        }
    }
    return rv == CKR_OK
               ? SG_OK
               : trouble_rv(trouble, rv, "no key of type %s was made", plan->kind->name);
}

/* --- Reading back ---------------------------------------------------------------- */

enum sg_status generate_check(const struct key *key, unsigned left_out,
                              struct trouble *trouble)
{
#define BIT(name) (1U << KEY_ATTRIBUTE_##name)
    const uint32_t on =
        BIT(SENSITIVE) | BIT(ALWAYS_SENSITIVE) | BIT(NEVER_EXTRACTABLE) | BIT(SIGN);
    uint32_t off = BIT(EXTRACTABLE) | BIT(SIGN_RECOVER) | BIT(DECRYPT) | BIT(UNWRAP) |
                   BIT(DERIVE) | BIT(MODIFIABLE);
    if (keeps(left_out, OPTIONAL_COPYABLE)) {
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

void generate_list(unsigned left_out, char *out, size_t cap)
{
    size_t used = 0;

    out[0] = '\0';
    for (unsigned i = 0; i < OPTIONAL_COUNT; i++) {
        if (!keeps(left_out, i) && used < cap) {
            used += (size_t)snprintf(out + used, cap - used, "%s%s", used == 0 ? "" : " ",
                                     OPTIONALS[i]);
        }
    }
}
