"""An independent judge of signatures: takes a detached CMS apart by hand and has
python3-cryptography verify it with the certificate's public key."""
import hashlib

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

MESSAGE_DIGEST = bytes.fromhex("06092a864886f70d010904")
SEQUENCE, SET, OCTETS, CONTEXT_0 = 0x30, 0x31, 0x04, 0xA0


def parts(der):
    """(tag, whole, content) of each element of a DER string."""
    at = 0
    while at < len(der):
        start, tag, length = at, der[at], der[at + 1]
        at += 2
        if length >= 0x80:
            size = length & 0x7F
            length = int.from_bytes(der[at:at + size], "big")
            at += size
        if at + length > len(der):
            raise ValueError("an element is longer than what holds it")
        yield tag, der[start:at + length], der[at:at + length]
        at += length


def only(der, tag):
    """The content of the one element of this tag."""
    found = [content for t, _, content in parts(der) if t == tag]
    if len(found) != 1:
        raise ValueError(f"{len(found)} elements of tag {tag:#x}")
    return found[0]


def signer_of(cms):
    """(signed attributes as they were signed, digest that they name, signature)."""
    signed_data = only(only(only(cms, SEQUENCE), CONTEXT_0), SEQUENCE)
    info = only([c for t, _, c in parts(signed_data) if t == SET][-1], SEQUENCE)
    whole = [w for t, w, _ in parts(info) if t == CONTEXT_0][0]
    attributes = bytes([SET]) + whole[1:]
    named = [only(only(a, SET), OCTETS) for _, _, a in parts(only(attributes, SET))
             if a.startswith(MESSAGE_DIGEST)]
    return attributes, named, only(info, OCTETS)


class Judge:
    def __init__(self, pem):
        self.key = x509.load_pem_x509_certificate(pem).public_key()

    def verify(self, signature, data):
        if isinstance(self.key, rsa.RSAPublicKey):
            self.key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
        else:
            self.key.verify(signature, data, ec.ECDSA(hashes.SHA256()))

    def fault_of(self, cms, digest):
        """What is wrong with the signature over a document of this digest; "" = good."""
        try:
            attributes, named, signature = signer_of(cms)
            if named != [digest]:
                return "it names another document's digest"
            self.verify(signature, attributes)
        except InvalidSignature:
            return "it does not verify"
        except (ValueError, IndexError) as error:
            return f"it is no CMS: {error}"
        return ""


def digest_of(content):
    return hashlib.sha256(content).digest()
