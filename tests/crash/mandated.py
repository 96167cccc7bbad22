"""A mandate that all clients of a town draw on."""
import os
import re
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[1:1] = [os.path.join(HERE, "../system")]
import people  # noqa: E402
import rig  # noqa: E402

COUNT = 10**7


def officers(the_rig):
    """They, and a configuration with their quorum file; the module is the real one."""
    those = people.People(the_rig)
    module = re.search(r"module: .*", the_rig.read("segeld.yaml"))[0]
    text = re.sub(r"module: .*", lambda _: module, those.text, count=1)
    return those, the_rig.write("officers.yaml", text)


def grant(those, gateway):
    terms = rig.mandates.MandateTerms(
        key="seal-demo", caller="e-office", document_classes=["surat_keterangan"],
        profiles=[rig.common.SIGNATURE_PROFILE_PADES_B_B], max_signatures=COUNT,
        until_us=(int(time.time()) + 86400 * 7) * 10**6, approval_ref="ND-2026/001")
    stub = gateway.client("officer-1").call(
        "unary_unary", "OpenMandate", rig.mandates.OpenMandateRequest,
        rig.mandates.OpenMandateResponse, service="MandateService")
    asked = stub(rig.mandates.OpenMandateRequest(request_id="crash", terms=terms,
                                                 reason="a town's letters (TEST)"), timeout=20)
    for name in ("officer-2", "officer-3"):
        people.approve(gateway, asked.approval.id, those.keys[name], name)
    return asked.mandate.id
