// Signs one digest with connect-node: sign_connect.mjs TARGET CA CERT KEY DIGEST-HEX OUT
// CA, CERT and KEY are PEM files of mutual TLS; "-" for all three on a Unix socket. The
// variable DESCRIPTORS names what protoc --descriptor_set_out made of proto/segel/v1.
import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import net from "node:net";
import process from "node:process";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";

const [, , target, ca, certificate, key, digest, out] = process.argv;
const registry = createFileRegistry(
  fromBinary(FileDescriptorSetSchema, readFileSync(process.env.DESCRIPTORS)));
const transport = createGrpcTransport(ca === "-" ? {
  baseUrl: "http://localhost",
  nodeOptions: { createConnection: () => net.connect(target.replace(/^unix:/, "")) },
} : {
  baseUrl: `https://${target}`,
  nodeOptions: { ca: readFileSync(ca), cert: readFileSync(certificate), key: readFileSync(key) },
});
const stub = createClient(registry.getService("segel.v1.SigningService"), transport);

const { result } = await stub.sign({
  terms: {
    key: "seal-demo",
    profile: 1, // SIGNATURE_PROFILE_PADES_B_B
    hashAlgorithm: 1, // HASH_ALGORITHM_SHA256
    documentClass: "surat_keterangan",
    approvalRef: "ND-2026/001",
    noticeShown: true,
    contentType: "application/pdf",
    language: "en",
  },
  item: { requestId: randomUUID(), digest: Buffer.from(digest, "hex") },
}, { timeoutMs: 20000 });
if (result.signature.length === 0) {
  console.error(result.status.message);
  process.exit(1);
}
writeFileSync(out, result.signature);
process.exit(0);
