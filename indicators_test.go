package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/flows"
)

// crowd is many members on phones that only remember the buttons.
type crowd struct {
	bot.Channel
	t    testing.TB
	d    *demo
	n    int
	mu   sync.Mutex
	rows map[string]map[string][]flows.Button // by account and message key
	heap map[string][]string                  // message keys, the latest last
}

func (c *crowd) Deliver(_ context.Context, l flows.Letter) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key, rows := "", [][]flows.Button(nil)
	switch {
	case l.Send != nil:
		key, rows = l.Send.Key, l.Send.Rows
	case l.Edit != nil:
		key, rows = l.Edit.Key, l.Edit.Rows
	}
	if c.rows[l.To.ID] == nil {
		c.rows[l.To.ID] = map[string][]flows.Button{}
	}
	c.rows[l.To.ID][key] = slices.Concat(rows...)
	c.heap[l.To.ID] = append(c.heap[l.To.ID], key)
	return fmt.Sprint(l.ID), nil
}

func (c *crowd) take(in flows.Input) flows.PersonID {
	c.t.Helper()
	c.n++
	in.ID, in.At = fmt.Sprintf("crowd/%d", c.n), c.d.clock.Now()
	out, err := c.d.app.intake.Take(c.t.Context(), in)
	if err == nil {
		err = c.d.app.settle(c.t.Context())
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return out.Person
}

func (c *crowd) say(who, text string) {
	c.take(flows.Input{Role: flows.RolePerson, Kind: flows.KindText, From: flows.Account{Channel: "web", ID: who}, Text: text})
}

// tap taps the newest button whose label begins with one of these.
func (c *crowd) tap(who string, labels ...string) {
	c.t.Helper()
	c.mu.Lock()
	data := ""
	for _, key := range slices.Backward(c.heap[who]) {
		for _, b := range c.rows[who][key] {
			for _, label := range labels {
				if data == "" && strings.HasPrefix(b.Label, label) {
					data = b.Data
				}
			}
		}
	}
	c.mu.Unlock()
	if data == "" {
		c.t.Fatalf("%s has no button %q", who, labels)
	}
	c.take(flows.Input{Role: flows.RolePerson, Kind: flows.KindTap, From: flows.Account{Channel: "web", ID: who}, Button: data})
}

// join brings a member in who agrees to check-ins.
func (c *crowd) join(who, cohort string) {
	id := c.take(flows.Input{Role: flows.RoleSystem, Kind: flows.KindImport, From: flows.Account{Channel: "import", ID: who},
		Fields: map[string]string{"name": "Nom-" + who, "status": "cape", "cohort": cohort}})
	p, err := c.d.app.store.Person(c.t.Context(), id)
	if err != nil {
		c.t.Fatal(err)
	}
	code := flows.LinkCode(&p)
	c.take(flows.Input{Role: flows.RolePerson, Kind: flows.KindText, From: flows.Account{Channel: "web", ID: who}, Text: "/start " + code, Code: code})
	c.say(who, "D'accord")
	c.say(who, "/comment-je-vais")
	c.tap(who, "Oui")
	c.tap(who, "Moyenne")
}

// scales answers the longer questions; tired answers give orange.
func (c *crowd) scales(who string, tired bool) {
	c.say(who, "/comment-je-vais")
	c.tap(who, "Questions plus longues")
	c.tap(who, "Répondre ici")
	labels := []string{"Rarement", "Un peu"}
	if tired {
		labels = []string{"Parfois", "Moyennement"}
	}
	for range 21 {
		c.tap(who, labels...)
	}
}

func (c *crowd) pulse(who, energy string) {
	c.say(who, "/comment-je-vais")
	c.tap(who, "Répondre maintenant")
	c.tap(who, energy)
}

func (c *crowd) export(args url.Values) (string, error) {
	args.Set("kind", "indicators")
	var out bytes.Buffer
	err := c.d.app.operate(c.t.Context(), opExport, args, strings.NewReader(""), &out)
	return out.String(), err
}

func (c *crowd) to(day string) {
	c.t.Helper()
	at, err := time.ParseInLocation("2006-01-02", day, c.d.app.set.Zone)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := c.d.clock.To(c.t.Context(), at); err != nil {
		c.t.Fatal(err)
	}
}

func newCrowd(t testing.TB) (*crowd, page) {
	var c *crowd
	d, p := openWhole(t, demoOptions{Data: t.TempDir(), Date: "2026-12-01T09:00", Log: quiet()}, func(d *demo) {
		c = &crowd{Channel: d.page.Phones(), t: t, d: d, rows: map[string]map[string][]flows.Button{}, heap: map[string][]string{}}
		d.app.deliverOn(bot.Served{Channel: c}, bot.Served{Channel: d.page.Desk()})
	})
	c.d = d
	return c, p
}

func (p page) has(kind string) bool {
	var d struct{ Cards []card }
	p.get("/api/desk", &d)
	return slices.ContainsFunc(d.Cards, func(c card) bool { return c.Kind == kind })
}

// share matches a figure that depends on two answers drawn at random.
var share = regexp.MustCompile(`[0-9]+ (%|sur 100)(?: ou plus| ou moins)?`)

// quarterCard is what staff read of the twelve members of TestQuarter.
const quarterCard = `Comment vont les membres : 4e trimestre 2026 (octobre à décembre).
Au moins 10 personnes ont répondu.
Signes de fatigue importante (orange ou rouge) : N % des réponses.
Ce qui pèse le plus dans le travail : peu de choix dans mon travail (N %), peu d'aide de la coopérative (N %), pas de jour sans travail (N %).
Risque moyen : N sur 100 pour ce qui dépend de l'organisation, N sur 100 pour ce qui dépend de chacun.
Ce ne sont pas des diagnostics. Les chiffres sont arrondis et un peu brouillés, pour protéger chaque personne. Ils ne changent plus.

La page pour le document unique (DUERP) est jointe dans le fil de cette carte.`

// TestQuarter is a quarter of twelve members, from their taps to the card, the
// table and the page; and what one more answer, an erasure and a withdrawal
// change of it: nothing.
func TestQuarter(t *testing.T) {
	c, p := newCrowd(t)
	var who []string
	for i := range 12 {
		who = append(who, fmt.Sprintf("g%d", i))
		c.join(who[i], "LENS-3")
		c.scales(who[i], i < 4)
	}
	var n *notice
	if got, err := c.export(url.Values{"period": {"2026-T4"}, "format": {"csv"}}); !errors.As(err, &n) || strings.Contains(got, "check-ins") {
		t.Errorf("before the end of the quarter: %v\n%s", err, got)
	}
	if _, err := c.export(url.Values{"period": {"2026-T4"}, "format": {"pdf"}}); codeOf(err) != exitInput {
		t.Errorf("a page before the end of the quarter: %v", err)
	}
	c.to("2027-01-04") // a Monday, after a holiday and a weekend
	if p.has("indicators") {
		t.Error("a card before the first open hour of the quarter")
	}
	c.to("2027-01-05")
	k := p.card("indicators")
	if got := share.ReplaceAllString(k.Text, "N $1"); k.Title != "Indicateurs du trimestre" || got != quarterCard {
		t.Errorf("the card says: %s\n%s", k.Title, k.Text)
	}
	first := c.all("2026-T4")
	rows, err := csv.NewReader(strings.NewReader(first)).ReadAll()
	if err != nil || !slices.ContainsFunc(rows, func(r []string) bool {
		n, err := strconv.Atoi(r[5])
		return strings.Join(r[:5], ",") == "2026-T4,check-ins by level,orange or rouge,,false" && err == nil && n >= 10 && n <= 50 // 4 of 12, and two drawn
	}) {
		t.Errorf("%v\n%s", err, first)
	}
	page, err := c.export(url.Values{"period": {"2026-12"}, "format": {"pdf"}})
	if err != nil || !strings.HasPrefix(page, "%PDF-") || strings.Contains(page, "Nom-") {
		t.Errorf("the page: %v", err)
	}
	var desk json.RawMessage
	if p.get("/api/desk", &desk); !bytes.Contains(desk, []byte("indicateurs-2026-T4.pdf")) {
		t.Errorf("no page under the card: %s", desk)
	}
	if attached := c.page("indicators/2026-T4"); attached != page {
		t.Errorf("the page of the card (%d bytes) is not the one exported (%d)", len(attached), len(page))
	}
	c.scales(who[0], false)
	c.say(who[1], "/effacer-bien-etre")
	c.tap(who[1], "Oui, arrêter et effacer")
	id, _, err := c.d.app.store.Owner(t.Context(), flows.Account{Channel: "web", ID: who[2]})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.d.app.erasePerson(t.Context(), id, &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	c.to("2027-02-10")
	if again, err := c.export(url.Values{"period": {"2026-12"}, "format": {"pdf"}}); err != nil || again != page {
		t.Errorf("the page changed: %v", err)
	}
	if again := p.card("indicators"); again.Text != k.Text {
		t.Errorf("the card changed: %s", again.Text)
	}
	if again := c.all("2026-T4"); careLines(again) != careLines(first) {
		t.Errorf("the table changed:\n%s", again)
	}
	p.act(k, "seen", "")
	c.to("2027-04-02")
	if k := p.card("indicators"); !strings.Contains(k.Text, "Pas assez de réponses") || strings.Contains(k.Text, "%") {
		t.Errorf("a quarter with one answer: %s", k.Text)
	}
}

// page is a file of the house.
func (c *crowd) page(name string) string {
	c.t.Helper()
	r, err := c.d.app.store.OpenBlob(c.t.Context(), c.d.app.house.Load().(flows.PersonID), name)
	if err != nil {
		c.t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		c.t.Fatal(err)
	}
	return string(data)
}

func (c *crowd) all(period string) string {
	c.t.Helper()
	got, err := c.export(url.Values{"period": {period}, "format": {"csv"}})
	if err != nil {
		c.t.Fatal(err)
	}
	return got
}

// careLines are those of a table that are about check-ins.
func careLines(table string) string {
	var out []string
	for l := range strings.Lines(table) {
		if strings.HasPrefix(l, "2026-T") || strings.HasPrefix(l, "2027-T") {
			out = append(out, l)
		}
	}
	return strings.Join(out, "")
}

// TestWorkshopExport compares a workshop's group once ten answered both times.
func TestWorkshopExport(t *testing.T) {
	c, _ := newCrowd(t)
	var who []string
	for i := range 11 {
		who = append(who, fmt.Sprintf("w%d", i))
		c.join(who[i], "LENS-3")
	}
	c.to("2026-12-20")
	for i, m := range who {
		c.pulse(m, []string{"Basse", "Bonne"}[i%2])
	}
	args := func() url.Values {
		return url.Values{"workshop": {"LENS-3"}, "date": {"2027-01-20"}, "format": {"csv"}}
	}
	c.to("2027-02-10")
	for i, m := range who {
		c.pulse(m, []string{"Bonne", "Basse"}[i/9])
	}
	if _, err := c.export(args()); codeOf(err) != exitInput || !strings.Contains(err.Error(), "2027-03-04") {
		t.Errorf("too early: %v", err)
	}
	c.to("2027-03-05")
	want := `period,measure,group,count,suppressed,percent,bound
2027-01-20,low energy before the workshop,LENS-3,,false,55,
2027-01-20,low energy after the workshop,LENS-3,,false,20,
`
	if got, err := c.export(args()); err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
	c.say(who[0], "/effacer-bien-etre")
	c.tap(who[0], "Oui, arrêter et effacer")
	if got, err := c.export(args()); err != nil || got != want {
		t.Errorf("made again: %v\n%s", err, got)
	}
	pdf := args()
	pdf.Set("format", "pdf")
	if got, err := c.export(pdf); err != nil || !strings.HasPrefix(got, "%PDF-") {
		t.Errorf("the page: %v", err)
	}
	other := args()
	other.Set("date", "2027-01-19")
	if _, err := c.export(other); codeOf(err) != exitInput {
		t.Errorf("the day before: %v", err)
	}
	var n *notice
	other.Set("date", "2026-08-01")
	if got, err := c.export(other); !errors.As(err, &n) || !strings.Contains(got, ",,true,,") {
		t.Errorf("nobody answered: %v\n%s", err, got)
	}
	for _, wrong := range []url.Values{{"workshop": {"LENS-3"}}, {"date": {"2027-01-20"}}, {"workshop": {"LENS-3"}, "date": {"20/01/2027"}}, {"period": {"2026"}}} {
		if _, err := c.export(wrong); codeOf(err) != exitUsage {
			t.Errorf("%v: %v", wrong, err)
		}
	}
}
