// gRPC's cases with grpc-go.
// usage: client TARGET CA|- [CERT KEY]      prints "ok CASE" or "FAIL CASE: why" for each.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/ioutil"
	"net"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	_ "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	pb "grpc/testing"
)

const (
	largeAsked, largeSent = 314159, 271828
	odd                   = "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001f608\t\n"
	first, last           = "x-grpc-test-echo-initial", "x-grpc-test-echo-trailing-bin"
)

var (
	uploads   = []int{27182, 8, 1828, 45904}
	downloads = []int32{31415, 9, 2653, 58979}
	conn      *grpc.ClientConn
	stub      pb.TestServiceClient
)

func soon(d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), d)
}

func body(size int) *pb.Payload { return &pb.Payload{Body: make([]byte, size)} }

func large() *pb.SimpleRequest {
	return &pb.SimpleRequest{ResponseSize: largeAsked, Payload: body(largeSent)}
}

func asked(intervalUs int32, sizes ...int32) *pb.StreamingOutputCallRequest {
	request := &pb.StreamingOutputCallRequest{}
	for _, size := range sizes {
		request.ResponseParameters = append(request.ResponseParameters,
			&pb.ResponseParameters{Size: size, IntervalUs: intervalUs})
	}
	return request
}

func wantCode(err error, code codes.Code) error {
	if status.Code(err) != code {
		return fmt.Errorf("status %v (%v), wanted %v", status.Code(err), err, code)
	}
	return nil
}

func want(truth bool, what string) error {
	if !truth {
		return errors.New(what)
	}
	return nil
}

// firstOf returns the first error.
func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func unary(request *pb.SimpleRequest, options ...grpc.CallOption) error {
	ctx, cancel := soon(20 * time.Second)
	defer cancel()
	answer, err := stub.UnaryCall(ctx, request, options...)
	return firstOf(err, want(len(answer.GetPayload().GetBody()) == int(request.ResponseSize),
		"the answer has another size"))
}

func emptyUnary() error {
	_, err := stub.EmptyCall(context.Background(), &pb.Empty{})
	return err
}

func largeUnary() error { return unary(large()) }

func clientCompressedUnary() error {
	request := large()
	request.ExpectCompressed = &pb.BoolValue{Value: true}
	return firstOf(wantCode(unary(request), codes.InvalidArgument),
		unary(request, grpc.UseCompressor("gzip")))
}

func serverCompressedUnary() error {
	request := large()
	request.ResponseCompressed = &pb.BoolValue{Value: true}
	return unary(request)
}

func clientStreaming() error {
	stream, err := stub.StreamingInputCall(context.Background())
	if err != nil {
		return err
	}
	for _, size := range uploads {
		if err := stream.Send(&pb.StreamingInputCallRequest{Payload: body(size)}); err != nil {
			return err
		}
	}
	answer, err := stream.CloseAndRecv()
	return firstOf(err, want(answer.GetAggregatedPayloadSize() == 74922, "another sum"))
}

type reader interface {
	Recv() (*pb.StreamingOutputCallResponse, error)
}

func readAll(stream reader, pause time.Duration, sizes ...int32) error {
	for _, size := range sizes {
		answer, err := stream.Recv()
		if err != nil {
			return err
		}
		if len(answer.GetPayload().GetBody()) != int(size) {
			return errors.New("an answer of another size")
		}
		time.Sleep(pause)
	}
	if _, err := stream.Recv(); err != io.EOF {
		return fmt.Errorf("at the end: %v", err)
	}
	return nil
}

func serverStreaming() error {
	stream, err := stub.StreamingOutputCall(context.Background(), asked(0, downloads...))
	if err != nil {
		return err
	}
	return readAll(stream, 0, downloads...)
}

func slowReader() error {
	sizes := make([]int32, 40)
	for i := range sizes {
		sizes[i] = 1 << 20
	}
	stream, err := stub.StreamingOutputCall(context.Background(), asked(0, sizes...))
	if err != nil {
		return err
	}
	return readAll(stream, 5*time.Millisecond, sizes...)
}

func pingPong() error {
	stream, err := stub.FullDuplexCall(context.Background())
	if err != nil {
		return err
	}
	for i, size := range downloads {
		request := asked(0, size)
		request.Payload = body(uploads[i])
		if err := stream.Send(request); err != nil {
			return err
		}
		answer, err := stream.Recv()
		if err != nil {
			return err
		}
		if len(answer.Payload.GetBody()) != int(size) {
			return errors.New("an answer of another size")
		}
	}
	return firstOf(stream.CloseSend(), readAll(stream, 0))
}

func emptyStream() error {
	stream, err := stub.FullDuplexCall(context.Background())
	if err != nil {
		return err
	}
	return firstOf(stream.CloseSend(), readAll(stream, 0))
}

func customMetadata() error {
	ctx := metadata.AppendToOutgoingContext(context.Background(),
		first, "test_initial_metadata_value", last, "\xab\xab\xab")
	var header, trailer metadata.MD
	_, err := stub.UnaryCall(ctx, large(), grpc.Header(&header), grpc.Trailer(&trailer))
	return firstOf(err,
		want(strings.Join(header.Get(first), "") == "test_initial_metadata_value", "headers"),
		want(strings.Join(trailer.Get(last), "") == "\xab\xab\xab", "trailers"))
}

func checkStatus(text string) error {
	wanted := &pb.EchoStatus{Code: int32(codes.Unknown), Message: text}
	_, err := stub.UnaryCall(context.Background(), &pb.SimpleRequest{ResponseStatus: wanted})
	if bad := firstOf(wantCode(err, codes.Unknown),
		want(status.Convert(err).Message() == text, "another text")); bad != nil {
		return bad
	}
	stream, err := stub.FullDuplexCall(context.Background())
	if err != nil {
		return err
	}
	err = stream.Send(&pb.StreamingOutputCallRequest{ResponseStatus: wanted})
	_, end := stream.Recv()
	return firstOf(err, wantCode(end, codes.Unknown),
		want(status.Convert(end).Message() == text, "another text of the stream"))
}

func statusCodeAndMessage() error { return checkStatus("test status message") }

func specialStatusMessage() error { return checkStatus(odd) }

func unimplementedMethod() error {
	_, err := stub.UnimplementedCall(context.Background(), &pb.Empty{})
	return wantCode(err, codes.Unimplemented)
}

func unimplementedService() error {
	_, err := pb.NewUnimplementedServiceClient(conn).UnimplementedCall(context.Background(),
		&pb.Empty{})
	return wantCode(err, codes.Unimplemented)
}

func cancelAfterBegin() error {
	ctx, cancel := context.WithCancel(context.Background())
	stream, err := stub.StreamingInputCall(ctx)
	cancel()
	if err != nil {
		return err
	}
	_, err = stream.CloseAndRecv()
	return wantCode(err, codes.Canceled)
}

func cancelAfterFirstResponse() error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stream, err := stub.FullDuplexCall(ctx)
	if err != nil {
		return err
	}
	if err := stream.Send(asked(0, 31415)); err != nil {
		return err
	}
	if _, err := stream.Recv(); err != nil {
		return err
	}
	cancel()
	_, err = stream.Recv()
	return wantCode(err, codes.Canceled)
}

func timeoutOnSleepingServer() error {
	ctx, cancel := soon(time.Millisecond)
	defer cancel()
	stream, err := stub.FullDuplexCall(ctx)
	if err != nil {
		return wantCode(err, codes.DeadlineExceeded)
	}
	_ = stream.Send(asked(5000000, 31415))
	_, err = stream.Recv()
	return wantCode(err, codes.DeadlineExceeded)
}

func tooLargeRequest() error {
	return wantCode(unary(&pb.SimpleRequest{Payload: body(5 << 20)}), codes.ResourceExhausted)
}

func earlyError() error {
	stream, err := stub.StreamingInputCall(context.Background())
	if err != nil {
		return err
	}
	request := &pb.StreamingInputCallRequest{Payload: body(1000),
		ExpectCompressed: &pb.BoolValue{Value: true}}
	for i := 0; i < 2000 && err == nil; i++ {
		err = stream.Send(request)
	}
	_, err = stream.CloseAndRecv()
	return wantCode(err, codes.InvalidArgument)
}

func manyAtOnce() error {
	const count = 2000
	results := make(chan error, count)
	for i := 0; i < count; i++ {
		go func(size int32) { results <- unary(&pb.SimpleRequest{ResponseSize: size}) }(int32(i))
	}
	for i := 0; i < count; i++ {
		if err := <-results; err != nil {
			return err
		}
	}
	return nil
}

var cases = []struct {
	name string
	work func() error
}{
	{"empty_unary", emptyUnary}, {"large_unary", largeUnary},
	{"client_compressed_unary", clientCompressedUnary},
	{"server_compressed_unary", serverCompressedUnary},
	{"client_streaming", clientStreaming}, {"server_streaming", serverStreaming},
	{"ping_pong", pingPong}, {"empty_stream", emptyStream},
	{"custom_metadata", customMetadata}, {"status_code_and_message", statusCodeAndMessage},
	{"special_status_message", specialStatusMessage},
	{"unimplemented_method", unimplementedMethod},
	{"unimplemented_service", unimplementedService},
	{"cancel_after_begin", cancelAfterBegin},
	{"cancel_after_first_response", cancelAfterFirstResponse},
	{"timeout_on_sleeping_server", timeoutOnSleepingServer},
	{"too_large_request", tooLargeRequest}, {"slow_reader", slowReader},
	{"early_error", earlyError}, {"many_at_once", manyAtOnce},
}

func dialUnix(_ context.Context, target string) (net.Conn, error) {
	return net.Dial("unix", strings.TrimPrefix(target, "unix:"))
}

func connect(target, ca string, pair ...string) (*grpc.ClientConn, error) {
	options := []grpc.DialOption{grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(1 << 30))}
	if strings.HasPrefix(target, "unix:") {
		// This version's own resolver sends the path as :authority, which is not lawful.
		options = append(options, grpc.WithContextDialer(dialUnix), grpc.WithAuthority("localhost"))
	}
	if ca == "-" {
		return grpc.Dial(target, append(options, grpc.WithInsecure())...)
	}
	pem, err := ioutil.ReadFile(ca)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	config := &tls.Config{RootCAs: roots}
	if len(pair) == 2 {
		own, err := tls.LoadX509KeyPair(pair[0], pair[1])
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{own}
	}
	secure := grpc.WithTransportCredentials(credentials.NewTLS(config))
	return grpc.Dial(target, append(options, secure)...)
}

func main() {
	var err error
	if conn, err = connect(os.Args[1], os.Args[2], os.Args[3:]...); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	stub = pb.NewTestServiceClient(conn)
	code := 0
	for _, one := range cases {
		if err := one.work(); err != nil {
			fmt.Printf("FAIL %s: %s\n", one.name, strings.ReplaceAll(err.Error(), "\n", " "))
			code = 1
		} else {
			fmt.Printf("ok %s\n", one.name)
		}
	}
	os.Exit(code)
}
