package flows_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/flows/care"
	"github.com/coopconnexion/relais/flows/content"
)

// household plays the store for the house.
type household struct {
	t     *testing.T
	book  *flows.Book
	p     flows.Person
	wake  time.Time // of the indicators
	asked []string  // quarters asked for
	posts []flows.Post
	toast string
}

func newHousehold(t *testing.T, created string) *household {
	book, problems := flows.NewBook(content.FS(), testSettings(), testSafety, testSheets{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	h := &household{t: t, book: book, p: flows.Person{ID: "house", Secret: "s", Created: parisTime(t, created)}}
	h.told(created, map[string]string{"op": "open"})
	return h
}

func parisTime(t *testing.T, s string) time.Time {
	at, err := time.ParseInLocation("2006-01-02 15:04", s, testSettings().Zone)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func (h *household) take(in flows.Input) {
	d := h.book.Step(flows.View{Person: h.p, Next: func(string) int { return 1 }}, in)
	data, err := json.Marshal(d.Person)
	if err != nil {
		h.t.Fatal(err)
	}
	h.p, h.toast = flows.Person{}, d.Toast
	if err := json.Unmarshal(data, &h.p); err != nil {
		h.t.Fatal(err)
	}
	for _, e := range d.Effects {
		switch e := e.(type) {
		case flows.Remind:
			if e.Name == "indicators" {
				h.wake = e.At
			}
		case flows.Post:
			var f map[string]string
			if e.Room.Channel != flows.HouseChannel {
				h.posts = append(h.posts, e)
			} else if json.Unmarshal([]byte(e.Text.String()), &f) == nil && f["op"] == flows.OpComputeIndicators {
				h.asked = append(h.asked, f["quarter"])
			}
		}
	}
}

func (h *household) told(at string, fields map[string]string) {
	h.take(flows.Input{At: parisTime(h.t, at), Role: flows.RoleSystem, Kind: flows.KindImport, From: flows.HouseAccount, Fields: fields})
}

func (h *household) wakes() {
	h.take(flows.Input{At: h.wake, Due: h.wake, Role: flows.RoleClock, Kind: flows.KindWake, Name: "indicators"})
}

func (h *household) keeps() flows.House {
	house, err := flows.HouseOf(h.p)
	if err != nil {
		h.t.Fatal(err)
	}
	return house
}

func (h *household) expectWake(want string) {
	h.t.Helper()
	if got := h.wake.In(testSettings().Zone).Format("2006-01-02 15:04"); got != want {
		h.t.Errorf("the house wakes at %s, not %s", got, want)
	}
}

func figures(v any) string {
	data, _ := json.Marshal(v) // plain data always marshals
	return string(data)
}

// TestTheHousePublishesAQuarterOnce goes from the first start to the card.
func TestTheHousePublishesAQuarterOnce(t *testing.T) {
	h := newHousehold(t, "2026-12-01 09:00")
	h.expectWake("2027-01-04 09:00") // after a holiday and a weekend
	r := care.Release{Quarter: "2026-T4", Enough: true, Total: &care.Cell{AtLeast: 20, Alert: care.Share{Percent: 20}}}
	publish := func(at string, r care.Release) {
		h.told(at, map[string]string{"op": flows.OpIndicators, "figures": figures(r), "page": "indicators/x"})
	}
	publish("2026-12-31 23:59", r) // not over
	h.told("2027-01-02 10:00", map[string]string{"op": flows.OpIndicators, "figures": "no figures"})
	publish("2027-01-02 10:00", care.Release{Quarter: "2026-10"})
	if len(h.keeps().Quarters) != 0 || len(h.posts) != 0 {
		t.Fatalf("%+v %+v", h.keeps().Quarters, h.posts)
	}
	h.told("2027-01-02 10:00", map[string]string{"op": "useful", "sheet": "RSA-04"})
	h.expectWake("2027-01-04 09:00") // what happens in between does not put it off
	h.wakes()
	h.expectWake("2027-01-05 09:00") // should no answer come
	h.wakes()
	publish("2027-01-05 09:00", r)
	h.expectWake("2027-04-01 09:00")
	if strings.Join(h.asked, " ") != "2026-T4 2026-T4" || len(h.posts) != 2 || h.posts[0].Card == nil || h.posts[0].Card.Kind != "indicators" ||
		h.posts[0].Room != flows.DeskStaff || h.posts[1].Blob != "indicators/x" || h.posts[1].Thread != "indicators/2026-T4" {
		t.Fatalf("%v %+v", h.asked, h.posts)
	}
	other := r
	other.Total = &care.Cell{AtLeast: 25}
	publish("2027-01-06 09:00", other)
	if got := h.keeps().Quarters; len(got) != 1 || got[0].Total.AtLeast != 20 || len(h.posts) != 2 {
		t.Errorf("published again: %+v", got)
	}
	h.take(flows.Input{At: parisTime(t, "2027-01-06 10:00"), Role: flows.RoleStaff, Kind: flows.KindAct, Card: "indicators/2026-T4", Action: "seen", By: "admin"})
	if c := h.posts[2].Card; c == nil || len(c.Actions) != 0 || !strings.Contains(c.Body.String(), "Vu par Amina") {
		t.Errorf("seen: %q %+v", h.toast, h.posts[2])
	}
	h.wakes()
	publish("2027-04-01 09:00", care.Release{Quarter: "2027-T1"})
	if c := h.posts[len(h.posts)-1]; c.Card == nil || !strings.Contains(c.Card.Body.String(), flows.NotEnough) || strings.Contains(c.Card.Body.String(), "jointe") {
		t.Errorf("too few answers: %+v", c)
	}
	h.expectWake("2027-07-01 09:00")
}

// TestAHouseThatIsNew publishes nothing of the time before it.
func TestAHouseThatIsNew(t *testing.T) {
	newHousehold(t, "2027-01-02 10:00").expectWake("2027-04-01 09:00")
}

// TestTheHouseKeepsOneWorkshop of any weeks.
func TestTheHouseKeepsOneWorkshop(t *testing.T) {
	h := newHousehold(t, "2026-12-01 09:00")
	for _, w := range []flows.Workshop{{Cohort: "A", Day: "2027-01-20"}, {Cohort: "B", Day: "2027-01-20"}, {Cohort: "A", Day: "2027-04-14"},
		{Cohort: "A", Day: "2027-04-15"}, {Cohort: "", Day: "2028-01-01"}, {Cohort: "A", Day: "soon"}} {
		h.told("2027-06-01 09:00", map[string]string{"op": flows.OpWorkshop, "figures": figures(w)})
	}
	if got := h.keeps().Workshops; len(got) != 2 || got[0].Cohort != "A" || got[1].Day != "2027-04-15" {
		t.Errorf("%+v", got)
	}
}
