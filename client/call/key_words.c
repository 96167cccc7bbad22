#include "client/call/key_words.h"

/* By KeyState; the last one for any other. */
static const struct row {
    const char *name;
    const char *text[2]; /* English, Indonesian */
    enum screen_colour colour;
} rows[] = {
    {"empty", {"empty slot", "slot kosong"}, SCREEN_DIM},
    {"generated", {"generated", "dibuat"}, SCREEN_YELLOW},
    {"certified", {"certified", "bersertifikat"}, SCREEN_YELLOW},
    {"accepted", {"accepted", "diterima"}, SCREEN_GREEN},
    {"active", {"active", "aktif"}, SCREEN_GREEN},
    {"inactive", {"inactive", "tidak aktif"}, SCREEN_YELLOW},
    {"held", {"HELD", "DITAHAN"}, SCREEN_RED},
    {"retired", {"retired", "pensiun"}, SCREEN_DIM},
    {"compromised", {"COMPROMISED", "BOCOR"}, SCREEN_RED},
    {"destroyed", {"destroyed", "dimusnahkan"}, SCREEN_DIM},
    {"refused", {"refused", "ditolak"}, SCREEN_RED},
    {"unknown", {"unknown", "tidak dikenal"}, SCREEN_YELLOW},
};

static const struct row *row_of(Segel__V1__KeyState state)
{
    return &rows[(size_t)state < SG_COUNT(rows) - 1 ? (size_t)state : SG_COUNT(rows) - 1];
}

const char *key_state_name(Segel__V1__KeyState state)
{
    return row_of(state)->name;
}

const char *key_state_text(Segel__V1__KeyState state, bool indonesian)
{
    return row_of(state)->text[indonesian];
}

enum screen_colour key_state_colour(Segel__V1__KeyState state)
{
    return row_of(state)->colour;
}
