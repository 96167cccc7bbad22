#include "gateway/service/places.h"

#include <stdio.h>
#include <stdlib.h>

#include "gateway/service/inside.h"

enum { SENTENCE_SIZE = 96 };

enum sg_status places_init(struct places *places, const struct config *config)
{
    places->callers = config->callers;
    places->own = (atomic_uint *)calloc(config->caller_count + 1, sizeof(*places->own));
    return places->own == NULL ? SG_NO_MEMORY : SG_OK;
}

void places_fini(struct places *places)
{
    free(places->own);
    places->own = NULL;
}

static void refuse(struct grpc_call *call, int limit, const char *whose,
                   const char *watches)
{
    char sentence[SENTENCE_SIZE];

    (void)snprintf(sentence, sizeof(sentence), "%d calls%s %s already", limit, whose,
                   watches);
    finish_plain(call, SG_BUSY, sentence);
}

bool places_take(struct places *places, struct grpc_call *call, const char *watches,
                 struct held_place *out)
{
    const struct caller *caller = (const struct caller *)grpc_call_caller(call);
    struct held_place place = {places, &places->own[caller->config - places->callers]};

    if (atomic_fetch_add(place.own, 1) >= PLACES_OF_CALLER) {
        atomic_fetch_sub(place.own, 1);
        refuse(call, PLACES_OF_CALLER, " of this caller", watches);
        return false;
    }
    if (atomic_fetch_add(&places->taken, 1) >= PLACES_OF_ALL) {
        places_leave(&place);
        refuse(call, PLACES_OF_ALL, "", watches);
        return false;
    }
    *out = place;
    return true;
}

void places_leave(struct held_place *place)
{
    atomic_fetch_sub(&place->places->taken, 1);
    atomic_fetch_sub(place->own, 1);
}
