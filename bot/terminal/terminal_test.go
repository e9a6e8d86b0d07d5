package terminal

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/flows"
)

// talk answers each input with a letter, like the whole program would.
type talk struct {
	mu   sync.Mutex
	got  []flows.Input
	then func(flows.Input) (flows.Outcome, error)
}

func (k *talk) Take(_ context.Context, in flows.Input) (flows.Outcome, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.got = append(k.got, in)
	if k.then != nil {
		return k.then(in)
	}
	return flows.Outcome{}, nil
}

func send(t *testing.T, c *Channel, s *flows.Send) string {
	t.Helper()
	id, err := c.Deliver(t.Context(), flows.Letter{Op: flows.OpSend, Send: s})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func yesNo() [][]flows.Button {
	return [][]flows.Button{{{Label: "Oui", Data: "y"}, {Label: "Non", Data: "n"}}, {{Label: "Site", URL: "https://a.fr"}}}
}

func TestConversation(t *testing.T) {
	var out bytes.Buffer
	c := New(Options{In: strings.NewReader("bonjour\n\n1\n2\n7\n/start ABC\n/quitter\nignoré\n"), Out: &out, Session: "s"})
	k := &talk{}
	asked, settled := "", 0
	c.opt.Settled = func(context.Context) { settled++ }
	k.then = func(in flows.Input) (flows.Outcome, error) {
		switch {
		case in.Text == "bonjour":
			asked = send(t, c, &flows.Send{Text: flows.B("Avez-vous\x1b[31m déclaré ?"), Rows: yesNo()})
		case in.Button == "y":
			return flows.Outcome{Toast: "C’est noté"}, nil
		}
		return flows.Outcome{}, nil
	}
	if err := c.Run(t.Context(), k); err != nil {
		t.Fatal(err)
	}
	want := []flows.Input{
		{Kind: flows.KindText, Text: "bonjour", Message: "1"},
		{Kind: flows.KindTap, Button: "y", Message: asked},
		{Kind: flows.KindTap, Button: "n", Message: asked},
		{Kind: flows.KindText, Text: "7", Message: "5"},
		{Kind: flows.KindText, Text: "/start ABC", Code: "ABC", Message: "6"},
	}
	if len(k.got) != len(want) {
		t.Fatalf("%d inputs, want %d", len(k.got), len(want))
	}
	if settled != len(want) {
		t.Errorf("waited %d times for the answers", settled)
	}
	ids := map[string]bool{}
	for i, g := range k.got {
		w := want[i]
		if g.Kind != w.Kind || g.Text != w.Text || g.Button != w.Button || g.Message != w.Message || g.Code != w.Code {
			t.Errorf("input %d: %+v", i, g)
		}
		if ids[g.ID] || g.Role != flows.RolePerson || g.From != c.Account() || g.At.IsZero() {
			t.Errorf("input %d: id, role, account or time of %+v", i, g)
		}
		ids[g.ID] = true
	}
	for _, s := range []string{"Avez-vous[31m déclaré ?", "[1] Oui  [2] Non", "Site : https://a.fr", "» C’est noté", "/quitter"} {
		if !strings.Contains(out.String(), s) {
			t.Errorf("the screen lacks %q:\n%s", s, out.String())
		}
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Error("an escape sequence reached the terminal")
	}
}

func TestNumbersFollowTheNewestQuestion(t *testing.T) {
	c := New(Options{In: strings.NewReader(""), Out: io.Discard})
	first := send(t, c, &flows.Send{Text: flows.T("un"), Rows: yesNo()})
	second := send(t, c, &flows.Send{Text: flows.T("deux"), Rows: [][]flows.Button{{{Label: "Seul", Data: "s"}}}})
	if in := c.input("1"); in.Button != "s" || in.Message != second {
		t.Errorf("1 taps %+v", in)
	}
	if in := c.input("2"); in.Kind != flows.KindText {
		t.Errorf("2 taps an old button: %+v", in)
	}
	edit := flows.Letter{Op: flows.OpEdit, Target: first, Edit: &flows.Edit{Text: flows.T("un"), Rows: yesNo()}}
	if _, err := c.Deliver(t.Context(), edit); err != nil {
		t.Fatal(err)
	}
	if in := c.input("2"); in.Button != "n" || in.Message != first {
		t.Errorf("after the edit, 2 taps %+v", in)
	}
	edit.Edit = &flows.Edit{Text: flows.T("fini")}
	if _, err := c.Deliver(t.Context(), edit); err != nil {
		t.Fatal(err)
	}
	if in := c.input("1"); in.Kind != flows.KindText {
		t.Errorf("the buttons of a finished message still work: %+v", in)
	}
}

func TestRefusedAndStaff(t *testing.T) {
	var out bytes.Buffer
	c := New(Options{In: strings.NewReader("bonjour\n"), Out: &out})
	c.pause = time.Millisecond
	k := &talk{then: func(flows.Input) (flows.Outcome, error) { return flows.Outcome{}, errors.New("disk full") }}
	if err := c.Run(t.Context(), k); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "pas été enregistré") {
		t.Error("a refused line must be said")
	}
	card := &flows.Card{Title: "Pré-test", Body: flows.T("ligne")}
	for _, l := range []flows.Letter{
		{Op: flows.OpPost, Post: &flows.Post{Card: card}},
		{Op: flows.OpPost, Post: &flows.Post{Text: flows.T("mot")}},
		{Op: flows.OpReact, React: &flows.React{Emoji: "👀"}},
		{Op: flows.OpEdit, Edit: &flows.Edit{}},
	} {
		if _, err := c.Deliver(t.Context(), l); err != nil {
			t.Error(err)
		}
	}
	var rejected *bot.RejectedError
	if _, err := c.Deliver(t.Context(), flows.Letter{Op: flows.OpFetch, Fetch: &flows.Fetch{}}); !errors.As(err, &rejected) {
		t.Error("a fetch has no meaning in a terminal:", err)
	}
	if !strings.Contains(out.String(), "[équipe] Pré-test\n  ligne") || !strings.Contains(out.String(), "👀") {
		t.Error(out.String())
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("gone") }

func TestEnds(t *testing.T) {
	c := New(Options{In: strings.NewReader(""), Out: broken{}})
	if _, err := c.Deliver(t.Context(), flows.Letter{Op: flows.OpSend, Send: &flows.Send{Text: flows.T("x")}}); !errors.Is(err, bot.ErrStop) {
		t.Error("writing to a closed terminal:", err)
	}
	r, w := io.Pipe()
	defer w.Close()
	ctx, cancel := context.WithCancel(t.Context())
	c = New(Options{In: r, Out: io.Discard})
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx, &talk{}) }()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
