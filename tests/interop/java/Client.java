// gRPC's cases with grpc-java (netty). usage: Client HOST:PORT CA|- [CERT KEY]
// Prints "ok CASE" or "FAIL CASE: why" for each.
import static io.grpc.MethodDescriptor.MethodType.*;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.grpc.testing.integration.EmptyProtos.Empty;
import io.grpc.testing.integration.Messages.*;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.File;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

public final class Client {
    static final int LARGE_ASKED = 314159, LARGE_SENT = 271828;
    static final int[] UPLOADS = {27182, 8, 1828, 45904}, DOWNLOADS = {31415, 9, 2653, 58979};
    static final String ODD =
        "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \ud83d\ude08\t\n";
    static final Metadata.Key<String> FIRST =
        Metadata.Key.of("x-grpc-test-echo-initial", Metadata.ASCII_STRING_MARSHALLER);
    static final Metadata.Key<byte[]> LAST =
        Metadata.Key.of("x-grpc-test-echo-trailing-bin", Metadata.BINARY_BYTE_MARSHALLER);

    static final MethodDescriptor<Empty, Empty> EMPTY = method("TestService/EmptyCall", UNARY,
        Empty.getDefaultInstance(), Empty.getDefaultInstance());
    static final MethodDescriptor<SimpleRequest, SimpleResponse> SIMPLE =
        method("TestService/UnaryCall", UNARY, SimpleRequest.getDefaultInstance(),
            SimpleResponse.getDefaultInstance());
    static final MethodDescriptor<StreamingInputCallRequest, StreamingInputCallResponse> UPLOAD =
        method("TestService/StreamingInputCall", CLIENT_STREAMING,
            StreamingInputCallRequest.getDefaultInstance(),
            StreamingInputCallResponse.getDefaultInstance());
    static final MethodDescriptor<StreamingOutputCallRequest, StreamingOutputCallResponse>
        DOWNLOAD = method("TestService/StreamingOutputCall", SERVER_STREAMING,
            StreamingOutputCallRequest.getDefaultInstance(),
            StreamingOutputCallResponse.getDefaultInstance());
    static final MethodDescriptor<StreamingOutputCallRequest, StreamingOutputCallResponse>
        DUPLEX = method("TestService/FullDuplexCall", BIDI_STREAMING,
            StreamingOutputCallRequest.getDefaultInstance(),
            StreamingOutputCallResponse.getDefaultInstance());

    static ManagedChannel channel;

    interface Case {
        void run() throws Exception;
    }

    static <Q extends Message, A extends Message> MethodDescriptor<Q, A> method(String name,
            MethodDescriptor.MethodType type, Q request, A answer) {
        return MethodDescriptor.<Q, A>newBuilder().setFullMethodName("grpc.testing." + name)
            .setType(type).setRequestMarshaller(ProtoUtils.marshaller(request))
            .setResponseMarshaller(ProtoUtils.marshaller(answer)).build();
    }

    static CallOptions soon(int ms) {
        return CallOptions.DEFAULT.withDeadlineAfter(ms, TimeUnit.MILLISECONDS);
    }

    static void expect(boolean truth, String what) {
        if (!truth) {
            throw new IllegalStateException(what);
        }
    }

    static Status failure(Case work) throws Exception {
        try {
            work.run();
        } catch (StatusRuntimeException error) {
            return error.getStatus();
        }
        throw new IllegalStateException("the call succeeded, and was to fail");
    }

    static void code(Status.Code wanted, Case work) throws Exception {
        Status status = failure(work);
        expect(status.getCode() == wanted, "found " + status + ", wanted " + wanted);
    }

    static Payload body(int size) {
        return Payload.newBuilder().setBody(ByteString.copyFrom(new byte[size])).build();
    }

    static SimpleRequest.Builder large() {
        return SimpleRequest.newBuilder().setResponseSize(LARGE_ASKED)
            .setPayload(body(LARGE_SENT));
    }

    static StreamingOutputCallRequest.Builder asked(int intervalUs, int... sizes) {
        StreamingOutputCallRequest.Builder request = StreamingOutputCallRequest.newBuilder();
        for (int size : sizes) {
            request.addResponseParameters(ResponseParameters.newBuilder().setSize(size)
                .setIntervalUs(intervalUs));
        }
        return request;
    }

    static void unary(SimpleRequest request, CallOptions options) {
        SimpleResponse answer = ClientCalls.blockingUnaryCall(channel, SIMPLE, options, request);
        expect(answer.getPayload().getBody().size() == request.getResponseSize(),
            "the answer has another size");
    }

    /** The answers of a call with its end as the last element. */
    static final class Answers<A> implements StreamObserver<A> {
        final BlockingQueue<Object> queue = new LinkedBlockingQueue<>();

        @Override public void onNext(A answer) { queue.add(answer); }

        @Override public void onError(Throwable error) { queue.add(Status.fromThrowable(error)); }

        @Override public void onCompleted() { queue.add(Status.OK); }

        Object take() throws InterruptedException {
            Object next = queue.poll(20, TimeUnit.SECONDS);
            expect(next != null, "nothing came");
            return next;
        }

        void sized(int size) throws InterruptedException {
            Object next = take();
            expect(next instanceof StreamingOutputCallResponse
                && ((StreamingOutputCallResponse) next).getPayload().getBody().size() == size,
                "an answer of " + size + " bytes was to come, not " + next);
        }

        Status ended() throws InterruptedException {
            Object next = take();
            expect(next instanceof Status, "an answer came instead of the end");
            return (Status) next;
        }

        void ended(Status.Code code) throws InterruptedException {
            Status status = ended();
            expect(status.getCode() == code, "found " + status + ", wanted " + code);
        }
    }

    static <Q, A> StreamObserver<Q> stream(MethodDescriptor<Q, A> method, CallOptions options,
            Answers<A> answers) {
        ClientCall<Q, A> call = channel.newCall(method, options);
        return method.getType() == CLIENT_STREAMING
            ? ClientCalls.asyncClientStreamingCall(call, answers)
            : ClientCalls.asyncBidiStreamingCall(call, answers);
    }

    static void emptyUnary() {
        ClientCalls.blockingUnaryCall(channel, EMPTY, soon(20000), Empty.getDefaultInstance());
    }

    static void clientCompressedUnary() throws Exception {
        SimpleRequest request =
            large().setExpectCompressed(BoolValue.newBuilder().setValue(true)).build();
        code(Status.Code.INVALID_ARGUMENT, () -> unary(request, soon(20000)));
        unary(request, soon(20000).withCompression("gzip"));
    }

    static void serverCompressedUnary() {
        unary(large().setResponseCompressed(BoolValue.newBuilder().setValue(true)).build(),
            soon(20000));
    }

    static void clientStreaming() throws Exception {
        Answers<StreamingInputCallResponse> answers = new Answers<>();
        StreamObserver<StreamingInputCallRequest> requests =
            stream(UPLOAD, soon(20000), answers);
        for (int size : UPLOADS) {
            requests.onNext(StreamingInputCallRequest.newBuilder().setPayload(body(size)).build());
        }
        requests.onCompleted();
        Object answer = answers.take();
        expect(answer instanceof StreamingInputCallResponse
            && ((StreamingInputCallResponse) answer).getAggregatedPayloadSize() == 74922,
            "another sum: " + answer);
        answers.ended(Status.Code.OK);
    }

    static void download(int pauseMs, int... sizes) throws Exception {
        Iterator<StreamingOutputCallResponse> answers = ClientCalls.blockingServerStreamingCall(
            channel, DOWNLOAD, soon(20000), asked(0, sizes).build());
        for (int size : sizes) {
            expect(answers.next().getPayload().getBody().size() == size, "another size");
            Thread.sleep(pauseMs);
        }
        expect(!answers.hasNext(), "more answers than asked for");
    }

    static void slowReader() throws Exception {
        int[] sizes = new int[40];
        Arrays.fill(sizes, 1 << 20);
        download(5, sizes);
    }

    static void pingPong() throws Exception {
        Answers<StreamingOutputCallResponse> answers = new Answers<>();
        StreamObserver<StreamingOutputCallRequest> requests =
            stream(DUPLEX, soon(20000), answers);
        for (int i = 0; i < DOWNLOADS.length; i++) {
            requests.onNext(asked(0, DOWNLOADS[i]).setPayload(body(UPLOADS[i])).build());
            answers.sized(DOWNLOADS[i]);
        }
        requests.onCompleted();
        answers.ended(Status.Code.OK);
    }

    static void emptyStream() throws Exception {
        Answers<StreamingOutputCallResponse> answers = new Answers<>();
        stream(DUPLEX, soon(20000), answers).onCompleted();
        answers.ended(Status.Code.OK);
    }

    static void customMetadata() {
        Metadata sent = new Metadata();
        sent.put(FIRST, "test_initial_metadata_value");
        sent.put(LAST, new byte[] {(byte) 0xab, (byte) 0xab, (byte) 0xab});
        AtomicReference<Metadata> headers = new AtomicReference<>();
        AtomicReference<Metadata> trailers = new AtomicReference<>();
        ClientCalls.blockingUnaryCall(ClientInterceptors.intercept(channel,
            MetadataUtils.newAttachHeadersInterceptor(sent),
            MetadataUtils.newCaptureMetadataInterceptor(headers, trailers)),
            SIMPLE, soon(20000), large().build());
        expect("test_initial_metadata_value".equals(headers.get().get(FIRST)), "headers");
        expect(Arrays.equals(sent.get(LAST), trailers.get().get(LAST)), "trailers");
    }

    static void checkStatus(String text) throws Exception {
        EchoStatus wanted = EchoStatus.newBuilder().setCode(2).setMessage(text).build();
        Status status = failure(() -> unary(
            SimpleRequest.newBuilder().setResponseStatus(wanted).build(), soon(20000)));
        expect(status.getCode() == Status.Code.UNKNOWN && text.equals(status.getDescription()),
            "unary: " + status);
        Answers<StreamingOutputCallResponse> answers = new Answers<>();
        stream(DUPLEX, soon(20000), answers).onNext(
            StreamingOutputCallRequest.newBuilder().setResponseStatus(wanted).build());
        status = answers.ended();
        expect(status.getCode() == Status.Code.UNKNOWN && text.equals(status.getDescription()),
            "duplex: " + status);
    }

    static void unimplemented(String name) throws Exception {
        code(Status.Code.UNIMPLEMENTED, () -> ClientCalls.blockingUnaryCall(channel,
            method(name, UNARY, Empty.getDefaultInstance(), Empty.getDefaultInstance()),
            soon(20000), Empty.getDefaultInstance()));
    }

    static void cancelAfterBegin() throws Exception {
        Answers<StreamingInputCallResponse> answers = new Answers<>();
        stream(UPLOAD, soon(20000), answers)
            .onError(Status.CANCELLED.asRuntimeException());
        answers.ended(Status.Code.CANCELLED);
    }

    static void cancelAfterFirstResponse() throws Exception {
        Answers<StreamingOutputCallResponse> answers = new Answers<>();
        StreamObserver<StreamingOutputCallRequest> requests =
            stream(DUPLEX, soon(20000), answers);
        requests.onNext(asked(0, 31415).build());
        answers.sized(31415);
        requests.onError(Status.CANCELLED.asRuntimeException());
        answers.ended(Status.Code.CANCELLED);
    }

    static void timeoutOnSleepingServer() throws Exception {
        Answers<StreamingOutputCallResponse> answers = new Answers<>();
        try {
            stream(DUPLEX, soon(1), answers).onNext(asked(5000000, 31415).build());
        } catch (IllegalStateException late) {
            // The call was over before the message: that is what is asked for.
        }
        answers.ended(Status.Code.DEADLINE_EXCEEDED);
    }

    static void earlyError() throws Exception {
        Answers<StreamingInputCallResponse> answers = new Answers<>();
        StreamObserver<StreamingInputCallRequest> requests =
            stream(UPLOAD, soon(20000), answers);
        StreamingInputCallRequest request = StreamingInputCallRequest.newBuilder()
            .setPayload(body(1000))
            .setExpectCompressed(BoolValue.newBuilder().setValue(true)).build();
        for (int i = 0; i < 2000; i++) {
            requests.onNext(request);
        }
        answers.ended(Status.Code.INVALID_ARGUMENT);
    }

    static void manyAtOnce() throws Exception {
        List<Future<SimpleResponse>> answers = new ArrayList<>();
        for (int size = 0; size < 2000; size++) {
            answers.add(ClientCalls.futureUnaryCall(channel.newCall(SIMPLE, soon(20000)),
                SimpleRequest.newBuilder().setResponseSize(size).build()));
        }
        for (int size = 0; size < 2000; size++) {
            expect(answers.get(size).get().getPayload().getBody().size() == size,
                "an answer of another call");
        }
    }

    static Map<String, Case> cases() {
        Map<String, Case> cases = new LinkedHashMap<>();
        cases.put("empty_unary", Client::emptyUnary);
        cases.put("large_unary", () -> unary(large().build(), soon(20000)));
        cases.put("client_compressed_unary", Client::clientCompressedUnary);
        cases.put("server_compressed_unary", Client::serverCompressedUnary);
        cases.put("client_streaming", Client::clientStreaming);
        cases.put("server_streaming", () -> download(0, DOWNLOADS));
        cases.put("ping_pong", Client::pingPong);
        cases.put("empty_stream", Client::emptyStream);
        cases.put("custom_metadata", Client::customMetadata);
        cases.put("status_code_and_message", () -> checkStatus("test status message"));
        cases.put("special_status_message", () -> checkStatus(ODD));
        cases.put("unimplemented_method", () -> unimplemented("TestService/UnimplementedCall"));
        cases.put("unimplemented_service",
            () -> unimplemented("UnimplementedService/UnimplementedCall"));
        cases.put("cancel_after_begin", Client::cancelAfterBegin);
        cases.put("cancel_after_first_response", Client::cancelAfterFirstResponse);
        cases.put("timeout_on_sleeping_server", Client::timeoutOnSleepingServer);
        cases.put("too_large_request", () -> code(Status.Code.RESOURCE_EXHAUSTED,
            () -> unary(SimpleRequest.newBuilder().setPayload(body(5 << 20)).build(),
                soon(20000))));
        cases.put("slow_reader", Client::slowReader);
        cases.put("early_error", Client::earlyError);
        cases.put("many_at_once", Client::manyAtOnce);
        return cases;
    }

    static SslContext tls(String[] arguments) throws Exception {
        SslContextBuilder tls = GrpcSslContexts.forClient()
            .trustManager(new File(arguments[1])).protocols("TLSv1.3");
        if (arguments.length == 4) {
            tls.keyManager(new File(arguments[2]), new File(arguments[3]));
        }
        return tls.build();
    }

    public static void main(String[] arguments) throws Exception {
        NettyChannelBuilder builder = NettyChannelBuilder.forTarget(arguments[0])
            .maxInboundMessageSize(1 << 30);
        channel = (arguments[1].equals("-") ? builder.usePlaintext()
            : builder.sslContext(tls(arguments))).build();
        int failed = 0;
        for (Map.Entry<String, Case> one : cases().entrySet()) {
            try {
                one.getValue().run();
                System.out.println("ok " + one.getKey());
            } catch (Exception error) {
                failed++;
                System.out.println("FAIL " + one.getKey() + ": "
                    + String.valueOf(error).replace('\n', ' '));
            }
        }
        channel.shutdownNow();
        System.exit(failed == 0 ? 0 : 1);
    }
}
