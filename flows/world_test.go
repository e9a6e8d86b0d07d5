package flows_test

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/shopspring/decimal"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/flows/content"
)

// world plays the store and the channels for one person: it applies decisions
// and re-reads the person from JSON at every step, so that nothing lives only
// in memory.
type world struct {
	t       testing.TB
	book    *flows.Book
	person  []byte
	exists  bool
	now     time.Time
	n       int
	series  map[string]int
	wakes   map[string]flows.Remind
	chat    []*bubble // messages to the person
	desk    map[string]*flows.Card
	threads []string
	toast   string
	log     []string
	cover   map[string]map[string]bool
	from    flows.Account
	step    time.Duration     // between two inputs of the person
	typed   map[string]string // message ids by text
}

type bubble struct {
	key  string
	text string
	rows [][]flows.Button
	at   time.Time
	cls  flows.Class
}

func testSettings() flows.Settings {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		panic(err)
	}
	return flows.Settings{Coop: "CoopConnexion", Contact: "l'accueil, 03 21 00 00 00", Contribution: decimal.NewFromInt(10), DueDay: 5, Zone: zone,
		Staff: map[string]string{"admin": "Amina", "U2": "Luc"}, PersonRate: 60, Duty: true}
}

// testSafety is a stand-in reader: the real one has its own tests.
func testSafety(text string) (string, string) {
	f := strings.ToLower(text)
	switch {
	case strings.Contains(f, "envie de mourir"):
		return "crisis", "suicide"
	case strings.Contains(f, "j'en peux plus"):
		return "distress", ""
	}
	return "none", ""
}

// testSheets is a stand-in library: the real one has its own tests.
type testSheets struct{}

func (testSheets) Ask(q string, _ *flows.Person) flows.Found {
	f := strings.ToLower(q)
	near := []flows.Choice{{ID: "RSA-04", Title: "Si je gagne de l'argent, combien je perds de RSA ?"}, {ID: "CAPE-01", Title: "Le CAPE, c'est quoi ?"}}
	switch {
	case strings.Contains(f, "rsa"):
		return flows.Found{Outcome: "answer", ID: "RSA-04", Choices: near}
	case strings.Contains(f, "contrat"):
		return flows.Found{Outcome: "choices", Choices: near}
	}
	return flows.Found{Outcome: "none", Choices: near[:1]}
}

func (testSheets) Answer(id string, _ time.Time) (flows.Rich, bool) {
	return flows.T("Réponse de la fiche " + id + "."), id == "RSA-04" || id == "CAPE-01"
}

func (testSheets) Source(id string, _ time.Time) (flows.Rich, bool) {
	return flows.T("Source de la fiche " + id + "."), id == "RSA-04"
}

func (testSheets) EstimateKind(id string) string { return map[string]string{"RSA-04": "rsa"}[id] }

func (testSheets) Estimate(kind string, _ time.Time, a map[string]string) (flows.Rich, error) {
	return flows.T(fmt.Sprintf("environ 100 € (%s, %d réponses)", kind, len(a))), nil
}

func (testSheets) Overdue(time.Time) []string { return []string{"RSA-04"} }

func newWorld(t testing.TB) *world {
	book, problems := flows.NewBook(content.FS(), testSettings(), testSafety, testSheets{})
	for _, p := range problems {
		t.Errorf("content: %v", p)
	}
	if book == nil {
		t.FailNow()
	}
	zone := testSettings().Zone
	return &world{t: t, book: book, now: time.Date(2026, 12, 1, 9, 0, 0, 0, zone), series: map[string]int{}, wakes: map[string]flows.Remind{},
		desk: map[string]*flows.Card{}, cover: map[string]map[string]bool{}, from: flows.Account{Channel: "telegram", ID: "77"}, typed: map[string]string{}, step: 4 * time.Second}
}

func (w *world) load() flows.Person {
	var p flows.Person
	if w.exists {
		if err := json.Unmarshal(w.person, &p); err != nil {
			w.t.Fatalf("person does not load: %v", err)
		}
		return p
	}
	return flows.Person{ID: "p1", Secret: "secret", Accounts: []flows.Account{w.from}, Created: w.now}
}

func (w *world) save(p flows.Person) { w.person, _ = json.Marshal(p) }

// member makes an imported member who tapped the link.
func (w *world) member(fields map[string]string) {
	w.exists = true
	w.person, _ = json.Marshal(flows.Person{ID: "p1", Secret: "secret", Accounts: []flows.Account{{Channel: "import", ID: "x"}}, Created: w.now})
	w.apply(flows.Input{Role: flows.RoleSystem, Kind: flows.KindImport, Fields: fields})
	w.apply(flows.Input{Role: flows.RolePerson, Kind: flows.KindText, Text: "/start CODE", Code: "CODE", From: w.from})
}

func (w *world) apply(in flows.Input) flows.Decision {
	w.n++
	if in.Role == flows.RolePerson {
		w.now = w.now.Add(w.step)
	}
	in.ID, in.At = fmt.Sprintf("in/%d", w.n), w.now
	p := w.load()
	v := flows.View{Person: p, New: !w.exists, Linked: in.Code == "CODE", UnknownCode: in.Code != "" && in.Code != "CODE",
		Next: func(s string) int { return w.series[s] + 1 }}
	if v.Linked {
		in.Code = flows.LinkCode(&p)
	}
	v.Person.Inputs++
	if in.Role == flows.RolePerson {
		v.Person.Seen = w.now
	}
	before, _ := json.Marshal(v.Person)
	d := w.book.Step(v, in)
	if after, _ := json.Marshal(v.Person); string(after) != string(before) {
		w.t.Errorf("the step changed its view")
	}
	again, _ := json.Marshal(w.book.Step(v, in))
	if once, _ := json.Marshal(d); string(once) != string(again) {
		w.t.Errorf("the step run again decides otherwise:\n%s\n%s", once, again)
	}
	w.exists = !d.Forget
	w.person, _ = json.Marshal(d.Person)
	w.toast = d.Toast
	if d.Toast != "" {
		w.logf("  toast: %s", d.Toast)
	}
	for _, e := range d.Effects {
		w.effect(e)
	}
	if s := d.Person.Session; s.Flow != "" {
		if w.cover[s.Flow] == nil {
			w.cover[s.Flow] = map[string]bool{}
		}
		w.cover[s.Flow][s.State] = true
	}
	if d.Rekey {
		w.logf("  [what was kept before is unreadable]")
	}
	if d.Forget {
		w.logf("  [nothing kept]")
		w.wakes = map[string]flows.Remind{}
	} else {
		w.logf("  [%s/%s]", d.Person.Session.Flow, d.Person.Session.State)
	}
	return d
}

func (w *world) logf(format string, args ...any) { w.log = append(w.log, fmt.Sprintf(format, args...)) }

func (w *world) effect(e flows.Effect) {
	switch e := e.(type) {
	case flows.Send:
		w.checkRows(e.Rows)
		w.chat = append(w.chat, &bubble{e.Key, e.Text.String(), e.Rows, w.now, e.Class})
		w.logf("< %s%s", indent(e.Text.String()), labels(e.Rows))
		if e.Class.Unsolicited() && !w.book.Hours().MaySpeak(w.now) {
			w.t.Errorf("an unsolicited message at %s", w.now)
		}
	case flows.Edit:
		w.checkRows(e.Rows)
		for _, b := range w.chat {
			if b.key == e.Key {
				b.text, b.rows = e.Text.String(), e.Rows
			}
		}
		w.logf("  edit: %s%s", indent(e.Text.String()), labels(e.Rows))
	case flows.React:
		w.logf("  react: %s", e.Emoji)
	case flows.Post:
		if e.Card != nil {
			w.desk[e.Key] = e.Card
			w.logf("  card %s v%d: %s | %s %s", e.Key, e.Card.Version, e.Card.Title, indent(e.Card.Body.String()), actions(e.Card))
		} else {
			w.threads = append(w.threads, e.Text.String())
			w.logf("  thread %s: %s%s", e.Thread, e.Text, attached(e.Blob))
		}
	case flows.Remind:
		w.wakes[e.Name] = e
		w.logf("  remind %s %s", e.Name, e.At.In(testSettings().Zone).Format("Mon 2006-01-02 15:04"))
	case flows.Unremind:
		delete(w.wakes, e.Name)
	case flows.Allocate:
		w.series[e.Series]++
	default:
		w.logf("  %T", e)
	}
}

func (w *world) checkRows(rows [][]flows.Button) {
	for _, r := range rows {
		for _, b := range r {
			if len(b.Data) > 64 || b.Label == "" || (b.Data == "") == (b.URL == "") {
				w.t.Errorf("button %q: data of %d bytes", b.Label, len(b.Data))
			}
		}
	}
}

func attached(blob string) string {
	if blob == "" {
		return ""
	}
	return " (with the file)"
}

func indent(s string) string { return strings.ReplaceAll(s, "\n", "\n    ") }

func labels(rows [][]flows.Button) string {
	var b strings.Builder
	for _, r := range rows {
		b.WriteString("\n   ")
		for _, x := range r {
			b.WriteString(" [" + x.Label + "]")
		}
	}
	return b.String()
}

func actions(c *flows.Card) string {
	var out []string
	for _, a := range c.Actions {
		out = append(out, "["+a.Label+"]")
	}
	return strings.Join(out, " ")
}

func (w *world) say(text string) flows.Decision {
	w.logf("> %s", strings.ReplaceAll(text, "\n", `\n`))
	id := fmt.Sprintf("msg%d", w.n)
	w.typed[text] = id
	return w.apply(flows.Input{Role: flows.RolePerson, Kind: flows.KindText, Text: text, From: w.from, Message: id, Name: "Léa"})
}

// tap presses the latest button whose label starts so.
func (w *world) tap(label string) flows.Decision {
	w.logf("! %s", label)
	return w.press(w.find(label))
}

// find returns the data of the latest button whose label starts so.
func (w *world) find(label string) string {
	w.t.Helper()
	for i := len(w.chat) - 1; i >= 0; i-- {
		for _, r := range w.chat[i].rows {
			for _, b := range r {
				if strings.HasPrefix(b.Label, label) {
					return b.Data
				}
			}
		}
	}
	w.t.Fatalf("no button %q\n%s", label, strings.Join(w.log, "\n"))
	return ""
}

func (w *world) press(data string) flows.Decision {
	return w.apply(flows.Input{Role: flows.RolePerson, Kind: flows.KindTap, Button: data, From: w.from, Name: "Léa"})
}

// pass moves the clock, waking what comes due within the hours, in order.
func (w *world) pass(d time.Duration) {
	w.logf("@ %s", d)
	end := w.now.Add(d)
	for range 2000 {
		var due []flows.Remind
		for _, r := range w.wakes {
			due = append(due, r)
		}
		sort.Slice(due, func(i, j int) bool {
			return due[i].At.Before(due[j].At) || due[i].At.Equal(due[j].At) && due[i].Name < due[j].Name
		})
		if len(due) == 0 || due[0].At.After(end) {
			break
		}
		r := due[0]
		delete(w.wakes, r.Name)
		if r.At.After(w.now) {
			w.now = r.At
		}
		w.logf("~ %s (%s)", r.Name, w.now.Format("Mon 2006-01-02 15:04"))
		w.apply(flows.Input{Role: flows.RoleClock, Kind: flows.KindWake, Name: r.Name, Due: r.At, About: "p1"})
	}
	w.now = end
}

func (w *world) photo() flows.Decision {
	w.logf("> (photo)")
	return w.apply(flows.Input{Role: flows.RolePerson, Kind: flows.KindFile, From: w.from, Message: fmt.Sprintf("msg%d", w.n), File: &flows.FileRef{Channel: "telegram", ID: "f", Name: "facture.jpg", Mime: "image/jpeg", Size: 1000, Photo: true}})
}

func (w *world) act(card, action, text string) flows.Decision {
	w.logf("& %s %s %s", card, action, text)
	return w.apply(flows.Input{Role: flows.RoleStaff, Kind: flows.KindAct, Card: card, Action: action, Text: text, By: "admin", Version: w.desk[card].Version, About: "p1"})
}
