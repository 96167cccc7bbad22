#include <stdlib.h>
#include <string.h>

#include "gateway/config/parse.h"

/* Where callers, administrators and PINs come in: which of these doors there are, and
 * that no two are one. */

/* --- Callers --------------------------------------------------------------------- */

/* Three octal digits, and a zero before them if one likes: nothing but permissions. */
static enum sg_status read_unix_mode(struct parse *p)
{
    const char *text = p->config->listen_unix_mode;
    const char *digits = text[0] == '0' && text[1] != '\0' ? text + 1 : text;
    unsigned mode = 0;
    size_t count = 0;

    for (; digits[count] >= '0' && digits[count] <= '7' && count < 3; count++) {
        mode = mode * 8 + (unsigned)(digits[count] - '0');
    }
    if (count != 3 || digits[count] != '\0' || mode == 0) {
        return yaml_fail(p->doc, parse_find(p, "listen.unix_mode"), p->why,
                         "'%s' is no permission of a socket; write three octal digits, "
                         "such as \"0660\"",
                         text);
    }
    p->config->unix_mode = mode;
    return SG_OK;
}

static enum sg_status read_listen(struct parse *p)
{
    static const char *const versions[] = {"1.3", "1.2", NULL};
    const struct config *config = p->config;
    const char *path = config->listen_unix;
    size_t index = 0;

    TRY(parse_choice(p, parse_find(p, "tls.min_version"), config->tls_min_version,
                     versions, &index));
    p->config->tls12 = index == 1;
    TRY(read_unix_mode(p));
    if (path[0] != '\0' && path[0] != '/' && strncmp(path, "fd:", 3) != 0) {
        return yaml_fail(
            p->doc, parse_find(p, "listen.unix"), p->why,
            "a Unix socket is given by an absolute path, or as fd:NAME where "
            "systemd passes it");
    }
    return path[0] != '\0' || config->listen_address[0] != '\0'
               ? SG_OK
               : yaml_fail(p->doc, parse_find(p, "listen.address"), p->why,
                           "nobody could connect: give listen.address, listen.unix or "
                           "both");
}

/* --- PINs, local pages ------------------------------------------------------------ */

static enum sg_status read_control(struct parse *p)
{
    const char *path = p->config->control_socket;

    if (path[0] != '\0' && strcmp(path, p->config->listen_unix) == 0) {
        return yaml_fail(p->doc, parse_find(p, "control.socket"), p->why,
                         "listen.unix has this path already: PINs come by a socket of "
                         "their own; give the two different paths");
    }
    return path[0] == '\0' || path[0] == '/'
               ? SG_OK
               : yaml_fail(p->doc, parse_find(p, "control.socket"), p->why,
                           "the control socket is given by an absolute path, such as "
                           "/run/segel/control");
}

/* An address of which every one of the machine is meant takes loopback's, too: those of
 * IPv4, or of both. */
static bool takes_in(const char *listens, const char *local)
{
    bool every = strcmp(listens, "::") == 0 ||
                 (strcmp(listens, "0.0.0.0") == 0 && strchr(local, ':') == NULL);

    return every || strcmp(listens, local) == 0;
}

static enum sg_status read_admin(struct parse *p)
{
    const struct config *config = p->config;
    bool same = config->admin_address[0] != '\0' && config->admin_port != 0 &&
                config->admin_port == config->listen_port &&
                takes_in(config->listen_address, config->admin_address);

    return same ? yaml_fail(p->doc, parse_find(p, "admin"), p->why,
                            "admin.port is %lld, and so is listen.port of %s; give the "
                            "local pages a port of their own",
                            (long long)config->admin_port, config->listen_address)
                : SG_OK;
}

enum sg_status parse_listen(struct parse *p)
{
    TRY(read_listen(p));
    TRY(read_control(p));
    return read_admin(p);
}
