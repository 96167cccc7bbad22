#include "client/pdf/font/font.h"

/* The assembler puts each font among the constants, so that stamps look the same on a
 * machine that has none. */
#define PDF_FACE(id, word, file, postscript)                                             \
    __asm__(".pushsection .rodata\n"                                                     \
            "segel_face_of_" #id ":\n"                                                   \
            ".incbin \"" SEGEL_FONTS "/" file "\"\n"                                     \
            "segel_face_end_" #id ":\n"                                                  \
            ".byte 0\n"                                                                  \
            ".popsection\n");                                                            \
    extern const uint8_t begin_##id[] __asm__("segel_face_of_" #id)                      \
        __attribute__((visibility("hidden")));                                           \
    extern const uint8_t end_##id[] __asm__("segel_face_end_" #id)                       \
        __attribute__((visibility("hidden")));
#include "client/pdf/font/faces.def"
#undef PDF_FACE

static const struct {
    const char *name;
    const uint8_t *begin;
    const uint8_t *end;
} faces[PDF_FACES] = {
#define PDF_FACE(id, word, file, postscript)                                             \
    [PDF_FACE_##id] = {postscript, begin_##id, end_##id},
#include "client/pdf/font/faces.def"
#undef PDF_FACE
};

struct slice pdf_face_file(enum pdf_face face)
{
    return slice_of(faces[face].begin,
                    (size_t)((uintptr_t)faces[face].end - (uintptr_t)faces[face].begin));
}

const char *pdf_face_name(enum pdf_face face)
{
    return faces[face].name;
}
