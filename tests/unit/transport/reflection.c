#include "gateway/transport/reflection.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/unit/transport/support/protoset.h"

/* What a server that starts is told; the calls themselves are in system/reflection. */

static struct proto proto;
static struct reflection reflection;
static struct grpc_method methods[64];
static size_t method_count;
static struct sg_error why;

static void serve(const char *path, enum grpc_kind kind)
{
    methods[method_count++] = (struct grpc_method){.path = path, .kind = kind};
}

static enum sg_status init(void)
{
    const struct reflection_options options = {.descriptors = proto_slice(&proto),
                                               .methods = methods,
                                               .method_count = method_count,
                                               .loops = 2};

    why.text[0] = '\0';
    enum sg_status status = reflection_init(&reflection, &options, &why);
    cr_expect_eq(status == SG_OK, why.text[0] == '\0', "a refusal says why");
    return status;
}

static void setup(void)
{
    proto_sample(&proto);
    method_count = 0;
}

static void teardown(void)
{
    reflection_fini(&reflection);
}

TestSuite(reflection, .init = setup, .fini = teardown);

Test(reflection, rows_are_the_same_under_both_names)
{
    struct grpc_method rows[REFLECTION_METHODS];

    reflection_methods(&reflection, rows);
    cr_expect_str_eq(rows[0].path,
                     "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo");
    cr_expect_str_eq(rows[1].path,
                     "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo");
    for (size_t i = 0; i < REFLECTION_METHODS; i++) {
        cr_expect_eq(rows[i].kind, GRPC_BIDI);
        cr_expect_eq(rows[i].on_message, rows[0].on_message);
        cr_expect_eq(rows[i].context, &reflection);
    }
}

Test(reflection, services_are_listed_once)
{
    serve("/p.S/Do", GRPC_UNARY);
    serve("/p.S/Chat", GRPC_BIDI);
    cr_assert_eq(init(), SG_OK, "%s", why.text);
    cr_assert_eq(reflection.service_count, 1);
    cr_expect_str_eq(reflection.services[0], "p.S");
}

static const struct {
    const char *path;
    enum grpc_kind kind;
} undeclared[] = {
    {"/p.S/Go", GRPC_UNARY},         {"/p.T/Do", GRPC_UNARY},
    {"/p.M/f", GRPC_UNARY},          {"/p.S/Do", GRPC_BIDI},
    {"/p.S/Do", GRPC_CLIENT_STREAM}, {"/p.S/Do", GRPC_SERVER_STREAM},
    {"/p.S/Chat", GRPC_UNARY},       {"/p.S/Chat", GRPC_CLIENT_STREAM},
    {"p.S/Do", GRPC_UNARY},          {"/p.S", GRPC_UNARY},
    {"/p/S/Do", GRPC_UNARY},         {"", GRPC_UNARY},
};

Test(reflection, a_method_that_is_not_declared_as_it_is_served_ends_the_start)
{
    for (size_t i = 0; i < SG_COUNT(undeclared); i++) {
        method_count = 0;
        serve(undeclared[i].path, undeclared[i].kind);
        cr_expect_eq(init(), SG_INVALID, "%s", undeclared[i].path);
        cr_expect_not_null(strstr(why.text, undeclared[i].path));
        reflection_fini(&reflection);
    }
}

Test(reflection, a_path_that_is_too_long_ends_the_start)
{
    static char path[REFLECTION_NAME_SIZE + 8];

    memset(path, 'a', sizeof(path) - 1);
    path[0] = '/';
    path[REFLECTION_NAME_SIZE] = '/';
    serve(path, GRPC_UNARY);
    cr_expect_eq(init(), SG_INVALID);
}

Test(reflection, malformed_descriptors_end_the_start)
{
    proto.len--;
    cr_expect_eq(init(), SG_INVALID);
}

/* file s.proto with services A0, A1 … of one method each, served from the last on */
static char paths[REFLECTION_SERVICES_MAX + 1][16];

static void serve_many(unsigned count)
{
    char name[8];

    proto.len = 0;
    size_t file = proto_open(&proto, 1);
    proto_text(&proto, 1, "s.proto");
    for (unsigned i = count; i-- > 0;) {
        size_t service = proto_open(&proto, 6);
        (void)snprintf(name, sizeof(name), "A%02u", i);
        proto_text(&proto, 1, name);
        proto_named(&proto, 2, "Do");
        proto_close(&proto, service);
        (void)snprintf(paths[i], sizeof(paths[i]), "/%s/Do", name);
        serve(paths[i], GRPC_UNARY);
    }
    proto_close(&proto, file);
}

Test(reflection, services_stand_in_the_order_of_their_names)
{
    char name[8];

    serve_many(REFLECTION_SERVICES_MAX);
    cr_assert_eq(init(), SG_OK, "%s", why.text);
    cr_assert_eq(reflection.service_count, REFLECTION_SERVICES_MAX);
    for (unsigned i = 0; i < REFLECTION_SERVICES_MAX; i++) {
        (void)snprintf(name, sizeof(name), "A%02u", i);
        cr_expect_str_eq(reflection.services[i], name);
    }
}

Test(reflection, more_services_than_can_be_listed_end_the_start)
{
    serve_many(REFLECTION_SERVICES_MAX + 1);
    cr_expect_eq(init(), SG_TOO_LARGE);
}
