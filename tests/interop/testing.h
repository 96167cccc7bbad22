#ifndef SEGEL_TESTS_INTEROP_TESTING_H
#define SEGEL_TESTS_INTEROP_TESTING_H

#include "gateway/transport/reflection.h"
#include "tests/interop/answers.h"

/* grpc.testing.TestService and grpc.health.v1.Health, as gRPC's own clients expect them
 * (github.com/grpc/grpc doc/interop-test-descriptions.md). UnimplementedCall and
 * UnimplementedService are left out on purpose. */

enum { TESTING_LOOPS_MAX = 8, TESTING_MESSAGE_MAX = 4 << 20 };

struct testing {
    struct answers_list loops[TESTING_LOOPS_MAX];
};

void testing_init(struct testing *testing);
/* The methods with testing as their context, and room for REFLECTION_METHODS behind them.
 * Borrowed; one testing a process. */
struct grpc_method *testing_methods(struct testing *testing, size_t *count);

#endif
