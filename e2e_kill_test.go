package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coopconnexion/relais/bot/telegram/telegramtest"
)

// fast are the settings of tests that do not measure the pace of Telegram.
var fast = map[string]string{"RELAIS_TELEGRAM_RATE": "5000", "RELAIS_TELEGRAM_CHAT_RATE": "5000", "RELAIS_PERSON_RATE": "0"}

// newDeclarants imports n members who want to declare so many months (at most
// four), each with amounts of its own.
func newDeclarants(w *world, n, months int) []*declarant {
	w.t.Helper()
	w.members += n
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("Membre%dPrenom", w.members-n+i))
	}
	codes := w.importMembers(names)
	var all []*declarant
	for i, name := range names {
		d := &declarant{w: w, chat: int64(5_550_000 + w.members - n + i), name: name, code: codes[name], patience: 1500 * time.Millisecond}
		for k := range months {
			d.months = append(d.months, newMonth(i, k))
		}
		all = append(all, d)
	}
	return all
}

// newMonth makes the amounts of the k-th month of the i-th member, and the way
// in which they are typed.
func newMonth(i, k int) *month {
	m := &month{revenue: 123_456 + int64(i)*10_101 + int64(k)*1_300_017, expenses: int64((i+k)%3) * 4_590, refs: map[string]bool{}}
	whole, cents := m.revenue/100, m.revenue%100
	m.typed = []string{
		fmt.Sprintf("%d,%02d", whole, cents), fmt.Sprintf("%d.%02d €", whole, cents),
		fmt.Sprintf("%d %03d,%02d €", whole/1000, whole%1000, cents), fmt.Sprintf("%d\u00a0%03d,%02d euros", whole/1000, whole%1000, cents),
	}[(i+k)%4]
	return m
}

// live lets the declarants act at the same time, and returns a channel that
// is closed once all are done.
func live(ctx context.Context, t testing.TB, all []*declarant) chan struct{} {
	done := make(chan struct{})
	var wg sync.WaitGroup
	for _, d := range all {
		wg.Go(func() {
			if err := d.declare(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	go func() { wg.Wait(); close(done) }()
	return done
}

// compare checks that the export says what the members saw, and nothing else.
func compare(t testing.TB, w *world, all []*declarant) {
	t.Helper()
	rows := map[string]map[string]string{} // by name and amount
	doubled := 0
	for _, r := range w.table("export", "declarations", "--format", "csv") {
		k := r["name"] + "/" + r["revenue_cents"]
		if rows[k] != nil || r["version"] != "1" {
			doubled++
		}
		rows[k] = r
	}
	lost, wrong := 0, 0
	for _, d := range all {
		for _, m := range d.months {
			r := rows[d.name+"/"+fmt.Sprint(m.revenue)]
			delete(rows, d.name+"/"+fmt.Sprint(m.revenue))
			switch {
			case r == nil:
				lost++
			case len(m.refs) > 1:
				doubled++
			case !m.refs[r["reference"]] || r["expenses_cents"] != fmt.Sprint(m.expenses) || r["contribution_cents"] != fmt.Sprint((m.revenue+5)/10):
				t.Errorf("%s saw %v of %d and %d cents, the export has %v", d.name, m.refs, m.revenue, m.expenses, r)
				wrong++
			}
		}
	}
	if wrong += len(rows); lost+doubled+wrong > 0 {
		t.Errorf("%d lost, %d doubled, %d wrong", lost, doubled, wrong)
	}
}

// private is what must not be in a log.
func private(w *world, all []*declarant) []string {
	words := []string{w.telegram.Token, strings.SplitN(w.telegram.Token, ":", 2)[1]}
	for _, d := range all {
		words = append(words, d.name, d.code, fmt.Sprint(d.chat))
		for _, m := range d.months {
			words = append(words, m.typed, fmt.Sprint(m.revenue), euros(m.revenue))
		}
	}
	return words
}

// TestMembersSurviveKills: members declare while the program is killed every
// 0.1 to 0.6 s after its start, and started again.
func TestMembersSurviveKills(t *testing.T) {
	t.Parallel()
	w := newWorld(t, telegramtest.Options{ChatBurst: 1000, Rate: 1000, ChatRate: 1000}, fast)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Second)
	defer cancel()
	began := time.Now()
	var all []*declarant
	kills := 0
	for round := 0; round < 12 && kills < 15; round++ { // on a quick machine one round sees few kills
		some := newDeclarants(w, 16, 3)
		all = append(all, some...)
		done := live(ctx, t, some)
		for over := false; !over; kills++ {
			p := w.spawn()
			select {
			case <-done:
				over = true
			case <-p.ended:
				t.Fatalf("serve ended by itself: %v", p.err)
			case <-time.After(time.Duration(100+rand.IntN(500)) * time.Millisecond):
			}
			p.kill()
		}
	}
	took := time.Since(began)
	w.serve() // what is owed is sent
	if err := w.telegram.Wait(ctx, func() bool { return w.telegram.Pending() == 0 }); err != nil {
		t.Error(err)
	}
	w.proc.stop(t, 11*time.Second)
	acts, receipts := 0, 0
	for _, d := range all {
		acts, receipts = acts+d.acts, receipts+d.receipts
	}
	compare(t, w, all)
	w.log.noneOf(t, private(w, all))
	w.well()
	t.Logf("%d members, %d declarations, %d kills in %.1f s, %d acts, %d receipts seen", len(all), 3*len(all), kills, took.Seconds(), acts, receipts)
}
