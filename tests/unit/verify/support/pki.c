/* The same certificates as for the tests that make CMS. */
/* NOLINTNEXTLINE(bugprone-suspicious-include) */
#include "tests/unit/cms/support/pki.c"
