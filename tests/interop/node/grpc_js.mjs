// gRPC's cases with @grpc/grpc-js.
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";
import { DOWNLOADS, ECHO, LARGE, ODD, TIMEOUT_MS, UPLOADS, equal, failure, run, way }
  from "./cases.mjs";

const types = grpc.loadPackageDefinition(
  loader.loadFileDescriptorSetFromBuffer(way.descriptors,
    { keepCase: true, defaults: true })).grpc.testing;
const credentials = way.ca
  ? grpc.credentials.createSsl(way.ca, way.key ?? null, way.certificate ?? null)
  : grpc.credentials.createInsecure();
const open = (Type = types.TestService, options = {}) =>
  new Type(way.target, credentials, { "grpc.max_receive_message_length": -1, ...options });
const stub = open();
const body = (size) => ({ body: Buffer.alloc(size) });
const large = { response_size: LARGE.asked, payload: body(LARGE.sent) };
const asked = (size, interval_us = 0) => ({ response_parameters: [{ size, interval_us }] });
const soon = (ms = TIMEOUT_MS) => ({ deadline: Date.now() + ms });

// Calls a method with one request; resolves to the answer.
function ask(client, name, request, metadata = new grpc.Metadata(), options = soon()) {
  return new Promise((resolve, reject) => {
    client[name](request, metadata, options,
      (error, answer) => (error ? reject(error) : resolve(answer)));
  });
}

async function collect(stream) {
  const sizes = [];
  for await (const answer of stream) {
    sizes.push(answer.payload.body.length);
  }
  return sizes;
}

const once = (stream, event) => new Promise((resolve, reject) => {
  stream.once(event, resolve);
  stream.once("error", reject);
});

async function checkStatus(status) {
  const wanted = [status.code, status.message];
  const unary = await failure(() => ask(stub, "UnaryCall", { response_status: status }));
  equal([unary.code, unary.details], wanted, "unary");
  const call = stub.FullDuplexCall(soon());
  call.write({ response_status: status });
  call.end();
  const duplex = await failure(() => collect(call));
  equal([duplex.code, duplex.details], wanted, "duplex");
}

async function checkEcho(call, done) {
  const heads = once(call, "metadata");
  const tails = once(call, "status");
  await done;
  equal((await heads).get(ECHO.first), ["test_initial_metadata_value"], "headers");
  equal((await tails).metadata.get(ECHO.last).map((value) => [...value]), [[0xab, 0xab, 0xab]],
    "trailers");
}

function echoed() {
  const metadata = new grpc.Metadata();
  metadata.set(ECHO.first, "test_initial_metadata_value");
  metadata.set(ECHO.last, Buffer.from([0xab, 0xab, 0xab]));
  return metadata;
}

await run({
  empty_unary: async () => equal(await ask(stub, "EmptyCall", {}), {}),
  large_unary: async () => {
    const answer = await ask(stub, "UnaryCall", large);
    equal(answer.payload.body.length, LARGE.asked, "bytes");
  },
  client_compressed_unary: async () => {
    const probe = await failure(() => ask(stub, "UnaryCall",
      { ...large, expect_compressed: { value: true } }));
    equal(probe.code, grpc.status.INVALID_ARGUMENT, "the probe");
    const zipped = open(types.TestService, { "grpc.default_compression_algorithm": 2 });
    const answer = await ask(zipped, "UnaryCall",
      { ...large, expect_compressed: { value: true } });
    equal(answer.payload.body.length, LARGE.asked, "bytes");
    zipped.close();
  },
  // Neither client of Node.js shows whether an answer came compressed; that it does is
  // counted on the wire by cases.py.
  server_compressed_unary: async () => {
    for (const value of [true, false]) {
      const answer = await ask(stub, "UnaryCall", { ...large, response_compressed: { value } });
      equal(answer.payload.body.length, LARGE.asked, "bytes");
    }
  },
  client_streaming: async () => {
    const answer = await new Promise((resolve, reject) => {
      const call = stub.StreamingInputCall(soon(),
        (error, value) => (error ? reject(error) : resolve(value)));
      UPLOADS.forEach((size) => call.write({ payload: body(size) }));
      call.end();
    });
    equal(answer.aggregated_payload_size, 74922, "sum");
  },
  server_streaming: async () => {
    const request = { response_parameters: DOWNLOADS.map((size) => ({ size })) };
    equal(await collect(stub.StreamingOutputCall(request, soon())), DOWNLOADS);
  },
  server_compressed_streaming: async () => {
    const request = { response_parameters: [{ size: 31415, compressed: { value: true } },
      { size: 92653, compressed: { value: false } }] };
    equal(await collect(stub.StreamingOutputCall(request, soon())), [31415, 92653]);
  },
  ping_pong: async () => {
    const call = stub.FullDuplexCall(soon());
    for (const [index, size] of DOWNLOADS.entries()) {
      call.write({ ...asked(size), payload: body(UPLOADS[index]) });
      equal((await once(call, "data")).payload.body.length, size);
    }
    const end = once(call, "status");
    call.end();
    equal((await end).code, grpc.status.OK, "status");
  },
  empty_stream: async () => {
    const call = stub.FullDuplexCall(soon());
    call.end();
    equal(await collect(call), []);
  },
  custom_metadata: async () => {
    let call;
    const answer = new Promise((resolve, reject) => {
      call = stub.UnaryCall(large, echoed(), soon(),
        (error, value) => (error ? reject(error) : resolve(value)));
    });
    await checkEcho(call, answer);
    const duplex = stub.FullDuplexCall(echoed(), soon());
    duplex.end(asked(10));
    await checkEcho(duplex, collect(duplex));
  },
  status_code_and_message: () => checkStatus({ code: 2, message: "test status message" }),
  special_status_message: () => checkStatus({ code: 2, message: ODD }),
  unimplemented_method: async () => {
    const error = await failure(() => ask(stub, "UnimplementedCall", {}));
    equal(error.code, grpc.status.UNIMPLEMENTED);
  },
  unimplemented_service: async () => {
    const other = open(types.UnimplementedService);
    const error = await failure(() => ask(other, "UnimplementedCall", {}));
    equal(error.code, grpc.status.UNIMPLEMENTED);
    other.close();
  },
  cancel_after_begin: async () => {
    const error = await failure(() => new Promise((resolve, reject) => {
      stub.StreamingInputCall(soon(), (problem, value) =>
        (problem ? reject(problem) : resolve(value))).cancel();
    }));
    equal(error.code, grpc.status.CANCELLED);
  },
  cancel_after_first_response: async () => {
    const call = stub.FullDuplexCall(soon());
    call.write(asked(31415));
    await once(call, "data");
    const end = new Promise((resolve) => { call.once("error", resolve); });
    call.cancel();
    equal((await end).code, grpc.status.CANCELLED);
  },
  timeout_on_sleeping_server: async () => {
    const call = stub.FullDuplexCall(soon(1));
    call.on("error", () => {});
    const end = new Promise((resolve) => { call.once("status", resolve); });
    call.write(asked(31415, 5000000));
    equal((await end).code, grpc.status.DEADLINE_EXCEEDED);
  },
  too_large_request: async () => {
    const error = await failure(() => ask(stub, "UnaryCall", { payload: body(5 << 20) }));
    equal(error.code, grpc.status.RESOURCE_EXHAUSTED);
  },
  slow_reader: async () => {
    const request = { response_parameters: Array(40).fill({ size: 1 << 20 }) };
    let count = 0;
    for await (const answer of stub.StreamingOutputCall(request, soon())) {
      equal(answer.payload.body.length, 1 << 20);
      count += 1;
      await new Promise((resolve) => { setTimeout(resolve, 5); });
    }
    equal(count, 40, "answers");
  },
  early_error: async () => {
    const error = await failure(() => new Promise((resolve, reject) => {
      const call = stub.StreamingInputCall(soon(), (problem, value) =>
        (problem ? reject(problem) : resolve(value)));
      call.on("error", () => {});
      for (let i = 0; i < 2000; i += 1) {
        call.write({ payload: body(1000), expect_compressed: { value: i === 1 } });
      }
    }));
    equal(error.code, grpc.status.INVALID_ARGUMENT);
  },
  many_at_once: async () => {
    const calls = Array.from({ length: 2000 }, (_, size) =>
      ask(stub, "UnaryCall", { response_size: size, payload: body(size) }));
    const answers = await Promise.all(calls);
    equal(answers.every((answer, size) => answer.payload.body.length === size), true);
  },
});
