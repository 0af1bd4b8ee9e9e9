package mailbox

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// connection is one session. It is not mended when it breaks: the source starts
// again.
type connection struct {
	*imapclient.Client
	watch *time.Timer
	leave func() bool   // forgets the context
	calls chan struct{} // the server said that the folder changed
	idle  bool          // it does so by itself
}

// connect dials and logs in. The session ends with ctx, and when the server does
// not answer for too long.
func (c *IMAP) connect(ctx context.Context) (*connection, error) {
	d := net.Dialer{Timeout: patience}
	raw, err := d.DialContext(ctx, "tcp", c.Host)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", c.Host, err)
	}
	k := &connection{leave: context.AfterFunc(ctx, func() { raw.Close() }), calls: make(chan struct{}, 1), watch: time.AfterFunc(patience, func() { raw.Close() })}
	o := &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{Mailbox: func(*imapclient.UnilateralDataMailbox) { k.call() }}}
	if k.Client, err = c.secure(raw, o); err != nil {
		k.watch.Stop()
		k.leave()
		raw.Close()
		return nil, fmt.Errorf("connect to %s: %w", c.Host, err)
	}
	password, err := c.Password.Value() // read each time, so that it can be renewed
	if err == nil {
		err = k.Login(c.User, password).Wait()
	}
	if err != nil {
		k.Close()
		return nil, fmt.Errorf("log in to %s as %s: %w", c.Host, c.User, err)
	}
	caps := k.Caps()
	k.idle = caps.Has(imap.CapIdle) || caps.Has(imap.CapIMAP4rev2)
	return k, nil
}

func (c *IMAP) secure(raw net.Conn, o *imapclient.Options) (*imapclient.Client, error) {
	t, err := c.tls()
	if err != nil {
		return nil, err
	}
	o.TLSConfig = t
	switch c.TLS {
	case "starttls":
		return imapclient.NewStartTLS(raw, o)
	case "none":
		return imapclient.New(raw, o), nil
	}
	return imapclient.New(tls.Client(raw, t), o), nil
}

// Close ends the session, and its watch.
func (k *connection) Close() {
	k.watch.Stop()
	k.leave()
	_ = k.Client.Close() // it is over in any case
}

// call wakes a wait, the present one or the next.
func (k *connection) call() {
	select {
	case k.calls <- struct{}{}:
	default:
	}
}

// alive gives the server time for another answer.
func (k *connection) alive() { k.watch.Reset(patience) }

// pause returns when the folder changed, or after a while, whichever is first.
func (k *connection) pause(ctx context.Context, every time.Duration) error {
	k.watch.Reset(every + patience)
	defer k.alive()
	if !k.idle {
		return k.sleep(ctx, every)
	}
	cmd, err := k.Idle()
	if err != nil {
		return fmt.Errorf("wait for messages: %w", err)
	}
	err = k.sleep(ctx, every)
	if e := cmd.Close(); err == nil && e != nil {
		err = fmt.Errorf("wait for messages: %w", e)
	}
	if err != nil {
		return err
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("wait for messages: %w", err)
	}
	return nil
}

var errClosed = errors.New("the server closed the connection")

func (k *connection) sleep(ctx context.Context, every time.Duration) error {
	t := time.NewTimer(every)
	defer t.Stop()
	select {
	case <-t.C:
	case <-k.calls:
	case <-k.Closed():
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}
