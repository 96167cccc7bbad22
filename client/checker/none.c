#define _GNU_SOURCE /* Dl_info */
#include "client/checker/none.h"

#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <openssl/crypto.h>
#include <stddef.h>

#include "proto/base.h"

/* Libraries. libc calls its own dlopen too: the linker's --wrap turns libcrypto's calls
 * here. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): so named */
void *__wrap_dlopen(const char *file, int mode);
void *__wrap_dlopen(const char *file, int mode)
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
{
    (void)file;
    (void)mode;
    return NULL;
}

void *dlsym(void *restrict handle, const char *restrict name)
{
    (void)handle;
    (void)name;
    return NULL;
}

int dlclose(void *handle)
{
    (void)handle;
    return 1;
}

char *dlerror(void)
{
    static char text[] = "this program loads no libraries";

    return text;
}

int dladdr(const void *address, Dl_info *info)
{
    (void)address;
    (void)info;
    return 0;
}

/* Names of hosts. */
int getaddrinfo(const char *restrict name, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict out)
{
    (void)name;
    (void)service;
    (void)hints;
    *out = NULL;
    return EAI_FAIL;
}

void freeaddrinfo(struct addrinfo *info)
{
    (void)info;
}

const char *gai_strerror(int code)
{
    (void)code;
    return "this program asks no name server";
}

/* NOLINTNEXTLINE(readability-function-size): libc's prototype */
int getnameinfo(const struct sockaddr *restrict address, socklen_t len,
                char *restrict host, socklen_t host_len, char *restrict service,
                socklen_t service_len, int flags)
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

struct hostent *gethostbyname(const char *name)
{
    (void)name;
    return NULL;
}

void none_start(void)
{
    MUST(OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT,
                             NULL) == 1);
}
