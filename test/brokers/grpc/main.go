// A server and a client of grpc.testing.TestService by grpc-go. The client writes a line of JSON for every
// call: what it sent and received, and the status.
//
//	grpc-peer server PORT
//	grpc-peer web-server PORT
//	grpc-peer client PORT
//	grpc-peer load PORT CALLS
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/improbable-eng/grpc-web/go/grpcweb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/interop"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/status"
)

type call struct {
	Method   string   `json:"method"`
	Sent     []string `json:"sent"`
	Received []int    `json:"received"`
	Code     int      `json:"code"`
	Gzip     bool     `json:"gzip"`
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (c call) log(err error) {
	c.Method = "/grpc.testing.TestService/" + c.Method
	c.Code = int(status.Code(err))
	line, _ := json.Marshal(c)
	fmt.Println(string(line))
}

func payload(text string) *pb.Payload { return &pb.Payload{Body: []byte(text)} }

func serve(port string) {
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	check(err)
	server := grpc.NewServer()
	pb.RegisterTestServiceServer(server, interop.NewTestServer())
	reflection.Register(server)
	fmt.Println("listening")
	check(server.Serve(listener))
}

// The same service behind the gRPC-Web proxy that is a library, over HTTP/1.1, in base64 as well.
func serveWeb(port string) {
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	check(err)
	server := grpc.NewServer()
	pb.RegisterTestServiceServer(server, interop.NewTestServer())
	fmt.Println("listening")
	check(http.Serve(listener, grpcweb.WrapServer(server)))
}

func unary(ctx context.Context, client pb.TestServiceClient, text string, size int, gzip bool) {
	options := []grpc.CallOption{}
	if gzip {
		options = append(options, grpc.UseCompressor("gzip"))
	}
	request := &pb.SimpleRequest{ResponseSize: int32(size), Payload: payload(text)}
	answer, err := client.UnaryCall(ctx, request, options...)
	c := call{Method: "UnaryCall", Sent: []string{text}, Gzip: gzip}
	if err == nil {
		c.Received = []int{len(answer.Payload.Body)}
	}
	c.log(err)
}

func drive(port string) {
	connection, err := grpc.NewClient("127.0.0.1:"+port, grpc.WithTransportCredentials(insecure.NewCredentials()))
	check(err)
	defer connection.Close()
	client := pb.NewTestServiceClient(connection)
	ctx := metadata.AppendToOutgoingContext(context.Background(), "tenant", "acme", "raw-bin", "\x01\x02")
	for i := range 20 {
		unary(ctx, client, fmt.Sprintf("unary %d %s", i, strings.Repeat("x", i*i*40)), i*1000, i%2 == 1)
	}
	failing := &pb.SimpleRequest{ResponseStatus: &pb.EchoStatus{Code: 5, Message: "not: hëre"}}
	_, err = client.UnaryCall(ctx, failing)
	call{Method: "UnaryCall", Sent: []string{""}}.log(err)

	in, err := client.StreamingInputCall(ctx)
	check(err)
	c := call{Method: "StreamingInputCall"}
	for i := range 10 {
		text := fmt.Sprintf("in %d", i)
		check(in.Send(&pb.StreamingInputCallRequest{Payload: payload(text)}))
		c.Sent = append(c.Sent, text)
	}
	sum, err := in.CloseAndRecv()
	check(err)
	c.Received = []int{int(sum.AggregatedPayloadSize)}
	c.log(nil)

	sizes := []int32{1, 10_000, 3, 70_000}
	request := &pb.StreamingOutputCallRequest{Payload: payload("out")}
	for _, size := range sizes {
		request.ResponseParameters = append(request.ResponseParameters, &pb.ResponseParameters{Size: size})
	}
	out, err := client.StreamingOutputCall(ctx, request)
	check(err)
	c = call{Method: "StreamingOutputCall", Sent: []string{"out"}}
	for {
		message, err := out.Recv()
		if err == io.EOF {
			break
		}
		check(err)
		c.Received = append(c.Received, len(message.Payload.Body))
	}
	c.log(nil)

	both, err := client.FullDuplexCall(ctx, grpc.UseCompressor("gzip"))
	check(err)
	c = call{Method: "FullDuplexCall", Gzip: true}
	for i := range 5 {
		text := fmt.Sprintf("talk %d", i)
		parameters := []*pb.ResponseParameters{{Size: int32(i + 1)}}
		check(both.Send(&pb.StreamingOutputCallRequest{Payload: payload(text), ResponseParameters: parameters}))
		message, err := both.Recv()
		check(err)
		c.Sent = append(c.Sent, text)
		c.Received = append(c.Received, len(message.Payload.Body))
	}
	check(both.CloseSend())
	_, err = both.Recv()
	if err != io.EOF {
		check(err)
	}
	c.log(nil)

	short, cancel := context.WithTimeout(ctx, 150*time.Millisecond)
	defer cancel()
	late := &pb.StreamingOutputCallRequest{
		Payload:            payload("late"),
		ResponseParameters: []*pb.ResponseParameters{{Size: 1, IntervalUs: 2_000_000}},
	}
	waiting, err := client.StreamingOutputCall(short, late)
	check(err)
	_, err = waiting.Recv()
	call{Method: "StreamingOutputCall", Sent: []string{"late"}}.log(err)
}

// Unary calls on ten connections, four at a time on each; prints how many were answered.
func load(port string, calls int) {
	const connections, workers = 10, 4
	var answered atomic.Int64
	var group sync.WaitGroup
	for range connections {
		connection, err := grpc.NewClient("127.0.0.1:"+port, grpc.WithTransportCredentials(insecure.NewCredentials()))
		check(err)
		client := pb.NewTestServiceClient(connection)
		for range workers {
			group.Go(func() {
				for i := range calls / connections / workers {
					text := fmt.Sprintf(`{"user":%d,"words":"%s"}`, i, strings.Repeat("buy two of each ", i%6))
					request := &pb.SimpleRequest{ResponseSize: int32(50 + i%200), Payload: payload(text)}
					_, err := client.UnaryCall(context.Background(), request)
					check(err)
					answered.Add(1)
				}
			})
		}
	}
	group.Wait()
	fmt.Println(answered.Load())
}

func main() {
	switch os.Args[1] {
	case "server":
		serve(os.Args[2])
	case "web-server":
		serveWeb(os.Args[2])
	case "load":
		calls, err := strconv.Atoi(os.Args[3])
		check(err)
		load(os.Args[2], calls)
	default:
		drive(os.Args[2])
	}
}
