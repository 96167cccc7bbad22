"""Letters as pyHanko judges them: the validation of EN 319 102-1 section 5.6.3 (long-term
availability and integrity), with nothing but what the letter holds.

    judge.py ROOTS.pem… -- LETTER…       a JSON object a letter
"""
import asyncio
import json
import logging
import sys

from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.ades import ades_lta_validation
from pyhanko.sign.validation.policy_decl import (PdfSignatureValidationSpec,
                                                 RevinfoOnlineFetchingRule,
                                                 RevocationInfoGatheringSpec,
                                                 SignatureValidationSpec)
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import (CertRevTrustPolicy, RevocationCheckingPolicy,
                                               RevocationCheckingRule)
from pyhanko_certvalidator.registry import SimpleTrustManager


def rules(roots):
    strict = RevocationCheckingRule.CRL_OR_OCSP_REQUIRED
    return PdfSignatureValidationSpec(SignatureValidationSpec(
        cert_validation_policy=CertValidationPolicySpec(
            trust_manager=SimpleTrustManager.build(
                trust_roots=list(load_certs_from_pemder(roots))),
            revinfo_policy=CertRevTrustPolicy(RevocationCheckingPolicy(strict, strict))),
        revinfo_gathering_policy=RevocationInfoGatheringSpec(
            RevinfoOnlineFetchingRule.LOCAL_ONLY)))


def judge(path, spec):
    with open(path, "rb") as file:
        signature = PdfFileReader(file).embedded_regular_signatures[0]
        found = asyncio.run(ades_lta_validation(signature, spec))
    status = found.api_status
    return {"file": path, "verdict": found.ades_subindic.name,
            "passed": type(found.ades_subindic).__name__ == "AdESPassed",
            "changes": status.modification_level.name if status else ""}


def main(words):
    at = words.index("--")
    spec = rules(words[:at])
    logging.disable(logging.CRITICAL)
    for path in words[at + 1:]:
        print(json.dumps(judge(path, spec)), flush=True)


main(sys.argv[1:])
