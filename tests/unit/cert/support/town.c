#include "tests/unit/cert/support/town.h"

#include <criterion/criterion.h>
#include <unistd.h>

struct made town_root;
struct made town_issuing;

void town_found(void)
{
    struct maker_spec spec = maker_root();

    town_root = maker_make(&spec);
    spec = maker_issuing(&town_root);
    town_issuing = maker_make(&spec);
}

void town_leave(void)
{
    maker_free(&town_issuing);
    maker_free(&town_root);
}

enum sg_status town_read(const char *const paths[3], int64_t at_us, struct cert **cert,
                         struct sg_error *why)
{
    struct cert_anchors *anchors = NULL;

    TRY(cert_anchors_load(paths[2], &anchors, why));
    const struct cert_files files = {paths[0], paths[1], anchors};
    enum sg_status status = cert_load(&files, at_us, cert, why);
    cert_anchors_free(anchors);
    return status;
}

struct cert *town_load(const struct maker_spec *spec, int64_t at_us)
{
    struct made seal = maker_make(spec);
    const struct made *own[] = {&seal};
    const struct made *chain[] = {&town_issuing};
    const struct made *anchors[] = {&town_root};
    char paths[3][32];
    struct cert *cert = NULL;
    struct sg_error why = {0};

    maker_write(paths[0], own, 1);
    maker_write(paths[1], chain, 1);
    maker_write(paths[2], anchors, 1);
    const char *const files[] = {paths[0], paths[1], paths[2]};
    cr_assert_eq(town_read(files, at_us, &cert, &why), SG_OK, "%s", why.text);
    for (size_t i = 0; i < SG_COUNT(paths); i++) {
        (void)unlink(paths[i]);
    }
    maker_free(&seal);
    return cert;
}

struct facts town_facts(const struct maker_spec *spec, struct cert **cert)
{
    struct facts facts = {0};

    *cert = town_load(spec, MAKER_NOW_S * 1000000);
    cert_facts(*cert, &facts);
    cert_key_facts(*cert, &facts);
    return facts;
}
