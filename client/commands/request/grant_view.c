#include "client/commands/request/grant_view.h"

#include <openssl/sha.h>
#include <string.h>

#include "client/channel/unpack.h"
#include "client/console/screen.h"
#include "proto/preflight.h"
#include "proto/quorum/asking.h"
#include "proto/text.h"

/* What a task does: up to the object, and behind it. Nobody signs what has no words here.
 */
static const struct {
    const char *before[2]; /* English, Indonesian */
    const char *after[2];
} words[TASK_COUNT] = {
    [TASK_PIN_UNLOCK] = {{"Lane ", "Jalur "},
                         {" tries its PIN once more. If the PIN is wrong again, the "
                          "token comes nearer to locking itself.",
                          " mencoba PIN sekali lagi. Jika PIN masih salah, token makin "
                          "dekat ke penguncian."}},
    [TASK_PIN_CHANGE] = {{"For the token of lane ", "Untuk token jalur "},
                         {" one new PIN may be typed on the gateway's machine, soon. Its "
                          "old PIN is worth nothing then.",
                          " satu PIN baru boleh diketik pada mesin gateway, segera. PIN "
                          "lama tidak berlaku lagi sesudahnya."}},
    [TASK_KEY_GENERATE] = {{"A new key is made for ", "Kunci baru dibuat untuk "},
                           {" on a token, at once: the lanes of the token rest for that "
                            "time. Sign only when the ceremony can be held now.",
                            " pada sebuah token, segera: jalur token itu berhenti selama "
                            "upacara. Tandatangani hanya jika upacara dapat diadakan "
                            "sekarang."}},
    [TASK_CERT_ACCEPT] = {{"The key ", "Kunci "},
                          {" gets its certificate for good, and may sign by it as far as "
                           "the policy allows.",
                           " menerima sertifikatnya untuk seterusnya, dan boleh dipakai "
                           "menandatangani sejauh kebijakan mengizinkan."}},
    [TASK_KEY_DESTROY] = {{"The key ", "Kunci "},
                          {" is destroyed on its token, at once and for ever.",
                           " dimusnahkan pada tokennya, segera dan untuk selamanya."}},
    [TASK_KEY_ACTIVATE] = {{"The key ", "Kunci "},
                           {" is opened for signing as the details say.",
                            " dibuka untuk menandatangani sesuai rincian."}},
    [TASK_KEY_RELEASE] = {{"The hold of the key ", "Penahanan kunci "},
                          {" ends: it returns to what it was before; one that was active "
                           "comes back inactive.",
                           " diakhiri: kunci kembali ke keadaan sebelumnya; yang semula "
                           "aktif menjadi tidak aktif."}},
    [TASK_KEY_ROTATE] = {{"The place of the key ", "Tempat kunci "},
                         {" is taken by its successor; after the overlap it signs no "
                          "more.",
                          " diambil oleh penerusnya; setelah masa peralihan kunci ini "
                          "tidak menandatangani lagi."}},
    [TASK_LOCKDOWN_CLEAR] = {{"The lock-down ", "Penghentian darurat "},
                             {" ends: the gateway signs again, at once.",
                              " diakhiri: gateway langsung menandatangani lagi."}},
    [TASK_OVERRIDE] = {{"The rule ", "Aturan "},
                       {" is lifted for the jobs named below: what it would refuse is "
                        "signed.",
                        " dikesampingkan untuk pekerjaan di bawah ini: yang seharusnya "
                        "ditolak akan ditandatangani."}},
    [TASK_LOG_PRUNE] = {{"From the ", "Dari "},
                        {" the texts of all records below the number in the details go "
                         "for good. Their hashes stay, and with them every proof.",
                         " teks semua catatan di bawah nomor pada rincian dihapus untuk "
                         "seterusnya. Hash-nya tetap ada, begitu pula semua bukti."}},
    [TASK_OFFICER_ADD] = {{"", ""},
                          {" takes part in what several persons sign for, with the role, "
                           "keys and groups below.",
                           " ikut serta dalam tugas yang ditandatangani beberapa orang, "
                           "dengan peran, kunci, dan kelompok di bawah ini."}},
    [TASK_OFFICER_REMOVE] = {{"", ""},
                             {" takes no part any more in what several persons sign for.",
                              " tidak lagi ikut serta dalam tugas yang ditandatangani "
                              "beberapa orang."}},
    [TASK_POLICY_LOAD] = {{"The policy with SHA-256 ", "Kebijakan dengan SHA-256 "},
                          {" comes in force at once, in place of the present one.",
                           " langsung berlaku menggantikan yang sekarang."}},
    [TASK_MANDATE_OPEN] =
        {{"Key ", "Kunci "},
         {" signs for one system, at most so many documents and as long "
          "as the details say. No person looks at each of them.",
          " menandatangani untuk satu sistem, paling banyak sejumlah "
          "dokumen dan selama waktu pada rincian. Tiap dokumen tidak "
          "diperiksa orang."}},
};

bool grant_view_knows(enum task task)
{
    return words[task].before[0] != NULL;
}

/* --- From the bytes ---------------------------------------------------------------- */

/* A field that this program does not know could change what is asked, however deep it
 * stands. */
static bool is_whole(const ProtobufCMessage *message, struct slice wire)
{
    static const struct preflight_limits limits = {
        .max_depth = 8, .max_elements = 65536, .max_unknown = 0};

    return preflight(message->descriptor, wire, &limits, NULL) == SG_OK &&
           protobuf_c_message_get_packed_size(message) == wire.len;
}

static bool put(char *out, size_t cap, const char *text)
{
    int len = snprintf(out, cap, "%s", text);

    return len >= 0 && (size_t)len < cap;
}

static bool take_asking(const struct asking *asking, struct grant_view *out)
{
    out->grant.action = asking->task;
    return put(out->grant.object, sizeof(out->grant.object), asking->object) &&
           put(out->grant.param, sizeof(out->grant.param), asking->param) &&
           put(out->reason, sizeof(out->reason), asking->reason);
}

static bool read_message(const Segel__V1__GetRequestResponse *got, struct grant_view *out)
{
    const ProtobufCMessageDescriptor *type = asking_type(got->method);
    struct slice wire = slice_of(got->request.data, got->request.len);
    ProtobufCMessage *message = type == NULL ? NULL : unpack(type, wire);
    struct sg_error why = {0};
    struct asking asking;

    bool known = message != NULL && is_whole(message, wire) &&
                 asking_read(got->method, message, &asking, &why) == SG_OK &&
                 take_asking(&asking, out);
    unpack_free(message);
    return known && grant_view_knows(out->grant.action);
}

static bool same(const ProtobufCBinaryData *bytes, const void *data, size_t len)
{
    return slice_equal(slice_of(bytes->data, bytes->len), slice_of(data, len));
}

static bool fill_rest(const Segel__V1__GetRequestResponse *got, struct grant *out)
{
    const Segel__V1__Approval *approval = got->approval;

    out->not_after_us = approval->not_after_us;
    (void)SHA256(got->request.data, got->request.len, out->request);
    if (got->policy_sha256.len != sizeof(out->policy)) {
        return false;
    }
    memcpy(out->policy, got->policy_sha256.data, sizeof(out->policy));
    return put(out->id, sizeof(out->id), approval->id) &&
           put(out->log, sizeof(out->log), got->log_origin) &&
           put(out->requester, sizeof(out->requester), approval->requester);
}

enum sg_status grant_view_make(const Segel__V1__GetRequestResponse *got,
                               struct grant_view *out, struct sg_error *why)
{
    *out = (struct grant_view){.text_len = 0};
    if (got->approval == NULL || !read_message(got, out)) {
        return sg_fail(why, SG_UNSUPPORTED,
                       "this program does not know what the request does (%.100s): use "
                       "the version of the gateway, and sign nothing before",
                       got->method);
    }
    if (!fill_rest(got, &out->grant) ||
        grant_write(&out->grant, out->text, &out->text_len) != SG_OK ||
        !same(&got->grant_text, out->text, out->text_len) ||
        !same(&got->request_sha256, out->grant.request, 32)) {
        return sg_fail(why, SG_CORRUPT,
                       "the gateway shows another text than its request gives: sign "
                       "nothing, and tell the other officers");
    }
    return SG_OK;
}

/* --- In words ---------------------------------------------------------------------- */

void grant_view_say(const struct grant_view *view, FILE *out, bool indonesian)
{
    enum task task = view->grant.action;

    (void)fprintf(out, "%s", words[task].before[indonesian]);
    screen_text(out, view->grant.object);
    (void)fprintf(out, "%s\n", words[task].after[indonesian]);
}

static void line(FILE *out, const char *name, const char *value)
{
    (void)fprintf(out, "  %-14s ", name);
    screen_text(out, value);
    (void)fputc('\n', out);
}

static void print_votes(const Segel__V1__Approval *approval, FILE *out, bool indonesian)
{
    for (size_t i = 0; i < approval->n_votes; i++) {
        const Segel__V1__ApprovalVote *vote = approval->votes[i];
        const char *said = indonesian ? "setuju" : "approved by";
        if (vote->refused) {
            said = indonesian ? "ditolak" : "refused by";
        }
        line(out, said, vote->person);
    }
}

void grant_view_print(const struct grant_view *view,
                      const Segel__V1__GetRequestResponse *got, FILE *out,
                      bool indonesian)
{
    char until[TEXT_TIME_SIZE];
    char hash[65];

    text_time_s(view->grant.not_after_us, until);
    text_hex(slice_of(view->grant.request, 32), hash);
    line(out, indonesian ? "permintaan" : "request", view->grant.id);
    if (view->grant.log[0] != '\0') {
        line(out, "log", view->grant.log);
    }
    line(out, indonesian ? "tugas" : "task", task_name(view->grant.action));
    line(out, indonesian ? "objek" : "object", view->grant.object);
    if (strcmp(view->grant.param, "-") != 0) {
        line(out, indonesian ? "rincian" : "details", view->grant.param);
    }
    line(out, indonesian ? "diminta oleh" : "asked for by", view->grant.requester);
    line(out, indonesian ? "alasan" : "reason", view->reason);
    line(out, indonesian ? "berlaku s.d." : "until", until);
    line(out, "SHA-256", hash);
    print_votes(got->approval, out, indonesian);
}
