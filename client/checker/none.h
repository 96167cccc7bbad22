#ifndef SEGEL_CLIENT_CHECKER_NONE_H
#define SEGEL_CLIENT_CHECKER_NONE_H

/* segel-verify is linked statically and loads nothing, asks no name server and reads no
 * configuration. libcrypto has parts that would: what they call in libc is defined here
 * and fails, so that the linker takes nothing of libc's. No other program is linked with
 * it. Called first in main. */
void none_start(void);

#endif
