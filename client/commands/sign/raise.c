#include "client/commands/sign/raise.h"

#include <stdio.h>
#include <time.h>

enum { STEP_MS = 100 };
static const unsigned pauses_ms[] = {500, 1000, 2000};

/* --- Keys -------------------------------------------------------------------------- */

bool sign_raise_lost(enum sg_status status)
{
    return channel_lost(status) || status == SG_TIMEOUT || status == SG_BUSY;
}

static bool is_given_up(const struct sign_raiser *raiser)
{
    return atomic_load(raiser->given_up);
}

static void forget(struct sign_known *known)
{
    if (known->key[0] != '\0') {
        extend_end(&known->run);
    }
    *known = (struct sign_known){.key = ""};
}

static struct sign_known *find(struct sign_raiser *raiser, const char *key, bool current)
{
    struct sign_known *oldest = &raiser->known[0];

    for (size_t i = 0; i < SIGN_RAISE_KEYS; i++) {
        struct sign_known *known = &raiser->known[i];
        if (strcmp(known->key, key) == 0 && known->current == current) {
            return known;
        }
        oldest = known->used < oldest->used ? known : oldest;
    }
    forget(oldest);
    return oldest;
}

static enum sg_status learn(struct sign_raiser *raiser, struct sign_known *known,
                            struct sign_extension *extension, bool current)
{
    forget(known);
    known->current = current;
    (void)snprintf(known->key, SIGN_RAISE_KEY_SIZE, "%s", extension->key);
    known->run.home = raiser->home;
    known->run.key = known->key;
    known->run.current = current;
    known->run.level = extension->level;
    known->run.given_up = raiser->given_up;
    enum sg_status status = extend_begin(&known->run, &extension->why);
    if (status != SG_OK) {
        forget(known);
    }
    return status;
}

/* --- One letter -------------------------------------------------------------------- */

static enum sg_status try_known(struct sign_known *known,
                                struct sign_extension *extension, enum extend_level level)
{
    known->run.level = level;
    known->run.keeps = extension->keeps;
    enum sg_status status =
        extend_bytes(&known->run, extension->pdf, extension->output, &extension->why);
    extension->lost = known->run.lost || status == SG_TIMEOUT || status == SG_BUSY;
    extension->unwritten = known->run.unwritten;
    extension->by_other = known->run.by_other;
    return status;
}

/* The authority that stamped the letter may be another than it was, or the connection
 * gone. A time stamp that was had is no help of either, and one that was waited for as
 * long as its limit lasts is not nearer by asking anew. */
static bool may_be_outdated(const struct sign_known *known, enum sg_status status)
{
    return status != SG_BUSY && !known->run.stamped && !known->run.unwritten;
}

/* What fails by what was asked for earlier is tried again by what is known now. */
static enum sg_status raise_by(struct sign_raiser *raiser,
                               struct sign_extension *extension, enum extend_level level,
                               bool current)
{
    struct sign_known *known = find(raiser, extension->key, current);

    known->used = ++raiser->clock;
    extension->by_other = false;
    if (known->key[0] != '\0' && extend_fresh(&known->run)) {
        enum sg_status status = try_known(known, extension, level);
        if (status == SG_OK || is_given_up(raiser) || !may_be_outdated(known, status)) {
            return status;
        }
    }
    enum sg_status status = learn(raiser, known, extension, current);
    extension->lost = sign_raise_lost(status);
    TRY(status);
    known->used = raiser->clock;
    return try_known(known, extension, level);
}

/* The letter is by the key that answers for the name, or, where another has followed that
 * since it was signed, by the very one. */
static enum sg_status raise_once(struct sign_raiser *raiser,
                                 struct sign_extension *extension,
                                 enum extend_level level)
{
    enum sg_status status = raise_by(raiser, extension, level, true);

    return status != SG_OK && extension->by_other && !is_given_up(raiser)
               ? raise_by(raiser, extension, level, false)
               : status;
}

/* False: the user gave up. */
static bool rest(const struct sign_raiser *raiser, unsigned pause_ms)
{
    const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};

    for (unsigned i = 0; i < pause_ms / STEP_MS && !is_given_up(raiser); i++) {
        (void)nanosleep(&step, NULL);
    }
    return !is_given_up(raiser);
}

/* An authority that fails once, or is left alone for a while, does not end a run. For a
 * limit of the gateway it has been waited already (extend/letter.c). */
static enum sg_status raise(struct sign_raiser *raiser, struct sign_extension *extension,
                            enum extend_level level)
{
    enum sg_status status = raise_once(raiser, extension, level);

    for (size_t i = 0; i < SG_COUNT(pauses_ms) && status != SG_OK && extension->lost &&
                       status != SG_BUSY && rest(raiser, pauses_ms[i]);
         i++) {
        status = raise_once(raiser, extension, level);
    }
    return status;
}

/* As it was signed. */
static enum sg_status keep(struct sign_extension *extension)
{
    struct sg_error why = {0};
    enum sg_status status =
        extension->keeps
            ? pdf_write_new(extension->output, extension->pdf, slice_of("", 0), &why)
            : pdf_write(extension->output, extension->pdf, slice_of("", 0), &why);

    extension->reached = EXTEND_B_T;
    extension->lost = false;
    extension->unwritten = status != SG_OK;
    if (status != SG_OK) {
        extension->why = why;
    }
    return status;
}

/* At a lower level it may go. */
static bool tries_less(const struct sign_raiser *raiser,
                       const struct sign_extension *extension, enum sg_status status)
{
    return status != SG_OK && extension->or_less && !extension->unwritten &&
           !is_given_up(raiser);
}

static void raise_or_less(struct sign_raiser *raiser, struct sign_extension *extension)
{
    struct sg_error first;
    enum sg_status status = raise(raiser, extension, extension->level);

    extension->reached = extension->level;
    first = extension->why;
    if (tries_less(raiser, extension, status) && extension->level == EXTEND_B_LTA) {
        status = raise(raiser, extension, EXTEND_B_LT);
        extension->reached = EXTEND_B_LT;
        extension->why = first;
    }
    if (tries_less(raiser, extension, status)) {
        status = keep(extension);
    }
    extension->status = status;
}

void sign_raise(struct sign_raiser *raiser, struct sign_extension *extension)
{
    if (extension->as_is) {
        extension->status = keep(extension);
    } else {
        raise_or_less(raiser, extension);
    }
    if (extension->status != SG_OK && is_given_up(raiser)) {
        extension->status = SG_CANCELLED;
    }
    if (extension->status != SG_OK && extension->why.text[0] == '\0') {
        extension->status = sg_fail(&extension->why, extension->status, "%s",
                                    sg_status_text(extension->status));
    }
}

void sign_raiser_fini(struct sign_raiser *raiser)
{
    for (size_t i = 0; i < SIGN_RAISE_KEYS; i++) {
        forget(&raiser->known[i]);
    }
}
