#include "client/pdf/stamp/stamps.h"

/* The assembler puts each file among the constants. */
#define PDF_STAMP(id)                                                                    \
    __asm__(".pushsection .rodata\n"                                                     \
            "segel_stamp_of_" #id ":\n"                                                  \
            ".incbin \"deploy/stamps/" #id ".stamp\"\n"                                  \
            "segel_stamp_end_" #id ":\n"                                                 \
            ".byte 0\n"                                                                  \
            ".popsection\n");                                                            \
    extern const uint8_t begin_##id[] __asm__("segel_stamp_of_" #id)                     \
        __attribute__((visibility("hidden")));                                           \
    extern const uint8_t end_##id[] __asm__("segel_stamp_end_" #id)                      \
        __attribute__((visibility("hidden")));
#include "client/pdf/stamp/stamps.def"
#undef PDF_STAMP

static const struct {
    const char *name;
    const uint8_t *begin;
    const uint8_t *end;
} stamps[] = {
#define PDF_STAMP(id) {#id, begin_##id, end_##id},
#include "client/pdf/stamp/stamps.def"
#undef PDF_STAMP
};

struct slice pdf_stamps_at(size_t nth, const char **name)
{
    if (nth >= SG_COUNT(stamps)) {
        return slice_of(NULL, 0);
    }
    *name = stamps[nth].name;
    return slice_of(stamps[nth].begin,
                    (size_t)((uintptr_t)stamps[nth].end - (uintptr_t)stamps[nth].begin));
}

struct slice pdf_stamps_find(const char *name)
{
    for (size_t i = 0; i < SG_COUNT(stamps); i++) {
        const char *known = NULL;
        struct slice bytes = pdf_stamps_at(i, &known);
        if (strcmp(known, name) == 0) {
            return bytes;
        }
    }
    return slice_of(NULL, 0);
}
