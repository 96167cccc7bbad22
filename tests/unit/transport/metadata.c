#include "gateway/transport/metadata.h"

#include <criterion/criterion.h>

struct timeout_row {
    const char *text;
    int64_t us; /* -1: malformed */
};

static const struct timeout_row timeouts[] = {
    {"1S", 1000000},
    {"0m", 0},
    {"300m", 300000},
    {"5u", 5},
    {"1n", 1},
    {"1000n", 1},
    {"1001n", 2},
    {"2M", 120000000},
    {"1H", 3600000000},
    {"99999999H", INT64_C(359999996400000000)},
    {"00000001S", 1000000},
    {"", -1},
    {"S", -1},
    {"1", -1},
    {"123456789S", -1},
    {"1s", -1},
    {"-1S", -1},
    {"+1S", -1},
    {" 1S", -1},
    {"1 S", -1},
    {"1.5S", -1},
    {"1SS", -1},
    {"0x1S", -1},
};

Test(metadata, reads_every_timeout)
{
    for (size_t i = 0; i < SG_COUNT(timeouts); i++) {
        int64_t us = -1;
        bool good = metadata_timeout(slice_str(timeouts[i].text), &us);
        cr_expect_eq(good, timeouts[i].us >= 0, "'%s'", timeouts[i].text);
        cr_expect_eq(us, timeouts[i].us, "'%s'", timeouts[i].text);
    }
}

Test(metadata, knows_its_content_types)
{
    static const char *const good[] = {"application/grpc", "application/grpc+proto",
                                       "application/grpc;charset=utf-8",
                                       "application/grpc+proto; a=b"};
    static const char *const bad[] = {"",
                                      "application/grp",
                                      "application/json",
                                      "application/grpc-web",
                                      "application/grpc-web+proto",
                                      "application/grpc+json",
                                      "application/grpcx",
                                      "application/grpc+protox"};

    for (size_t i = 0; i < SG_COUNT(good); i++) {
        cr_expect(metadata_content_type(slice_str(good[i])), "%s", good[i]);
    }
    for (size_t i = 0; i < SG_COUNT(bad); i++) {
        cr_expect_not(metadata_content_type(slice_str(bad[i])), "%s", bad[i]);
    }
}

static void expect_percent(const char *text, size_t cap, const char *expected)
{
    char out[128];
    size_t len = metadata_percent(slice_str(text), out, cap);

    cr_expect(slice_equal(slice_of(out, len), slice_str(expected)), "%.*s", (int)len,
              out);
}

Test(metadata, percent_encodes_what_is_not_plain_ascii)
{
    expect_percent("plain text ~", 128, "plain text ~");
    expect_percent("tidak sah ✓ %41 \n", 128, "tidak sah %E2%9C%93 %2541 %0A");
    expect_percent(
        "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n", 128,
        "%09%0Atest with whitespace%0D%0Aand Unicode BMP %E2%98%BA and non-BMP "
        "%F0%9F%98%88%09%0A");
    expect_percent("\x7f", 128, "%7F");
}

Test(metadata, percent_never_cuts_a_character)
{
    expect_percent("ab✓", 10, "ab");
    expect_percent("ab✓", 11, "ab%E2%9C%93");
    expect_percent("abc", 2, "ab");
    expect_percent("a\n", 3, "a");
    expect_percent("\xE2", 9, "%E2");
}

Test(metadata, base64_has_no_padding)
{
    static const char *const rows[][2] = {
        {"", ""}, {"f", "Zg"}, {"fo", "Zm8"}, {"foo", "Zm9v"}, {"foob", "Zm9vYg"}};
    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        char out[METADATA_BASE64(4)];
        size_t len = metadata_base64(slice_str(rows[i][0]), out);
        cr_expect(slice_equal(slice_of(out, len), slice_str(rows[i][1])), "%s",
                  rows[i][0]);
    }
}

Test(metadata, base64_is_read_padded_or_not)
{
    static const char *const good[][2] = {{"", ""},
                                          {"Zg", "f"},
                                          {"Zg==", "f"},
                                          {"Zm8", "fo"},
                                          {"Zm8=", "fo"},
                                          {"Zm9v", "foo"},
                                          {"+/+/", "\xFB\xFF\xBF"},
                                          {"Zh", "f"}};
    static const char *const bad[] = {"Z",     "Zg=", "Zg===", "=",        "==",  "====",
                                      "Zm9vZ", "Z g", "Zm-_",  "Zg==Zg==", "Zm8,"};
    uint8_t out[16];
    size_t len = 0;

    for (size_t i = 0; i < SG_COUNT(good); i++) {
        cr_expect(metadata_from_base64(slice_str(good[i][0]), out, &len), "%s",
                  good[i][0]);
        cr_expect(slice_equal(slice_of(out, len), slice_str(good[i][1])), "%s",
                  good[i][0]);
    }
    for (size_t i = 0; i < SG_COUNT(bad); i++) {
        cr_expect_not(metadata_from_base64(slice_str(bad[i]), out, &len), "%s", bad[i]);
    }
}

Test(metadata, finds_an_encoding_in_a_list)
{
    static const char *const with[] = {"gzip", "identity,gzip",
                                       "identity, deflate ,\tgzip ", "gzip,", ",gzip"};
    static const char *const without[] = {"",       ",",    "identity", "gzipped",
                                          "x-gzip", "GZIP", "gz ip",    "gzip;q=0"};

    for (size_t i = 0; i < SG_COUNT(with); i++) {
        cr_expect(metadata_lists(slice_str(with[i]), slice_str("gzip")), "%s", with[i]);
    }
    for (size_t i = 0; i < SG_COUNT(without); i++) {
        cr_expect_not(metadata_lists(slice_str(without[i]), slice_str("gzip")), "%s",
                      without[i]);
    }
}

Test(metadata, knows_lawful_names_and_values)
{
    static const char *const names[] = {"a", "x-bin", "0_9.z-", "grpcx", "user-agent"};
    static const char *const bad_names[] = {"",
                                            "A",
                                            "x y",
                                            "x:y",
                                            ":path",
                                            "te",
                                            "grpc-status",
                                            "grpc-",
                                            "content-type",
                                            "connection",
                                            "x\xC3",
                                            "host",
                                            "transfer-encoding",
                                            "keep-alive",
                                            "upgrade",
                                            "x\n"};
    static const char *const values[] = {"", "a", "a b", "!~", "a, b"};
    static const char *const bad_values[] = {" a",        "a ",   " ",          "a\tb",
                                             "a\r\nb: c", "\x7F", "caf\xC3\xA9"};
    char name[258];

    for (size_t i = 0; i < SG_COUNT(names); i++) {
        cr_expect(metadata_name(slice_str(names[i])), "%s", names[i]);
    }
    for (size_t i = 0; i < SG_COUNT(bad_names); i++) {
        cr_expect_not(metadata_name(slice_str(bad_names[i])), "%s", bad_names[i]);
    }
    for (size_t i = 0; i < SG_COUNT(values); i++) {
        cr_expect(metadata_value(slice_str(values[i])), "%s", values[i]);
    }
    for (size_t i = 0; i < SG_COUNT(bad_values); i++) {
        cr_expect_not(metadata_value(slice_str(bad_values[i])), "%s", bad_values[i]);
    }
    memset(name, 'n', sizeof(name));
    cr_expect(metadata_name(slice_of(name, 256)));
    cr_expect_not(metadata_name(slice_of(name, 257)));
}
