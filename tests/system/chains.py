"""An issuer's certificate that ends, or begins, while a gateway runs. Not a test itself."""
import os
import subprocess
import time

from rig import equal

RULE = "CP-7.1-04"
# Seconds from the making of the issuer's certificate to its bound: the gateway has to be up
# before. A machine that is too busy gets more.
SPANS = (4, 10, 30)
CONF = """[ca]
default_ca = here
[here]
database = {dir}/ca.index
new_certs_dir = {dir}
rand_serial = yes
unique_subject = no
policy = any
[any]
countryName = optional
organizationName = optional
organizationalUnitName = optional
commonName = supplied
[ext]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
certificatePolicies = 2.16.360.1.1.1.3.12
"""


def issuing(the_rig, begin, end):
    """The issuing CA of the rig with another validity, as the chain of seal-demo."""
    pki = the_rig.path("pki")
    config = the_rig.write("ca.conf", CONF.format(dir=pki))
    the_rig.write("pki/ca.index", "")
    stamps = [time.strftime("%Y%m%d%H%M%SZ", time.gmtime(moment)) for moment in (begin, end)]
    result = subprocess.run(
        ["openssl", "ca", "-batch", "-notext", "-config", config, "-extensions", "ext",
         "-md", "sha256", "-preserveDN", "-startdate", stamps[0], "-enddate",
         stamps[1], "-cert", os.path.join(pki, "root.pem"), "-keyfile",
         os.path.join(pki, "root.key"), "-in", os.path.join(pki, "issuing.csr"), "-out",
         the_rig.path("short.pem")], capture_output=True, text=True, check=False)
    equal(result.returncode, 0, result.stderr)
    return the_rig.config((r"chain: issuing\.pem", "chain: short.pem"))
