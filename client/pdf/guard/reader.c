#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/pdf/guard/inside.h"
#include "proto/write_all.h"

/* The child: what comes over the socket is its parent's; what is in the letters is not.
 */

static bool read_all(int fd, void *out, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t got = read(fd, (uint8_t *)out + done, len - done);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return false;
        }
        done += (size_t)got;
    }
    return true;
}

static bool answer_one(int fd, const struct guard_question *question, uint8_t *bytes)
{
    struct slice pdf = slice_of(bytes, question->pdf_len);
    struct slice order = slice_of(bytes + question->pdf_len, question->order_len);
    struct pdf_buffer answer = {0};

    question->work(pdf, order, &answer);
    struct guard_reply reply = {.len = answer.failed ? SIZE_MAX : answer.len};
    bool sent = write_all(fd, slice_of(&reply, sizeof(reply))) &&
                (answer.failed || write_all(fd, pdf_buffer_slice(&answer)));
    pdf_buffer_fini(&answer);
    return sent;
}

_Noreturn void guard_read_on(int fd)
{
    uint8_t *bytes = (uint8_t *)malloc(GUARD_PARCEL_MAX);
    struct guard_question question;

    guard_limit(fd);
    bool good = bytes != NULL && guard_confine();
    while (good && read_all(fd, &question, sizeof(question)) &&
           read_all(fd, bytes, question.pdf_len + question.order_len)) {
        good = answer_one(fd, &question, bytes);
    }
    _exit(good ? 0 : 1);
}
