#include <pthread.h>

#include "client/pdf/font/fonts_inside.h"

/* Fonts depend on the characters of their own letter alone, never on letters before it:
 * who signs again after a crash gets the same bytes, and so the same digest. So that most
 * letters want the same fonts nevertheless, a letter that has a small letter gets all of
 * them, and likewise with capitals and figures. */
static void round_up(struct pdf_charset *set, char first, char last)
{
    bool any = false;

    for (char c = first; c <= last; c++) {
        any = any || pdf_charset_has(set, (uint8_t)c);
    }
    for (char c = first; any && c <= last; c++) {
        const char text[] = {c, '\0'};
        pdf_charset_add(set, text);
    }
}

static void round_all(struct pdf_charset sets[PDF_FACES])
{
    for (int i = 0; i < PDF_FACES; i++) {
        round_up(&sets[i], 'a', 'z');
        round_up(&sets[i], 'A', 'Z');
        round_up(&sets[i], '0', '9');
    }
}

/* The newest ones, so that letters of some kinds may take turns. The lock is held to look
 * and to count, not while fonts are made. */
enum { KEPT = 8 };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct pdf_fonts *kept[KEPT];
static unsigned next;

static bool are(const struct pdf_fonts *fonts, const struct pdf_charset wanted[PDF_FACES])
{
    return fonts != NULL && memcmp(fonts->wanted, wanted, sizeof(fonts->wanted)) == 0;
}

static struct pdf_fonts *take_kept(const struct pdf_charset wanted[PDF_FACES])
{
    struct pdf_fonts *found = NULL;

    (void)pthread_mutex_lock(&lock);
    for (size_t i = 0; i < KEPT && found == NULL; i++) {
        found = are(kept[i], wanted) ? kept[i] : NULL;
    }
    if (found != NULL) {
        found->shares++;
    }
    (void)pthread_mutex_unlock(&lock);
    return found;
}

/* In place of the oldest. */
static void keep(struct pdf_fonts *made)
{
    (void)pthread_mutex_lock(&lock);
    struct pdf_fonts *before = kept[next];
    kept[next] = made;
    next = (next + 1) % KEPT;
    made->shares++;
    (void)pthread_mutex_unlock(&lock);
    pdf_fonts_give(&before);
}

enum sg_status pdf_fonts_take(const struct pdf_charset wanted[PDF_FACES],
                              struct pdf_fonts **out)
{
    struct pdf_charset all[PDF_FACES];

    memcpy(all, wanted, sizeof(all));
    round_all(all);
    *out = take_kept(all);
    if (*out != NULL) {
        return SG_OK;
    }
    TRY(fonts_make(all, out));
    keep(*out);
    return SG_OK;
}

void pdf_fonts_give(struct pdf_fonts **fonts)
{
    if (*fonts == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&lock);
    bool last = --(*fonts)->shares == 0;
    (void)pthread_mutex_unlock(&lock);
    if (last) {
        fonts_free(fonts);
    }
    *fonts = NULL;
}
