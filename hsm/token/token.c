#include "hsm/token/token.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "hsm/token/pin.h"
#include "proto/marks.h"

/* PKCS#11 pads its texts with blanks and ends none. */
static void copy_padded(char *out, const unsigned char *text, size_t len)
{
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\0')) {
        len--;
    }
    for (size_t i = 0; i < len; i++) {
        bool control = text[i] < 0x20 || text[i] == 0x7f;
        out[i] = (char)(control ? '?' : text[i]);
    }
    out[len] = '\0';
}

static CK_ULONG known_limit(CK_ULONG limit)
{
    bool unknown =
        limit == CK_UNAVAILABLE_INFORMATION || limit == CK_EFFECTIVELY_INFINITE;
    return unknown ? 0 : limit;
}

static bool in_hardware(const struct token *token)
{
    CK_SLOT_INFO info;
    memset(&info, 0, sizeof(info));
    return token->fn->C_GetSlotInfo(token->slot, &info) == CKR_OK &&
           (info.flags & CKF_HW_SLOT) != 0;
}

bool token_read(const struct module *module, size_t index, struct token *token)
{
    CK_TOKEN_INFO info;
    memset(&info, 0, sizeof(info));
    *token = (struct token){.fn = module->fn, .slot = module->slots[index]};
    if (module->fn->C_GetTokenInfo(token->slot, &info) != CKR_OK) {
        return false;
    }
    token->flags = info.flags;
    token->hardware = in_hardware(token);
    token->max_sessions = known_limit(info.ulMaxSessionCount);
    copy_padded(token->label, info.label, sizeof(info.label));
    copy_padded(token->manufacturer, info.manufacturerID, sizeof(info.manufacturerID));
    copy_padded(token->model, info.model, sizeof(info.model));
    copy_padded(token->serial, info.serialNumber, sizeof(info.serialNumber));
    (void)snprintf(token->firmware, sizeof(token->firmware), "%u.%u",
                   info.firmwareVersion.major, info.firmwareVersion.minor);
    (void)snprintf(token->library, sizeof(token->library), "%s", module->library);
    return true;
}

bool token_initialized(const struct token *token)
{
    return (token->flags & CKF_TOKEN_INITIALIZED) != 0;
}

static void append(char *list, size_t cap, const struct token *token)
{
    size_t used = strlen(list);
    (void)snprintf(list + used, cap - used, "%s'%s' (serial %s)", used == 0 ? "" : ", ",
                   token->label, token->serial);
}

static bool fits(const char *wanted, const char *found)
{
    return wanted[0] == '\0' || strcmp(wanted, found) == 0;
}

static bool matches(const struct token *token, const struct token_ref *ref)
{
    return strcmp(token->label, ref->label) == 0 && fits(ref->serial, token->serial) &&
           fits(ref->manufacturer, token->manufacturer) && fits(ref->model, token->model);
}

static enum sg_status missing(const struct token_ref *ref, const char *there,
                              struct trouble *trouble)
{
    static const char nothing[] =
        "no initialised token: its HSM is away, or its configuration (for SoftHSM the "
        "file of SOFTHSM2_CONF) is not the right one";
    char wanted[160] = "";
    const char *const facts[][2] = {{"serial number", ref->serial},
                                    {"manufacturer", ref->manufacturer},
                                    {"model", ref->model}};
    for (size_t i = 0; i < SG_COUNT(facts); i++) {
        size_t used = strlen(wanted);
        if (facts[i][1][0] != '\0') {
            (void)snprintf(wanted + used, sizeof(wanted) - used, "%s%s %s",
                           used == 0 ? " with " : ", ", facts[i][0], facts[i][1]);
        }
    }
    enum sg_status status =
        trouble_config(trouble, "there is no token '%s'%s; the module shows %s",
                       ref->label, wanted, there[0] == '\0' ? nothing : there);
    /* A module whose HSM is away shows nothing: that is no reason not to start. Whether
     * one that others stand beside is away, too, the gateway may know. */
    trouble->failure = there[0] == '\0' ? FAILURE_DEVICE : trouble->failure;
    trouble->rv = CKR_TOKEN_NOT_PRESENT;
    return status;
}

enum sg_status token_search(const struct module *module, const struct token_ref *ref,
                            struct token *token, struct trouble *trouble)
{
    char there[300] = "";
    size_t found = 0;
    struct token each;
    for (size_t i = 0; i < module->slot_count; i++) {
        if (!token_read(module, i, &each) || !token_initialized(&each)) {
            continue;
        }
        append(there, sizeof(there), &each);
        if (matches(&each, ref)) {
            *token = each;
            found++;
        }
    }
    if (found == 1) {
        return SG_OK;
    }
    if (found > 1) {
        return trouble_config(trouble,
                              "%zu tokens are labelled '%s': name the serial number too",
                              found, ref->label);
    }
    return missing(ref, there, trouble);
}

enum sg_status token_find(const struct module *module, const char *label,
                          const char *serial, struct token *token,
                          struct trouble *trouble)
{
    const struct token_ref ref = {label, serial, "", ""};
    return token_search(module, &ref, token, trouble);
}

enum sg_status token_open(struct token *token, bool writable, struct trouble *trouble)
{
    CK_FLAGS flags = CKF_SERIAL_SESSION | (writable ? CKF_RW_SESSION : 0);
    CK_RV rv = token->fn->C_OpenSession(token->slot, flags, NULL, NULL, &token->anchor);
    if (rv != CKR_OK) {
        return trouble_rv(trouble, rv, "token '%s' opens no session", token->label);
    }
    return SG_OK;
}

CK_RV token_session(const struct token *token, CK_SESSION_HANDLE *session)
{
    return token->fn->C_OpenSession(token->slot, CKF_SERIAL_SESSION, NULL, NULL, session);
}

static enum sg_status latched(const struct token *token, const char *what,
                              struct trouble *trouble)
{
    trouble->failure = FAILURE_LATCHED;
    return sg_fail(
        &trouble->why, SG_PRECONDITION,
        "token '%s' says that %s; no login was tried, a security officer has to "
        "clear this first",
        token->label, what);
}

static enum sg_status check_flags(const struct token *token, bool last_try,
                                  struct trouble *trouble)
{
    if ((token->flags & CKF_USER_PIN_LOCKED) != 0) {
        return latched(token, "its PIN is locked", trouble);
    }
    if ((token->flags & CKF_USER_PIN_FINAL_TRY) != 0 && !last_try) {
        return latched(token, "one more wrong PIN locks it", trouble);
    }
    if ((token->flags & CKF_USER_PIN_TO_BE_CHANGED) != 0) {
        return latched(token, "its PIN must be changed", trouble);
    }
    return SG_OK;
}

static CK_FLAGS flags_now(const struct token *token)
{
    CK_TOKEN_INFO info;
    memset(&info, 0, sizeof(info));
    return token->fn->C_GetTokenInfo(token->slot, &info) == CKR_OK ? info.flags : 0;
}

static enum sg_status refused(const struct token *token, CK_RV rv,
                              const struct token_entry *entry, struct trouble *trouble)
{
    trouble->token_flags = flags_now(token);
    if (entry->pipe >= 0 || entry->pin_path == NULL) {
        return trouble_rv(trouble, rv,
                          "token '%s' refuses the PIN that was entered; it was tried "
                          "once: an officer allows one more login",
                          token->label);
    }
    return trouble_rv(
        trouble, rv,
        "token '%s' refuses the PIN in %s; it was tried once and will not "
        "be tried again: correct the file, then an officer allows one more login",
        token->label, entry->pin_path);
}

static void mark(const struct token_entry *entry, enum mark_login login)
{
    if (entry->mark != NULL) {
        atomic_store(entry->mark, login);
    }
}

enum sg_status token_stands(const struct token *token, struct trouble *trouble)
{
    static const CK_FLAGS of_pin = CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY |
                                   CKF_USER_PIN_LOCKED | CKF_USER_PIN_TO_BE_CHANGED;
    CK_SESSION_INFO session;
    CK_TOKEN_INFO info;

    memset(&info, 0, sizeof(info));
    CK_RV rv = token->fn->C_GetSessionInfo(token->anchor, &session);
    rv = rv == CKR_OK ? token->fn->C_GetTokenInfo(token->slot, &info) : rv;
    if (rv != CKR_OK) {
        return trouble_rv(trouble, rv,
                          "token '%s' left the session in which its PIN was awaited",
                          token->label);
    }
    if (((info.flags ^ token->flags) & of_pin) != 0) {
        trouble->failure = FAILURE_DEVICE;
        return sg_fail(&trouble->why, SG_HSM,
                       "token '%s' says otherwise of its PIN than when it was asked for",
                       token->label);
    }
    return SG_OK;
}

static enum sg_status try(const struct token *token, const struct token_entry *entry,
                          const struct pin *pin, struct trouble *trouble)
{
    /* Before the call: whoever dies from here on may have tried it. */
    mark(entry, MARK_LOGIN_UNTOLD);
    CK_RV rv = token->fn->C_Login(token->anchor, CKU_USER, pin->data, pin->len);
    if (rv == CKR_OK) {
        mark(entry, MARK_LOGIN_WELL);
        return SG_OK;
    }
    if (rv_failure(rv) == FAILURE_LATCHED) {
        return refused(token, rv, entry, trouble);
    }
    return trouble_rv(trouble, rv, "the login to token '%s' failed", token->label);
}

enum sg_status token_enter(struct token *token, const struct token_entry *entry,
                           struct trouble *trouble)
{
    AUTO(pin_wipe) struct pin pin = {0};
    /* A person was waited for, or the login of another lane, which may have been a wrong
     * PIN. */
    CK_FLAGS flags = flags_now(token);
    token->flags = flags != 0 ? flags : token->flags;
    TRY(check_flags(token, entry->last_try, trouble));
    if (entry->pin != NULL) {
        return try(token, entry, entry->pin, trouble);
    }
    TRY(entry->pipe >= 0 ? pin_take(entry->pipe, &pin, trouble)
                         : pin_read(entry->pin_path, &pin, trouble));
    return try(token, entry, &pin, trouble);
}

enum sg_status token_login(struct token *token, const char *pin_path,
                           struct trouble *trouble)
{
    const struct token_entry entry = {.pin_path = pin_path, .pipe = -1};
    return token_enter(token, &entry, trouble);
}
