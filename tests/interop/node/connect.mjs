// gRPC's cases with connect-node: another HTTP/2 and gRPC stack than grpc-js.
import net from "node:net";
import { create, createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient, encodeBinaryHeader } from "@connectrpc/connect";
import { compressionGzip, createGrpcTransport } from "@connectrpc/connect-node";
import { DOWNLOADS, ECHO, LARGE, ODD, TIMEOUT_MS, UPLOADS, equal, failure, run, way }
  from "./cases.mjs";

const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, way.descriptors));
const service = registry.getService("grpc.testing.TestService");

function open(options = {}) {
  const nodeOptions = way.ca ? { ca: way.ca, cert: way.certificate, key: way.key } : {};
  if (way.target.startsWith("unix:")) {
    nodeOptions.createConnection = () => net.connect(way.target.slice(5));
  }
  return createGrpcTransport({
    baseUrl: way.target.startsWith("unix:") ? "http://localhost"
      : `${way.ca ? "https" : "http"}://${way.target}`,
    nodeOptions,
    defaultTimeoutMs: TIMEOUT_MS,
    ...options,
  });
}

const stub = createClient(service, open());
const body = (size) => ({ body: new Uint8Array(size) });
const large = { responseSize: LARGE.asked, payload: body(LARGE.sent) };
const asked = (size, intervalUs = 0) => ({ responseParameters: [{ size, intervalUs }] });

async function* each(...requests) {
  yield* requests;
}

// A stream of requests that does not end by itself.
async function* open_ended(...requests) {
  yield* requests;
  await new Promise((resolve) => { setTimeout(resolve, 2000).unref(); });
}

async function collect(stream) {
  const sizes = [];
  for await (const answer of stream) {
    sizes.push(answer.payload.body.length);
  }
  return sizes;
}

async function checkStatus(code, message) {
  const status = { code, message };
  for (const call of [() => stub.unaryCall({ responseStatus: status }),
    () => collect(stub.fullDuplexCall(each({ responseStatus: status })))]) {
    const error = ConnectError.from(await failure(call));
    equal([error.code, error.rawMessage], [code, message]);
  }
}

async function checkCode(call, code) {
  equal(ConnectError.from(await failure(call)).code, code, "code");
}

await run({
  empty_unary: async () => { await stub.emptyCall({}); },
  large_unary: async () => {
    equal((await stub.unaryCall(large)).payload.body.length, LARGE.asked, "bytes");
  },
  client_compressed_unary: async () => {
    const request = { ...large, expectCompressed: { value: true } };
    await checkCode(() => stub.unaryCall(request), Code.InvalidArgument);
    const zipped = createClient(service, open({ sendCompression: compressionGzip }));
    equal((await zipped.unaryCall(request)).payload.body.length, LARGE.asked, "bytes");
  },
  // Neither client of Node.js shows whether an answer came compressed; that it does is
  // counted on the wire by cases.py.
  server_compressed_unary: async () => {
    for (const value of [true, false]) {
      const answer = await stub.unaryCall({ ...large, responseCompressed: { value } });
      equal(answer.payload.body.length, LARGE.asked, "bytes");
    }
  },
  client_streaming: async () => {
    const answer = await stub.streamingInputCall(
      each(...UPLOADS.map((size) => ({ payload: body(size) }))));
    equal(answer.aggregatedPayloadSize, 74922, "sum");
  },
  server_streaming: async () => {
    const request = { responseParameters: DOWNLOADS.map((size) => ({ size })) };
    equal(await collect(stub.streamingOutputCall(request)), DOWNLOADS);
  },
  server_compressed_streaming: async () => {
    equal(await collect(stub.streamingOutputCall({ responseParameters: [
      { size: 31415, compressed: { value: true } },
      { size: 92653, compressed: { value: false } }] })), [31415, 92653]);
  },
  ping_pong: async () => {
    equal(await collect(stub.fullDuplexCall(each(...DOWNLOADS.map((size, index) =>
      ({ ...asked(size), payload: body(UPLOADS[index]) }))))), DOWNLOADS);
  },
  empty_stream: async () => equal(await collect(stub.fullDuplexCall(each())), []),
  custom_metadata: async () => {
    let [first, last] = [null, null];
    await stub.unaryCall(large, {
      headers: { [ECHO.first]: "test_initial_metadata_value",
        [ECHO.last]: encodeBinaryHeader(new Uint8Array([0xab, 0xab, 0xab])) },
      onHeader: (headers) => { first = headers.get(ECHO.first); },
      onTrailer: (trailers) => { last = trailers.get(ECHO.last); },
    });
    equal([first, last], ["test_initial_metadata_value", "q6ur"]);
  },
  status_code_and_message: () => checkStatus(2, "test status message"),
  special_status_message: () => checkStatus(2, ODD),
  unimplemented_method: () => checkCode(() => stub.unimplementedCall({}), Code.Unimplemented),
  unimplemented_service: () => checkCode(() => createClient(
    registry.getService("grpc.testing.UnimplementedService"), open()).unimplementedCall({}),
  Code.Unimplemented),
  cancel_after_begin: () => {
    const control = new AbortController();
    setTimeout(() => control.abort(), 20);
    return checkCode(() => stub.streamingInputCall(open_ended(), { signal: control.signal }),
      Code.Canceled);
  },
  cancel_after_first_response: () => {
    const control = new AbortController();
    return checkCode(async () => {
      for await (const answer of stub.fullDuplexCall(open_ended(asked(31415)),
        { signal: control.signal })) {
        equal(answer.payload.body.length, 31415);
        control.abort();
      }
    }, Code.Canceled);
  },
  timeout_on_sleeping_server: () => checkCode(() => collect(stub.fullDuplexCall(
    open_ended(asked(31415, 5000000)), { timeoutMs: 1 })), Code.DeadlineExceeded),
  too_large_request: () => checkCode(() => stub.unaryCall({ payload: body(5 << 20) }),
    Code.ResourceExhausted),
  slow_reader: async () => {
    let count = 0;
    for await (const answer of stub.streamingOutputCall(
      { responseParameters: Array(40).fill({ size: 1 << 20 }) })) {
      equal(answer.payload.body.length, 1 << 20);
      count += 1;
      await new Promise((resolve) => { setTimeout(resolve, 5); });
    }
    equal(count, 40, "answers");
  },
  many_at_once: async () => {
    const answers = await Promise.all(Array.from({ length: 2000 }, (_, size) =>
      stub.unaryCall({ responseSize: size, payload: body(size) })));
    equal(answers.every((answer, size) => answer.payload.body.length === size), true);
  },
});
