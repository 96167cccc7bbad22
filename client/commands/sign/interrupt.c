#include "client/commands/sign/interrupt.h"

#include <signal.h>
#include <stddef.h>

enum { LAST = 2 /* what comes after it ends the process */ };
static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
static volatile sig_atomic_t count;
static atomic_bool happened;

static void on_signal(int number)
{
    count++;
    atomic_store(&happened, true);
    if (count >= LAST) {
        (void)signal(number, SIG_DFL);
    }
}

void sign_interrupt_watch(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    struct sigaction before;

    (void)sigemptyset(&action.sa_mask);
    count = 0;
    atomic_store(&happened, false);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        /* nohup's SIG_IGN stays. */
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN) {
            (void)sigaction(numbers[i], &action, NULL);
        }
    }
}

int sign_interrupt_count(void)
{
    return (int)count;
}

const atomic_bool *sign_interrupt_flag(void)
{
    return &happened;
}
