/* What a hostile gateway puts into the sheet. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>

#include "tests/unit/client/assess_sound.h"

/* The end of a colour, a bell, the C1 form of the first in UTF-8, and a new line. */
#define EVIL                                                                             \
    "\x1b[2J\x07\xc2\x9b"                                                                \
    "31m\r\n"
static char evil[] = EVIL;

/* Every text of the answers that the sheet shows. */
static void spoil(void)
{
    gateway.node = gateway.version = gateway.denied_by = gateway.denied_why = evil;
    library.name = library.version = library.built_with = evil;
    library.package = library.package_version = library.lowest = evil;
    lane.lane = doors.tls_min_version = doors.control_socket = doors.control_group = evil;
    doors.local_socket = doors.local_mode = anchor.name = anchor.why = evil;
    names[0] = evil;
    duties.n_several_roles = duties.n_officers_with_keys = 1;
    policy.id = policy.agreement_no = evil;
    token.lane = token.lane_state = token.label = token.why = token.assurance = evil;
    key.key = key.certificate_status = key.why = evil;
    key.usable = 0;
    incident.id = incident.kind = incident.subject = incident.why = evil;
    status.n_incidents = 1;
    lock_down.active = 1;
    lock_down.id = lock_down.person = lock_down.reason = evil;
    log_status.origin = disk.why = evil;
    disk.low = 1;
    person.person = person.role = evil;
}

Test(assess, no_text_of_the_gateway_drives_the_terminal, .init = cr_redirect_stdout)
{
    int byte;

    for (int lang = 0; lang < 2; lang++) {
        indonesian = lang == 1;
        sound();
        spoil();
        fill();
        assess_print(&sheet);
    }
    (void)fflush(stdout);
    FILE *file = cr_get_redirected_stdout();
    while ((byte = fgetc(file)) != EOF) {
        cr_assert(byte == '\n' || (byte >= 0x20 && byte < 0x7F), "byte %d", byte);
    }
}

Test(assess, no_text_of_the_gateway_leaves_its_place_in_the_json,
     .init = cr_redirect_stdout)
{
    size_t lines = 0;
    int byte;

    sound();
    spoil();
    fill();
    cr_assert_eq(assess_print_json(&sheet), SG_OK);
    (void)fflush(stdout);
    FILE *file = cr_get_redirected_stdout();
    while ((byte = fgetc(file)) != EOF) {
        lines += byte == '\n' ? 1 : 0;
        cr_assert(byte == '\n' || byte >= 0x20, "byte %d", byte);
    }
    cr_expect_eq(lines, 1);
}
