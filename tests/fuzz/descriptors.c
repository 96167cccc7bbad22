/* Hostile descriptor sets: they are refused with a sentence, or hold what they promise;
 * whatever is asked of them ends. Input: length of the question (1 byte), the question,
 * the set. */
#include "gateway/transport/descriptors.h"

#include <stdlib.h>

#include "tests/fuzz/support/fuzz.h"

enum { NUMBERS_MAX = 64 };

static struct descriptors set;

static void check_files(struct slice bytes)
{
    MUST(set.count <= DESCRIPTOR_FILES_MAX);
    for (size_t i = 0; i < DESCRIPTOR_FILES_MAX && i < set.count; i++) {
        const struct descriptor_file *file = &set.files[i];
        size_t at = SIZE_MAX;
        MUST(file->bytes.data >= bytes.data &&
             file->bytes.data + file->bytes.len <= bytes.data + bytes.len);
        MUST(descriptors_file(&set, file->name, &at) == SG_OK && at == i);
        MUST((file->needs >> i & 1) == 1);      /* itself */
        MUST(i == 63 || file->needs >> i == 1); /* nothing after it */
        for (size_t needed = 0; needed < i; needed++) {
            bool needs = (file->needs >> needed & 1) != 0;
            MUST(!needs || (set.files[needed].needs & ~file->needs) == 0);
        }
    }
}

static void ask(struct slice question)
{
    int32_t numbers[NUMBERS_MAX];
    struct descriptor_place place = {.file = SIZE_MAX};
    size_t file = SIZE_MAX;

    if (descriptors_file(&set, question, &file) == SG_OK) {
        MUST(file < set.count);
    }
    if (descriptors_symbol(&set, question, &place) == SG_OK) {
        MUST(place.file < set.count && place.kind != DESCRIPTOR_FILE);
    }
    size_t count = descriptors_extension_numbers(&set, question, numbers, NUMBERS_MAX);
    MUST(count <= NUMBERS_MAX);
    for (size_t i = 0; i < count; i++) {
        MUST(i == 0 || numbers[i - 1] <= numbers[i]);
        MUST(descriptors_extension(&set, question, numbers[i], &file) == SG_OK);
        MUST(file < set.count);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct slice input = slice_of(data, len);
    size_t wanted = fuzz_choice(&input);
    struct slice question = slice_of(input.data, wanted < input.len ? wanted : input.len);
    struct slice bytes = slice_of(input.data + question.len, input.len - question.len);
    struct sg_error why = {0};

    uint8_t *copy = fuzz_copy(bytes);
    if (descriptors_read(&set, slice_of(copy, bytes.len), &why) == SG_OK) {
        check_files(slice_of(copy, bytes.len));
        ask(question);
    } else {
        MUST(why.text[0] != '\0' && set.count == 0);
        ask(question);
    }
    free(copy);
    return 0;
}
