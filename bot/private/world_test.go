package private

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/flows/content"
)

var start = time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)

// noSheets is a co-operative without fact sheets.
type noSheets struct{}

func (noSheets) Ask(string, *flows.Person) flows.Found       { return flows.Found{Outcome: "none"} }
func (noSheets) Answer(string, time.Time) (flows.Rich, bool) { return nil, false }
func (noSheets) Source(string, time.Time) (flows.Rich, bool) { return nil, false }
func (noSheets) EstimateKind(string) string                  { return "" }
func (noSheets) Overdue(time.Time) []string                  { return nil }
func (noSheets) Estimate(string, time.Time, map[string]string) (flows.Rich, error) {
	return nil, errors.New("aucun calcul")
}

// world is a store in memory around the real flows.
type world struct {
	t       testing.TB
	mu      sync.Mutex
	book    *flows.Book
	people  map[flows.PersonID]flows.Person
	codes   map[string]flows.PersonID
	buttons map[flows.PersonID][]flows.Button // of the last message
	said    map[flows.PersonID]string
	taken   []flows.Input // by the page
	now     time.Time
	broken  error
	pages   *Pages
	log     bytes.Buffer
}

func newWorld(t testing.TB) *world {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, now: start, people: map[flows.PersonID]flows.Person{}, codes: map[string]flows.PersonID{},
		buttons: map[flows.PersonID][]flows.Button{}, said: map[flows.PersonID]string{}}
	set := flows.Settings{Coop: "Test", Contact: "l'accueil", DueDay: 5, Zone: zone, PageURL: "https://coop.example/relais"}
	book, problems := flows.NewBook(content.FS(), set, func(string) (string, string) { return "none", "" }, noSheets{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	w.book = book
	w.pages, err = New(Options{URL: set.PageURL, Holder: w.holder, View: book.PageFor, Intake: w, Now: w.clock, Zone: zone,
		Logger: slog.New(slog.NewTextHandler(&w.log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) move(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) holder(_ context.Context, token string) (flows.Person, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	id, ok := w.codes[token]
	return w.people[id], ok, w.broken
}

// Take is what the page gives to the program.
func (w *world) Take(_ context.Context, in flows.Input) (flows.Outcome, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken != nil {
		return flows.Outcome{}, w.broken
	}
	w.taken = append(w.taken, in)
	w.step(in)
	return flows.Outcome{Person: in.About}, nil
}

// step decides and keeps; the caller holds the lock.
func (w *world) step(in flows.Input) {
	d := w.book.Step(flows.View{Person: w.people[in.About], Next: func(string) int { return 1 }}, in)
	d.Person.Inputs++ // as the store does
	w.people[in.About] = d.Person
	for _, e := range d.Effects {
		switch e := e.(type) {
		case flows.Issue:
			w.codes[e.Code] = in.About
		case flows.Send:
			w.buttons[in.About] = nil
			w.said[in.About] = e.Text.String()
			for _, r := range e.Rows {
				w.buttons[in.About] = append(w.buttons[in.About], r...)
			}
		}
	}
}

// member makes a member who has agreed to check-ins and answered pulses.
func (w *world) member(id flows.PersonID, pulses ...string) {
	w.t.Helper()
	w.people[id] = flows.Person{ID: id, Secret: "secret of " + string(id), Created: start,
		Accounts: []flows.Account{{Channel: "test", ID: string(id)}},
		Profile:  flows.Profile{Name: "Nadia", Status: flows.CAPE, Age: flows.AgeAdult},
		Consents: []flows.Consent{{Name: "data", Version: 1, Yes: true, At: start}}}
	w.say(id, "/comment-je-vais")
	w.tap(id, "Oui")
	for i, p := range pulses {
		if i > 0 {
			w.move(14 * 24 * time.Hour)
			w.say(id, "/comment-je-vais")
			w.tap(id, "Répondre maintenant")
		}
		w.tap(id, p)
	}
}

func (w *world) say(id flows.PersonID, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.step(flows.Input{ID: text, At: w.now, Role: flows.RolePerson, Kind: flows.KindText, From: w.people[id].Accounts[0], About: id, Text: text})
}

func (w *world) tap(id flows.PersonID, label string) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, b := range w.buttons[id] {
		if strings.HasPrefix(b.Label, label) {
			w.step(flows.Input{ID: label, At: w.now, Role: flows.RolePerson, Kind: flows.KindTap, From: w.people[id].Accounts[0], About: id, Button: b.Data})
			return
		}
	}
	w.t.Fatalf("no button %q under %q", label, w.said[id])
}

// link asks for a private link: for the longer questions, or the curve.
func (w *world) link(id flows.PersonID, curve bool) (token string) {
	w.t.Helper()
	w.say(id, "/comment-je-vais")
	if curve {
		w.tap(id, "Ma courbe")
	} else {
		w.tap(id, "Questions plus longues")
		w.tap(id, "Sur une page privée")
	}
	for _, b := range w.buttons[id] {
		if _, token, ok := strings.Cut(b.URL, "https://coop.example/relais/prive/"); ok {
			return token
		}
	}
	w.t.Fatalf("no link under %q", w.said[id])
	return ""
}

// browser is one device with its cookie.
type browser struct {
	w      *world
	cookie *http.Cookie
}

func (b *browser) do(method, path string, body io.Reader, kind string) *http.Response {
	r := httptest.NewRequest(method, "/prive/"+path, body)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if b.cookie != nil {
		r.AddCookie(b.cookie)
	}
	rec := httptest.NewRecorder()
	b.w.pages.ServeHTTP(rec, r)
	for _, c := range rec.Result().Cookies() {
		b.cookie = c
	}
	return rec.Result()
}

func (b *browser) get(path string) (int, string) { return read(b.do("GET", path, nil, "")) }

func (b *browser) post(path string, form url.Values) (int, string) {
	return read(b.do("POST", path, strings.NewReader(form.Encode()), "application/x-www-form-urlencoded"))
}

func read(r *http.Response) (int, string) {
	text, _ := io.ReadAll(r.Body)
	return r.StatusCode, string(text)
}

var radio = regexp.MustCompile(`<input type="radio" id="[^"]+" name="([^"]+)" value="([^"]*)"> <span>([^<]*)</span>`)

// fill answers every question of a page with one label (or the nth choice).
func fill(page string, pick func(name, label string) bool) url.Values {
	form := url.Values{}
	for _, m := range radio.FindAllStringSubmatch(page, -1) {
		if m[2] != "" && pick(m[1], m[3]) {
			form.Set(m[1], m[2])
		}
	}
	return form
}

// Take refuses.
func (r refusing) Take(context.Context, flows.Input) (flows.Outcome, error) {
	return flows.Outcome{}, r.err
}
