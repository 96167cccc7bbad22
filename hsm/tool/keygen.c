#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "hsm/keys/generate.h"
#include "hsm/tool/tool.h"
#include "proto/algorithm.h"
#include "proto/text.h"

/* keygen */

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
    plan->kind = generate_kind(tool->type);
    if (plan->kind == NULL) {
        return trouble_config(trouble, "there is no key type '%s': take one of %s",
                              tool->type, generate_kinds());
    }
    if (strlen(tool->name) == 0 || strlen(tool->name) > KEY_NAME_MAX ||
        !text_plain(slice_str(tool->name))) {
        return trouble_config(trouble, "a key's name has 1 to %d printable characters",
                              KEY_NAME_MAX);
    }
    TRY(choose_mechanism(tool, plan, trouble));
    return generate_dates(tool->start_date, tool->end_date, plan, trouble);
}

/* NSS tells CKA_LOCAL as false of its own keys. The key is none the worse, but who trusts
 * only what the token says will refuse it. */
static void say_if_not_local(const struct key *key)
{
    if ((key->attributes >> KEY_ATTRIBUTE_LOCAL & 1U) == 0) {
        (void)fprintf(stderr,
                      "segel-hsm: the token made this key, but does not say so "
                      "(CKA_LOCAL): a policy that requires key.local refuses it\n");
    }
}

enum sg_status tool_keygen(const struct tool *tool, struct trouble *trouble)
{
    struct plan plan;
    struct token token;
    struct key key;
    unsigned left_out = 0;
    char omitted[128];
    TRY(make_plan(tool, &plan, trouble));
    TRY(tool_login(tool, true, &token, trouble));
    TRY(choose_id(tool, &plan.ref, trouble));
    struct reach reach = {token.fn, token.anchor};
    TRY(generate_id_free(reach, &plan.ref, trouble));
    TRY(generate_key(reach, &plan, &left_out, trouble));
    TRY(tool_sync(tool, trouble));
    TRY(key_load(reach, &plan.ref, &key, trouble));
    if (!key.usable) {
        return trouble_config(trouble, "the key was made, but do not use it: %s",
                              key.why.text);
    }
    generate_list(left_out, omitted, sizeof(omitted));
    tool_print_key(&key, omitted);
    say_if_not_local(&key);
    return generate_check(&key, left_out, trouble);
}
