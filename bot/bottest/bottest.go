// Package bottest holds what every channel must do, as a test to run on each of
// them: see [Contract].
package bottest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/flows"
)

// Shown is a message as the other side sees it.
type Shown struct {
	ID      string
	Text    string
	Buttons []flows.Button
}

// Bench is a channel under test, with the other side of its platform.
type Bench struct {
	Channel bot.Channel
	Account flows.Account
	// Say writes a text as the person; Tap presses the button with this data
	// below a message (nil: the channel has no buttons).
	Say func(text string)
	Tap func(message, data string)
	// Shown is what the person sees, without their own messages.
	Shown func() []Shown
	// Letter makes a letter of a text and buttons; nil: a reply to Account.
	Letter func(text flows.Rich, rows [][]flows.Button) flows.Letter
	// Edits is false for channels whose messages cannot be changed.
	Edits bool
}

func (b Bench) letter(id uint64, text flows.Rich, rows ...[]flows.Button) flows.Letter {
	if b.Letter != nil {
		l := b.Letter(text, rows)
		l.ID = id
		return l
	}
	return flows.Letter{
		ID: id, Person: "0123456789abcdef0123456789abcdef", To: b.Account, Op: flows.OpSend, Class: flows.ClassReply,
		Send: &flows.Send{Text: text, Rows: rows}, Created: time.Now(),
	}
}

// patience is how long something may take on a busy machine.
const patience = 20 * time.Second

// Contract runs the test. open is called once for each part, with a fresh bench.
func Contract(t *testing.T, open func(t *testing.T) Bench) {
	for name, part := range map[string]func(*testing.T, Bench){
		"name":            testName,
		"words literally": testLiteral,
		"long text":       testLong,
		"receiving":       testReceiving,
		"taps":            testTaps,
		"edits":           testEdits,
		"empty letters":   testEmpty,
		"at once":         testAtOnce,
		"end":             testEnd,
	} {
		t.Run(name, func(t *testing.T) { part(t, open(t)) })
	}
}

func testName(t *testing.T, b Bench) {
	if n := b.Channel.Name(); n == "" || n != b.Account.Channel {
		t.Errorf("name %q for accounts of %q", n, b.Account.Channel)
	}
}

// testLiteral: whatever people wrote is shown as they wrote it.
func testLiteral(t *testing.T, b Bench) {
	words := "<b>Léa</b> & co <!channel> *x* _y_ `z` [a](https://x.fr) &lt; \"q\" 👩‍👧 «fin»"
	id, err := b.Channel.Deliver(t.Context(), b.letter(1, flows.T(words)))
	if err != nil || id == "" {
		t.Fatalf("Deliver: %q %v", id, err)
	}
	shown := b.Shown()
	if len(shown) != 1 || shown[0].ID != id || !strings.Contains(shown[0].Text, words) {
		t.Errorf("shown %+v", shown)
	}
}

func testLong(t *testing.T, b Bench) {
	var words strings.Builder
	for range 1200 {
		words.WriteString("Une phrase. ")
	}
	if _, err := b.Channel.Deliver(t.Context(), b.letter(1, flows.T(words.String()))); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, s := range b.Shown() {
		n += strings.Count(s.Text, "phrase.")
	}
	if n != 1200 {
		t.Errorf("%d of 1200 sentences are shown", n)
	}
}

func testReceiving(t *testing.T, b Bench) {
	in := newIntake()
	in.refuse = 1 // the first offer of the first input is refused
	defer run(t, b, in)()
	b.Say("bonjour")
	first := in.next(t)
	b.Say("ça va ?")
	second := in.next(t)
	for i, got := range []flows.Input{first, second} {
		want := []string{"bonjour", "ça va ?"}[i]
		if got.Text != want || got.Kind != flows.KindText || got.From != b.Account || got.ID == "" || got.At.IsZero() || got.Role == "" {
			t.Errorf("input %+v", got)
		}
	}
	if first.ID == second.ID {
		t.Error("two inputs with one ID")
	}
}

func testTaps(t *testing.T, b Bench) {
	if b.Tap == nil {
		return
	}
	in := newIntake()
	defer run(t, b, in)()
	data := strings.Repeat("d", 64)
	rows := [][]flows.Button{{{Label: "Oui", Data: data}, {Label: "Non", Data: "n"}}, {{Label: "Site", URL: "https://exemple.fr"}}}
	id, err := b.Channel.Deliver(t.Context(), b.letter(1, flows.T("Alors ?"), rows...))
	if err != nil {
		t.Fatal(err)
	}
	if shown := b.Shown(); len(shown) != 1 || len(shown[0].Buttons) != 3 {
		t.Errorf("shown %+v", shown)
	}
	b.Tap(id, data)
	if got := in.next(t); got.Kind != flows.KindTap || got.Button != data || got.Message != id || got.From != b.Account {
		t.Errorf("tap %+v", got)
	}
}

func testEdits(t *testing.T, b Bench) {
	if !b.Edits {
		return
	}
	first := b.letter(1, flows.T("Avant"), []flows.Button{{Label: "Oui", Data: "o"}})
	id, err := b.Channel.Deliver(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	edit := first
	edit.ID, edit.Op, edit.Send, edit.Target = 2, flows.OpEdit, nil, id
	edit.Edit = &flows.Edit{Key: "k", Text: flows.T("Après")}
	for _, target := range []string{id, id, "", "999999"} { // changed, unchanged, unknown, gone
		edit.Target = target
		if _, err := b.Channel.Deliver(t.Context(), edit); err != nil {
			t.Errorf("edit of %q: %v", target, err)
		}
	}
	if shown := b.Shown(); len(shown) != 1 || shown[0].Text != "Après" || len(shown[0].Buttons) != 0 {
		t.Errorf("shown %+v", shown)
	}
}

// testEmpty: a letter without a body is refused for ever, and breaks nothing.
func testEmpty(t *testing.T, b Bench) {
	whole := b.letter(1, flows.T("x"))
	for _, op := range []flows.Op{flows.OpSend, flows.OpEdit, flows.OpReact, flows.OpPost, "other"} {
		l := flows.Letter{ID: 1, Person: whole.Person, To: whole.To, Op: op, Class: whole.Class}
		_, err := b.Channel.Deliver(t.Context(), l)
		var rejected *bot.RejectedError
		if !errors.As(err, &rejected) {
			t.Errorf("%s without a body: %v", op, err)
		}
	}
}

func testAtOnce(t *testing.T, b Bench) {
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() {
			if _, err := b.Channel.Deliver(t.Context(), b.letter(uint64(i+1), flows.T("x"))); err != nil {
				t.Errorf("Deliver: %v", err)
			}
		})
	}
	wg.Wait()
	if n := len(b.Shown()); n != 10 {
		t.Errorf("%d messages", n)
	}
}

func testEnd(t *testing.T, b Bench) {
	stop := run(t, b, newIntake())
	stop()
}

// run starts receiving; the function returned ends it and checks how it ended.
func run(t *testing.T, b Bench, in bot.Intake) func() {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Channel.Run(ctx, in) }()
	return func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(patience):
			t.Error("Run does not end")
		}
	}
}

// intake collects inputs; it refuses as many as told first.
type intake struct {
	mu     sync.Mutex
	refuse int
	inputs chan flows.Input
}

func newIntake() *intake { return &intake{inputs: make(chan flows.Input, 100)} }

func (i *intake) Take(_ context.Context, in flows.Input) (flows.Outcome, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.refuse > 0 {
		i.refuse--
		return flows.Outcome{}, errors.New("disk full")
	}
	i.inputs <- in
	return flows.Outcome{}, nil
}

func (i *intake) next(t *testing.T) flows.Input {
	t.Helper()
	select {
	case in := <-i.inputs:
		return in
	case <-time.After(patience):
		t.Fatal("no input")
	}
	return flows.Input{}
}
