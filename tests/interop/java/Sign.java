// Signs one digest: Sign HOST:PORT CA CERT KEY DIGEST-HEX OUT
// CA, CERT and KEY (PKCS#8) are PEM files of mutual TLS.
import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import segel.v1.Common.HashAlgorithm;
import segel.v1.Common.SignatureProfile;
import segel.v1.Signing.SignItem;
import segel.v1.Signing.SignRequest;
import segel.v1.Signing.SignResponse;
import segel.v1.Signing.SignTerms;

public final class Sign {
    static final MethodDescriptor<SignRequest, SignResponse> SIGN =
        MethodDescriptor.<SignRequest, SignResponse>newBuilder()
            .setFullMethodName("segel.v1.SigningService/Sign")
            .setType(MethodDescriptor.MethodType.UNARY)
            .setRequestMarshaller(ProtoUtils.marshaller(SignRequest.getDefaultInstance()))
            .setResponseMarshaller(ProtoUtils.marshaller(SignResponse.getDefaultInstance()))
            .build();

    static byte[] fromHex(String text) {
        byte[] bytes = new byte[text.length() / 2];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) Integer.parseInt(text.substring(2 * i, 2 * i + 2), 16);
        }
        return bytes;
    }

    public static void main(String[] a) throws Exception {
        ManagedChannel channel = NettyChannelBuilder.forTarget(a[0])
            .sslContext(GrpcSslContexts.forClient().trustManager(new File(a[1]))
                .keyManager(new File(a[2]), new File(a[3]))
                .protocols("TLSv1.3").build())
            .build();
        SignRequest request = SignRequest.newBuilder()
            .setTerms(SignTerms.newBuilder().setKey("seal-demo")
                .setProfile(SignatureProfile.SIGNATURE_PROFILE_PADES_B_B)
                .setHashAlgorithm(HashAlgorithm.HASH_ALGORITHM_SHA256)
                .setDocumentClass("surat_keterangan").setApprovalRef("ND-2026/001")
                .setNoticeShown(true).setContentType("application/pdf").setLanguage("en"))
            .setItem(SignItem.newBuilder().setRequestId(UUID.randomUUID().toString())
                .setDigest(ByteString.copyFrom(fromHex(a[4]))))
            .build();
        SignResponse response = ClientCalls.blockingUnaryCall(channel, SIGN,
            CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS), request);
        channel.shutdownNow();
        if (response.getResult().getSignature().isEmpty()) {
            System.err.println(response.getResult().getStatus().getMessage());
            System.exit(1);
        }
        Files.write(Path.of(a[5]), response.getResult().getSignature().toByteArray());
    }
}
