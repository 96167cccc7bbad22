#include "hsm/token/pin.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int ends[2];

static void fill(size_t len, bool whole)
{
    char text[PIN_MAX + 1];

    memset(text, '7', sizeof(text));
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(write(ends[1], text, len), (ssize_t)len);
    if (whole) {
        (void)close(ends[1]);
    }
}

static void expect_nothing(int fd)
{
    struct pin pin = {0};
    struct trouble trouble = {0};

    cr_expect_neq(pin_take(fd, &pin, &trouble), SG_OK);
    cr_expect_eq(trouble.failure, FAILURE_DEVICE, "nobody is latched for it");
    cr_expect_null(pin.data);
    cr_expect_not_null(strstr(trouble.why.text, "no login was tried"));
}

Test(pin, a_pipe_gives_its_pin_once_and_is_closed)
{
    struct pin pin = {0};
    struct trouble trouble = {0};

    fill(PIN_MAX, true);
    cr_assert_eq(pin_take(ends[0], &pin, &trouble), SG_OK, "%s", trouble.why.text);
    cr_expect_eq(pin.len, (size_t)PIN_MAX);
    cr_expect_eq(pin.data[0], '7');
    pin_wipe(&pin);
    cr_expect_eq(fcntl(ends[0], F_GETFD), -1);
}

Test(pin, a_pipe_that_somebody_can_still_write_to_is_not_waited_for, .timeout = 10)
{
    fill(4, false);
    expect_nothing(ends[0]);
    fill(0, false);
    expect_nothing(ends[0]);
}

Test(pin, an_empty_or_overlong_pipe_holds_no_pin)
{
    fill(0, true);
    expect_nothing(ends[0]);
    fill(PIN_MAX + 1, true);
    expect_nothing(ends[0]);
}

/* Somebody made it behind the gateway's check. */
Test(pin, a_file_that_is_a_pipe_is_refused_and_not_waited_for, .timeout = 10)
{
    char path[] = "/tmp/segel-pin-XXXXXX";
    struct pin pin = {0};
    struct trouble trouble = {0};

    cr_assert_not_null(mkdtemp(path));
    cr_assert_eq(chdir(path), 0);
    cr_assert_eq(mkfifo("pin", 0400), 0);
    cr_expect_neq(pin_read("pin", &pin, &trouble), SG_OK);
    cr_expect_not_null(strstr(trouble.why.text, "is not a regular file"));
    cr_expect_null(pin.data);
    (void)unlink("pin");
    (void)rmdir(path);
}

/* --- It is erased ------------------------------------------------------------------ */

enum { HEAP = 1 << 15, LEAST = 1 << 9, LINKS = 2 * sizeof(void *) };

static void protect(void)
{
    /* 2: it could not be locked here; it is the same heap all the same. */
    cr_assert_neq(CRYPTO_secure_malloc_init(HEAP, LEAST), 0);
}

/* The heap keeps its own list where a block begins that is free again. */
static void expect_erased(const uint8_t *data)
{
    for (size_t i = LINKS; i < PIN_MAX; i++) {
        cr_assert_neq(data[i], '7', "byte %zu still stands there", i);
    }
    cr_expect_eq(CRYPTO_secure_used(), 0);
}

Test(pin, what_is_wiped_stands_nowhere_any_more, .init = protect)
{
    struct pin pin = {0};
    struct trouble trouble = {0};

    fill(PIN_MAX, true);
    cr_assert_eq(pin_take(ends[0], &pin, &trouble), SG_OK, "%s", trouble.why.text);
    cr_expect(CRYPTO_secure_allocated(pin.data), "it is in the secure heap");
    const uint8_t *data = pin.data;
    cr_expect_eq(data[PIN_MAX - 1], '7');
    pin_wipe(&pin);
    cr_expect_null(pin.data);
    cr_expect_eq(pin.len, 0);
    expect_erased(data);
    pin_wipe(&pin);
}

Test(pin, what_is_refused_is_erased, .init = protect)
{
    fill(PIN_MAX + 1, true);
    expect_nothing(ends[0]);
    cr_expect_eq(CRYPTO_secure_used(), 0);
}

Test(pin, of_two_pins_the_first_keeps_nothing_of_the_second, .init = protect)
{
    static const char both[] = "old-7777\nnew-7777";
    struct pin pin = {0};
    struct pin rest = {0};
    struct trouble trouble = {0};

    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(write(ends[1], both, sizeof(both) - 1), (ssize_t)sizeof(both) - 1);
    (void)close(ends[1]);
    cr_assert_eq(pin_take(ends[0], &pin, &trouble), SG_OK, "%s", trouble.why.text);
    cr_assert_eq(pin_split(&pin, &rest, &trouble), SG_OK);
    cr_expect_eq(pin.len, 8);
    cr_expect_eq(memcmp(rest.data, "new-7777", rest.len), 0);
    for (size_t i = pin.len; i < sizeof(both) - 1; i++) {
        cr_expect_eq(pin.data[i], 0, "byte %zu of the second", i);
    }
    pin_wipe(&pin);
    pin_wipe(&rest);
    cr_expect_eq(CRYPTO_secure_used(), 0);
}

Test(pin, what_is_no_pipe_is_not_read)
{
    expect_nothing(-1);
    expect_nothing(open("/dev/zero", O_RDONLY | O_CLOEXEC));
    expect_nothing(open("/etc/hostname", O_RDONLY | O_CLOEXEC));
}
