#include "client/checker/none.h"

#include <netdb.h>
#include <openssl/crypto.h>
#include <stddef.h>

#include "proto/base.h"

/* The linker's --wrap (Makefile, CHECKER_WRAPS) turns calls of `name` here; a sanitizer's
 * program is linked without it. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): so named by ld
 */
/* NOLINTBEGIN(bugprone-macro-parentheses,readability-function-size): libc's prototypes */
#define NONE(type, name, ...)                                                            \
    type __wrap_##name(__VA_ARGS__);                                                     \
    type __wrap_##name(__VA_ARGS__)

/* Libraries. */
NONE(void *, dlopen, const char *file, int mode)
{
    (void)file;
    (void)mode;
    return NULL;
}

NONE(void *, dlsym, void *handle, const char *name)
{
    (void)handle;
    (void)name;
    return NULL;
}

NONE(int, dlclose, void *handle)
{
    (void)handle;
    return 1;
}

NONE(char *, dlerror, void)
{
    static char text[] = "this program loads no libraries";

    return text;
}

NONE(int, dladdr, const void *address, void *info)
{
    (void)address;
    (void)info;
    return 0;
}

/* Names of hosts. */
NONE(int, getaddrinfo, const char *name, const char *service,
     const struct addrinfo *hints, struct addrinfo **out)
{
    (void)name;
    (void)service;
    (void)hints;
    *out = NULL;
    return EAI_FAIL;
}

NONE(void, freeaddrinfo, struct addrinfo *info)
{
    (void)info;
}

NONE(const char *, gai_strerror, int code)
{
    (void)code;
    return "this program asks no name server";
}

NONE(int, getnameinfo, const struct sockaddr *address, socklen_t len, char *host,
     socklen_t host_len, char *service, socklen_t service_len, int flags)
{
    (void)address;
    (void)len;
    (void)host;
    (void)host_len;
    (void)service;
    (void)service_len;
    (void)flags;
    return EAI_FAIL;
}

NONE(struct hostent *, gethostbyname, const char *name)
{
    (void)name;
    return NULL;
}
/* NOLINTEND(bugprone-macro-parentheses,readability-function-size) */
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

void none_start(void)
{
    MUST(OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT,
                             NULL) == 1);
}
