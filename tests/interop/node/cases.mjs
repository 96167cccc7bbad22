// What the programs of this folder share: they take a table of cases and print one line for
// each, "ok CASE" or "FAIL CASE: why".
//
// usage of each: PROGRAM DESCRIPTORS TARGET CA|- [CERT KEY]
// TARGET: 127.0.0.1:PORT or unix:PATH
import { readFileSync } from "node:fs";
import process from "node:process";

const [, , descriptors, target, ca, certificate, key] = process.argv;

export const TIMEOUT_MS = 20000;
export const LARGE = { asked: 314159, sent: 271828 };
export const UPLOADS = [27182, 8, 1828, 45904];
export const DOWNLOADS = [31415, 9, 2653, 58979];
export const ODD =
  "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \u{1f608}\t\n";
export const ECHO = { first: "x-grpc-test-echo-initial", last: "x-grpc-test-echo-trailing-bin" };

export const way = {
  target,
  ca: ca === "-" ? null : readFileSync(ca),
  certificate: certificate && readFileSync(certificate),
  key: key && readFileSync(key),
  descriptors: readFileSync(descriptors),
};

export function equal(found, wanted, what = "value") {
  const [f, w] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (f !== w) {
    throw new Error(`${what}: found ${f}, wanted ${w}`);
  }
}

// Runs a call that has to fail; resolves to its error.
export async function failure(call) {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error("the call succeeded, and was to fail");
}

async function attempt(name, work) {
  let clock;
  const late = new Promise((_, reject) => {
    clock = setTimeout(() => reject(new Error("it took too long")), TIMEOUT_MS + 5000);
  });
  try {
    await Promise.race([work(), late]);
    console.log(`ok ${name}`);
    return 0;
  } catch (error) {
    console.log(`FAIL ${name}: ${String(error.message ?? error).replaceAll("\n", " ")}`);
    return 1;
  } finally {
    clearTimeout(clock);
  }
}

export async function run(cases) {
  let failed = 0;
  for (const [name, work] of Object.entries(cases)) {
    failed += await attempt(name, work);
  }
  process.exit(failed ? 1 : 0);
}
