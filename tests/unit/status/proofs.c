#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/status/inside.h"

/* A statement is handed out with what was found of it, while another takes its place. */

enum { LEN = 4 << 20, ROUNDS = 60 };

static struct watched links[1];
static struct status_entry entry = {
    .key = {.name = "seal-demo"}, .link_count = 1, .whole = true};
static struct status status = {.lock = PTHREAD_MUTEX_INITIALIZER,
                               .links = links,
                               .link_count = 1,
                               .entries = &entry,
                               .entry_count = 1,
                               .known_count = 1};
static atomic_bool stop;
static atomic_int asked;
static atomic_int mixed;

/* By the first byte it is known which of the two it is. */
static void *ask(void *context)
{
    struct status_proofs proofs;

    (void)context;
    while (!atomic_load(&stop)) {
        cr_assert_eq(status_prove(&status, "seal-demo", &proofs), SG_OK);
        if (proofs.count == 1) {
            bool old = status_bytes(proofs.items[0].blob).data[0] == 'o';
            bool fits = proofs.over == old && proofs.fetched_us == (old ? 1 : 2);
            atomic_fetch_add(&mixed, fits ? 0 : 1);
            atomic_fetch_add(&asked, 1);
        }
        status_proofs_fini(&proofs);
    }
    return NULL;
}

Test(proofs, what_is_found_and_what_it_is_of_change_together)
{
    const struct status_finding over = {.this_update_us = 1, .next_update_us = 2};
    const struct status_finding holds = {.this_update_us = 3,
                                         .next_update_us = INT64_MAX};
    uint8_t *bytes = (uint8_t *)malloc(LEN);
    pthread_t reader;

    cr_assert_not_null(bytes);
    links[0].link.subject = X509_new();
    links[0].link.issuer = X509_new();
    cr_assert_eq(pthread_create(&reader, NULL, ask, NULL), 0);
    for (int i = 0; i < ROUNDS || atomic_load(&asked) < ROUNDS; i++) {
        memset(bytes, i % 2 == 0 ? 'o' : 'y', LEN);
        proofs_keep(&status, &links[0].crl, i % 2 == 0 ? &over : &holds, 1 + i % 2,
                    slice_of(bytes, LEN));
    }
    atomic_store(&stop, true);
    cr_assert_eq(pthread_join(reader, NULL), 0);
    cr_expect_eq(atomic_load(&mixed), 0, "%d of %d", mixed, asked);
    source_fini(&links[0].crl);
    X509_free(links[0].link.subject);
    X509_free(links[0].link.issuer);
    free(bytes);
}
