// Package embed asks a service for vectors of texts, by the protocol of
// embeddings that OpenAI's, Ollama, vLLM, LocalAI and text-embeddings-inference
// speak: POST {base}/v1/embeddings. Vectors come at unit length. What a service
// answers is believed only as far as it can be right.
package embed

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

// Bounds of what is asked and of what is taken.
const (
	batchTexts   = 64       // texts of a request
	batchBytes   = 64 << 10 // bytes of texts of a request
	longest      = 1500     // bytes of a text that are sent
	mostNumbers  = 1 << 14  // numbers of a vector
	mostDigits   = 32       // bytes of a number, with what parts it from the next
	mostAround   = 1 << 16  // bytes of an answer beside its numbers
	mostAnswered = 200      // characters of a refusal that are repeated

	tries        = 6
	firstPause   = 500 * time.Millisecond
	longestPause = 30 * time.Second
	longestWait  = 2 * time.Minute // that a service may ask for
	patience     = 5 * time.Minute // for one answer: a large batch on a slow machine
)

// Options say whom to ask for what.
type Options struct {
	Base       string // http or https; /v1/embeddings is added where it does not end so
	Model      string
	Key        string // sent as a bearer token; "" for none
	Dimensions int    // numbers of a vector to ask for; 0 is the model's own
	Batch      int    // texts of a request; 0 is 64
}

// Client asks one service for the vectors of one model. It may be used by one
// goroutine at a time.
type Client struct {
	o       Options
	at      address
	http    *http.Client
	numbers int // of a vector, once one has come
	pause   func(ctx context.Context, d time.Duration) error
}

// New is a client; nothing is asked yet. The error is an *Error.
func New(o Options) (*Client, error) {
	at, err := parseAddress(o.Base)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(o.Model) == "" {
		return nil, &Error{Code: NoModel, At: at.String()}
	}
	if o.Dimensions < 0 || o.Dimensions > mostNumbers {
		return nil, &Error{Code: BadNumbers, At: at.String()}
	}
	if o.Batch <= 0 {
		o.Batch = batchTexts
	}
	return &Client{o: o, at: at, numbers: o.Dimensions, pause: sleep, http: &http.Client{Transport: at.transport(), Timeout: patience,
		// Texts and key go to the address that was named and to no other.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}, nil
}

// Local reports whether the texts stay on this machine.
func (c *Client) Local() bool { return c.at.local() }

// Address is whom the client asks, without what may be secret in it.
func (c *Client) Address() string { return c.at.String() }

// Model and Dimensions are what is asked for; Numbers is how many a vector has,
// 0 before the first.
func (c *Client) Model() string   { return c.o.Model }
func (c *Client) Dimensions() int { return c.o.Dimensions }
func (c *Client) Numbers() int    { return c.numbers }

// Sent is a text as it is sent: without blanks at its ends, and cut where it is
// too long, as models of 512 tokens would cut it; "" is not sent.
func Sent(text string) string {
	text = strings.TrimSpace(strings.ToValidUTF8(text, "\uFFFD"))
	if len(text) <= longest {
		return text
	}
	end := longest
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return strings.TrimSpace(text[:end])
}

// Vectors asks for the vectors of texts, by requests of some of them, and calls
// put with the index of each text and its vector, in order; texts of one request
// that are the same share one. Texts that are empty are passed over. After an
// error, what put was given is right. The error is an *Error, put's, or ctx's.
func (c *Client) Vectors(ctx context.Context, texts []string, put func(i int, vector []float32) error) error {
	for from := 0; from < len(texts); {
		b := c.batch(texts, from)
		from = b.end
		if len(b.texts) == 0 {
			continue
		}
		vectors, err := c.ask(ctx, b.texts)
		if err != nil {
			return err
		}
		for k, i := range b.rows {
			if err := put(i, vectors[b.of[k]]); err != nil {
				return err
			}
		}
	}
	return nil
}

// batch is what one request asks for.
type batch struct {
	texts    []string // different ones
	rows, of []int    // the texts that it is for, and which of its own each is
	end      int
}

func (c *Client) batch(texts []string, from int) batch {
	b, bytes, seen := batch{end: from}, 0, map[string]int{}
	for ; b.end < len(texts); b.end++ {
		text := Sent(texts[b.end])
		if text == "" {
			continue
		}
		k, known := seen[text]
		if !known {
			if len(b.texts) == c.o.Batch || len(b.texts) > 0 && bytes+len(text) > batchBytes {
				return b
			}
			k = len(b.texts)
			seen[text], b.texts, bytes = k, append(b.texts, text), bytes+len(text)
		}
		b.rows, b.of = append(b.rows, b.end), append(b.of, k)
	}
	return b
}

// ask asks until there is an answer or a reason to give up.
func (c *Client) ask(ctx context.Context, texts []string) ([][]float32, error) {
	pause := firstPause
	for try := 1; ; try++ {
		vectors, again, err := c.once(ctx, texts)
		switch {
		case err == nil:
			return vectors, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case again.never || try == tries || again.after > longestWait:
			return nil, err
		}
		wait := again.after
		if wait == 0 { // many clients must not come again at one moment
			wait = pause/2 + rand.N(pause)
			pause = min(2*pause, longestPause)
		}
		if err := c.pause(ctx, wait); err != nil {
			return nil, err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
