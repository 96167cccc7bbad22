/* The authority that the system tests ask over HTTP. */
/* NOLINTNEXTLINE(bugprone-suspicious-include) */
#include "tests/fixtures/tsa_stamp.c"
