package web

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coopconnexion/relais/flows"
)

func TestRestartKeepsScreens(t *testing.T) {
	dir := t.TempDir()
	p := newProgram(t, dir, echo)
	c := newClient(p)
	c.post("/api/say", `{"person":"candidate","text":"Bonjour"}`)
	m := get[chatView](c, "/api/chat?person=candidate").Messages
	c.post("/api/tap", `{"person":"candidate","message":"`+m[1].ID+`","button":"yes"}`)
	c.post("/api/desk/act", `{"card":"p-candidate:pretest","action":"take","staff":"admin"}`)
	c.upload("candidate", "a.pdf", []byte("%PDF-1.7"))
	chat, desk := get[chatView](c, "/api/chat?person=candidate"), get[deskJSON](c, "/api/desk")
	if err := p.demo.Close(); err != nil {
		t.Fatal(err)
	}
	// The process died in the middle of a line.
	f, err := os.OpenFile(filepath.Join(dir, journalName), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"bubble":{"id":77,"pho`); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}

	p2 := newProgram(t, dir, echo)
	c2 := newClient(p2)
	if got := get[chatView](c2, "/api/chat?person=candidate"); !reflect.DeepEqual(got, chat) {
		t.Errorf("chat after restart:\n%+v\nbefore:\n%+v", got, chat)
	}
	if got := get[deskJSON](c2, "/api/desk"); !reflect.DeepEqual(got, desk) {
		t.Errorf("desk after restart:\n%+v\nbefore:\n%+v", got, desk)
	}
	if code, v := c2.post("/api/desk/say", `{"person":"candidate","text":"Toujours là","staff":"admin"}`); code != 200 {
		t.Errorf("the person must still be known: %d %v", code, v)
	}
	if code, _ := c2.post("/api/tap", `{"person":"candidate","message":"`+m[1].ID+`","button":"no"}`); code != 200 {
		t.Errorf("late taps must still be known: %d", code)
	}
	seen := map[string]bool{}
	for _, m := range get[chatView](c2, "/api/chat?person=candidate").Messages {
		if seen[m.ID] {
			t.Errorf("message id %s given twice", m.ID)
		}
		seen[m.ID] = true
	}
}

func TestBrokenJournalIsNamed(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, journalName), []byte("{}\nsecret words\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := New(Options{Dir: dir, People: cast, Clock: &program{}, Settle: (&program{}).settle})
	if err == nil || !strings.Contains(err.Error(), "line 2") || strings.Contains(err.Error(), "secret") {
		t.Errorf("error: %v", err)
	}
}

func TestDeliverTwiceShowsOnce(t *testing.T) {
	p := newProgram(t, t.TempDir(), nil)
	l := flows.Letter{ID: 7, Person: "p-member1", To: account("member1"), Op: flows.OpSend, Attempts: 1, Send: &flows.Send{Key: "a", Text: flows.T("Reçu.")}}
	post := flows.Letter{ID: 8, Person: "p-member1", To: flows.DeskStaff, Op: flows.OpPost, Attempts: 1, Post: &flows.Post{Key: "l", Thread: "c", Text: flows.T("Ligne.")}}
	for range 2 {
		for _, x := range []struct {
			l *flows.Letter
			c interface {
				Deliver(context.Context, flows.Letter) (string, error)
			}
		}{{&l, p.demo.Phones()}, {&post, p.demo.Desk()}} {
			if _, err := x.c.Deliver(t.Context(), *x.l); err != nil {
				t.Fatal(err)
			}
			x.l.Attempts, x.l.Ambiguous = 2, true
		}
	}
	c := newClient(p)
	if m := get[chatView](c, "/api/chat?person=member1").Messages; len(m) != 1 {
		t.Errorf("phone shows %d messages", len(m))
	}
	if d := get[deskJSON](c, "/api/desk"); len(d.Threads) != 1 || len(d.Threads[0].Messages) != 1 {
		t.Errorf("desk shows %+v", d.Threads)
	}
}

func TestUnknownTargetsAndPersons(t *testing.T) {
	p := newProgram(t, t.TempDir(), nil)
	for _, l := range []flows.Letter{
		{ID: 1, Person: "p1", To: account("member1"), Op: flows.OpEdit, Edit: &flows.Edit{Key: "gone"}},
		{ID: 2, Person: "p1", To: account("member1"), Op: flows.OpReact, React: &flows.React{Message: "12", Emoji: "👀"}},
	} {
		if _, err := p.demo.Phones().Deliver(t.Context(), l); err != nil {
			t.Errorf("letter %d: %v", l.ID, err)
		}
	}
	card := flows.Card{ID: "p9:contact/1", Person: "p9", Kind: "contact", Title: "Quelqu’un", Actions: []flows.Action{{ID: "take", Label: "Prendre"}}}
	if _, err := p.demo.Desk().Deliver(t.Context(), flows.Letter{ID: 3, Person: "p9", To: flows.DeskCare, Op: flows.OpPost, Post: &flows.Post{Room: flows.DeskCare, Key: "contact/1", Card: &card}}); err != nil {
		t.Fatal(err)
	}
	c := newClient(p)
	if d := get[deskJSON](c, "/api/desk"); d.Cards[0].Person != "p9" || d.Cards[0].Room != "care" {
		t.Errorf("a person without a phone: %+v", d.Cards)
	}
	if code, v := c.post("/api/desk/say", `{"person":"p9","text":"Bonjour","staff":"admin"}`); code != 200 || p.inputs()[0].About != "p9" {
		t.Errorf("writing to them: %d %v", code, v)
	}
	if err := p.demo.Know("p9", account("visitor")); err != nil {
		t.Fatal(err)
	}
	if d := get[deskJSON](c, "/api/desk"); d.Cards[0].Person != "visitor" {
		t.Errorf("a phone that is not seeded: %+v", d.Cards)
	}
}

// A person who was forgotten and comes back is someone new behind the same
// phone: staff's answers go to the new one.
func TestForgottenPerson(t *testing.T) {
	p := newProgram(t, t.TempDir(), nil)
	for _, id := range []flows.PersonID{"old", "new"} {
		if err := p.demo.Know(id, account("candidate")); err != nil {
			t.Fatal(err)
		}
	}
	c := newClient(p)
	c.post("/api/desk/say", `{"person":"candidate","text":"Bonjour","staff":"admin"}`)
	if got := p.inputs()[0].About; got != "new" {
		t.Errorf("written to %q", got)
	}
}

// The person's own bubble comes before the answer, even when delivery is
// faster than the request that brought the text.
func TestOwnBubbleFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var wg sync.WaitGroup
		p := newProgram(t, t.TempDir(), nil)
		p.script = func(p *program, in flows.Input) string {
			l := flows.Letter{ID: 1, Person: in.About, To: in.From, Op: flows.OpSend, Send: &flows.Send{Text: flows.T("Réponse")}}
			wg.Go(func() {
				if _, err := p.demo.Phones().Deliver(t.Context(), l); err != nil {
					t.Error(err)
				}
			})
			return ""
		}
		c := newClient(p)
		c.post("/api/say", `{"person":"candidate","text":"Question"}`)
		wg.Wait()
		m := get[chatView](c, "/api/chat?person=candidate").Messages
		if len(m) != 2 || m[0].Text != "Question" || m[1].Text != "Réponse" {
			t.Errorf("order: %+v", m)
		}
	})
}

// pipeWriter is a response whose body can be read while it is written.
type pipeWriter struct {
	*io.PipeWriter
	h http.Header
}

func (w pipeWriter) Header() http.Header { return w.h }
func (w pipeWriter) WriteHeader(int)     {}
func (w pipeWriter) Flush()              {}

// TestEvents runs in a bubble: when it ends, no goroutine of a stream is left.
func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProgram(t, t.TempDir(), nil)
		h := p.demo.Handler(p)
		ctx, leave := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		open := func(ctx context.Context) *bufio.Reader {
			r, w := io.Pipe()
			q := httptest.NewRequestWithContext(ctx, "GET", "/api/events", nil)
			q.Host = "localhost"
			wg.Go(func() {
				h.ServeHTTP(pipeWriter{w, http.Header{}}, q)
				_ = w.Close()
			})
			return bufio.NewReader(r)
		}
		line := func(r *bufio.Reader) string {
			t.Helper()
			s, err := r.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			return strings.TrimSpace(s)
		}
		want := func(r *bufio.Reader, lines ...string) {
			t.Helper()
			for _, w := range lines {
				if got := line(r); got != w {
					t.Fatalf("line %q, want %q", got, w)
				}
			}
		}
		a := open(ctx)
		b := open(t.Context())
		want(a, "retry: 2000", ": bonjour", "")
		want(b, "retry: 2000", ": bonjour", "")
		synctest.Wait()
		p.demo.hub.publish(topicPerson, "member1")
		want(a, "event: person", `data: {"person":"member1"}`, "")
		want(b, "event: person", `data: {"person":"member1"}`, "")
		// Nobody reads while much happens: after the first, all is told once.
		for range 100 {
			p.demo.hub.publish(topicDesk, "")
			synctest.Wait()
		}
		want(a, "event: desk", "data: {}", "", "event: desk", "data: {}", "")
		want(b, "event: desk", "data: {}", "", "event: desk", "data: {}", "")
		synctest.Wait()
		p.demo.hub.publish(topicClock, "")
		want(a, "event: clock", `data: {"now":"2026-12-01T09:00:00+01:00"}`, "")
		want(b, "event: clock", `data: {"now":"2026-12-01T09:00:00+01:00"}`, "")

		began := time.Now()
		want(a, ": toujours là", "")
		want(b, ": toujours là", "")
		if d := time.Since(began); d > beat {
			t.Errorf("heartbeat after %s", d)
		}
		leave() // the first page is closed
		if _, err := a.ReadString('\n'); err != io.EOF {
			t.Errorf("a closed page: %v", err)
		}
		synctest.Wait()
		if n := len(p.demo.hub.streams); n != 1 {
			t.Errorf("%d streams left, want 1", n)
		}
		run, stop := context.WithCancel(t.Context()) // the program stops
		wg.Go(func() {
			if err := p.demo.Phones().Run(run, p); err != nil {
				t.Error(err)
			}
		})
		stop()
		if _, err := b.ReadString('\n'); err != io.EOF {
			t.Errorf("after the stop: %v", err)
		}
		wg.Wait()
	})
}

func TestCleanName(t *testing.T) {
	for in, want := range map[string]string{
		"facture.pdf": "facture.pdf", "../../etc/passwd": "passwd", `C:\Users\a\reçu 1.jpg`: "reçu 1.jpg",
		"": "document", "..": "document", "\x00\n": "document", " a ": "a", "a\u202egpj.exe": "agpj.exe",
		strings.Repeat("é", 150) + ".pdf": strings.Repeat("é", 60) + "…" + strings.Repeat("é", 26) + ".pdf",
	} {
		if got := cleanName(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
