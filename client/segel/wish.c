#include <stdio.h>

#include "client/segel/plan.h"

/* RFC 3986: whoever reads the code would stop at a blank, and a browser cut at '#'. An
 * agency's own numbers have slashes: they stay, as servers refuse "%2F" in a path. */
static void put_encoded(const char *id, char *out, size_t cap)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "0123456789-._~/";

    for (size_t len = 0; *id != '\0' && len + 3 < cap; id++) {
        len +=
            (size_t)snprintf(out + len, cap - len,
                             strchr(plain, *id) != NULL ? "%c" : "%%%02X", (uint8_t)*id);
    }
}

/* The link in the QR code ends with the request id: it names the letter and tells nothing
 * about it. */
static const char *link_of(const struct segel_plan *plan, const struct kept_letter *kept,
                           char link[PLAN_LINK_SIZE])
{
    const char *url = plan->signer->verify_url;

    if (kept->letter.qr_text != NULL) {
        return kept->letter.qr_text;
    }
    if (url[0] == '\0') {
        return NULL;
    }
    char last = url[strlen(url) - 1];
    int len = snprintf(link, PLAN_LINK_SIZE, "%s%s", url,
                       last == '/' || last == '=' ? "" : "/");
    if (len < PLAN_LINK_SIZE) {
        put_encoded(kept->letter.request_id, link + len, PLAN_LINK_SIZE - (size_t)len);
    }
    return link;
}

/* A rectangle that is given goes before that of the template, a page too. */
static void place(const struct segel_plan *plan, const struct segel_look *look,
                  struct pdf_wish *wish)
{
    if (look != NULL && look->width > 0) {
        wish->page = look->page == 0 ? -1 : look->page;
        wish->rect = (struct pdf_rect){look->x, look->y, look->width, look->height};
    } else if (plan->given.stamp != NULL && (look == NULL || look->field == NULL)) {
        stamp_place(&plan->offered->stamp, wish);
        wish->page = look == NULL || look->page == 0 ? wish->page : look->page;
    }
}

static void words(const struct segel_look *look, struct pdf_wish *wish)
{
    wish->reason = look->reason;
    wish->location = look->location;
    wish->name = look->name;
    wish->field = look->field;
    wish->title = look->title;
    wish->rank = look->rank;
    wish->nip = look->nip;
    wish->unit = look->unit;
}

void plan_wish(const struct segel_plan *plan, const struct kept_letter *kept,
               char link[PLAN_LINK_SIZE], struct pdf_wish *wish)
{
    const struct segel_look *look = plan_look(plan, kept);
    const char *statement = plan->signer->statement;

    uint32_t kept_room = kept->letter.room;

    *wish =
        (struct pdf_wish){.hash = plan->hash,
                          .reserve = kept_room == 0 ? segel_plan_room(plan) : kept_room,
                          .signing_time_us = kept->letter.signing_time_us};
    if (look != NULL) {
        words(look, wish);
    }
    place(plan, look, wish);
    if (plan_shows(plan, look)) {
        const struct segel_stamp *stamp = &plan->offered->stamp;
        /* What stands there is the notice, of which the gateway is told. */
        wish->shown = plan->given.notice_shown == 0;
        wish->look = &stamp->look;
        wish->signer = stamp->signer[0] == '\0' ? NULL : stamp->signer;
        wish->statement = statement[0] == '\0' ? NULL : statement;
        wish->qr_text = link_of(plan, kept, link);
    }
}
