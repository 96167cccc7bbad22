#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client/pdf/guard/inside.h"

/* Readers that wait for a letter lie in the pool; one that is asked is its asker's alone.
 * The lock is held to take and to give back, never while a reader reads. */

#ifdef __SANITIZE_ADDRESS__
/* The sanitizer's allocator does not survive a fork beside other threads for certain: a
 * reader that was born with a lock taken is given up soon, and another process asked. */
enum { WALL_MS = 3000 };
#else
enum { WALL_MS = 120000 };
#endif
enum { READERS = 64, SLOW_MS = 200 };

struct reader {
    pid_t pid;
    int fd;
    unsigned letters;
    uint64_t serial; /* of the memory that it has */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct reader idle[READERS];
static size_t idle_count;
static pid_t owner; /* the process whose children they are */
static atomic_uint letters_each;
static atomic_uint_least64_t last_serial;

uint64_t pdf_guard_serial(void)
{
    return atomic_fetch_add(&last_serial, 1) + 1;
}

void pdf_guard_set_letters(unsigned letters)
{
    atomic_store(&letters_each, letters);
}

static unsigned letters_of_one(void)
{
    unsigned letters = atomic_load(&letters_each);

    return letters == 0 ? GUARD_LETTERS : letters;
}

/* --- Taking and giving back --------------------------------------------------------- */

/* A child that the program has forked may have a copy of the socket: closed alone it
 * would not end for the reader, which is waited for. */
static void end_reader(const struct reader *reader, bool well)
{
    (void)shutdown(reader->fd, SHUT_RDWR);
    (void)close(reader->fd);
    if (!well) {
        (void)kill(reader->pid, SIGKILL);
    }
    (void)guard_reap(reader->pid);
}

/* Drops the readers of a parent that forked: they are not this process's. */
static void forget_others(void)
{
    if (owner == getpid()) {
        return;
    }
    for (size_t i = 0; i < idle_count; i++) {
        (void)close(idle[i].fd);
    }
    idle_count = 0;
    owner = getpid();
}

static bool take_idle(uint64_t serial, struct reader *out)
{
    bool found = false;
    bool stale = false;

    (void)pthread_mutex_lock(&lock);
    forget_others();
    if (idle_count > 0) {
        *out = idle[--idle_count];
        stale = out->serial < serial;
        found = !stale;
    }
    (void)pthread_mutex_unlock(&lock);
    if (stale) {
        end_reader(out, true);
    }
    return found;
}

static void give_back(const struct reader *reader, bool well)
{
    bool kept = false;

    if (well && reader->letters < letters_of_one()) {
        (void)pthread_mutex_lock(&lock);
        kept = idle_count < READERS;
        if (kept) {
            idle[idle_count++] = *reader;
        }
        (void)pthread_mutex_unlock(&lock);
    }
    if (!kept) {
        end_reader(reader, well);
    }
}

void pdf_guard_rest(void)
{
    struct reader reader;

    while (take_idle(0, &reader)) {
        end_reader(&reader, true);
    }
}

static bool start_reader(struct reader *out)
{
    int ends[2];

    /* Drawn before the fork: what is made from here on has a larger one. */
    *out = (struct reader){.serial = pdf_guard_serial()};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return false;
    }
    out->pid = fork();
    if (out->pid == 0) {
        guard_read_on(ends[1]);
    }
    (void)close(ends[1]);
    out->fd = ends[0];
    if (out->pid < 0) {
        (void)close(ends[0]);
    }
    return out->pid > 0;
}

/* --- Asking ------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool wait_for(int fd, short events, int64_t until_ms)
{
    struct pollfd wanted = {.fd = fd, .events = events};
    int ready = 0;

    do {
        int64_t left = until_ms - now_ms();
        ready = left <= 0 ? 0 : poll(&wanted, 1, (int)left);
    } while (ready < 0 && errno == EINTR);
    return ready > 0;
}

/* Until all is sent; false = too late, or the reader is gone. */
static bool send_all(int fd, struct slice bytes, int64_t until_ms)
{
    while (bytes.len > 0) {
        ssize_t done = send(fd, bytes.data, bytes.len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (done > 0) {
            bytes = slice_of(bytes.data + done, bytes.len - (size_t)done);
        } else if (errno != EINTR &&
                   (errno != EAGAIN || !wait_for(fd, POLLOUT, until_ms))) {
            return false;
        }
    }
    return true;
}

/* Up to len bytes, at least one; 0 = too late, or the reader is gone. */
static size_t receive(int fd, void *out, size_t len, int64_t until_ms)
{
    for (;;) {
        if (!wait_for(fd, POLLIN, until_ms)) {
            return 0;
        }
        ssize_t got = recv(fd, out, len, MSG_DONTWAIT);
        if (got >= 0 || (errno != EINTR && errno != EAGAIN)) {
            return got < 0 ? 0 : (size_t)got;
        }
    }
}

static bool receive_reply(int fd, struct guard_reply *reply, int64_t until_ms)
{
    size_t done = 0;

    while (done < sizeof(*reply)) {
        size_t got =
            receive(fd, (uint8_t *)reply + done, sizeof(*reply) - done, until_ms);
        if (got == 0) {
            return false;
        }
        done += got;
    }
    return reply->len <= PDF_BUFFER_MAX;
}

static bool receive_answer(int fd, size_t len, struct pdf_buffer *answer,
                           int64_t until_ms)
{
    uint8_t *room = pdf_buffer_room(answer, len);

    while (room != NULL && len > 0) {
        size_t got = receive(fd, room, len, until_ms);
        if (got == 0) {
            return false;
        }
        room += got;
        len -= got;
    }
    return !answer->failed;
}

static bool ask(const struct reader *reader, const struct pdf_guard_parcel *parcel,
                struct pdf_buffer *answer, int64_t until_ms)
{
    const struct guard_question question = {parcel->work, parcel->pdf.len,
                                            parcel->order.len};
    struct guard_reply reply;

    return send_all(reader->fd, slice_of(&question, sizeof(question)), until_ms) &&
           send_all(reader->fd, parcel->pdf, until_ms) &&
           send_all(reader->fd, parcel->order, until_ms) &&
           receive_reply(reader->fd, &reply, until_ms) &&
           receive_answer(reader->fd, reply.len, answer, until_ms);
}

enum sg_status pdf_guard_ask(const struct pdf_guard_parcel *parcel,
                             struct pdf_buffer *answer)
{
    struct reader reader;
    int64_t began_ms = now_ms();

    if (letters_of_one() == 1 || parcel->pdf.len > GUARD_PARCEL_MAX ||
        parcel->order.len > GUARD_PARCEL_MAX - parcel->pdf.len ||
        (!take_idle(parcel->serial, &reader) && !start_reader(&reader))) {
        return SG_UNSUPPORTED;
    }
    reader.letters++;
    bool answered = ask(&reader, parcel, answer, began_ms + WALL_MS);
    /* Slow letters could add up to what the kernel ends a process for. */
    bool slow = now_ms() - began_ms > SLOW_MS;
    if (slow) {
        reader.letters = letters_of_one();
    }
    give_back(&reader, answered);
    if (!answered) {
        pdf_buffer_fini(answer);
    }
    return answered ? SG_OK : SG_UNSUPPORTED;
}
