#include "client/commands/status/page.h"

#include <stdio.h>
#include <string.h>

#include "client/call/kind_words.h"
#include "client/console/screen.h"

/* `segel status` for people: the parts about signing. */
enum { NAME_WIDTH = 12, ID_WIDTH = 20, WORDS_WIDTH = 28, NOTICE_WIDTH = 28 };

const char *status_say(const struct status_view *view, const char *indonesian,
                       const char *english)
{
    return view->indonesian ? indonesian : english;
}

static void put(enum screen_colour colour, const char *text)
{
    if (colour != SCREEN_PLAIN) {
        (void)fputs(screen_colour(stdout, colour), stdout);
    }
    screen_text(stdout, text);
    if (colour != SCREEN_PLAIN) {
        (void)fputs(screen_colour(stdout, SCREEN_PLAIN), stdout);
    }
}

/* A column in a colour; blanks follow outside of it. */
static void cell(enum screen_colour colour, const char *text, int width)
{
    int len = (int)strlen(text);

    put(colour, text);
    (void)printf("%*s", len < width ? width - len : 1, "");
}

void status_line(const char *name, bool well, const char *text)
{
    cell(SCREEN_PLAIN, name, NAME_WIDTH);
    put(well ? SCREEN_PLAIN : SCREEN_RED, text);
    (void)fputc('\n', stdout);
}

/* --- Head -------------------------------------------------------------------------- */

static void print_head(const struct status_view *view)
{
    const Segel__V1__GatewayStatus *gateway = view->got->gateway;
    char now[INSTANT_SIZE];
    char up[SPAN_SIZE];

    instant_text(view->got->now_us, now);
    span_text(view->got->now_us - gateway->started_us, view->indonesian, up);
    (void)printf("%s ", status_say(view, "Gerbang", "Gateway"));
    screen_text(stdout, gateway->node);
    (void)printf(", segeld ");
    screen_text(stdout, gateway->version);
    (void)printf(view->indonesian ? ", berjalan %s (%s)\n" : ", up %s (%s)\n", up, now);
}

static void print_needs(const struct status_view *view, const struct needs *needs)
{
    if (needs->count == 0) {
        put(SCREEN_GREEN, status_say(view, "Semua baik.", "All is well."));
        (void)printf("\n\n");
        return;
    }
    put(SCREEN_RED, status_say(view, "Perlu ditangani:", "Needs a person:"));
    (void)fputc('\n', stdout);
    for (size_t i = 0; i < needs->count; i++) {
        (void)fputs("  - ", stdout);
        screen_folded(stdout, needs->text[i], 4);
        (void)fputc('\n', stdout);
    }
    if (needs->more > 0) {
        (void)printf(view->indonesian ? "  - dan %zu lagi\n" : "  - and %zu more\n",
                     needs->more);
    }
    (void)fputc('\n', stdout);
}

static void print_signing(const struct status_view *view)
{
    const Segel__V1__GatewayStatus *gateway = view->got->gateway;
    bool yes = status_signs(view->got);
    char text[64];

    (void)snprintf(text, sizeof(text),
                   view->indonesian ? "%s, %llu pekerjaan" : "%s, %llu jobs",
                   yes ? status_say(view, "ya", "yes") : status_say(view, "tidak", "no"),
                   (unsigned long long)gateway->jobs);
    status_line(status_say(view, "TANDATANGAN", "SIGNING"), yes, text);
}

/* --- Incidents --------------------------------------------------------------------- */

static void print_notice(const struct status_view *view, const struct notice_times *times,
                         int width)
{
    char text[NOTICE_SIZE];

    notice_text(times, view->indonesian, text);
    cell(notice_late(times)                          ? SCREEN_RED
         : times->given_us == 0 && times->due_us > 0 ? SCREEN_YELLOW
                                                     : SCREEN_PLAIN,
         text, width);
}

static void print_incident(const struct status_view *view,
                           const Segel__V1__Incident *incident)
{
    int64_t now_us = view->got->now_us;
    const struct notice_times oral = {incident->oral_due_us, incident->oral_given_us,
                                      now_us};
    const struct notice_times written = {incident->written_due_us,
                                         incident->written_given_us, now_us};

    (void)fputs("  ", stdout);
    cell(SCREEN_RED, incident->id, ID_WIDTH);
    cell(SCREEN_PLAIN, incident_words(incident->kind, view->indonesian), WORDS_WIDTH);
    (void)printf("%s ", status_say(view, "lisan:", "oral:"));
    print_notice(view, &oral, NOTICE_WIDTH);
    (void)printf("%s ", status_say(view, "tertulis:", "written:"));
    print_notice(view, &written, 1);
    (void)fputs("\n", stdout);
    (void)printf("    %s", screen_colour(stdout, SCREEN_DIM));
    screen_text(stdout, incident->subject);
    (void)fputs(": ", stdout);
    screen_text(stdout, incident->why);
    (void)printf("%s\n", screen_colour(stdout, SCREEN_PLAIN));
}

static void print_incidents(const struct status_view *view)
{
    char text[64];

    (void)snprintf(text, sizeof(text), view->indonesian ? "%llu terbuka" : "%llu open",
                   (unsigned long long)view->got->incidents_open);
    status_line(status_say(view, "INSIDEN", "INCIDENTS"), view->got->incidents_open == 0,
                text);
    for (size_t i = 0; i < view->got->n_incidents; i++) {
        print_incident(view, view->got->incidents[i]);
    }
}

/* --- Requests and reminders -------------------------------------------------------- */

static void print_requests(const struct status_view *view)
{
    char text[96];

    (void)snprintf(text, sizeof(text),
                   view->indonesian ? "%zu menunggu Anda, %u menunggu semuanya"
                                    : "%zu wait for you, %u wait in all",
                   view->got->n_requests, (unsigned)view->got->requests_pending);
    status_line(status_say(view, "PERMINTAAN", "REQUESTS"), view->got->n_requests == 0,
                text);
    for (size_t i = 0; i < view->got->n_requests; i++) {
        const Segel__V1__Approval *request = view->got->requests[i];
        char left[SPAN_SIZE];
        span_text(request->not_after_us - view->got->now_us, view->indonesian, left);
        (void)fputs("  ", stdout);
        cell(SCREEN_YELLOW, request->id, WORDS_WIDTH + 2);
        cell(SCREEN_PLAIN, request->task, ID_WIDTH);
        cell(SCREEN_PLAIN, request->object, ID_WIDTH);
        (void)printf(view->indonesian ? "sisa %s\n" : "%s left\n", left);
    }
}

static void print_reminder(const struct status_view *view,
                           const Segel__V1__Reminder *reminder)
{
    int64_t left_us = reminder->until_us - view->got->now_us;
    char until[INSTANT_SIZE];
    char span[SPAN_SIZE];

    instant_text(reminder->until_us, until);
    span_text(left_us, view->indonesian, span);
    (void)fputs("  ", stdout);
    cell(reminder->urgent ? SCREEN_RED : SCREEN_YELLOW,
         expiry_words(reminder->what, view->indonesian), WORDS_WIDTH);
    cell(SCREEN_PLAIN, reminder->name, WORDS_WIDTH);
    (void)printf("%s %s (%s)\n",
                 left_us > 0 ? status_say(view, "sisa", "ends in")
                             : status_say(view, "lewat", "over since"),
                 span, until);
}

static void print_reminders(const struct status_view *view)
{
    char text[64];

    (void)snprintf(text, sizeof(text), "%zu", view->got->n_reminders);
    status_line(status_say(view, "PENGINGAT", "REMINDERS"), true, text);
    for (size_t i = 0; i < view->got->n_reminders; i++) {
        print_reminder(view, view->got->reminders[i]);
    }
    if (view->got->reminders_more > 0) {
        (void)printf(view->indonesian ? "  dan %u lagi\n" : "  and %u more\n",
                     (unsigned)view->got->reminders_more);
    }
}

void status_print(const struct status_view *view, const struct needs *needs)
{
    print_head(view);
    print_needs(view, needs);
    print_signing(view);
    print_incidents(view);
    print_requests(view);
    print_reminders(view);
    status_print_machine(view);
}
