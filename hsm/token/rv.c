#define _GNU_SOURCE  /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) \
                      */
#include "hsm/token/rv.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rv_row {
    CK_RV rv;
    enum again again;
    enum failure failure;
    const char *name;
};

static const struct rv_row ROWS[] = {
#define RV(code, again, failure) {code, AGAIN_##again, FAILURE_##failure, #code},
#include "hsm/token/rv.def"
#undef RV
};

static const struct rv_row UNLISTED = {0, AGAIN_NEVER, FAILURE_DEVICE, "unlisted code"};

static const struct rv_row *row_of(CK_RV rv)
{
    for (size_t i = 0; i < SG_COUNT(ROWS); i++) {
        if (ROWS[i].rv == rv) {
            return &ROWS[i];
        }
    }
    return &UNLISTED;
}

enum failure rv_failure(CK_RV rv)
{
    return row_of(rv)->failure;
}

enum again rv_again(CK_RV rv)
{
    return row_of(rv)->again;
}

const char *rv_name(CK_RV rv)
{
    return row_of(rv)->name;
}

size_t rv_count(void)
{
    return SG_COUNT(ROWS);
}

CK_RV rv_code(size_t row)
{
    MUST(row < SG_COUNT(ROWS));
    return ROWS[row].rv;
}

bool rv_parse(const char *text, CK_RV *rv)
{
    char *end = NULL;
    for (size_t i = 0; i < SG_COUNT(ROWS); i++) {
        if (strcmp(ROWS[i].name, text) == 0) {
            *rv = ROWS[i].rv;
            return true;
        }
    }
    if (text[0] < '0' || text[0] > '9') {
        return false;
    }
    errno = 0;
    *rv = strtoul(text, &end, 0);
    return errno == 0 && *end == '\0';
}

enum sg_status trouble_config(struct trouble *trouble, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(trouble->why.text, sizeof(trouble->why.text), format, arguments);
    va_end(arguments);
    trouble->failure = FAILURE_CONFIG;
    trouble->rv = CKR_OK;
    return SG_PRECONDITION;
}

enum sg_status trouble_rv(struct trouble *trouble, CK_RV rv, const char *format, ...)
{
    char what[400];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    trouble->failure = rv_failure(rv);
    trouble->rv = rv;
    return sg_fail(&trouble->why, SG_HSM, "%s: the module answers %s (0x%lx)", what,
                   rv_name(rv), rv);
}

const char *trouble_system(int error)
{
    const char *words = strerrordesc_np(error);
    return words == NULL ? "unknown error" : words;
}
