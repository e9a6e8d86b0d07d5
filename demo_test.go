package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coopconnexion/relais/flows"
)

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// startDemo runs the demo's delivery and clock and brings its members in. The
// function it returns stops everything.
func startDemo(t testing.TB, d *demo) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.run(ctx) }()
	go func() { _ = serveControl(ctx, d.app, d.dir) }()
	if err := d.seed(ctx); err != nil {
		t.Fatal(err)
	}
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := d.close(); err != nil {
			t.Error(err)
		}
	}
}

// page drives the demo through its JSON API, as another program would.
type page struct {
	t   testing.TB
	url string
}

func openPage(t testing.TB, dir, date string) page {
	t.Helper()
	d, err := openDemo(t.Context(), demoOptions{Data: dir, Date: date, Log: quiet(), Out: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	stop := startDemo(t, d)
	server := httptest.NewServer(d.page.Handler(d.app.intake))
	t.Cleanup(func() {
		d.page.EndStreams()
		server.Close()
		stop()
	})
	return page{t, server.URL}
}

func (p page) get(path string, into any) {
	p.t.Helper()
	r, err := http.Get(p.url + path)
	if err != nil {
		p.t.Fatal(err)
	}
	defer r.Body.Close()
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		p.t.Fatalf("%s: %v", path, err)
	}
}

func (p page) post(path string, body map[string]any) map[string]any {
	p.t.Helper()
	b, _ := json.Marshal(body)
	r, err := http.Post(p.url+path, "application/json", bytes.NewReader(b))
	if err != nil {
		p.t.Fatal(err)
	}
	defer r.Body.Close()
	out := map[string]any{}
	if err := json.NewDecoder(r.Body).Decode(&out); err != nil || r.StatusCode != http.StatusOK {
		p.t.Fatalf("%s %v: %s %v %v", path, body, r.Status, out, err)
	}
	return out
}

type message struct {
	ID, From, Text string
	At             time.Time
	Buttons        []struct{ ID, Label string }
}

func (p page) chat(person string) []message {
	var c struct{ Messages []message }
	p.get("/api/chat?person="+person, &c)
	return c.Messages
}

func (p page) say(person, text string) {
	p.post("/api/say", map[string]any{"person": person, "text": text})
}

func (p page) tap(person, label string) {
	p.t.Helper()
	msgs := p.chat(person)
	for i := len(msgs) - 1; i >= 0; i-- {
		for _, b := range msgs[i].Buttons {
			if strings.HasPrefix(b.Label, label) {
				p.post("/api/tap", map[string]any{"person": person, "message": msgs[i].ID, "button": b.ID})
				return
			}
		}
	}
	p.t.Fatalf("%s has no button %q; last: %q", person, label, msgs[len(msgs)-1].Text)
}

// heard is the text of the last messages of the bot or of staff.
func (p page) heard(person string) string {
	var out string
	msgs := p.chat(person)
	for _, m := range msgs[max(0, len(msgs)-3):] {
		if m.From != "person" {
			out += m.Text + "\n"
		}
	}
	return out
}

func (p page) expect(person, text string) {
	p.t.Helper()
	if got := p.heard(person); !strings.Contains(got, text) {
		p.t.Errorf("%s should hear %q; hears:\n%s", person, text, got)
	}
}

type card struct {
	ID, Person, Kind, Title, Text string
	Actions                       []struct{ ID, Label string }
}

func (p page) card(kind string) card {
	p.t.Helper()
	var d struct{ Cards []card }
	p.get("/api/desk", &d)
	for i := len(d.Cards) - 1; i >= 0; i-- {
		if d.Cards[i].Kind == kind {
			return d.Cards[i]
		}
	}
	p.t.Fatalf("no card of kind %q", kind)
	return card{}
}

func (p page) act(c card, action, text string) {
	p.post("/api/desk/act", map[string]any{"card": c.ID, "action": action, "text": text, "staff": "admin"})
}

func TestDemoMemberDeclares(t *testing.T) {
	p := openPage(t, t.TempDir(), "2026-12-01T09:00")
	p.say("member1", "/declarer")
	p.tap("member1", "novembre 2026")
	p.say("member1", "1 234,56 €")
	p.expect("member1", "C'est bien ça")
	p.tap("member1", "Oui")
	p.tap("member1", "Aucuns frais")
	p.tap("member1", "Plus tard")
	p.tap("member1", "✅ Envoyer")
	p.expect("member1", "D-2026-11-0001")
	p.act(p.card("declaration"), "validate", "")
	p.expect("member1", "Amina, de l'équipe, a validé")
}

func TestDemoAsksStaffAndLearns(t *testing.T) {
	dir := t.TempDir()
	p := openPage(t, dir, "2026-12-01T09:00")
	p.say("candidate", "/start")
	p.tap("candidate", "18 ans")
	p.tap("candidate", "D'accord")
	p.tap("candidate", "📝")
	p.tap("candidate", "Commencer")
	p.tap("candidate", "20 questions")
	for _, q := range []string{"si je gagne 300e jperd mon rsa ?", "cest koi le contrat cape ?", "jai le droit o chomage si jarete la cape ?"} {
		p.say("candidate", q)
		p.expect("candidate", "Revenons à votre question")
		p.expect("candidate", "1 sur 20")
	}
	absurd := "puis je élever des girafes dans le hall de la coop ?"
	p.say("candidate", absurd)
	p.expect("candidate", "transmis")
	c := p.card("question")
	if c.Person != "candidate" || !strings.Contains(c.Text, "girafes") {
		t.Errorf("%+v", c)
	}
	p.act(c, "wording", "CAPE-01")
	p.expect("candidate", "Amina, de l'équipe, répond")
	p.say("candidate", absurd)
	p.expect("candidate", "Le contrat CAPE")
	p.expect("candidate", "1 sur 20")
	p.say("candidate", "qui a gagné la coupe du monde de foot en 1998 ?")
	p.act(p.card("question"), "sheet", "La France a gagné.")
	content := t.TempDir()
	if code := run(t.Context(), []string{"faq", "additions", content}, streams{in: strings.NewReader(""), out: io.Discard, err: io.Discard, environ: []string{"RELAIS_DATA_DIR=" + dir}}); code != exitOK {
		t.Fatalf("faq additions: exit %d", code)
	}
	if _, problems := readContent(content, demoSettings(mustParis(t))); len(problems) > 0 {
		t.Errorf("what staff added is not valid content: %v", problems)
	}
	for name, text := range map[string]string{"CAPE-01.yaml": "girafes", "MAISON-01.yaml": "La France a gagné"} {
		if b, err := os.ReadFile(filepath.Join(content, "sheets", name)); err != nil || !strings.Contains(string(b), text) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDemoFiveMonths moves the clock through five months with nobody answering.
func TestDemoFiveMonths(t *testing.T) {
	p := openPage(t, t.TempDir(), "2026-12-01T09:00")
	p.post("/api/clock", map[string]any{"advance": "3650h"})
	zone := demoSettings(mustParis(t)).Zone
	hours := flows.NudgeHours(zone)
	for _, who := range []string{"candidate", "member1", "member2", "member3"} {
		days := map[string]int{}
		all := ""
		for _, m := range p.chat(who) {
			if m.At.Before(time.Date(2026, 12, 1, 9, 30, 0, 0, zone)) {
				continue
			}
			days[m.At.In(zone).Format("2006-01-02")]++
			all += m.Text + "\n"
			if !hours.MaySpeak(m.At) {
				t.Errorf("%s hears at %s", who, m.At.In(zone))
			}
		}
		for day, n := range days {
			if n > 1 {
				t.Errorf("%s hears %d times on %s", who, n, day)
			}
		}
		if who == "candidate" {
			continue
		}
		for _, month := range []string{"novembre 2026", "décembre 2026", "janvier 2027", "février 2027", "mars 2027"} {
			if !strings.Contains(all, "déclarer "+month) {
				t.Errorf("%s is never asked for %s", who, month)
			}
			if asked := strings.Contains(all, "actualisation de "+month); asked != (who == "member2") {
				t.Errorf("%s: actualisation of %s: %v", who, month, asked)
			}
		}
	}
}

func mustParis(t testing.TB) *time.Location {
	l, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestDemoStartsAgain finds members, chats and the queue as they were left.
func TestDemoStartsAgain(t *testing.T) {
	dir := t.TempDir()
	t.Run("first", func(t *testing.T) {
		p := openPage(t, dir, "2026-12-01T09:00")
		p.say("member3", "/declarer")
		p.tap("member3", "novembre 2026")
	})
	t.Run("second", func(t *testing.T) {
		p := openPage(t, dir, "2026-12-02T10:00")
		p.expect("member3", "Combien avez-vous encaissé")
		p.tap("member3", "Rien")
		p.expect("member3", "frais")
	})
}

func TestDemoDates(t *testing.T) {
	for in, ok := range map[string]bool{"": true, "2026-12-01T09:00": true, "2026-12-01": true, "2026-12-01T09:00:00+01:00": true, "demain": false} {
		if _, err := demoStart(in, mustParis(t)); (err == nil) != ok {
			t.Errorf("--date %q: %v", in, err)
		}
	}
	if code := run(t.Context(), []string{"demo", "--date", "demain"}, streams{in: strings.NewReader(""), out: io.Discard, err: io.Discard}); code != exitInput {
		t.Errorf("a date that cannot be read: exit %d", code)
	}
}
