// What @signpdf makes of a letter: signpdf.mjs LETTER P12 SECONDS. One line of JSON: letters a
// second, and the microseconds of which the preparing takes so many.
import { readFileSync } from "node:fs";
import { plainAddPlaceholder } from "@signpdf/placeholder-plain";
import { P12Signer } from "@signpdf/signer-p12";
import { SignPdf } from "@signpdf/signpdf";

const [path, p12, seconds] = process.argv.slice(2);
const letter = readFileSync(path);

function prepare() {
  return plainAddPlaceholder({
    pdfBuffer: letter, reason: "Persetujuan", contactInfo: "", name: "Kepala Dinas",
    location: "", signatureLength: 8192, subFilter: "ETSI.CAdES.detached",
  });
}

async function sign() {
  return new SignPdf().sign(prepare(), new P12Signer(readFileSync(p12), { passphrase: "" }));
}

async function measure(step) {
  await step();
  const start = performance.now();
  let count = 0;
  while (performance.now() - start < seconds * 1000) {
    await step();
    count += 1;
  }
  return ((performance.now() - start) * 1000) / count;
}

const prepareUs = await measure(prepare);
const wholeUs = await measure(sign);
console.log(JSON.stringify({ per_second: 1e6 / wholeUs, prepare_us: prepareUs }));
