package scheduler

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sort"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	_ "time/tzdata"

	"github.com/shopspring/decimal"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/flows/content"
)

// ledger plays the store for many persons: reminders that stay until taken,
// wakes taken once, persons re-read from JSON. It records each unasked message.
type ledger struct {
	mu      sync.Mutex
	book    *flows.Book
	people  map[flows.PersonID][]byte
	due     map[string]flows.Input // by person and name
	seen    map[string]bool
	said    []said
	beats   int
	failing bool // the store refuses, as with a full disk
}

type said struct {
	person flows.PersonID
	key    string
	at     time.Time
}

func paris(t testing.TB) *time.Location {
	l, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func newLedger(t testing.TB) *ledger {
	book, problems := flows.NewBook(content.FS(), flows.Settings{Coop: "la coopérative", Contact: "l'accueil", Contribution: decimal.NewFromInt(10), DueDay: 5, Zone: paris(t)},
		func(string) (string, string) { return "none", "" }, nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return &ledger{book: book, people: map[flows.PersonID][]byte{}, due: map[string]flows.Input{}, seen: map[string]bool{}}
}

// join makes a member who agreed.
func (l *ledger) join(t testing.TB, id flows.PersonID, situation string, now time.Time) {
	p := flows.Person{ID: id, Secret: string(id), Accounts: []flows.Account{{Channel: "telegram", ID: string(id)}}, Created: now}
	p.Profile = flows.Profile{Name: string(id), Status: flows.CAPE, Situation: situation}
	l.people[id], _ = json.Marshal(p)
	for i, text := range []string{"bonjour", "oui"} {
		if _, err := l.Take(t.Context(), flows.Input{ID: fmt.Sprintf("join/%s/%d", id, i), At: now, Role: flows.RolePerson, Kind: flows.KindText, Text: text, About: id, From: p.Accounts[0]}); err != nil {
			t.Fatal(err)
		}
	}
}

func (l *ledger) Take(_ context.Context, in flows.Input) (flows.Outcome, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failing {
		return flows.Outcome{}, fmt.Errorf("disk full")
	}
	key := string(in.About) + "/" + in.Name
	if in.Kind == flows.KindWake {
		if r, ok := l.due[key]; !ok || !r.Due.Equal(in.Due) || l.seen[in.ID] {
			delete(l.due, key)
			return flows.Outcome{Duplicate: true}, nil
		}
		delete(l.due, key)
	}
	l.seen[in.ID] = true
	var p flows.Person
	if err := json.Unmarshal(l.people[in.About], &p); err != nil {
		return flows.Outcome{}, err
	}
	p.Inputs++
	if in.Role == flows.RolePerson {
		p.Seen = in.At
	}
	d := l.book.Step(flows.View{Person: p, Next: func(string) int { return 1 }}, in)
	l.people[in.About], _ = json.Marshal(d.Person)
	for _, e := range d.Effects {
		switch e := e.(type) {
		case flows.Send:
			if e.Class.Unsolicited() {
				l.said = append(l.said, said{in.About, e.Key, in.At})
			}
		case flows.Remind:
			w := flows.Input{ID: fmt.Sprintf("wake/%s/%s/%d", in.About, e.Name, e.At.Unix()), Role: flows.RoleClock, Kind: flows.KindWake, About: in.About, Name: e.Name, Due: e.At}
			if e.Anytime {
				w.Fields = map[string]string{"anytime": "1"}
			}
			l.due[string(in.About)+"/"+e.Name] = w
		case flows.Unremind:
			delete(l.due, string(in.About)+"/"+e.Name)
		}
	}
	return flows.Outcome{Person: in.About}, nil
}

func (l *ledger) Due(_ context.Context, now time.Time, limit int) ([]flows.Input, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.beats++
	var out []flows.Input
	for _, in := range l.due {
		if !in.Due.After(now) {
			out = append(out, in)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].ID < out[j].ID })
	return out[:min(limit, len(out))], nil
}

func (l *ledger) NextDue(context.Context) (time.Time, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var next time.Time
	for _, in := range l.due {
		if next.IsZero() || in.Due.Before(next) {
			next = in.Due
		}
	}
	return next, !next.IsZero()
}

// year runs the real cron on fake time from start for a year. down lists the
// stretches, by day, during which nothing runs; the program also restarts every
// restart days.
func year(t *testing.T, l *ledger, down map[int]int, restart int) {
	s := &Scheduler{Reminders: l, Intake: l, Hours: flows.NudgeHours(paris(t)), Now: time.Now, Logger: slog.New(slog.DiscardHandler)}
	for day := 0; day < 366; {
		if n := down[day]; n > 0 {
			time.Sleep(time.Duration(n) * 24 * time.Hour)
			day += n
		}
		run := restart
		for d := range down {
			if d > day && d-day < run {
				run = d - day
			}
		}
		ctx, stop := context.WithTimeout(t.Context(), time.Duration(run)*24*time.Hour)
		if err := s.Run(ctx); err != nil {
			t.Error(err)
		}
		stop()
		day += run
	}
}

func TestAYearOfNudges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		zone := paris(t)
		time.Sleep(time.Until(time.Date(2026, 11, 26, 10, 0, 0, 0, zone))) // both changes of the hour lie ahead
		l := newLedger(t)
		l.join(t, "are", "are", time.Now())
		l.join(t, "rsa", "rsa", time.Now())
		year(t, l, nil, 17)
		count := check(t, l)
		for month := time.Date(2026, 12, 1, 0, 0, 0, 0, zone); month.Before(time.Date(2027, 10, 1, 0, 0, 0, 0, zone)); month = month.AddDate(0, 1, 0) {
			period := month.AddDate(0, -1, 0).Format("2006-01")
			for _, who := range []string{"are", "rsa"} {
				for _, step := range []string{"open", "before", "due", "after"} {
					if n := count[who+" nudge/declaration/"+period+"/"+step]; n != 1 {
						t.Errorf("%s: declaration %s/%s said %d times", who, period, step, n)
					}
				}
			}
			for _, step := range []string{"open", "tenth", "last"} {
				if n := count["are nudge/actualisation/"+period+"/"+step]; n != 1 {
					t.Errorf("actualisation %s/%s said %d times", period, step, n)
				}
			}
		}
		if l.beats < 500_000 {
			t.Errorf("%d beats in a year", l.beats)
		}
	})
}

// TestDowntime leaves the program off over openings, a due day and a month end:
// what still helps is said once, late steps collapse, nothing comes in a burst.
func TestDowntime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		zone := paris(t)
		time.Sleep(time.Until(time.Date(2026, 11, 26, 10, 0, 0, 0, zone)))
		l := newLedger(t)
		l.join(t, "are", "are", time.Now())
		year(t, l, map[int]int{4: 3, 12: 9, 35: 2, 60: 20, 125: 1, 200: 12}, 30)
		check(t, l)
		asked := map[string]bool{}
		for _, s := range l.said {
			asked[strings.Join(strings.Split(s.key, "/")[1:3], "/")] = true
		}
		for month := time.Date(2026, 12, 1, 0, 0, 0, 0, zone); month.Before(time.Date(2027, 9, 1, 0, 0, 0, 0, zone)); month = month.AddDate(0, 1, 0) {
			period := month.AddDate(0, -1, 0).Format("2006-01")
			if !asked["declaration/"+period] || !asked["actualisation/"+period] {
				t.Errorf("%s was never asked for", period)
			}
		}
	})
}

// check verifies the promises on everything that was said, and counts it.
func check(t *testing.T, l *ledger) map[string]int {
	t.Helper()
	zone := paris(t)
	hours := flows.NudgeHours(zone)
	count, days := map[string]int{}, map[string]string{}
	for _, s := range l.said {
		if !hours.MaySpeak(s.at) {
			t.Errorf("%s %s at %s: at night, on a Sunday or a holiday", s.person, s.key, s.at.In(zone))
		}
		key := string(s.person) + " " + s.key
		if count[key]++; count[key] > 1 {
			t.Errorf("%s said again at %s", key, s.at.In(zone))
		}
		day := string(s.person) + " " + s.at.In(zone).Format("2006-01-02")
		if other := days[day]; other != "" {
			t.Errorf("two unasked messages on %s: %s and %s", day, other, s.key)
		}
		days[day] = s.key
	}
	return count
}

// TestRefusalLosesNothing: a store that refuses for a while leaves the reminder
// where it was.
func TestRefusalLosesNothing(t *testing.T) {
	l := newLedger(t)
	now := time.Date(2026, 12, 1, 9, 0, 0, 0, paris(t))
	l.join(t, "p", "none", now)
	s := &Scheduler{Reminders: l, Intake: l, Hours: flows.NudgeHours(paris(t)), Now: func() time.Time { return now }, Logger: slog.New(slog.DiscardHandler)}
	now = now.Add(5 * time.Hour)
	l.failing = true
	if _, err := s.Beat(t.Context()); err == nil || len(l.said) > 0 {
		t.Fatalf("said %v, %v", l.said, err)
	}
	l.failing = false
	if n, err := s.Beat(t.Context()); err != nil || n != 1 || len(l.said) != 1 {
		t.Errorf("took %d, said %v, %v", n, l.said, err)
	}
}

func TestTheClockMovesForwardOnly(t *testing.T) {
	l := newLedger(t)
	start := time.Date(2026, 12, 1, 9, 0, 0, 0, paris(t))
	c := NewClock(start, paris(t))
	s := &Scheduler{Reminders: l, Intake: l, Hours: flows.NudgeHours(paris(t)), Now: c.Now, Logger: slog.New(slog.DiscardHandler)}
	c.Drive(s, func(context.Context) error { return nil }, func() uint64 { return uint64(len(l.said)) })
	l.join(t, "p", "are", c.Now())
	if err := c.To(t.Context(), start.Add(-time.Hour)); err == nil {
		t.Error("the clock went back")
	}
	if moved, err := c.Next(t.Context()); err != nil || !moved || len(l.said) != 1 {
		t.Errorf("next: %v %v %v", moved, err, l.said)
	}
	if err := c.Advance(t.Context(), 150*24*time.Hour); err != nil {
		t.Fatal(err)
	}
	check(t, l)
	if d := c.Now().Sub(start); d < 150*24*time.Hour || d > 153*24*time.Hour {
		t.Errorf("the clock moved by %s", d)
	}
	if err := c.Advance(t.Context(), 10*366*24*time.Hour); err == nil {
		t.Error("ten years at once")
	}
}
