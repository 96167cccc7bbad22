#include "client/pdf/stamp/template.h"

const char *pdf_box_word(enum pdf_box_kind kind)
{
    static const char *const words[PDF_BOX_KINDS] = {
#define PDF_BOX(name, word, help) word,
#include "client/pdf/stamp/boxes.def"
#undef PDF_BOX
    };

    return words[kind];
}

enum pdf_value pdf_value_find(struct slice word)
{
    static const char *const words[PDF_VALUES] = {
#define PDF_VALUE(name, word, help) word,
#include "client/pdf/values.def"
#undef PDF_VALUE
    };

    for (int i = 0; i < PDF_VALUES; i++) {
        if (slice_equal(word, slice_str(words[i]))) {
            return (enum pdf_value)i;
        }
    }
    return PDF_VALUES;
}
