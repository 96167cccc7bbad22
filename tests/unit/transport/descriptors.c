#include "gateway/transport/descriptors.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/transport/support/protoset.h"

static struct proto proto;
static struct descriptors set;

static enum sg_status read_proto(void)
{
    struct sg_error why = {0};
    enum sg_status status = descriptors_read(&set, proto_slice(&proto), &why);

    cr_assert_eq(status == SG_OK, why.text[0] == '\0', "a refusal says why: %s",
                 why.text);
    cr_assert(status == SG_OK || set.count == 0, "a refused set is empty");
    return status;
}

static void setup(void)
{
    proto_sample(&proto);
    cr_assert_eq(read_proto(), SG_OK);
}

TestSuite(descriptors, .init = setup);

Test(descriptors, a_set_knows_its_files_and_what_they_need)
{
    size_t file = 9;

    cr_assert_eq(set.count, 2);
    cr_expect(slice_equal(set.files[0].package, slice_str("p")));
    cr_expect_eq(set.files[1].package.len, 0);
    cr_expect_eq(set.files[0].needs, 1);
    cr_expect_eq(set.files[1].needs, 3);
    cr_expect_eq(descriptors_file(&set, slice_str("b.proto"), &file), SG_OK);
    cr_expect_eq(file, 1);
    cr_expect_eq(descriptors_file(&set, slice_str("B.proto"), &file), SG_NOT_FOUND);
    cr_expect_eq(descriptors_file(&set, slice_str(""), &file), SG_NOT_FOUND);
}

static const struct {
    const char *name;
    size_t file;
    enum descriptor_kind kind;
} known[] = {
    {"p.M", 0, DESCRIPTOR_MESSAGE},     {"p.M.f", 0, DESCRIPTOR_FIELD},
    {"p.M.N", 0, DESCRIPTOR_MESSAGE},   {"p.M.N.g", 0, DESCRIPTOR_FIELD},
    {"p.M.o", 0, DESCRIPTOR_ONEOF},     {"p.M.E", 0, DESCRIPTOR_ENUM},
    {"p.M.V", 0, DESCRIPTOR_VALUE},     {"p.M.inner", 0, DESCRIPTOR_EXTENSION},
    {"p.E", 0, DESCRIPTOR_ENUM},        {"p.W", 0, DESCRIPTOR_VALUE},
    {"p.S", 0, DESCRIPTOR_SERVICE},     {"p.S.Do", 0, DESCRIPTOR_METHOD},
    {"p.S.Chat", 0, DESCRIPTOR_METHOD}, {"Plain", 1, DESCRIPTOR_MESSAGE},
    {"late", 1, DESCRIPTOR_EXTENSION},
};

static const char *const strangers[] = {
    "",      "p",       "p.",    ".p.M", "p.M.",    "p..M",     "M",       "p.m",
    "p.M.x", "p.M.E.V", "p.E.W", "p.V",  "p.M.f.x", "p.S.Do.x", "p.Plain", "Plain.x",
};

Test(descriptors, names_of_every_kind_are_found_in_their_file)
{
    for (size_t i = 0; i < SG_COUNT(known); i++) {
        struct descriptor_place place = {.file = 9};
        cr_expect_eq(descriptors_symbol(&set, slice_str(known[i].name), &place), SG_OK,
                     "%s", known[i].name);
        cr_expect_eq(place.file, known[i].file, "%s", known[i].name);
        cr_expect_eq(place.kind, known[i].kind, "%s", known[i].name);
    }
}

Test(descriptors, other_names_are_not_found)
{
    struct descriptor_place place;

    for (size_t i = 0; i < SG_COUNT(strangers); i++) {
        cr_expect_eq(descriptors_symbol(&set, slice_str(strangers[i]), &place),
                     SG_NOT_FOUND, "'%s'", strangers[i]);
    }
    cr_expect_eq(descriptors_symbol(&set, slice_of("p.M\0", 4), &place), SG_NOT_FOUND);
}

Test(descriptors, methods_tell_which_way_they_stream)
{
    struct descriptor_place place;

    cr_assert_eq(descriptors_symbol(&set, slice_str("p.S.Do"), &place), SG_OK);
    cr_expect(!place.takes_stream && !place.gives_stream);
    cr_assert_eq(descriptors_symbol(&set, slice_str("p.S.Chat"), &place), SG_OK);
    cr_expect(place.takes_stream && place.gives_stream);
}

Test(descriptors, extensions_are_found_by_message_and_number)
{
    const struct slice type = slice_str("p.M");
    int32_t numbers[8] = {0};
    size_t file = 9;

    cr_assert_eq(descriptors_extension_numbers(&set, type, numbers, 8), 3);
    cr_expect(numbers[0] == -1 && numbers[1] == 7 && numbers[2] == 100);
    cr_expect_eq(descriptors_extension_numbers(&set, type, numbers, 2), 2);
    cr_expect_eq(descriptors_extension_numbers(&set, slice_str("p"), numbers, 8), 0);
    cr_expect_eq(descriptors_extension_numbers(&set, slice_str(""), numbers, 8), 0);
    cr_expect_eq(descriptors_extension(&set, type, 100, &file), SG_OK);
    cr_expect_eq(file, 0);
    cr_expect_eq(descriptors_extension(&set, type, -1, &file), SG_OK);
    cr_expect_eq(file, 1);
    cr_expect_eq(descriptors_extension(&set, type, 8, &file), SG_NOT_FOUND);
    cr_expect_eq(descriptors_extension(&set, slice_str("Plain"), 7, &file), SG_NOT_FOUND);
}

/* Found by fuzzing: what stood in the array before was taken for the number. */
Test(descriptors, an_extension_without_a_number_has_number_0)
{
    const struct slice type = slice_str("p.M");
    int32_t numbers[2] = {77, 77};
    size_t file = 9;

    proto.len = 0;
    size_t open = proto_open(&proto, 1);
    proto_text(&proto, 1, "a.proto");
    size_t extension = proto_open(&proto, 7);
    proto_text(&proto, 1, "e");
    proto_text(&proto, 2, ".p.M");
    proto_close(&proto, extension);
    proto_close(&proto, open);
    cr_assert_eq(read_proto(), SG_OK);
    cr_assert_eq(descriptors_extension_numbers(&set, type, numbers, 2), 1);
    cr_expect_eq(numbers[0], 0);
    cr_expect_eq(descriptors_extension(&set, type, 0, &file), SG_OK);
    cr_expect_eq(descriptors_extension(&set, type, 77, &file), SG_NOT_FOUND);
}

/* The bytes stand in a block of exactly their size, so that one byte too far is seen. */
Test(descriptors, a_set_that_is_cut_off_is_refused_at_every_byte)
{
    struct sg_error why = {0};
    size_t whole = 0;

    for (size_t len = 0; len < proto.len; len++) {
        uint8_t *copy = (uint8_t *)malloc(len + 1);
        cr_assert_not_null(copy);
        memcpy(copy + 1, proto.data, len);
        whole += descriptors_read(&set, slice_of(copy + 1, len), &why) == SG_OK ? 1 : 0;
        free(copy);
    }
    cr_expect_eq(whole, 2, "nothing at all, and the first file alone, are whole");
}

static void two_files(const char *first, const char *second, const char *import)
{
    proto.len = 0;
    proto_named(&proto, 1, first);
    size_t file = proto_open(&proto, 1);
    proto_text(&proto, 1, second);
    proto_text(&proto, 3, import);
    proto_close(&proto, file);
}

Test(descriptors, imports_come_before_those_who_need_them_and_files_only_once)
{
    two_files("a", "b", "a");
    cr_expect_eq(read_proto(), SG_OK);
    two_files("a", "b", "b");
    cr_expect_eq(read_proto(), SG_INVALID, "of itself");
    two_files("a", "b", "c");
    cr_expect_eq(read_proto(), SG_INVALID, "of nothing");
    two_files("a", "a", "a");
    cr_expect_eq(read_proto(), SG_INVALID, "a name twice");
    two_files("", "b", "");
    cr_expect_eq(read_proto(), SG_INVALID, "no name");
    two_files("\xff\xfe", "b", "\xff\xfe");
    cr_expect_eq(read_proto(), SG_INVALID, "no text");
}

static enum sg_status read_declared(uint32_t field, const char *name)
{
    proto.len = 0;
    size_t file = proto_open(&proto, 1);
    proto_text(&proto, 1, "a.proto");
    proto_named(&proto, field, name);
    proto_close(&proto, file);
    return read_proto();
}

Test(descriptors, names_that_are_none_are_refused)
{
    static const char *const bad[] = {"", "1a", "a.b", "a b", "a-b", "\xc3\xa4", ".a"};

    for (uint32_t field = 4; field <= 7; field++) {
        cr_expect_eq(read_declared(field, "_a1"), SG_OK);
        for (size_t i = 0; i < SG_COUNT(bad); i++) {
            cr_expect_eq(read_declared(field, bad[i]), SG_INVALID, "'%s'", bad[i]);
        }
    }
}

Test(descriptors, packages_are_names_with_dots_between)
{
    static const char *const bad[] = {".", "a.", ".a", "a..b", "a b", "1"};

    for (size_t i = 0; i < SG_COUNT(bad); i++) {
        proto.len = 0;
        size_t file = proto_open(&proto, 1);
        proto_text(&proto, 1, "a.proto");
        proto_text(&proto, 2, bad[i]);
        proto_close(&proto, file);
        cr_expect_eq(read_proto(), SG_INVALID, "'%s'", bad[i]);
    }
}

Test(descriptors, what_is_no_set_is_refused)
{
    proto.len = 0;
    cr_expect_eq(read_proto(), SG_OK, "nothing is a set without files");
    proto_number(&proto, 1, 1);
    cr_expect_eq(read_proto(), SG_INVALID, "a number for a file");
    proto.len = 0;
    proto_text(&proto, 2, "");
    cr_expect_eq(read_proto(), SG_INVALID, "another field");
    proto.len = 0;
    proto_text(&proto, 1, "\x13\x14");
    cr_expect_eq(read_proto(), SG_INVALID, "a group");
}

static void put_files(unsigned count)
{
    char name[16];

    proto.len = 0;
    for (unsigned i = 0; i < count; i++) {
        (void)snprintf(name, sizeof(name), "f%u", i);
        proto_named(&proto, 1, name);
    }
}

Test(descriptors, files_are_counted)
{
    put_files(DESCRIPTOR_FILES_MAX);
    cr_expect_eq(read_proto(), SG_OK);
    put_files(DESCRIPTOR_FILES_MAX + 1);
    cr_expect_eq(read_proto(), SG_TOO_LARGE);
}

/* Messages in messages; the file is the first level, a name's own bytes are the last. */
static enum sg_status read_nested(unsigned depth)
{
    size_t open[64] = {0};

    proto.len = 0;
    open[0] = proto_open(&proto, 1);
    proto_text(&proto, 1, "a.proto");
    for (unsigned i = 1; i < depth; i++) {
        open[i] = proto_open(&proto, i == 1 ? 4 : 3);
        proto_text(&proto, 1, "M");
    }
    for (unsigned i = depth; i > 0; i--) {
        proto_close(&proto, open[i - 1]);
    }
    return read_proto();
}

Test(descriptors, nesting_is_bounded)
{
    cr_expect_eq(read_nested(DESCRIPTOR_DEPTH_MAX), SG_OK);
    cr_expect_eq(read_nested(DESCRIPTOR_DEPTH_MAX + 1), SG_TOO_LARGE);
    cr_expect_eq(read_nested(60), SG_TOO_LARGE);
}

static enum sg_status read_many(unsigned names)
{
    proto.len = 0;
    size_t file = proto_open(&proto, 1);
    proto_text(&proto, 1, "a.proto");
    for (unsigned i = 0; i < names; i++) {
        proto_named(&proto, 4, "M");
    }
    proto_close(&proto, file);
    return read_proto();
}

Test(descriptors, names_are_counted)
{
    cr_expect_eq(read_many(DESCRIPTOR_NAMES_MAX), SG_OK);
    cr_expect_eq(read_many(DESCRIPTOR_NAMES_MAX + 1), SG_TOO_LARGE);
}

Test(descriptors, a_set_of_too_many_bytes_is_not_even_read)
{
    struct sg_error why = {0};
    uint8_t *bytes = (uint8_t *)calloc(1, DESCRIPTOR_BYTES_MAX + 1);

    cr_assert_not_null(bytes);
    cr_expect_eq(descriptors_read(&set, slice_of(bytes, DESCRIPTOR_BYTES_MAX + 1), &why),
                 SG_TOO_LARGE);
    free(bytes);
}
