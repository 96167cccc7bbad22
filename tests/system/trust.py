"""Certificates of clients and their revocation, by the issuer of a rig; the reload that
makes a gateway look at them again."""
import datetime
import ipaddress
import os
import signal
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from rig import expect

UTC = datetime.timezone.utc


def issuer(the_rig):
    """Certificate and key of the clients' issuer."""
    with open(the_rig.path("pki", "tls-ca.pem"), "rb") as file:
        certificate = x509.load_pem_x509_certificate(file.read())
    with open(the_rig.path("pki", "tls-ca.key"), "rb") as file:
        return certificate, serialization.load_pem_private_key(file.read(), None)


def issuer_until(the_rig, seconds):
    """The clients' issuer, with another end, so many seconds from now; PEM."""
    old, key = issuer(the_rig)
    end = datetime.datetime.now(UTC).replace(tzinfo=None) + datetime.timedelta(seconds=seconds)
    builder = (x509.CertificateBuilder().subject_name(old.subject).issuer_name(old.subject)
               .public_key(old.public_key()).serial_number(x509.random_serial_number())
               .not_valid_before(old.not_valid_before - datetime.timedelta(hours=2))
               .not_valid_after(end))
    for extension in old.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def serial_of(the_rig, client):
    with open(the_rig.path("clients", client, "cert.pem"), "rb") as file:
        return x509.load_pem_x509_certificate(file.read()).serial_number


def write_list(the_rig, *revoked, hours=24):
    """A revocation list of the clients' issuer; hours: until it is out of date."""
    certificate, key = issuer(the_rig)
    return write_signed(the_rig, certificate.subject, key, revoked, hours)


def write_list_of_another(the_rig):
    """One of an issuer that has no clients here."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "another issuer")])
    return write_signed(the_rig, name, ec.generate_private_key(ec.SECP256R1()), (), 24)


def write_signed(the_rig, name, key, revoked, hours):
    now = datetime.datetime.now(UTC).replace(tzinfo=None)
    builder = (x509.CertificateRevocationListBuilder().issuer_name(name)
               .last_update(now - datetime.timedelta(hours=48))
               .next_update(now + datetime.timedelta(hours=hours)))
    for serial in revoked:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(serial)
            .revocation_date(now - datetime.timedelta(hours=1)).build())
    made = builder.sign(key, hashes.SHA256())
    return the_rig.write("clients.crl", made.public_bytes(serialization.Encoding.PEM))


def reload(gateway, event="reloaded"):
    before = len(gateway.find(event))
    gateway.process.send_signal(signal.SIGHUP)
    end = time.monotonic() + 10
    while len(gateway.find(event)) == before:
        expect(time.monotonic() < end, f"no '{event}' came: {gateway.text()[-800:]}")
        time.sleep(0.02)
    return gateway.find(event)[-1]


def said(gateway, words):
    end = time.monotonic() + 5
    while words not in gateway.text():
        expect(time.monotonic() < end, f"the log does not say '{words}': "
                                       f"{gateway.text()[-1500:]}")
        time.sleep(0.02)


def issue(the_rig, name, *names, hours=(-1, 24), usage=x509.ExtendedKeyUsageOID.CLIENT_AUTH):
    """A client of that name in clients/NAME; names: of its certificate; hours: when that is
    valid, from now."""
    certificate, key = issuer(the_rig)
    own = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(UTC).replace(tzinfo=None)
    begin, end = (now + datetime.timedelta(hours=h) for h in hours)
    made = (x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
            .issuer_name(certificate.subject).public_key(own.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin).not_valid_after(end)
            .add_extension(x509.ExtendedKeyUsage([usage]), False)
            .add_extension(x509.SubjectAlternativeName(
                names or [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
            .sign(key, hashes.SHA256()))
    os.makedirs(the_rig.path("clients", name), exist_ok=True)
    the_rig.write(f"clients/{name}/cert.pem", made.public_bytes(serialization.Encoding.PEM))
    the_rig.write(f"clients/{name}/key.pem", own.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()))
    the_rig.write(f"clients/{name}/ca.pem", the_rig.read("pki/tls-ca.pem"))
    return name


def short_certificate(the_rig, client, seconds):
    """That client's certificate once more, good for so many seconds."""
    old = x509.load_pem_x509_certificate(the_rig.read(f"clients/{client}/cert.pem", "rb"))
    certificate, key = issuer(the_rig)
    now = datetime.datetime.now(UTC).replace(tzinfo=None)
    builder = (x509.CertificateBuilder().subject_name(old.subject)
               .issuer_name(certificate.subject).public_key(old.public_key())
               .serial_number(x509.random_serial_number())
               .not_valid_before(now - datetime.timedelta(hours=1))
               .not_valid_after(now + datetime.timedelta(seconds=seconds)))
    for extension in old.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
