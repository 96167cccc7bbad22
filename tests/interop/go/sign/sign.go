// Signs one digest: sign TARGET CA CERT KEY DIGEST-HEX OUT
// CA, CERT and KEY are PEM files of mutual TLS; "-" for all three on a Unix socket.
package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io/ioutil"
	"net"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	pb "segel/v1"
)

func dialUnix(_ context.Context, target string) (net.Conn, error) {
	return net.Dial("unix", strings.TrimPrefix(target, "unix:"))
}

func connect(target, ca, certificate, key string) (*grpc.ClientConn, error) {
	if ca == "-" {
		return grpc.Dial(target, grpc.WithInsecure(), grpc.WithContextDialer(dialUnix),
			grpc.WithAuthority("localhost"))
	}
	roots := x509.NewCertPool()
	pem, err := ioutil.ReadFile(ca)
	if err != nil {
		return nil, err
	}
	roots.AppendCertsFromPEM(pem)
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return nil, err
	}
	return grpc.Dial(target, grpc.WithTransportCredentials(credentials.NewTLS(
		&tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}})))
}

func sign(conn *grpc.ClientConn, digest []byte) ([]byte, error) {
	id := make([]byte, 8)
	if _, err := rand.Read(id); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	response, err := pb.NewSigningServiceClient(conn).Sign(ctx, &pb.SignRequest{
		Terms: &pb.SignTerms{
			Key:           "seal-demo",
			Profile:       pb.SignatureProfile_SIGNATURE_PROFILE_PADES_B_B,
			HashAlgorithm: pb.HashAlgorithm_HASH_ALGORITHM_SHA256,
			DocumentClass: "surat_keterangan",
			ApprovalRef:   "ND-2026/001",
			NoticeShown:   true,
			ContentType:   "application/pdf",
			Language:      "en",
		},
		Item: &pb.SignItem{RequestId: hex.EncodeToString(id), Digest: digest},
	})
	if err != nil {
		return nil, err
	}
	if len(response.Result.Signature) == 0 {
		return nil, errors.New(response.Result.Status.Message)
	}
	return response.Result.Signature, nil
}

func run(target, ca, certificate, key, digestHex, out string) error {
	digest, err := hex.DecodeString(digestHex)
	if err != nil {
		return err
	}
	conn, err := connect(target, ca, certificate, key)
	if err != nil {
		return err
	}
	defer conn.Close()
	signature, err := sign(conn, digest)
	if err != nil {
		return err
	}
	return ioutil.WriteFile(out, signature, 0o600)
}

func main() {
	if len(os.Args) != 7 {
		fmt.Fprintln(os.Stderr, "usage: sign TARGET CA CERT KEY DIGEST-HEX OUT")
		os.Exit(2)
	}
	a := os.Args[1:]
	if err := run(a[0], a[1], a[2], a[3], a[4], a[5]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
