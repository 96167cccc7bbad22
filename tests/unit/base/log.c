#include "gateway/log.h"

#include <criterion/criterion.h>
#include <unistd.h>

static int kept = -1;
static int pipe_fds[2];
static char line[8192];

/* Standard error is the log: for the time of a line it is ours. */
static const char *said(enum log_format format, const char *value, const char *next)
{
    log_setup(LOG_INFO, format);
    kept = dup(STDERR_FILENO);
    cr_assert(kept >= 0 && pipe(pipe_fds) == 0);
    cr_assert_eq(dup2(pipe_fds[1], STDERR_FILENO), STDERR_FILENO);
    log_event(LOG_INFO, "job", "request_id", value, "result", next, NULL);
    cr_assert_eq(dup2(kept, STDERR_FILENO), STDERR_FILENO);
    ssize_t len = read(pipe_fds[0], line, sizeof(line) - 1);
    cr_assert_gt(len, 0);
    line[len] = '\0';
    (void)close(kept);
    (void)close(pipe_fds[0]);
    (void)close(pipe_fds[1]);
    return line;
}

/* Behind the time. */
static void expect_text(const char *value, const char *wanted)
{
    const char *text = strchr(said(LOG_TEXT, value, "ok"), ' ');

    cr_expect_str_eq(text, wanted, "%s", text);
}

Test(log, a_word_stands_as_it_is)
{
    expect_text("req-1", " info job request_id=req-1 result=ok\n");
    expect_text("", " info job request_id= result=ok\n");
    expect_text(NULL, " info job request_id= result=ok\n");
}

Test(log, several_words_stand_in_quotes)
{
    expect_text("a b", " info job request_id=\"a b\" result=ok\n");
    expect_text("surat \xC3\xA9", " info job request_id=\"surat \xC3\xA9\" result=ok\n");
}

/* What a caller names cannot be read as more than its name. */
Test(log, a_value_cannot_pretend_to_be_several)
{
    expect_text(
        "id\" result=\"signed\" x=\"",
        " info job request_id=\"id\\\" result=\\\"signed\\\" x=\\\"\" result=ok\n");
    expect_text("x\\\"", " info job request_id=\"x\\\\\\\"\" result=ok\n");
    expect_text("x=y", " info job request_id=\"x=y\" result=ok\n");
    expect_text("x\nresult=no", " info job request_id=\"x result=no\" result=ok\n");
    expect_text("x\tresult=no", " info job request_id=\"x result=no\" result=ok\n");
}

Test(log, what_does_something_to_a_screen_becomes_a_blank)
{
    expect_text("a\x1B[31m", " info job request_id=\"a [31m\" result=ok\n");
    expect_text("a\x9B\x33m", " info job request_id=\"a 3m\" result=ok\n");
    expect_text("a\xC2\x9B\x33m", " info job request_id=\"a 3m\" result=ok\n");
    expect_text("a\x7F", " info job request_id=\"a \" result=ok\n");
    expect_text("a\xE2\x81\xA9\xE2\x80\xA8z",
                " info job request_id=\"a  z\" result=ok\n");
    expect_text("a\xE2\x80", " info job request_id=\"a  \" result=ok\n");
}

Test(log, a_long_value_is_cut_and_the_line_ends)
{
    static char long_value[6000];

    memset(long_value, '"', sizeof(long_value) - 1);
    const char *text = said(LOG_TEXT, long_value, "ok");
    cr_expect_eq(strlen(text), 4096);
    cr_expect_eq(text[4095], '\n');
}

Test(log, json_says_the_same)
{
    const char *text = said(LOG_JSON, "id\" x", "ok");

    cr_expect_not_null(strstr(text, ",\"level\":\"info\",\"event\":\"job\","
                                    "\"request_id\":\"id\\\" x\",\"result\":\"ok\"}\n"),
                       "%s", text);
}

Test(log, what_is_below_the_level_is_not_written)
{
    log_setup(LOG_WARN, LOG_TEXT);
    cr_expect_not(log_wants(LOG_INFO));
    cr_expect(log_wants(LOG_WARN) && log_wants(LOG_ERROR));
}
