#include "gateway/service/inside.h"

/* What protoc wrote of the .proto files (the Makefile says of which), byte for byte. The
 * assembler puts it among the constants: no generated C, nothing that could be written
 * to, and no object without the note that the stack is not executable. */
__asm__(".pushsection .rodata\n"
        ".balign 16\n"
        "segel_reflected:\n"
        ".incbin \"segel.ds\"\n"
        "segel_reflected_end:\n"
        ".popsection\n");

extern const uint8_t begin[] __asm__("segel_reflected")
    __attribute__((visibility("hidden")));
extern const uint8_t end[] __asm__("segel_reflected_end")
    __attribute__((visibility("hidden")));

struct slice reflected_descriptors(void)
{
    return slice_of(begin, (size_t)((uintptr_t)end - (uintptr_t)begin));
}
