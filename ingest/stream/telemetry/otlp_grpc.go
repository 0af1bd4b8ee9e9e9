package telemetry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"golang.org/x/net/netutil"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/encoding/gzip" // exporters compress with it, and grpc knows no other way to be told
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"plaint/ingest/stream/telemetry/otlp"
)

// mostMessage is how large a gRPC message may be, packed and unpacked; it is
// larger than what exporters expect of every receiver, which is 4 MiB.
const mostMessage = 8 << 20

// overGRPC serves LogsService/Export. The method is registered as one of a
// stream, which is the same on the wire: so the handler is called before the
// message is read, and decides whether there is room for it.
func (r *receiver) overGRPC(l net.Listener) (serve func() error, end func()) {
	server := grpc.NewServer(
		grpc.ForceServerCodecV2(rawCodec{}), grpc.MaxRecvMsgSize(min(mostMessage, r.c.limits.body)),
		grpc.MaxConcurrentStreams(64), grpc.MaxHeaderListSize(64<<10), grpc.ConnectionTimeout(r.c.limits.grace),
		grpc.StaticStreamWindowSize(1<<20), grpc.StaticConnWindowSize(4<<20),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: 10 * time.Minute, Time: time.Minute}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}))
	server.RegisterService(&grpc.ServiceDesc{ServiceName: "opentelemetry.proto.collector.logs.v1.LogsService",
		Streams: []grpc.StreamDesc{{StreamName: "Export", ServerStreams: true, Handler: r.export}}}, nil)
	serve = func() error { return server.Serve(netutil.LimitListener(l, r.c.limits.clients)) }
	return serve, func() {
		late := time.AfterFunc(time.Second, server.Stop)
		server.GracefulStop()
		late.Stop()
	}
}

// export answers one request.
func (r *receiver) export(_ any, s grpc.ServerStream) error {
	var p partial
	err := guarded(func() (err error) {
		p, err = r.exported(s)
		return err
	})
	if err != nil {
		r.logged(err)
		return r.status(err)
	}
	return s.SendMsg(p.protobuf())
}

// status says what a client is told about an error. RetryInfo makes an exporter
// try again; without it RESOURCE_EXHAUSTED is final.
func (r *receiver) status(err error) error {
	if _, ok := status.FromError(err); ok {
		return err
	}
	f := faultOf(err)
	if f.code == codes.Internal {
		r.to.Log.Error("a request failed", "error", err)
	}
	s := status.New(f.code, f.text)
	if f.retry > 0 {
		with, err := s.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(time.Duration(f.retry) * time.Second)})
		if err == nil {
			s = with
		}
	}
	return s.Err()
}

func (r *receiver) exported(s grpc.ServerStream) (partial, error) {
	var from netip.Addr
	if p, ok := peer.FromContext(s.Context()); ok {
		from = remote(p.Addr)
	}
	authorization := ""
	if v := metadata.ValueFromIncomingContext(s.Context(), "authorization"); len(v) > 0 {
		authorization = v[0]
	}
	if err := r.maySend(from, authorization); err != nil {
		return partial{}, err
	}
	l := &lease{b: &r.room}
	defer l.close()
	body, err := r.receive(s, l)
	if err != nil {
		return partial{}, err
	}
	return r.keep(l, body, otlp.Protobuf)
}

// receive reads the message. Its size is not known before, so that room for the
// largest is taken, packed and unpacked, and given back afterwards.
func (r *receiver) receive(s grpc.ServerStream, l *lease) ([]byte, error) {
	room := 2 * min(mostMessage, r.c.limits.body)
	if err := l.grow(room); err != nil {
		return nil, err
	}
	type message struct {
		body []byte
		err  error
	}
	got := make(chan message, 1)
	go func() {
		var m message
		m.err = guarded(func() error { return s.RecvMsg(&m.body) })
		got <- m
	}()
	late := time.NewTimer(3 * r.c.limits.grace)
	defer late.Stop()
	select {
	case <-late.C: // the stream ends with the handler, and RecvMsg with the stream
		return nil, status.Error(codes.DeadlineExceeded, errSlow.Error())
	case m := <-got:
		if m.err != nil {
			return nil, received(m.err)
		}
		l.shrink(room - cap(m.body))
		return m.body, nil
	}
}

// received is an error of reading: what cannot be unpacked is the client's fault,
// not ours, and does not get better by trying again.
func received(err error) error {
	s, ok := status.FromError(err)
	switch {
	case !ok && errors.Is(err, context.Canceled):
		return status.Error(codes.Canceled, "the client went away")
	case !ok:
		return err
	case s.Code() == codes.Internal:
		return status.Error(codes.InvalidArgument, s.Message())
	}
	return err
}

// rawCodec gives messages as bytes: they are decoded where there is a lease.
type rawCodec struct{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	b, ok := v.([]byte)
	if !ok {
		return nil, fmt.Errorf("%T is no message", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(b)}, nil
}

func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	b, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("%T is no message", v)
	}
	*b = data.Materialize()
	return nil
}
