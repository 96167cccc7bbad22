#include "client/commands/assess/deb_version.h"
#include "client/commands/assess/sheet.h"

/* The gateway's process: versions, what it has given up, its doors. */

/* --- Versions ---------------------------------------------------------------------- */

void assess_gateway(struct sheet *sheet)
{
    const char *version = sheet->status->gateway->version;
    bool same = strcmp(version, SEGEL_VERSION) == 0;

    assess_add(sheet, same ? ASSESS_PASS : ASSESS_WARN, "",
               sheet->indonesian ? "segeld %.64s; segel ini %s"
                                 : "segeld %.64s; this segel is %s",
               version, SEGEL_VERSION);
}

/* The package's version tells which fixes are in; the library's own number does not. */
static void on_package(struct sheet *sheet, const Segel__V1__LibraryFacts *library)
{
    bool fixed = deb_version_compare(library->package_version, library->lowest) >= 0;

    assess_add(
        sheet, fixed ? ASSESS_PASS : ASSESS_FAIL, library->name,
        sheet->indonesian
            ? "%.64s; paket %.64s %.64s, perbaikan yang dikenal ada sejak %.64s"
            : "%.64s; package %.64s %.64s, which has the known fixes from %.64s on",
        library->version, library->package, library->package_version, library->lowest);
}

static void on_unknown_package(struct sheet *sheet,
                               const Segel__V1__LibraryFacts *library)
{
    const char *see =
        sheet->indonesian ? ": periksa bahwa minimal " : ": see that it is at least ";

    assess_add(sheet, ASSESS_WARN, library->name,
               sheet->indonesian
                   ? "%.64s; versi paket %.64s tidak diketahui%s%.64s"
                   : "%.64s; the version of package %.64s is not known%s%.64s",
               library->version, library->package, library->lowest[0] == '\0' ? "" : see,
               library->lowest);
}

/* No version is named as the lowest: not older than what it was compiled against. */
static void on_plain(struct sheet *sheet, const Segel__V1__LibraryFacts *library)
{
    bool older = deb_version_compare(library->version, library->built_with) < 0;
    const char *built =
        sheet->indonesian ? ", dikompilasi dengan " : ", compiled against ";

    assess_add(sheet, older ? ASSESS_WARN : ASSESS_PASS, library->name,
               sheet->indonesian ? "%.64s%s%.64s; paket %.64s %.64s"
                                 : "%.64s%s%.64s; package %.64s %.64s",
               library->version, library->built_with[0] == '\0' ? "" : built,
               library->built_with, library->package, library->package_version);
}

void assess_libraries(struct sheet *sheet)
{
    for (size_t i = 0; i < sheet->got->n_libraries; i++) {
        const Segel__V1__LibraryFacts *library = sheet->got->libraries[i];
        if (library->package_version[0] == '\0') {
            on_unknown_package(sheet, library);
        } else if (library->lowest[0] == '\0') {
            on_plain(sheet, library);
        } else {
            on_package(sheet, library);
        }
    }
}

/* --- What it has given up ---------------------------------------------------------- */

static bool known(struct sheet *sheet)
{
    if (!sheet->got->process->known) {
        assess_add(sheet, ASSESS_WARN, "", "%s",
                   sheet->indonesian ? "/proc tidak dapat dibaca oleh gerbang"
                                     : "the gateway cannot read /proc");
    }
    return sheet->got->process->known;
}

void assess_privileges(struct sheet *sheet)
{
    if (!known(sheet)) {
        return;
    }
    if (sheet->got->process->no_new_privileges) {
        assess_add(sheet, ASSESS_PASS, "", "%s",
                   sheet->indonesian ? "tidak dapat diperoleh (no_new_privs)"
                                     : "none can be gained (no_new_privs)");
    } else {
        assess_add(
            sheet, ASSESS_FAIL, "", "%s",
            sheet->indonesian
                ? "dapat diperoleh: jalankan segeld dengan unitnya"
                : "they can be gained: start segeld by its unit (NoNewPrivileges=)");
    }
}

void assess_filter(struct sheet *sheet)
{
    if (!known(sheet)) {
        return;
    }
    if (sheet->got->process->system_call_filter) {
        assess_add(sheet, ASSESS_PASS, "", "%s",
                   sheet->indonesian ? "seccomp berlaku" : "seccomp is in force");
    } else {
        assess_add(sheet, ASSESS_WARN, "", "%s",
                   sheet->indonesian ? "tidak ada seccomp: jalankan segeld dengan unitnya"
                                     : "there is no seccomp filter: start segeld by its "
                                       "unit (SystemCallFilter=)");
    }
}

void assess_capabilities(struct sheet *sheet)
{
    static const uint64_t bind_service = (uint64_t)1 << 10; /* CAP_NET_BIND_SERVICE */
    uint64_t has = sheet->got->process->capabilities;

    if (!known(sheet)) {
        return;
    }
    if (has == 0) {
        assess_add(sheet, ASSESS_PASS, "", "%s",
                   sheet->indonesian ? "tidak ada" : "there is none");
    } else {
        assess_add(sheet, has == bind_service ? ASSESS_WARN : ASSESS_FAIL, "",
                   sheet->indonesian ? "masih dimiliki: %llx (capabilities(7))"
                                     : "some are left: %llx (capabilities(7))",
                   (unsigned long long)has);
    }
}

void assess_user(struct sheet *sheet)
{
    uint32_t user = sheet->got->process->user;

    assess_add(sheet, user == 0 ? ASSESS_FAIL : ASSESS_PASS, "",
               sheet->indonesian ? "id pengguna %u%s" : "user id %u%s", user,
               user == 0 ? ", root" : "");
}

void assess_dumps(struct sheet *sheet)
{
    bool off = sheet->got->process->dumps_forbidden != 0;

    assess_add(sheet, off ? ASSESS_PASS : ASSESS_FAIL, "", "%s",
               off ? (sheet->indonesian ? "tidak mungkin" : "they are forbidden")
                   : (sheet->indonesian ? "mungkin" : "they are possible"));
}

void assess_memory(struct sheet *sheet)
{
    const Segel__V1__ProcessFacts *process = sheet->got->process;

    if (!process->swap) {
        assess_add(sheet, ASSESS_PASS, "", "%s",
                   sheet->indonesian ? "mesin tidak memakai swap"
                                     : "the machine has no swap");
        return;
    }
    assess_add(sheet, ASSESS_WARN, "",
               sheet->indonesian
                   ? "mesin memakai swap, %llu KiB dikunci: swap harus terenkripsi"
                   : "the machine has swap, and %llu KiB are locked: the swap must be "
                     "encrypted",
               (unsigned long long)(process->locked_bytes / 1024));
}

void assess_watchdog(struct sheet *sheet)
{
    const Segel__V1__ProcessFacts *process = sheet->got->process;

    if (process->managed && process->watchdog_us > 0) {
        assess_add(sheet, ASSESS_PASS, "",
                   sheet->indonesian ? "manajer layanan menunggu %lld s"
                                     : "the service manager waits for %lld s",
                   (long long)(process->watchdog_us / 1000000));
        return;
    }
    assess_add(
        sheet, ASSESS_WARN, "", "%s",
        sheet->indonesian
            ? "tidak ada manajer layanan yang mengawasi: jalankan segeld dengan unitnya"
            : "no service manager watches: start segeld by its unit (WatchdogSec=)");
}

/* What a lane keeps, and has given up, in both languages. */
static const char *word(const struct sheet *sheet, bool given_up, const char *const of[4])
{
    return of[(sheet->indonesian ? 2 : 0) + (given_up ? 1 : 0)];
}

static void on_lane(struct sheet *sheet, const Segel__V1__LaneFacts *lane)
{
    static const char *const calls[4] = {"OFF", "on", "TIDAK AKTIF", "aktif"};
    static const char *const rights[4] = {"SOME", "none", "MASIH ADA", "tidak ada"};
    static const char *const files[4] = {"writable", "read-only", "dapat ditulis",
                                         "hanya baca"};
    bool kept = lane->system_calls && lane->capabilities;

    if (!lane->known) {
        assess_add(sheet, ASSESS_NOT, lane->lane, "%s",
                   sheet->indonesian ? "jalur tidak bekerja" : "the lane is not up");
        return;
    }
    assess_add(sheet, kept ? ASSESS_PASS : ASSESS_FAIL, lane->lane,
               sheet->indonesian
                   ? "saringan panggilan sistem %s, kapabilitas %s, berkas token %s"
                   : "system call filter %s, capabilities %s, token's files %s",
               word(sheet, lane->system_calls != 0, calls),
               word(sheet, lane->capabilities != 0, rights),
               word(sheet, lane->read_only != 0, files));
}

void assess_lanes(struct sheet *sheet)
{
    for (size_t i = 0; i < sheet->got->n_lanes; i++) {
        on_lane(sheet, sheet->got->lanes[i]);
    }
}

/* --- Doors ------------------------------------------------------------------------- */

static bool served(struct sheet *sheet)
{
    if (!sheet->got->doors->tls) {
        assess_add(sheet, ASSESS_NOT, "", "%s",
                   sheet->indonesian ? "tidak ada pintu jaringan"
                                     : "nobody comes over the network");
    }
    return sheet->got->doors->tls != 0;
}

void assess_tls(struct sheet *sheet)
{
    const char *lowest = sheet->got->doors->tls_min_version;

    if (served(sheet)) {
        assess_add(sheet, strcmp(lowest, "1.3") == 0 ? ASSESS_PASS : ASSESS_WARN, "",
                   sheet->indonesian ? "minimal TLS %.16s, kedua pihak dengan sertifikat"
                                     : "TLS %.16s at least, both sides with certificates",
                   lowest);
    }
}

void assess_tls_end(struct sheet *sheet)
{
    int64_t until_us = sheet->got->doors->certificate_until_us;

    if (!served(sheet)) {
        return;
    }
    if (until_us == 0) {
        assess_add(sheet, ASSESS_WARN, "", "%s",
                   sheet->indonesian ? "akhirnya belum diketahui"
                                     : "its end is not known yet");
    } else {
        assess_end(sheet, "", until_us);
    }
}

void assess_tls_crl(struct sheet *sheet)
{
    bool given = sheet->got->doors->client_crl != 0;

    if (served(sheet)) {
        assess_add(sheet, given ? ASSESS_PASS : ASSESS_WARN, "", "%s",
                   given ? (sheet->indonesian ? "daftar pencabutan diperiksa"
                                              : "revocation lists are asked")
                         : (sheet->indonesian
                                ? "tls.client_crl tidak diatur: sertifikat yang dicabut "
                                  "masih diterima"
                                : "tls.client_crl is not set: a client certificate that "
                                  "was revoked still opens the door"));
    }
}

void assess_local(struct sheet *sheet)
{
    const Segel__V1__DoorFacts *doors = sheet->got->doors;
    const char *mode = doors->local_mode;

    if (!doors->local) {
        assess_add(sheet, ASSESS_NOT, "", "%s",
                   sheet->indonesian ? "pemanggil tidak datang lewat soket Unix"
                                     : "no caller comes by a Unix socket");
        return;
    }
    assess_add(sheet, ASSESS_PASS, "",
               sheet->indonesian
                   ? "%.128s, izin %.16s; %u pemanggil adalah pengguna mesin ini"
                   : "%.128s, mode %.16s; %u callers are users of this machine",
               doors->local_socket,
               mode[0] != '\0'     ? mode
               : sheet->indonesian ? "dari systemd"
                                   : "of systemd",
               doors->local_callers);
}

void assess_control(struct sheet *sheet)
{
    const Segel__V1__DoorFacts *doors = sheet->got->doors;

    if (doors->control_socket[0] == '\0') {
        assess_add(sheet, ASSESS_NOT, "", "%s",
                   sheet->indonesian ? "tidak ada: PIN tidak diketik di mesin ini"
                                     : "there is none: no PIN is typed at this machine");
        return;
    }
    assess_add(sheet, ASSESS_PASS, "",
               sheet->indonesian ? "%.128s, untuk root, pengguna gerbang, grup '%.64s'"
                                 : "%.128s, for root, the gateway's user, group '%.64s'",
               doors->control_socket, doors->control_group);
}
