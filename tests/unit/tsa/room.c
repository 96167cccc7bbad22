#include <criterion/criterion.h>

#include "gateway/tsa/inside.h"
#include "gateway/tsa/tsa.h"

static size_t room_after(size_t longest)
{
    static struct tsa tsa;

    atomic_store(&tsa.longest, longest);
    return tsa_room(&tsa);
}

/* The digest of a letter that is prepared again hangs on it. */
Test(room, for_tokens_moves_once_and_holds_half_as_much_again)
{
    cr_expect_eq(room_after(0), 8192);
    cr_expect_eq(room_after(5461), 8192);
    cr_expect_eq(room_after(5462), TSA_TOKEN_MAX);
    cr_expect_eq(room_after(6000), TSA_TOKEN_MAX);
    cr_expect_eq(room_after(TSA_TOKEN_MAX), TSA_TOKEN_MAX);
}
