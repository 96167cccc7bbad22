#include "gateway/probe.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "gateway/loopback.h"
#include "proto/text.h"

enum { PATIENCE_S = 3, ANSWER_MAX = 4096, REQUEST_MAX = 128 };

bool probe_is_page(const char *path)
{
    static const char *const pages[] = {"/readyz", "/livez", "/healthz"};
    size_t i = 0;

    while (i < SG_COUNT(pages) && strcmp(path, pages[i]) != 0) {
        i++;
    }
    return i < SG_COUNT(pages);
}

static const char scheme[] = "http://";

/* The host's text, without the brackets of IPv6; the rest of text. NULL: it has none. */
static const char *take_host(const char *text, char out[PROBE_ADDRESS_SIZE])
{
    bool six = text[0] == '[';
    size_t len = strcspn(text + (six ? 1 : 0), six ? "]" : ":/");

    if (len >= PROBE_ADDRESS_SIZE) {
        return NULL;
    }
    (void)snprintf(out, PROBE_ADDRESS_SIZE, "%.*s", (int)len, text + (six ? 1 : 0));
    text += len + (six ? 1 : 0);
    return !six || text[0] == ']' ? text + (six ? 1 : 0) : NULL;
}

bool probe_url(const char *text, struct probe_page *out)
{
    uint64_t port = 0;

    if (strncmp(text, scheme, sizeof(scheme) - 1) != 0) {
        return false;
    }
    text = take_host(text + sizeof(scheme) - 1, out->address);
    if (text == NULL || text[0] != ':' || !loopback_address(out->address)) {
        return false;
    }
    size_t digits = strcspn(text + 1, "/");
    out->path = text + 1 + digits;
    bool sound = text_uint(slice_of(text + 1, digits), UINT16_MAX, &port) == SG_OK;
    out->port = (uint16_t)port;
    return sound && port > 0 && probe_is_page(out->path);
}

static socklen_t address_of(const char *text, uint16_t port, struct sockaddr_storage *out)
{
    struct sockaddr_in *four = (struct sockaddr_in *)out;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;

    *out = (struct sockaddr_storage){0};
    if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(port);
        return sizeof(*four);
    }
    if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(port);
        return sizeof(*six);
    }
    return 0;
}

/* The gateway closes behind its one answer. */
static size_t read_all(int fd, char *into, size_t cap)
{
    size_t used = 0;
    ssize_t len = 1;

    while (used < cap && len > 0) {
        len = read(fd, into + used, cap - used);
        used += len > 0 ? (size_t)len : 0;
    }
    return used;
}

static bool talk(int fd, const char *path, char answer[ANSWER_MAX + 1])
{
    char request[REQUEST_MAX];
    int len =
        snprintf(request, sizeof(request),
                 "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);

    if (write(fd, request, (size_t)len) != len) {
        return false;
    }
    answer[read_all(fd, answer, ANSWER_MAX)] = '\0';
    return strncmp(answer, "HTTP/1.1 ", 9) == 0;
}

static bool ask(const char *address, uint16_t port, const char *path,
                char answer[ANSWER_MAX + 1])
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    struct sockaddr_storage to;
    socklen_t size = address_of(address, port, &to);
    int fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return false;
    }
    /* Before it connects: where those before us fill the queue, that has to end, too. */
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    bool answered =
        connect(fd, (const struct sockaddr *)&to, size) == 0 && talk(fd, path, answer);
    (void)close(fd);
    return answered;
}

enum sg_status probe(const struct probe_page *page, FILE *out, bool *fine,
                     struct sg_error *why)
{
    char answer[ANSWER_MAX + 1];

    if (page->address[0] == '\0' || page->port == 0) {
        return sg_fail(
            why, SG_INVALID,
            "there is nothing to ask: admin.address and a fixed admin.port must "
            "be set");
    }
    MUST(probe_is_page(page->path));
    if (!ask(page->address, page->port, page->path, answer)) {
        return sg_fail(why, SG_IO,
                       "no gateway answers at %s port %u; it does not run, or hangs",
                       page->address, page->port);
    }
    const char *body = strstr(answer, "\r\n\r\n");
    *fine = strncmp(answer + 9, "200 ", 4) == 0;
    (void)fputs(body == NULL ? "" : body + 4, out);
    return SG_OK;
}
