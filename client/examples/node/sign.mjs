// One letter in three steps from Node.js: segel prepare, the gateway's Sign, segel embed.
//
//   npm install @grpc/grpc-js @grpc/proto-loader
//   node sign.mjs HOME KEY CLASS APPROVAL ID LETTER.pdf SIGNED.pdf
//
// HOME is the client's folder: gateway, ca.pem, cert.pem, key.pem. ID is the request id: after
// a crash, run the same again with the job file that is there, and nothing is signed twice.
// PROTO names the folder of the .proto files, if it is not that of `make install` or of the
// package libsegel-dev; SEGEL the program, if it is not in PATH.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import process from "node:process";
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";

const [, , home, key, documentClass, approval, id, letter, signed] = process.argv;
const segel = process.env.SEGEL ?? "segel";
const folders = ["/usr/local/share/segel/proto", "/usr/share/segel/proto"];
const proto = process.env.PROTO ?? folders.find(existsSync) ?? folders[0];
const path = `${signed}.job.json`;

function prepare() {
  if (!existsSync(path)) {
    const job = execFileSync(segel, ["--home", home, "prepare", "--key", key, "--id", id,
      "--rect", "40,30,260,60", "-o", `${signed}.prepared`, letter]);
    writeFileSync(`${path}.part`, job);
    renameSync(`${path}.part`, path);
  }
  return JSON.parse(readFileSync(path, "utf8"));
}

function connect() {
  const { SigningService } = grpc.loadPackageDefinition(loader.loadSync(
    "segel/v1/signing.proto", { includeDirs: [proto], keepCase: true, longs: String })).segel.v1;
  const [ca, privateKey, certificate] = ["ca.pem", "key.pem", "cert.pem"]
    .map((name) => readFileSync(`${home}/${name}`));
  return new SigningService(readFileSync(`${home}/gateway`, "utf8").trim(),
    grpc.credentials.createSsl(ca, privateKey, certificate));
}

function sign(job) {
  const request = {
    terms: {
      key: job.key,
      profile: `SIGNATURE_PROFILE_${job.profile.toUpperCase()}`,
      hash_algorithm: `HASH_ALGORITHM_${job.hash.toUpperCase()}`,
      document_class: documentClass,
      approval_ref: approval,
      notice_shown: job.notice_shown,
      content_type: "application/pdf",
      language: "en",
    },
    item: { request_id: job.request_id, digest: Buffer.from(job.digest, "hex") },
  };
  const stub = connect();
  return new Promise((resolve, reject) => {
    stub.Sign(request, { deadline: Date.now() + 30000 }, (error, response) => {
      stub.close();
      error ? reject(error) : resolve(response.result);
    });
  });
}

try {
  const result = await sign(prepare());
  writeFileSync(`${signed}.p7s`, result.signature);
  execFileSync(segel, ["embed", "--job", path, "--cms", `${signed}.p7s`, "-o", signed]);
  console.log(`${signed}: decision ${result.decision_id}, log index ${result.log?.index}`);
  [path, `${signed}.prepared`, `${signed}.p7s`].forEach((name) => unlinkSync(name));
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
