/* The authority that the system tests ask over HTTP. */
#include "tests/fixtures/tsa_stamp.c"
