//go:build faults

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coopconnexion/relais/bot/telegram/telegramtest"
	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/storage"
)

// crashPoints are the named places on the way of a message.
var crashPoints = []string{
	"turn-start", "keyring-append", "before-commit", "after-commit", "mark-write", "poll-after-commit", "poll-before-confirm",
	"begin-before", "begin-after", "send-before", "send-after", "finish-before", "finish-after",
}

// crashes is a test under way.
type crashes struct {
	w      *world
	all    []*declarant
	named  map[string]int // kills by point
	random int
	// strangers wrote one word each, from firstStranger on.
	strangers int
}

const firstStranger = 6_600_000

func (c *crashes) kills() int {
	n := c.random
	for _, k := range c.named {
		n += k
	}
	return n
}

// TestNamedCrashPoints kills the program at each named point and at random,
// hundreds of times, while updates are delivered again and in another order,
// answers are lost, and Telegram answers 429 and 502.
func TestNamedCrashPoints(t *testing.T) {
	const wanted = 300
	w := newWorld(t, telegramtest.Options{Rate: -1, ChatRate: -1}, fast)
	for kind, chance := range map[telegramtest.FaultKind]float64{
		telegramtest.LostAnswer: 0.02, telegramtest.BadGateway: 0.02, telegramtest.LateGateway: 0.01, telegramtest.Truncated: 0.01, telegramtest.Cut: 0.01,
	} {
		w.telegram.Fail(telegramtest.Fault{Kind: kind, Times: -1, Chance: chance})
	}
	w.telegram.Fail(telegramtest.Fault{Kind: telegramtest.TooMany, After: 1, Method: "sendMessage", Times: -1, Chance: 0.003})
	w.telegram.Fail(telegramtest.Fault{Kind: telegramtest.LostAnswer, Method: "getUpdates", Times: -1, Chance: 0.03})
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	c := &crashes{w: w, named: map[string]int{}}
	began := time.Now()
	for c.kills() < wanted && ctx.Err() == nil {
		c.round(ctx, newDeclarants(w, 14, 4))
	}
	w.telegram.Heal()
	c.drain(ctx)
	compare(t, w, c.all)
	copies, marked := c.judge()
	for i := range c.strangers {
		if len(w.telegram.FromBot(firstStranger+int64(i))) == 0 {
			t.Errorf("stranger %d has no answer", i)
		}
	}
	w.log.noneOf(t, private(w, c.all))
	w.well()
	for _, p := range crashPoints {
		if c.named[p] == 0 {
			t.Errorf("never killed at %s", p)
		}
	}
	if t.Failed() {
		return
	}
	t.Logf("%d kills (%d at %d named points, %d at random) in %.0f s: %d members, %d declarations, %d strangers, 0 lost, 0 doubled, 0 skipped; %d messages arrived again, %d attempts marked ambiguous",
		c.kills(), c.kills()-c.random, len(c.named), c.random, time.Since(began).Seconds(), len(c.all), 4*len(c.all), c.strangers, copies, marked)
}

// round lets some members declare through many kills.
func (c *crashes) round(ctx context.Context, members []*declarant) {
	c.all = append(c.all, members...)
	done := live(ctx, c.w.t, members)
	for over := false; !over; {
		point := crashPoints[c.kills()%len(crashPoints)]
		most := 30
		if point == "keyring-append" {
			most = 1
		}
		if point == "poll-before-confirm" || point == "mark-write" {
			most = 2 // passed less often
		}
		p := c.w.spawn(fmt.Sprintf("RELAIS_FAULT=%s:%d", point, 1+rand.IntN(most)))
		select {
		case <-done:
			over = true
		case <-p.ended:
		case <-time.After(time.Duration(100+rand.IntN(500)) * time.Millisecond):
		}
		c.count(p, point)
		if c.kills()%3 == 0 { // a new person, hence a new key
			c.w.telegram.Say(firstStranger+int64(c.strangers), "bonjour")
			c.strangers++
		}
		for range 3 { // seen long ago, and out of order
			c.w.telegram.Redeliver(c.all[rand.IntN(len(c.all))].again())
		}
	}
}

// count ends a process and counts how it ended.
func (c *crashes) count(p *process, point string) {
	select {
	case <-p.ended:
		if s := p.cmd.ProcessState.String(); s != "signal: killed" {
			c.w.t.Fatalf("serve ended by itself at %s: %s", point, s)
		}
		c.named[point]++
	default:
		p.kill()
		c.random++
	}
}

// drain lets the program finish what is owed.
func (c *crashes) drain(ctx context.Context) {
	c.w.serve()
	for {
		owed := c.owed()
		if c.w.telegram.Pending() == 0 && len(owed) == 0 {
			break
		}
		select {
		case <-ctx.Done():
			c.w.t.Fatalf("%d updates and %d letters are left: %v", c.w.telegram.Pending(), len(owed), owed)
		case <-time.After(time.Second): // asking costs the program time
		}
	}
	c.w.proc.stop(c.w.t, 11*time.Second)
}

// owed describes the letters that wait. Those to the desk stay: there is no
// Slack here.
func (c *crashes) owed() (out []string) {
	for _, x := range c.exports() {
		for _, l := range x.Letters {
			if l.To.Channel == flows.DeskChannel {
				continue
			}
			out = append(out, fmt.Sprintf("%d %s/%s %s, %d attempts, %s", l.ID, l.Op, l.Class, l.State, l.Attempts, l.Reason))
		}
	}
	return out
}

// exports is everything that is kept, by name.
func (c *crashes) exports() map[string]storage.Export {
	c.w.t.Helper()
	out := map[string]storage.Export{}
	for _, row := range c.w.table("export", "members") {
		var x storage.Export
		if err := json.Unmarshal([]byte(c.w.run("person", "export", row["person_id"])), &x); err != nil {
			c.w.t.Fatal(err)
		}
		out[row["name"]] = x
	}
	return out
}

// judge compares what arrived more than once with the attempts that the trail
// marks as ambiguous.
func (c *crashes) judge() (copies, marked int) {
	exports := c.exports()
	for _, d := range c.all {
		twice, may := arrivedAgain(c.w.telegram.FromBot(d.chat)), 0
		for _, e := range exports[d.name].Ended {
			if e.Op == flows.OpSend && e.Ambiguous {
				may += e.Attempts - 1
				marked++
			}
			if e.State == flows.Failed {
				c.w.t.Errorf("%s: letter %d (%s, %s) was given up: %s", d.name, e.ID, e.Op, e.Class, e.Reason)
			}
		}
		if twice > may {
			c.w.t.Errorf("%s: %d messages arrived again, only %d attempts are marked", d.name, twice, may)
		}
		copies += twice
	}
	return copies, marked
}

// arrivedAgain counts the copies among the messages of a chat: a question's
// buttons are its own, a receipt has its reference.
func arrivedAgain(messages []telegramtest.Message) int {
	seen := map[string]int{}
	for _, m := range messages {
		key := ""
		for _, b := range slices.Concat(m.Rows...) {
			if strings.HasPrefix(b.Data, "q.") {
				key = b.Data
			}
		}
		if key == "" && strings.Contains(m.Text, "Référence") {
			key = reference.FindString(m.Text)
		}
		if key != "" {
			seen[key]++
		}
	}
	n := 0
	for count := range maps.Values(seen) {
		n += count - 1
	}
	return n
}

// again picks one of the updates so far; 0: none yet.
func (d *declarant) again() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.updates) == 0 {
		return 0
	}
	return d.updates[rand.IntN(len(d.updates))]
}
