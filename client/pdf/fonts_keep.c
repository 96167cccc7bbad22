#include <pthread.h>

#include "client/pdf/fonts_inside.h"

/* The newest fonts. The lock is held to count and to swap, not while fonts are made. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct pdf_fonts *newest;

static bool covers(const struct pdf_fonts *fonts,
                   const struct pdf_charset wanted[PDF_FACES])
{
    for (int i = 0; i < PDF_FACES; i++) {
        if (!pdf_charset_covers(&fonts->wanted[i], &wanted[i])) {
            return false;
        }
    }
    return true;
}

/* All that was wanted so far, so that letters of two kinds do not take turns in making
 * fonts; unless that has become too much. */
static void join(const struct pdf_charset wanted[PDF_FACES],
                 struct pdf_charset all[PDF_FACES])
{
    for (int i = 0; i < PDF_FACES; i++) {
        all[i] = wanted[i];
        if (newest != NULL) {
            pdf_charset_merge(&all[i], &newest->wanted[i]);
        }
        if (pdf_charset_count(&all[i]) > FONTS_CHARS_MAX / 2) {
            all[i] = wanted[i];
        }
    }
}

static struct pdf_fonts *take_newest(const struct pdf_charset wanted[PDF_FACES],
                                     struct pdf_charset all[PDF_FACES])
{
    struct pdf_fonts *found = NULL;

    (void)pthread_mutex_lock(&lock);
    if (newest != NULL && covers(newest, wanted)) {
        found = newest;
        found->shares++;
    } else {
        join(wanted, all);
    }
    (void)pthread_mutex_unlock(&lock);
    return found;
}

enum sg_status pdf_fonts_take(const struct pdf_charset wanted[PDF_FACES],
                              struct pdf_fonts **out)
{
    struct pdf_charset all[PDF_FACES];
    struct pdf_fonts *made = NULL;

    *out = take_newest(wanted, all);
    if (*out != NULL) {
        return SG_OK;
    }
    TRY(fonts_make(all, &made));
    (void)pthread_mutex_lock(&lock);
    struct pdf_fonts *before = newest;
    newest = made;
    made->shares++;
    (void)pthread_mutex_unlock(&lock);
    pdf_fonts_give(&before);
    *out = made;
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
