#ifndef SEGEL_GATEWAY_TRANSPORT_NOTE_H
#define SEGEL_GATEWAY_TRANSPORT_NOTE_H

#include "gateway/mbox.h"

/* What other threads write to a loop. */
enum note_kind { NOTE_CONNECTION, NOTE_DRAIN, NOTE_JUDGE, NOTE_GIVE_WAY, NOTE_STOP };
enum { PEER_ADDRESS_SIZE = 64 };
struct note {
    struct letter letter;
    enum note_kind kind;
    int fd;
    bool plain;
    char address[PEER_ADDRESS_SIZE];
};

#endif
