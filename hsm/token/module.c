#include <dlfcn.h>
#include <errno.h>
#include <libp11.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hsm/token/token.h"

/* libp11 keeps its lists for the life of the process; so do we. */
static PKCS11_CTX *libp11;

static enum sg_status open_library(const char *path, struct module *module,
                                   struct trouble *trouble)
{
    if (access(path, R_OK) != 0) {
        return trouble_config(trouble, "the PKCS#11 module %s cannot be read: %s", path,
                              trouble_system(errno));
    }
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        const char *reason = dlerror(); /* NOLINT(concurrency-mt-unsafe): per thread */
        return trouble_config(trouble, "the PKCS#11 module %s cannot be loaded: %s", path,
                              reason == NULL ? "no reason given" : reason);
    }
    CK_RV (*get)(CK_FUNCTION_LIST **) = NULL;
    *(void **)&get = dlsym(library, "C_GetFunctionList");
    if (get == NULL) {
        return trouble_config(
            trouble, "%s is not a PKCS#11 module: it has no C_GetFunctionList", path);
    }
    CK_RV rv = get(&module->fn);
    if (rv != CKR_OK || module->fn == NULL) {
        return trouble_rv(trouble, rv, "the PKCS#11 module %s gives no function list",
                          path);
    }
    return SG_OK;
}

static enum sg_status libp11_failed(const char *path, const char *what,
                                    struct trouble *trouble)
{
    char reason[160];
    ERR_error_string_n(ERR_peek_last_error(), reason, sizeof(reason));
    ERR_clear_error();
    trouble->failure = FAILURE_DEVICE;
    return sg_fail(&trouble->why, SG_HSM, "the PKCS#11 module %s %s (%s)", path, what,
                   reason);
}

static enum sg_status load_libp11(const char *path, const char *init_args,
                                  struct trouble *trouble)
{
    libp11 = PKCS11_CTX_new();
    if (libp11 == NULL) {
        return libp11_failed(path, "could not be initialised", trouble);
    }
    PKCS11_CTX_init_args(libp11, init_args);
    if (PKCS11_CTX_load(libp11, path) == 0) {
        return SG_OK;
    }
    return libp11_failed(path,
                         init_args == NULL
                             ? "could not be initialised"
                             : "could not be initialised with its init_args",
                         trouble);
}

static void read_library_name(struct module *module)
{
    CK_INFO info;
    memset(&info, 0, sizeof(info));
    if (module->fn->C_GetInfo(&info) != CKR_OK) {
        return;
    }
    int len = (int)sizeof(info.libraryDescription);
    while (len > 0 && info.libraryDescription[len - 1] == ' ') {
        len--;
    }
    (void)snprintf(module->library, sizeof(module->library), "%.*s %u.%u", len,
                   (const char *)info.libraryDescription, info.libraryVersion.major,
                   info.libraryVersion.minor);
}

/* libp11 has initialised the module. Some (p11-kit's remoting) count every function list
 * as a module of its own: ours is initialised too, and most answer that it is already.
 * NSS has a structure of its own, with one more pointer behind the standard's. */
static enum sg_status initialize(struct module *module, const char *path,
                                 const char *init_args, struct trouble *trouble)
{
    struct {
        CK_C_INITIALIZE_ARGS standard;
        void *behind;
    } arguments = {{.flags = CKF_OS_LOCKING_OK}, NULL};
    arguments.standard.pReserved = sg_unconst(init_args);
    CK_RV rv = module->fn->C_Initialize(&arguments.standard);
    if (rv != CKR_OK && rv != CKR_CRYPTOKI_ALREADY_INITIALIZED) {
        return trouble_rv(trouble, rv, "the PKCS#11 module %s could not be initialised",
                          path);
    }
    return SG_OK;
}

enum sg_status module_load(const char *path, const char *init_args, struct module *module,
                           struct trouble *trouble)
{
    PKCS11_SLOT *slots = NULL;
    unsigned count = 0;
    *module = (struct module){0};
    TRY(open_library(path, module, trouble));
    if (init_args != NULL && init_args[0] == '\0') {
        init_args = NULL;
    }
    TRY(load_libp11(path, init_args, trouble));
    if (PKCS11_enumerate_slots(libp11, &slots, &count) != 0) {
        return libp11_failed(path, "does not list its slots", trouble);
    }
    for (unsigned i = 0; i < count && i < SG_COUNT(module->slots); i++) {
        module->slots[i] = PKCS11_get_slotid_from_slot(&slots[i]);
        module->slot_count++;
    }
    TRY(initialize(module, path, init_args, trouble));
    read_library_name(module);
    return SG_OK;
}
