#ifndef SEGEL_GATEWAY_LEDGER_FILTER_H
#define SEGEL_GATEWAY_LEDGER_FILTER_H

#include "gateway/ledger/reader.h"

/* Whether a stored record meets all conditions of the filter. A record that is not a JSON
 * object meets none but the empty filter. */
bool filter_matches(const struct record_filter *filter, struct slice json);

#endif
