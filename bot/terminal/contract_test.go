package terminal

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/coopconnexion/relais/bot/bottest"
	"github.com/coopconnexion/relais/flows"
)

// recorder notes what each letter put on the screen.
type recorder struct {
	*Channel
	mu     sync.Mutex
	screen *screen
	shown  []bottest.Shown
}

func (r *recorder) Deliver(ctx context.Context, l flows.Letter) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.screen.take()
	id, err := r.Channel.Deliver(ctx, l)
	if err != nil || l.Send == nil {
		return id, err
	}
	s := bottest.Shown{ID: id, Text: strings.TrimSpace(r.screen.take())}
	for _, row := range l.Send.Rows {
		for _, b := range row {
			if strings.Contains(s.Text, b.Label) {
				s.Buttons = append(s.Buttons, b)
			}
		}
	}
	r.shown = append(r.shown, s)
	return id, err
}

func TestContract(t *testing.T) {
	bottest.Contract(t, func(t *testing.T) bottest.Bench {
		in, keys := io.Pipe()
		t.Cleanup(func() { _ = keys.Close() })
		out := &screen{}
		c := New(Options{In: in, Out: out})
		r := &recorder{Channel: c, screen: out}
		return bottest.Bench{
			Channel: r, Account: c.Account(),
			Say: func(text string) { fmt.Fprintln(keys, text) },
			Tap: func(_, data string) {
				c.mu.Lock()
				buttons := c.shown[c.last]
				c.mu.Unlock()
				for i, b := range buttons {
					if b.Data == data {
						fmt.Fprintln(keys, i+1)
					}
				}
			},
			Shown: func() []bottest.Shown { return r.shown },
		}
	})
}

// screen lets the words of Run and of Deliver share a buffer.
type screen struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

// take returns what was written since the last time.
func (s *screen) take() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.b.Reset()
	return s.b.String()
}
