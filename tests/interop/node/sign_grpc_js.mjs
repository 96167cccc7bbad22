// Signs one digest with grpc-js: sign_grpc_js.mjs TARGET CA CERT KEY DIGEST-HEX OUT
// CA, CERT and KEY are PEM files of mutual TLS; "-" for all three on a Unix socket. The
// variable DESCRIPTORS names what protoc --descriptor_set_out made of proto/segel/v1.
import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";

const [, , target, ca, certificate, key, digest, out] = process.argv;
const { SigningService } = grpc.loadPackageDefinition(
  loader.loadFileDescriptorSetFromBuffer(readFileSync(process.env.DESCRIPTORS))).segel.v1;
const stub = new SigningService(target, ca === "-" ? grpc.credentials.createInsecure()
  : grpc.credentials.createSsl(readFileSync(ca), readFileSync(key), readFileSync(certificate)));

const request = {
  terms: {
    key: "seal-demo",
    profile: "SIGNATURE_PROFILE_PADES_B_B",
    hash_algorithm: "HASH_ALGORITHM_SHA256",
    document_class: "surat_keterangan",
    approval_ref: "ND-2026/001",
    notice_shown: true,
    content_type: "application/pdf",
    language: "en",
  },
  item: { request_id: randomUUID(), digest: Buffer.from(digest, "hex") },
};

stub.Sign(request, { deadline: Date.now() + 20000 }, (error, response) => {
  if (error || !response.result.signature?.length) {
    console.error(error?.message ?? response.result.status.message);
    process.exit(1);
  }
  writeFileSync(out, response.result.signature);
  stub.close();
});
