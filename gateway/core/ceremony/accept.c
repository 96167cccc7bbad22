#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/ceremony/check.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/key/life.h"
#include "gateway/core/officers/effects.h"

/* Whether a CA's certificate is what the key was asked for (RFC 3647, section 4.4). What
 * the policy's rules over KEY facts say of it counts besides, for every job. */

enum { CERTIFICATE_MAX = 16384, ARENA = 1 << 19 };

/* What is wrong, one behind the other. */
struct faults {
    char text[256];
    size_t len;
};

static void fault(struct faults *faults, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void fault(struct faults *faults, const char *format, ...)
{
    char one[96];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(one, sizeof(one), format, arguments);
    va_end(arguments);
    if (faults->len < sizeof(faults->text)) {
        faults->len += (size_t)snprintf(faults->text + faults->len,
                                        sizeof(faults->text) - faults->len, "%s%s",
                                        faults->len == 0 ? "" : "; ", one);
    }
}

static void judge_time(const struct cert *cert, struct faults *faults)
{
    int64_t now_us = clock_wall_us();

    if (now_us < cert_not_before_us(cert)) {
        fault(faults, "it is not valid yet");
    }
    if (now_us >= cert_not_after_us(cert)) {
        fault(faults, "it has expired");
    }
}

static void judge_usage(const struct cert *cert, struct faults *faults)
{
    size_t count = 0;
    X509 *own = cert_chain(cert, &count)[0];

    if (X509_check_ca(own) != 0) {
        fault(faults, "it is a CA's certificate");
    }
    if ((X509_get_extension_flags(own) & EXFLAG_KUSAGE) == 0 ||
        (X509_get_key_usage(own) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) == 0) {
        fault(faults, "its key usage does not allow signatures");
    }
}

static void judge_path(const struct cert *cert, struct cert_path *path,
                       struct faults *faults)
{
    *path = (struct cert_path){.good = false};
    if (cert_judge_path(cert, clock_wall_us(), path) != SG_OK || !path->good) {
        fault(faults, "its chain does not lead to a configured anchor");
    }
}

/* The policy's rules over keys, as far as the certificate tells of them: policy OIDs, key
 * usage, sizes, validity. What the token tells is judged when its lane is back. */
static enum sg_status judge_policy(const struct core *core, const struct cert *cert,
                                   const struct cert_path *path, struct faults *faults)
{
    struct facts facts = {0};
    struct policy_key *bound = NULL;

    cert_facts(cert, &facts);
    cert_path_facts(path, &facts);
    cert_key_facts(cert, &facts);
    TRY(policy_bind(core->policy, &facts, &bound));
    size_t count = policy_rule_count(core->policy);
    for (size_t i = policy_key_broken(bound, 0); i < count;
         i = policy_key_broken(bound, i + 1)) {
        const struct rule_info *rule = policy_rule(core->policy, i);
        fault(faults, "rule %s (CP %s)", rule->id, rule->cp_section);
    }
    policy_key_free(bound);
    return SG_OK;
}

/* No two keys have one certificate. */
static void judge_others(const struct core *core, const struct cert *cert,
                         struct faults *faults)
{
    for (size_t i = 0; i < core->keyring.count; i++) {
        const struct key *key = &core->keyring.keys[i];
        if (key_ready(key) && slice_equal(cert_spki(key->cert), cert_spki(cert))) {
            fault(faults, "key '%.40s' has this public key already", key->config->name);
        }
    }
}

/* --- What was asked for ------------------------------------------------------------ */

/* --- cert.accept ------------------------------------------------------------------- */

static enum sg_status check_made(struct core *core, const char *name, size_t *index,
                                 struct sg_error *why)
{
    TRY(ceremony_find(core, name, index, why));
    const struct keyreg *row = register_row(core, *index);
    if (row->state != KEY_GENERATED || row->trouble[0] != '\0') {
        return sg_fail(why, SG_PRECONDITION,
                       "key '%s' is %s%s%.100s: no certificate can "
                       "be accepted for it",
                       name, life_said(row->state),
                       row->trouble[0] == '\0' ? "" : ", but ", row->trouble);
    }
    return row->backup[0] != '\0'
               ? SG_OK
               : sg_fail(why, SG_PRECONDITION,
                         "the backup of key '%s' is not confirmed yet: 'segel key "
                         "backup'",
                         name);
}

/* What was asked for, with what the register knows of the key. */
struct acceptance {
    struct arena arena; /* owned */
    size_t index;       /* in the ring */
    struct slice chain;
    struct keyreg_der der;
};

static void free_acceptance(struct acceptance *acceptance)
{
    arena_fini(&acceptance->arena);
}

/* The certificates as one chain. */
static enum sg_status read_chain(const Segel__V1__ImportCertificateRequest *task,
                                 struct acceptance *out, struct sg_error *why)
{
    size_t len = 0;

    if (task->n_certificates < 1 || task->n_certificates > CERT_CHAIN_MAX) {
        return sg_fail(why, SG_INVALID,
                       "certificates must have 1 to %d entries, the key's own first",
                       CERT_CHAIN_MAX);
    }
    for (size_t i = 0; i < task->n_certificates; i++) {
        if (task->certificates[i].len == 0 ||
            task->certificates[i].len > CERTIFICATE_MAX) {
            return sg_fail(why, SG_INVALID, "a certificate has 1 byte to 16 KiB of DER");
        }
        len += task->certificates[i].len;
    }
    uint8_t *bytes = (uint8_t *)arena_alloc(&out->arena, len);
    if (bytes == NULL) {
        return sg_fail(why, SG_TOO_LARGE, "the certificates are too large together");
    }
    out->chain = slice_of(bytes, len);
    for (size_t i = 0; i < task->n_certificates; i++) {
        memcpy(bytes, task->certificates[i].data, task->certificates[i].len);
        bytes += task->certificates[i].len;
    }
    return SG_OK;
}

static void judge_size(const struct core *core, size_t index, struct slice chain,
                       struct faults *faults)
{
    struct sg_error why = {0};

    if (key_try(&core->keyring.keys[index], chain, core->options.config, &why) != SG_OK) {
        fault(faults, "%s", why.text);
    }
}

static enum sg_status judge_chain(struct core *core, const struct acceptance *acceptance,
                                  struct sg_error *why)
{
    static struct cert_path path; /* large */
    struct faults faults = {.text = ""};
    struct cert *cert = NULL;

    TRY(cert_load_der(acceptance->chain, core->keyring.anchors, clock_wall_us(), &cert,
                      why));
    if (!slice_equal(cert_spki(cert), acceptance->der.spki)) {
        fault(&faults, "its public key is not that of the token's key");
    }
    judge_time(cert, &faults);
    judge_usage(cert, &faults);
    judge_path(cert, &path, &faults);
    judge_others(core, cert, &faults);
    judge_size(core, acceptance->index, acceptance->chain, &faults);
    enum sg_status judged = judge_policy(core, cert, &path, &faults);
    cert_free(cert);
    if (judged != SG_OK) {
        return sg_fail(why, judged, "there is no memory to judge the certificate");
    }
    return faults.len == 0
               ? SG_OK
               : sg_fail(why, SG_INVALID, "the certificate is refused: %s", faults.text);
}

static enum sg_status read_acceptance(struct core *core,
                                      const struct ledger_request *request,
                                      struct acceptance *out, struct sg_error *why)
{
    TRY(arena_init(&out->arena, ARENA));
    const Segel__V1__ImportCertificateRequest *task = task_import(request, &out->arena);
    if (task == NULL) {
        return ceremony_unreadable(why);
    }
    TRY(check_made(core, request->object, &out->index, why));
    TRY(read_chain(task, out, why));
    return ledger_find_key_der(core->ledger, request->object, &out->arena, &out->der);
}

static enum sg_status check_accept(struct core *core,
                                   const struct ledger_request *request,
                                   struct sg_error *why)
{
    AUTO(free_acceptance) struct acceptance acceptance = {.chain = {0}};

    TRY(read_acceptance(core, request, &acceptance, why));
    return judge_chain(core, &acceptance, why);
}

/* The slot is filled for good. It cannot be taken back: if that fails, the ledger has it,
 * and the next start fills it. */
static enum sg_status fill_slot(struct core *core, size_t index, struct slice chain)
{
    struct key *key = &core->keyring.keys[index];
    const struct keyreg *row = register_row(core, index);
    const struct key_filling filling = {.ckaid = slice_of(row->ckaid, row->ckaid_len),
                                        .chain = chain};
    struct sg_error why = {0};

    if (key_fill(key, &filling, core->options.config, clock_wall_us(), &why) != SG_OK) {
        log_event(LOG_ERROR, "key.not_filled", "key", row->name, "why", why.text,
                  "what_to_do", "start the gateway anew", NULL);
        return SG_OK;
    }
    core->paths.until_us = 0; /* its chain may be the next that ends: look at all anew */
    return templates_keep(core, key);
}

static enum sg_status do_accept(struct core *core, const struct ledger_request *request,
                                struct members *members, struct log_place *place)
{
    AUTO(free_acceptance) struct acceptance acceptance = {.chain = {0}};
    struct sg_error why = {0};
    size_t index = register_find(core, request->object);
    struct keyreg *row = register_row(core, index);

    TRY(read_acceptance(core, request, &acceptance, &why));
    life_enter(core, row, KEY_ACCEPTED);
    members_add(members, "state", key_state_name(row->state));
    members_add(members, "detail", request->param);
    members_add(members, "backup", row->backup);
    TRY(members_write(core, "key.state", members, place));
    const struct keyreg_der kept = {.spki = acceptance.der.spki,
                                    .chain = acceptance.chain};
    TRY(ledger_put_key_der(core->ledger, row->name, &kept));
    TRY(fill_slot(core, index, acceptance.chain));
    return ceremony_keep(core, index, request, place);
}

const struct effect effect_accept = {check_accept, do_accept, ceremony_after};
