#include "client/call/lane_words.h"

#include <string.h>

static const struct row {
    const char *name;
    const char *text[2]; /* English, Indonesian */
    enum screen_colour colour;
} lanes[] = {
    {"up", {"up", "siap"}, SCREEN_GREEN},
    {"starting", {"starting", "mulai"}, SCREEN_YELLOW},
    {"trying", {"trying", "diuji"}, SCREEN_YELLOW},
    {"stopped", {"stopped", "berhenti"}, SCREEN_YELLOW},
    {"broken", {"broken", "rusak"}, SCREEN_RED},
    {"pin-latched", {"pin-latched", "pin-terkunci"}, SCREEN_RED},
    {"awaits-pin", {"awaits-pin", "menunggu-PIN"}, SCREEN_YELLOW},
};

static const struct row certificates[] = {
    {"good", {"not revoked", "tidak dicabut"}, SCREEN_GREEN},
    {"revoked", {"REVOKED", "DICABUT"}, SCREEN_RED},
    {"suspended", {"ON HOLD", "DITANGGUHKAN"}, SCREEN_RED},
    {"unknown", {"status not known", "status tak diketahui"}, SCREEN_YELLOW},
    {"off", {"status not asked", "status tak ditanya"}, SCREEN_DIM},
};

static const struct row *find(const struct row *rows, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

const char *lane_state_text(const char *state, bool indonesian)
{
    const struct row *row = find(lanes, SG_COUNT(lanes), state);

    return row == NULL ? state : row->text[indonesian];
}

enum screen_colour lane_state_colour(const char *state)
{
    const struct row *row = find(lanes, SG_COUNT(lanes), state);

    return row == NULL ? SCREEN_PLAIN : row->colour;
}

const char *certificate_status_text(const char *status, bool indonesian)
{
    const struct row *row = find(certificates, SG_COUNT(certificates), status);

    return row == NULL ? status : row->text[indonesian];
}
