#include "client/ceremony/shipped.h"

/* The assembler puts each file among the constants, as gateway/service/reflected.c does.
 */
#define SHIPPED(id, name)                                                                \
    __asm__(".pushsection .rodata\n"                                                     \
            "segel_ceremony_of_" #id ":\n"                                               \
            ".incbin \"deploy/ceremonies/" name ".ceremony\"\n"                          \
            "segel_ceremony_end_" #id ":\n"                                              \
            ".byte 0\n"                                                                  \
            ".popsection\n");                                                            \
    extern const uint8_t begin_##id[] __asm__("segel_ceremony_of_" #id)                  \
        __attribute__((visibility("hidden")));                                           \
    extern const uint8_t end_##id[] __asm__("segel_ceremony_end_" #id "")                \
        __attribute__((visibility("hidden")));
#include "client/ceremony/shipped.def"
#undef SHIPPED

static const struct {
    const char *name;
    const uint8_t *begin;
    const uint8_t *end;
} scripts[] = {
#define SHIPPED(id, name) {name, begin_##id, end_##id},
#include "client/ceremony/shipped.def"
#undef SHIPPED
};

struct slice shipped_script(size_t nth, const char **name)
{
    if (nth >= SG_COUNT(scripts)) {
        return slice_of(NULL, 0);
    }
    *name = scripts[nth].name;
    return slice_of(scripts[nth].begin, (size_t)((uintptr_t)scripts[nth].end -
                                                 (uintptr_t)scripts[nth].begin));
}

struct slice shipped_find(const char *name)
{
    for (size_t i = 0; i < SG_COUNT(scripts); i++) {
        const char *known = NULL;
        struct slice bytes = shipped_script(i, &known);
        if (strcmp(known, name) == 0) {
            return bytes;
        }
    }
    return slice_of(NULL, 0);
}
