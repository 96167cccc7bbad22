"""Seeds of the targets that read certificates, CRLs, OCSP answers and policy files: DER
written by hand, unsigned, because the targets sign (support/seal.c)."""
import hashlib
import os

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


# --- DER ------------------------------------------------------------------------------------

def tlv(tag, *parts):
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes([tag, size]) + body
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + body


def sequence(*parts):
    return tlv(0x30, *parts)


def integer(value):
    return tlv(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(text):
    first, second, *rest = (int(part) for part in text.split("."))
    out = b""
    for value in [first * 40 + second, *rest]:
        group = [value & 127]
        while value > 127:
            value >>= 7
            group.append(value & 127 | 128)
        out += bytes(reversed(group))
    return tlv(6, out)


def utf8(text):
    return tlv(12, text.encode())


def name(*parts):
    """('2.5.4.3', 'Anchor')…"""
    return sequence(*(tlv(0x31, sequence(oid(kind), utf8(value))) for kind, value in parts))


def utc(text):
    return tlv(0x17, text.encode())


def generalized(text):
    return tlv(0x18, text.encode())


def bits(body, unused=0):
    return tlv(3, bytes([unused]), body)


def octets(*parts):
    return tlv(4, *parts)


def extension(kind, value, critical=False):
    return sequence(oid(kind), tlv(1, b"\xff") if critical else b"", octets(value))


CN, ORG, UNIT, COUNTRY = "2.5.4.3", "2.5.4.10", "2.5.4.11", "2.5.4.6"
ANCHOR = name((CN, "Anchor"))
ED25519 = sequence(oid("1.3.101.112"))
SHA256_RSA = sequence(oid("1.2.840.113549.1.1.11"), b"\5\0")


# --- Certificates ---------------------------------------------------------------------------

def ed25519_key():
    return sequence(ED25519, bits(hashlib.sha256(b"a point, perhaps").digest()))


def rsa_key(size=256, exponent=65537):
    modulus = b""
    while len(modulus) < size:
        modulus += hashlib.sha256(modulus + b"modulus").digest()
    modulus = int.from_bytes(modulus[:size], "big") | 1 << (size * 8 - 1) | 1
    return sequence(sequence(oid("1.2.840.113549.1.1.1"), b"\5\0"),
                    bits(sequence(integer(modulus), integer(exponent))))


def ec_key(curve="1.2.840.10045.3.1.7"):
    """The base point of P-256."""
    point = bytes.fromhex(
        "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")
    return sequence(sequence(oid("1.2.840.10045.2.1"), oid(curve)), bits(point))


def uri(text):
    return tlv(0x86, text.encode())


def points(*urls):
    return extension("2.5.29.31", sequence(*(
        sequence(tlv(0xa0, tlv(0xa0, uri(url)))) for url in urls)))


def ocsp_access(url):
    return extension("1.3.6.1.5.5.7.1.1",
                     sequence(sequence(oid("1.3.6.1.5.5.7.48.1"), uri(url))))


def usage(*bytes_):
    return extension("2.5.29.15", bits(bytes(bytes_), 6), critical=True)


def many(kind, *oids):
    return extension(kind, sequence(*(oid(one) for one in oids)))


def policies(*oids):
    return extension("2.5.29.32", sequence(*(sequence(oid(one)) for one in oids)))


def period(start, end):
    return extension("2.5.29.16", sequence(tlv(0x80, start.encode()), tlv(0x81, end.encode())))


def alternative():
    return extension("2.5.29.17", sequence(uri("urn:segel:backend"),
                                           tlv(0x82, b"backend.example.go.id")))


def certificate(key, *extensions, subject=None, issuer=ANCHOR, serial=77,
                validity=("260101000000Z", "280101000000Z")):
    subject = subject or name((COUNTRY, "ID"), (ORG, "Kota Contoh"), (CN, "Segel"))
    return sequence(
        tlv(0xa0, integer(2)), integer(serial), ED25519, issuer,
        sequence(*(utc(day) for day in validity)), subject, key,
        tlv(0xa3, sequence(*extensions)) if extensions else b"")


SEAL = (usage(0xc0), many("2.5.29.37", "1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.2"),
        policies("2.16.360.1.1.1.3.12"), points("http://crl.example.go.id/a.crl"),
        ocsp_access("http://ocsp.example.go.id/"))


def certificates():
    ca = extension("2.5.29.19", sequence(tlv(1, b"\xff")), critical=True)
    unknown = extension("1.2.3.4", b"\5\0", critical=True)
    plain = certificate(ed25519_key(), *SEAL)
    yield "ed25519", 0, plain
    yield "with-its-issuer", 8, plain
    yield "by-a-stranger", 2, plain
    yield "rsa", 0, certificate(rsa_key(), *SEAL)
    yield "rsa-short", 0, certificate(rsa_key(64, 3), *SEAL)
    yield "rsa-huge-exponent", 0, certificate(rsa_key(128, 1 << 70 | 1), *SEAL)
    yield "ec", 0, certificate(ec_key(), *SEAL)
    yield "ec-unknown-curve", 0, certificate(ec_key("1.2.3"), *SEAL)
    yield "no-extensions", 0, certificate(ed25519_key())
    yield "ca", 0, certificate(ed25519_key(), ca)
    yield "unknown-critical", 0, certificate(ed25519_key(), unknown)
    yield "period", 0, certificate(ed25519_key(), period("20260101000000Z", "20270101000000Z"))
    yield "period-twice", 0, certificate(
        ed25519_key(), *(period("20260101000000Z", "20270101000000Z") for _ in range(2)))
    yield "period-broken", 0, certificate(ed25519_key(), extension("2.5.29.16", b"\5\0"))
    yield "alternative-names", 0, certificate(ed25519_key(), alternative())
    yield "two-points", 0, certificate(
        ed25519_key(), points("ldap://a/b", "https://a/b", "http://a/b c", "http://a/b"))
    yield "long-address", 0, certificate(ed25519_key(), points("http://" + "a" * 1100))
    yield "organization-twice", 0, certificate(
        ed25519_key(), subject=name((ORG, "A"), (ORG, "B"), (UNIT, "\N{EM DASH}\n")))
    yield "no-serial", 0, certificate(ed25519_key(), serial=0)
    yield "never-valid", 0, certificate(ed25519_key(),
                                        validity=("990101000000Z", "000101000000Z"))
    yield "another-issuer", 0, certificate(ed25519_key(), issuer=name((CN, "Nobody")))
    yield "many-policies", 0, certificate(
        ed25519_key(), policies(*(f"1.2.{n}" for n in range(70))))
    yield "whole", 1, sequence(plain, ED25519, bits(bytes(64)))
    yield "text", 4, b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
    yield "text-encrypted", 4, (b"-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n"
                                b"DEK-Info: AES-128-CBC,00000000000000000000000000000000\n\n"
                                b"MAA=\n-----END CERTIFICATE-----\n")


# --- CRLs -----------------------------------------------------------------------------------

def entry(serial, reason=None):
    more = b"" if reason is None else sequence(
        extension("2.5.29.21", tlv(10, bytes([reason]))))
    return sequence(integer(serial), utc("260520000000Z"), more)


def crl_number(value=258):
    return extension("2.5.29.20", integer(value))


def revocations(*entries, extensions=None, dates=("260530000000Z", "260630000000Z"),
                issuer=ANCHOR):
    extensions = [crl_number()] if extensions is None else extensions
    return sequence(
        integer(1), ED25519, issuer, *(utc(day) for day in dates),
        sequence(*entries) if entries else b"",
        tlv(0xa0, sequence(*extensions)) if extensions else b"")


def crls():
    scope = extension("2.5.29.28", sequence(tlv(0x81, b"\xff")), critical=True)
    delta = extension("2.5.29.27", integer(1), critical=True)
    yield "good", 0, revocations(entry(78, 1))
    yield "empty", 0, revocations()
    yield "revoked", 0, revocations(entry(5), entry(77, 1), entry(78))
    yield "revoked-without-reason", 0, revocations(entry(77))
    yield "hold", 0, revocations(entry(77, 6))
    yield "removed", 0, revocations(entry(77, 8))
    yield "hold-and-revoked", 0, revocations(entry(77, 6), entry(77, 1))
    yield "late", 4, revocations(entry(78, 1))
    yield "by-a-stranger", 2, revocations(entry(78, 1))
    yield "another-issuer", 0, revocations(issuer=name((CN, "Nobody")))
    yield "no-number", 0, revocations(extensions=[])
    yield "long-number", 0, revocations(extensions=[crl_number(1 << 160)])
    yield "largest-number", 0, revocations(extensions=[crl_number((1 << 160) - 1)])
    yield "scope", 0, revocations(extensions=[crl_number(), scope])
    yield "delta", 0, revocations(extensions=[crl_number(), delta])
    yield "future", 0, revocations(dates=("270101000000Z", "280101000000Z"))
    yield "ends-before-it-begins", 0, revocations(dates=("260530000000Z", "260529000000Z"))
    yield "indirect", 0, revocations(sequence(integer(77), utc("260520000000Z"), sequence(
        extension("2.5.29.29", sequence(tlv(0xa4, name((CN, "Other")))), critical=True))))
    yield "whole", 1, sequence(revocations(entry(78, 1)), ED25519, bits(bytes(64)))


# --- OCSP -----------------------------------------------------------------------------------

SHA1 = sequence(oid("1.3.14.3.2.26"), b"\5\0")


def anchor_key_hash():
    """SHA-1 of the public key of support/seal.c's CA: RFC 8032 says how it comes from the
    digest of a word."""
    return hashlib.sha1(public_of(hashlib.sha256(b"anchor").digest())).digest()


def public_of(secret):
    """Ed25519's public key (RFC 8032 5.1.5)."""
    prime = 2**255 - 19
    curve = -121665 * pow(121666, prime - 2, prime) % prime

    def add(one, other):
        (x1, y1), (x2, y2) = one, other
        product = curve * x1 * x2 * y1 * y2
        return ((x1 * y2 + x2 * y1) * pow(1 + product, prime - 2, prime) % prime,
                (y1 * y2 + x1 * x2) * pow(1 - product, prime - 2, prime) % prime)

    half = bytearray(hashlib.sha512(secret).digest()[:32])
    half[0] &= 248
    half[31] = half[31] & 127 | 64
    scalar = int.from_bytes(half, "little")
    total, step = (0, 1), (
        15112221349535400772501151409588531511454012693041857206046113283949847762202,
        46316835694926478169428394003475163141307993866256225615783033603165251855960)
    while scalar:
        if scalar & 1:
            total = add(total, step)
        step, scalar = add(step, step), scalar >> 1
    return (total[1] | (total[0] & 1) << 255).to_bytes(32, "little")


def single(state, serial=77, update="20260530000000Z", until="20260630000000Z"):
    certificate_id = sequence(SHA1, octets(hashlib.sha1(ANCHOR).digest()),
                              octets(anchor_key_hash()), integer(serial))
    return sequence(certificate_id, state, generalized(update),
                    tlv(0xa0, generalized(until)) if until else b"")


GOOD, UNKNOWN = b"\x80\0", b"\x82\0"


def revoked(reason=None):
    more = b"" if reason is None else tlv(0xa0, tlv(10, bytes([reason])))
    return tlv(0xa1, generalized("20260520000000Z"), more)


def response(*singles, responder="Anchor", nonce=None):
    extensions = b"" if nonce is None else tlv(0xa1, sequence(
        extension("1.3.6.1.5.5.7.48.1.2", octets(nonce))))
    return sequence(tlv(0xa1, name((CN, responder))), generalized("20260530000000Z"),
                    sequence(*singles), extensions)


def answers():
    yield "good", 0, response(single(GOOD))
    yield "revoked", 0, response(single(revoked(1)))
    yield "revoked-without-reason", 0, response(single(revoked()))
    yield "hold", 0, response(single(revoked(6)))
    yield "unknown", 0, response(single(UNKNOWN))
    yield "delegated", 4, response(single(GOOD), responder="Responder")
    yield "by-a-stranger", 2, response(single(GOOD))
    yield "delegated-to-a-stranger", 6, response(single(GOOD), responder="Responder")
    yield "another-certificate", 0, response(single(GOOD, serial=78))
    yield "second-of-two", 0, response(single(GOOD, serial=78), single(revoked(1)))
    yield "twice", 0, response(single(GOOD), single(revoked(1)))
    yield "nonce", 8, response(single(GOOD), nonce=b"n" * 16)
    yield "another-nonce", 8, response(single(GOOD), nonce=b"m" * 16)
    yield "nonce-left-away", 8, response(single(GOOD))
    yield "no-end", 0, response(single(GOOD, until=None))
    yield "future", 0, response(single(GOOD, update="20270101000000Z", until="20280101000000Z"))
    yield "nothing", 0, response()
    yield "try-later", 1, sequence(tlv(10, b"\3"))
    yield "successful-of-nothing", 1, sequence(tlv(10, b"\0"))


# --- Policy files ---------------------------------------------------------------------------

HEAD = """apiVersion: segel/v1
kind: CertificatePolicy
metadata: {id: p, version: 1, effective: 2026-01-01, review_by: 2027-01-01}
profile: test
"""
RULE = '- {id: R1, cp: "1", level: hard, require: {key.class: seal}, deny: NO}\n'


def rule(require, more=""):
    return f'- {{id: R1, cp: "1", level: hard, require: {{{require}}}, deny: NO{more}}}\n'


def shorter_sample():
    """The sample policy with its rules and lists, and each tenth of its tests."""
    with open(os.path.join(ROOT, "deploy/policies/bsre-seal.yaml"), encoding="utf-8") as file:
        head, tests = file.read().split("\ntests:\n")
    cases = [case for case in tests.split("  - name: ") if case.strip()]
    lines = [line for line in head.split("\n") if not line.strip().startswith("#")]
    return "\n".join(lines) + "\ntests:\n" + "".join("  - name: " + c for c in cases[::10])


def policy_files():
    operators = ("key.rsa_bits: {ge: 2048, le: 4096}", "key.rsa_bits: {between: [2048, 4096]}",
                 "job.alg: {in: [a, b]}", "job.alg: {not_in: [a]}", "job.alg: {in: list}",
                 'job.id: {matches: "[a-z]{2,9}(x|y)*"}', "job.meta_keys: {subset: [a, b]}",
                 "cert.pkup_from: {exists: false}", "clock.now: {le: cert.not_after}",
                 "cert.remaining_s: {ge: 604800}", "key.local: true", "key.type: {ne: ec}",
                 "clock.weekday: {in: [mon, tue]}, clock.holiday: false",
                 "clock.minute_of_day: {between: [420, 1020]}", "counter.key_day: {le: 5}",
                 'caller.cert_fp: "sha256:' + "0" * 64 + '"',
                 "key.rsa_bits: {in: [2048, 3072]}", "key.rsa_e: {not_in: [3]}",
                 "key.local: {ge: 1}")
    for at, require in enumerate(operators):
        pending = ", mode: pending" if "counter" in require else ""
        yield f"operator-{at:02}", (
            HEAD + "lists: {list: [a, b]}\nrules:\n" + rule(require, pending))
    test = ("tests:\n- {name: a, base: b, now: 2026-05-02T08:00:00+07:00, without: [key.type], "
            "input: {key.class: seal}, expect: {decision: allow, rules: {R1: pass}}}\n")
    bases = "bases: {b: {key.class: x, key.type: rsa}}\n"
    yield "plain", HEAD + "rules:\n" + RULE
    yield "tested", HEAD + "rules:\n" + RULE + bases + test
    yield "test-fails", HEAD + "rules:\n" + RULE + bases + test.replace("allow", "deny")
    yield "twice", HEAD + "rules:\n" + RULE + RULE
    yield "nested-plus", HEAD + "rules:\n" + rule(
        'job.id: {matches: "' + "(" * 18 + "a" + "+)" * 18 + '"}')
    yield "plus-of-plus", HEAD + "rules:\n" + rule('job.id: {matches: "a' + "+" * 18 + '"}')
    yield "exception", HEAD + "rules:\n" + RULE.replace("hard", "soft") + (
        "exceptions:\n- {rule: R1, match: {job.doc_class: a}, until: 2026-12-31, "
        "approved_by: [a, b], reason: x}\n")
    yield "modes", HEAD + "defaults: {mode: shadow, on_error: deny}\nrules:\n" + "".join(
        RULE.replace("R1", f"R{n}").replace("deny", f"mode: {mode}, deny")
        for n, mode in enumerate(("enforce", "shadow", "off")))
    yield "calendar", HEAD.replace("review_by: 2027-01-01", (
        "review_by: 2027-01-01, calendar: {zone: WITA, holidays: [2026-01-01, 2026-12-25]}, "
        "agreement: {no: a, from: 2026-01-01, until: 2027-01-01}")) + "rules:\n" + RULE
    yield "notice", HEAD + (
        'notice: {statement: {id: Satu, en: One}, verify_url: "https://x.id/", '
        'logo_sha256: "' + "0" * 64 + '"}\nrules:\n') + RULE
    yield "sample", shorter_sample()


def seeds():
    for target, made in (("certificate", certificates), ("crl", crls), ("ocsp", answers)):
        for title, choice, value in made():
            yield target, title, bytes([choice]) + value
    for title, text in policy_files():
        yield "policy", title, b"\1" + text.encode()
