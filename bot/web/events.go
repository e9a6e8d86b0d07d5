package web

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

// What the pages are told of.
const (
	topicPerson = "person"
	topicDesk   = "desk"
	topicClock  = "clock"
)

// beat is how often a silent stream is given a sign of life.
const beat = 15 * time.Second

// news is one thing that changed.
type news struct{ topic, person string }

// hub tells every open page what changed. A page that reads slowly is told
// once of what changed many times.
type hub struct {
	mu      sync.Mutex
	streams map[*stream]bool
	done    chan struct{}
	closed  bool
}

// stream is one open page.
type stream struct {
	wake chan struct{} // holds at most one token
	news map[news]bool // guarded by the hub
}

func newHub() *hub { return &hub{streams: map[*stream]bool{}, done: make(chan struct{})} }

// publish tells every page, without waiting for any.
func (h *hub) publish(topic, person string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.streams {
		s.news[news{topic, person}] = true
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
}

// open adds a page; leave must be called.
func (h *hub) open() (s *stream, leave func()) {
	s = &stream{wake: make(chan struct{}, 1), news: map[news]bool{}}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.streams[s] = true
	return s, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.streams, s)
	}
}

// read takes what changed since the last read.
func (h *hub) read(s *stream) []news {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := slices.Collect(maps.Keys(s.news))
	clear(s.news)
	return list
}

// close ends every stream, for ever.
func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.closed = true
		close(h.done)
	}
}

// events is the stream of server-sent events of one page.
func (a *api) events(w http.ResponseWriter, r *http.Request) {
	s, leave := a.hub.open()
	defer leave()
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	out := &sse{w: w, rc: http.NewResponseController(w)}
	if out.write("retry: 2000\n: bonjour\n\n") != nil {
		return
	}
	tick := time.NewTicker(beat)
	defer tick.Stop()
	a.pump(r.Context(), out, s, tick.C)
}

// pump writes what changes until the page, or the demo, goes away.
func (a *api) pump(ctx context.Context, out *sse, s *stream, tick <-chan time.Time) {
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-a.hub.done:
			return
		case <-tick:
			err = out.write(": toujours là\n\n")
		case <-s.wake:
			for _, n := range a.hub.read(s) {
				if err == nil {
					err = out.event(n.topic, a.payload(n))
				}
			}
		}
		if err != nil {
			return
		}
	}
}

// payload is the data of an event.
func (a *api) payload(n news) any {
	switch n.topic {
	case topicPerson:
		return map[string]string{"person": n.person}
	case topicClock:
		return map[string]time.Time{"now": a.opts.Clock.Now()}
	}
	return struct{}{}
}

// sse writes server-sent events.
type sse struct {
	w  io.Writer
	rc *http.ResponseController
}

func (o *sse) event(name string, data any) error {
	b, err := json.Marshal(data)
	if err != nil {
		return err
	}
	return o.write(fmt.Sprintf("event: %s\ndata: %s\n\n", name, b))
}

// write sends at once. A page that takes nothing for two beats is let go; a
// server without deadlines only waits longer.
func (o *sse) write(s string) error {
	_ = o.rc.SetWriteDeadline(time.Now().Add(2 * beat))
	if _, err := io.WriteString(o.w, s); err != nil {
		return err
	}
	return o.rc.Flush()
}
