package bot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coopconnexion/relais/flows"
)

func TestOrderWithinAnAddressAndTurnsBetweenThem(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, func(o *Options) { o.Workers = 1 })
		defer p.close()
		p.channel.took = 10 * time.Millisecond
		var all []flows.Letter
		for i := range 10 {
			all = append(all, letter(uint64(i+1), "a", flows.ClassReply))
		}
		all = append(all, letter(11, "b", flows.ClassReply), letter(12, "b", flows.ClassReply))
		p.write(all...)
		p.settle()
		var a, b []uint64
		posB := -1
		for i, s := range p.channel.sends() {
			if s.to == "a" {
				a = append(a, s.id)
			} else {
				b = append(b, s.id)
				if posB < 0 {
					posB = i
				}
			}
		}
		if !slices.IsSorted(a) || len(a) != 10 || !slices.Equal(b, []uint64{11, 12}) {
			t.Errorf("order: a=%v b=%v", a, b)
		}
		if posB > 2 {
			t.Errorf("b had to wait for %d letters of a", posB)
		}
	})
}

func TestClassesGoInTheirRank(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, func(o *Options) { o.Workers = 1 })
		defer p.close()
		p.channel.took = time.Second
		p.write(letter(1, "a", flows.ClassCampaign))
		synctest.Wait() // the campaign is under way
		p.write(letter(2, "a", flows.ClassCampaign), letter(3, "a", flows.ClassNudge),
			letter(4, "a", flows.ClassReply), letter(5, "a", flows.ClassQuestion), letter(6, "a", flows.ClassCrisis))
		p.settle()
		if got, want := p.channel.ids(), []uint64{1, 6, 4, 5, 3, 2}; !slices.Equal(got, want) {
			t.Errorf("order %v, want %v", got, want)
		}
	})
}

func TestHoursHoldUnsolicitedLettersOnly(t *testing.T) {
	bubble(t, func(t *testing.T) {
		open9 := time.Now().Add(7*time.Hour + 3*time.Minute)
		shut := time.Now().Add(9 * time.Hour)
		speak := func(now time.Time) bool { return !now.Before(open9) && now.Before(shut) }
		p := open(t, func(o *Options) { o.MaySpeak = speak })
		defer p.close()
		p.write(letter(1, "a", flows.ClassNudge), letter(2, "a", flows.ClassReply),
			letter(3, "b", flows.ClassCampaign), letter(4, "b", flows.ClassSensitive), letter(5, "b", flows.ClassCrisis))
		p.settle()
		if got := p.channel.ids(); len(got) != 2 || !slices.Contains(got, 2) || !slices.Contains(got, 5) {
			t.Fatalf("at night: %v", got)
		}
		if s := p.d.Stats(); s.Waiting != 3 || s.Hours != 2 {
			t.Errorf("stats %+v", s)
		}
		time.Sleep(7*time.Hour + 20*time.Minute)
		p.settle()
		if got := p.channel.ids(); len(got) != 5 {
			t.Errorf("by day: %v", got)
		}
		for _, s := range p.channel.sends()[2:] {
			if !speak(s.at) {
				t.Errorf("letter %d left at %v", s.id, s.at)
			}
		}
	})
}

func TestHoursAreAskedAgainAtSendTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		shut := time.Now().Add(90 * time.Second)
		p := open(t, func(o *Options) {
			o.MaySpeak = func(now time.Time) bool { return now.Before(shut) || now.Sub(shut) > 10*time.Hour }
			o.Channels[0].Pace = Pace{PerSecond: 1, PerAddress: 1, Burst: 5}
		})
		defer p.close()
		for i := range 200 {
			p.write(letter(uint64(i+1), fmt.Sprint(i), flows.ClassCampaign))
		}
		p.settle()
		n := len(p.channel.ids())
		if n < 60 || n > 92 {
			t.Errorf("%d letters before the end of the hours", n)
		}
		time.Sleep(12 * time.Hour)
		p.settle()
		if got := len(p.channel.ids()); got != 200 {
			t.Errorf("%d letters in all", got)
		}
	})
}

func TestPaces(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, func(o *Options) {
			o.Channels[0].Pace = Pace{PerSecond: 25, Reserve: 10, PerAddress: 1, Burst: 5}
		})
		defer p.close()
		for i := range 300 {
			p.write(letter(uint64(i+1), fmt.Sprint(i), flows.ClassCampaign))
		}
		for i := range 20 {
			p.write(letter(uint64(1000+i), "chatty", flows.ClassReply))
		}
		p.settle()
		log := p.channel.sends()
		if len(log) != 320 {
			t.Fatalf("%d letters", len(log))
		}
		most, chat := 0, 0
		for i, s := range log {
			n, c := 0, 0
			for _, other := range log[i:] {
				if other.at.Sub(s.at) < time.Second {
					n++
					if other.to == "chatty" && s.to == "chatty" {
						c++
					}
				}
			}
			most, chat = max(most, n), max(chat, c)
		}
		if most > 30 {
			t.Errorf("%d letters within a second", most)
		}
		if chat > 6 {
			t.Errorf("%d letters to one chat within a second", chat)
		}
		last := log[len(log)-1].at.Sub(log[0].at)
		if last < 19*time.Second || last > 22*time.Second {
			t.Errorf("300 campaign letters at 15/s took %v", last)
		}
	})
}

// TestCancelledLettersCostNoTime: questions that a newer one replaced before
// they left take nothing of the pace.
func TestCancelledLettersCostNoTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, func(o *Options) {
			o.Channels[0].Pace = Pace{PerSecond: 25, Reserve: 10, PerAddress: 1, Burst: 5}
		})
		defer p.close()
		for i := range 40 {
			l := letter(uint64(i+1), "a", flows.ClassQuestion)
			h := p.box.put(l)
			if i < 39 {
				p.box.letters[l.ID].State = flows.Cancelled
			}
			p.d.Add([]flows.Head{h})
		}
		began := time.Now()
		p.settle()
		if got := len(p.channel.ids()); got != 1 || time.Since(began) > time.Second {
			t.Errorf("%d letters after %v", got, time.Since(began))
		}
	})
}

func TestReactionsDoNotWaitBehindMessages(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, func(o *Options) { o.Channels[0].Pace = Pace{PerSecond: 25, PerAddress: 1, Burst: 1} })
		defer p.close()
		for i := range 10 {
			p.write(letter(uint64(i+1), "a", flows.ClassReply))
		}
		react := letter(11, "a", flows.ClassReply)
		react.Op, react.Send, react.React = flows.OpReact, nil, &flows.React{Message: "1", Emoji: "👀"}
		p.write(react)
		p.settle()
		for i, s := range p.channel.sends() {
			if s.id == 11 && i > 2 {
				t.Errorf("the reaction was number %d", i+1)
			}
		}
	})
}

// TestCrisisGoesOnCredit: what may not wait leaves at once, but not so much of
// it to one address that the platform would make everybody wait.
func TestCrisisGoesOnCredit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, func(o *Options) {
			o.Channels[0].Pace = Pace{PerSecond: 25, Reserve: 10, PerAddress: 1, Burst: 5}
		})
		defer p.close()
		for i := range 20 {
			p.write(letter(uint64(i+1), "a", flows.ClassReply))
		}
		p.settle()
		for i := range 30 {
			p.write(letter(uint64(i+100), "a", flows.ClassCrisis))
		}
		began := time.Now()
		p.settle()
		log := p.channel.sends()[20:]
		at := func(n int) time.Duration { return log[n].at.Sub(began).Round(time.Millisecond) }
		if at(3) != 0 || at(9) < 5*time.Second || at(29) < 25*time.Second || at(29) > 27*time.Second {
			t.Errorf("the 4th after %v, the 10th after %v, the 30th after %v", at(3), at(9), at(29))
		}
	})
}

// slow is an outbox whose disk takes its time now and then.
type slow struct{ *memory }

func (s slow) Begin(ctx context.Context, id uint64) (flows.Letter, bool, error) {
	if id%10 == 1 {
		rest(ctx, 3*time.Second)
	}
	return s.memory.Begin(ctx, id)
}

func TestPaceOfAChatHoldsOnASlowDisk(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := &post{t: t, box: newMemory(), channel: &script{name: "telegram"}, reports: &reports{}}
		p.start(func(o *Options) {
			o.Outbox = slow{p.box}
			o.Channels[0].Pace = Pace{PerAddress: 1, Burst: 5}
		})
		defer p.close()
		for i := range 40 {
			p.write(letter(uint64(i+1), "a", flows.ClassReply))
		}
		p.settle()
		log := p.channel.sends()
		for i, s := range log {
			for n, other := range log[i:] {
				// What a bucket of five, filled once a second, lets through.
				if allowed := 5 + other.at.Sub(s.at).Seconds() + 0.01; float64(n+1) > allowed {
					t.Fatalf("%d letters within %v", n+1, other.at.Sub(s.at))
				}
			}
		}
		if len(log) != 40 {
			t.Errorf("%d letters", len(log))
		}
	})
}

func TestManyRequestsStopTheWholeChannel(t *testing.T) {
	for _, c := range []struct {
		asked, kept time.Duration
		alarm       bool
	}{
		{35 * time.Second, 35 * time.Second, false},
		{time.Nanosecond, time.Second, true},
		{-time.Second, time.Second, true},
		{24 * time.Hour, time.Hour, true},
	} {
		bubble(t, func(t *testing.T) {
			p := open(t, nil)
			defer p.close()
			began := time.Now()
			p.channel.reply = func(l flows.Letter, n int) error {
				if l.ID == 1 && n == 1 {
					return &RetryError{After: c.asked, All: true, Cause: "429"}
				}
				return nil
			}
			p.write(letter(1, "a", flows.ClassReply))
			synctest.Wait()
			p.write(letter(2, "a", flows.ClassReply), letter(3, "b", flows.ClassCrisis))
			p.settle()
			if n := len(p.channel.ids()); n != 0 {
				t.Errorf("asked %v: %d letters during the pause", c.asked, n)
			}
			time.Sleep(c.kept + 2*time.Second)
			p.settle()
			log := p.channel.sends()
			if len(log) != 3 {
				t.Fatalf("asked %v: %d letters", c.asked, len(log))
			}
			if d := log[0].at.Sub(began); d < c.kept || d > c.kept+time.Second {
				t.Errorf("asked %v: first letter after %v", c.asked, d)
			}
			if a := slices.Contains(p.alarms, "telegram:pause"); a != c.alarm {
				t.Errorf("asked %v: alarms %v", c.asked, p.alarms)
			}
			if p.box.letter(1).Ambiguous {
				t.Error("a 429 was taken for ambiguous")
			}
		})
	}
}

func TestBlockedPerson(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, func(o *Options) { o.MaySpeak = func(time.Time) bool { return false } })
		defer p.close()
		p.channel.reply = func(flows.Letter, int) error { return ErrGone }
		p.write(letter(1, "a", flows.ClassReply), letter(2, "a", flows.ClassNudge), letter(3, "a", flows.ClassCampaign))
		p.settle()
		if got := p.reports.kinds(); got != "gone::" {
			t.Errorf("reports %q", got)
		}
		in := p.reports.list[0]
		if in.About != "pa" || in.From.ID != "a" || in.Role != flows.RoleSystem || in.ID != "delivery/1/gone" {
			t.Errorf("report %+v", in)
		}
		for id, want := range map[uint64]flows.LetterState{1: flows.Failed, 2: flows.Cancelled, 3: flows.Cancelled} {
			if l := p.box.letter(id); l.State != want || l.Reason != "gone" {
				t.Errorf("letter %d is %s (%s)", id, l.State, l.Reason)
			}
		}
	})
}

func TestRejectedLetter(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, nil)
		defer p.close()
		p.reports.fail = 2 // the store refuses twice: the report insists
		p.channel.reply = func(l flows.Letter, _ int) error {
			if l.ID == 1 {
				return &RejectedError{Cause: "too_long"}
			}
			return nil
		}
		p.write(letter(1, "a", flows.ClassReply), letter(2, "a", flows.ClassReply))
		p.settle()
		if got := p.reports.kinds(); got != "failed:k1:too_long" {
			t.Errorf("reports %q", got)
		}
		if l := p.box.letter(1); l.State != flows.Failed || l.Reason != "too_long" {
			t.Errorf("letter is %s (%s)", l.State, l.Reason)
		}
		if got := p.channel.ids(); !slices.Equal(got, []uint64{2}) {
			t.Errorf("sent %v", got)
		}
	})
}

func TestUnreachablePlatformBacksOffAndLosesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, nil)
		defer p.close()
		up := time.Now().Add(10 * time.Minute)
		tries := 0
		p.channel.reply = func(flows.Letter, int) error {
			if time.Now().Before(up) {
				p.box.mu.Lock()
				tries++
				p.box.mu.Unlock()
				return &RetryError{All: true, Cause: "connect"}
			}
			return nil
		}
		for i := range 50 {
			p.write(letter(uint64(i+1), fmt.Sprint(i), flows.ClassNudge))
		}
		time.Sleep(12 * time.Minute)
		p.settle()
		if n := len(p.channel.ids()); n != 50 {
			t.Errorf("%d of 50 letters", n)
		}
		if tries < 16 || tries > 400 {
			t.Errorf("%d tries in ten minutes", tries)
		}
		for id := uint64(1); id <= 50; id++ {
			if p.box.letter(id).Ambiguous {
				t.Fatalf("letter %d is ambiguous", id)
			}
		}
	})
}

func TestStoppedChannelKeepsItsLetters(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, nil)
		defer p.close()
		var ok atomic.Bool
		p.channel.reply = func(flows.Letter, int) error {
			if !ok.Load() {
				return ErrStop
			}
			return nil
		}
		p.write(letter(1, "a", flows.ClassReply), letter(2, "b", flows.ClassReply), letter(3, "a", flows.ClassReply))
		p.settle()
		if s := p.d.Stats(); s.Waiting != 3 || len(s.Stopped) != 1 {
			t.Errorf("stats %+v", s)
		}
		if !slices.Contains(p.alarms, "telegram:stopped") {
			t.Errorf("alarms %v", p.alarms)
		}
		ok.Store(true)
		time.Sleep(probeAfter + time.Second)
		p.settle()
		if n := len(p.channel.ids()); n != 3 {
			t.Errorf("%d letters after the channel healed", n)
		}
		if s := p.d.Stats(); len(s.Stopped) != 0 {
			t.Errorf("still stopped: %+v", s)
		}
	})
}

// TestAmbiguityByClass loses every answer: how often does each class leave, and
// how does it end?
func TestAmbiguityByClass(t *testing.T) {
	type want struct {
		copies int
		state  flows.LetterState
		report bool
	}
	for class, w := range map[flows.Class]want{
		flows.ClassReply:     {2, flows.Failed, true},
		flows.ClassQuestion:  {2, flows.Failed, true},
		flows.ClassReceipt:   {4, flows.Failed, true},
		flows.ClassDecor:     {1, flows.Cancelled, false},
		flows.ClassNudge:     {1, flows.Cancelled, false},
		flows.ClassCampaign:  {1, flows.Cancelled, false},
		flows.ClassSensitive: {1, flows.Failed, true},
		flows.ClassCrisis:    {10, flows.Failed, true},
	} {
		bubble(t, func(t *testing.T) {
			p := open(t, nil)
			defer p.close()
			p.channel.reply = func(flows.Letter, int) error { return errors.New("lost") }
			p.write(letter(1, "a", class))
			time.Sleep(30 * time.Minute)
			p.settle()
			l := p.box.letter(1)
			if n := p.channel.count(1); n != w.copies || l.State != w.state || !l.Ambiguous {
				t.Errorf("%s: %d copies, %s, ambiguous %t; want %+v", class, n, l.State, l.Ambiguous, w)
			}
			if (p.reports.kinds() != "") != w.report {
				t.Errorf("%s: reports %q", class, p.reports.kinds())
			}
		})
	}
}

func TestReceiptSaysThatItMayBeTheSame(t *testing.T) {
	const mark = "Réf. D-2026-10-0042 — si vous l'avez déjà reçu, c'est le même."
	bubble(t, func(t *testing.T) {
		p := open(t, nil)
		defer p.close()
		first := ""
		p.channel.reply = func(l flows.Letter, n int) error {
			if n == 1 {
				first = l.Send.Text.String()
				return &UnknownError{Cause: "lost"}
			}
			return nil
		}
		l := letter(1, "a", flows.ClassReceipt)
		l.Send.Ref = "D-2026-10-0042"
		p.write(l)
		time.Sleep(5 * time.Second)
		p.settle()
		if strings.Contains(first, mark) {
			t.Error("the first copy carries the mark")
		}
		if log := p.channel.sends(); len(log) != 1 || !strings.HasSuffix(log[0].text, mark) {
			t.Errorf("second copy: %+v", log)
		}
	})
}

func TestReplyOutlivesLongFailureOfThePlatform(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, nil)
		defer p.close()
		up := time.Now().Add(10 * time.Minute)
		p.channel.reply = func(flows.Letter, int) error {
			if time.Now().Before(up) {
				return &UnknownError{Cause: "5xx", Answered: true}
			}
			return nil
		}
		p.write(letter(1, "a", flows.ClassReply))
		time.Sleep(15 * time.Minute)
		p.settle()
		if l := p.box.letter(1); l.State != flows.Sent || !l.Ambiguous {
			t.Errorf("letter is %s, ambiguous %t", l.State, l.Ambiguous)
		}
	})
}

func TestFoundUnderWayAtStart(t *testing.T) {
	type want struct {
		copies    int
		state     flows.LetterState
		ambiguous bool
	}
	for class, w := range map[flows.Class]want{
		flows.ClassReply:     {1, flows.Sent, true},
		flows.ClassReceipt:   {1, flows.Sent, true},
		flows.ClassCrisis:    {1, flows.Sent, true},
		flows.ClassNudge:     {0, flows.Cancelled, true},
		flows.ClassDecor:     {0, flows.Cancelled, true},
		flows.ClassSensitive: {0, flows.Failed, true},
	} {
		bubble(t, func(t *testing.T) {
			p := &post{t: t, box: newMemory(), channel: &script{name: "telegram"}, reports: &reports{}}
			l := letter(1, "a", class)
			l.State = flows.Sending
			l.Send.Ref = "D-1"
			p.box.put(l)
			p.start(nil)
			defer p.close()
			p.settle()
			got := p.box.letter(1)
			if p.channel.count(1) != w.copies || got.State != w.state || got.Ambiguous != w.ambiguous {
				t.Errorf("%s: %d copies, %s, ambiguous %t", class, p.channel.count(1), got.State, got.Ambiguous)
			}
			if class == flows.ClassReceipt && !strings.Contains(p.channel.sends()[0].text, "c'est le même") {
				t.Error("the receipt lacks its mark")
			}
			if class == flows.ClassSensitive && p.reports.kinds() != "failed:k1:interrupted" {
				t.Errorf("reports %q", p.reports.kinds())
			}
		})
	}
}

func TestDeskLooksUpBeforeResending(t *testing.T) {
	for _, arrived := range []bool{true, false} {
		bubble(t, func(t *testing.T) {
			p := &post{t: t, box: newMemory(), channel: &script{name: flows.DeskChannel}, reports: &reports{}}
			p.channel.find = func(flows.Letter) (string, bool, error) { return "ts1", arrived, nil }
			p.channel.reply = func(_ flows.Letter, n int) error {
				if n == 1 {
					return errors.New("lost")
				}
				return nil
			}
			p.start(func(o *Options) { o.Channels = []Served{{Channel: finding{p.channel}}} })
			defer p.close()
			p.write(flows.Letter{
				ID: 1, Person: "p", To: flows.DeskStaff, Op: flows.OpPost, Class: flows.ClassDesk,
				Post: &flows.Post{Key: "pretest"},
			})
			time.Sleep(10 * time.Second)
			p.settle()
			want := 2
			if arrived {
				want = 1
			}
			if n := p.channel.count(1); n != want || p.channel.found != 1 || p.box.letter(1).State != flows.Sent {
				t.Errorf("arrived %t: %d copies, %d look-ups, %s", arrived, n, p.channel.found, p.box.letter(1).State)
			}
		})
	}
}

func TestMissingChannelKeepsLettersAndHoldsNobody(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, nil)
		defer p.close()
		desk := letter(1, "x", flows.ClassDesk)
		desk.To, desk.Op, desk.Send, desk.Post = flows.DeskStaff, flows.OpPost, nil, &flows.Post{Key: "k"}
		p.write(desk, letter(2, "a", flows.ClassReply))
		p.settle()
		if got := p.channel.ids(); !slices.Equal(got, []uint64{2}) {
			t.Errorf("sent %v", got)
		}
		if l := p.box.letter(1); l.State != flows.Pending || l.Attempts != 0 {
			t.Errorf("desk letter: %s after %d attempts", l.State, l.Attempts)
		}
	})
}

func TestExpiredAndDecorLettersAreDropped(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, func(o *Options) { o.Channels[0].Pace = Pace{PerAddress: 1, Burst: 2} })
		defer p.close()
		old := letter(1, "a", flows.ClassNudge)
		old.Send.Expires = time.Now().Add(-time.Second)
		edit := func(id uint64) flows.Letter {
			l := letter(id, "a", flows.ClassDecor)
			l.Op, l.Send, l.Edit = flows.OpEdit, nil, &flows.Edit{Key: "k"}
			return l
		}
		p.write(old, letter(2, "a", flows.ClassReply), letter(3, "a", flows.ClassReply),
			edit(4), edit(5), letter(6, "a", flows.ClassReply), edit(7))
		p.settle()
		if got := p.channel.ids(); !slices.Equal(got, []uint64{2, 3, 6, 7}) {
			t.Errorf("sent %v", got)
		}
		for id, reason := range map[uint64]string{1: "expired", 4: "superseded", 5: "superseded"} {
			if l := p.box.letter(id); l.State != flows.Cancelled || l.Reason != reason || l.Attempts != 0 {
				t.Errorf("letter %d: %s (%s) after %d attempts", id, l.State, l.Reason, l.Attempts)
			}
		}
	})
}

func TestCancelledMeanwhile(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, nil)
		defer p.close()
		l := letter(1, "a", flows.ClassQuestion)
		l.State = flows.Pending
		head := p.box.put(l)
		p.box.letters[1].State = flows.Cancelled
		p.d.Add([]flows.Head{head})
		p.write(letter(2, "a", flows.ClassReply))
		p.settle()
		if got := p.channel.ids(); !slices.Equal(got, []uint64{2}) {
			t.Errorf("sent %v", got)
		}
	})
}

func TestStoreThatFails(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, nil)
		defer p.close()
		p.box.refuseBegin, p.box.refuseFinish = 3, 4
		p.write(letter(1, "a", flows.ClassReply))
		time.Sleep(time.Minute)
		p.settle()
		if l := p.box.letter(1); l.State != flows.Sent || p.channel.count(1) != 1 {
			t.Errorf("%s after %d copies", l.State, p.channel.count(1))
		}
	})
}

func TestPanicInAChannel(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, nil)
		defer p.close()
		p.channel.reply = func(l flows.Letter, _ int) error {
			if l.ID == 1 {
				panic("private words")
			}
			return nil
		}
		p.write(letter(1, "a", flows.ClassReply), letter(2, "a", flows.ClassReply))
		p.settle()
		if l := p.box.letter(1); l.State != flows.Failed || strings.Contains(l.Reason, "private") {
			t.Errorf("%s (%s)", l.State, l.Reason)
		}
		if got := p.channel.ids(); !slices.Equal(got, []uint64{2}) {
			t.Errorf("sent %v", got)
		}
	})
}

func TestDrain(t *testing.T) {
	for _, c := range []struct {
		took, end time.Duration
		state     flows.LetterState
	}{
		{3 * time.Second, 3 * time.Second, flows.Sent},
		{time.Minute, drainTime, flows.Pending},
	} {
		bubble(t, func(t *testing.T) {
			p := open(t, nil)
			p.channel.took = c.took
			p.write(letter(1, "a", flows.ClassReply), letter(2, "a", flows.ClassReply))
			synctest.Wait()
			began := time.Now()
			p.close()
			if d := time.Since(began); d != c.end {
				t.Errorf("drained in %v, want %v", d, c.end)
			}
			if l := p.box.letter(1); l.State != c.state || l.Ambiguous == (c.state == flows.Sent) {
				t.Errorf("letter 1 is %s, ambiguous %t", l.State, l.Ambiguous)
			}
			if l := p.box.letter(2); l.Attempts != 0 {
				t.Error("letter 2 left while draining")
			}
		})
	}
}

func TestHangingAttemptsHoldNeitherCrisisNorOthers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, func(o *Options) { o.Workers = 4 })
		defer p.close()
		p.channel.took = 15 * time.Second
		for i := range 20 {
			p.write(letter(uint64(i+1), fmt.Sprint(i), flows.ClassReply))
		}
		synctest.Wait()
		began := time.Now()
		p.write(letter(100, "z", flows.ClassCrisis))
		p.settle()
		for _, s := range p.channel.sends() {
			if s.id == 100 && s.at.Sub(began) > 15*time.Second {
				t.Errorf("the crisis waited %v", s.at.Sub(began))
			}
		}
	})
}

func TestFilesAreFetchedBeforeTheLettersBehindThem(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := &post{t: t, box: newMemory(), channel: &script{name: "telegram"}, reports: &reports{}}
		desk := &script{name: flows.DeskChannel}
		tries := 0
		p.channel.file = func(f flows.FileRef) (io.ReadCloser, error) {
			if tries++; tries < 3 {
				return nil, &RetryError{All: true, Cause: "connect"}
			}
			return io.NopCloser(strings.NewReader("contenu")), nil
		}
		p.start(func(o *Options) {
			o.Channels = []Served{{Channel: fetching{p.channel}}, {Channel: desk}}
		})
		defer p.close()
		fetch := flows.Letter{
			ID: 1, Person: "pa", To: flows.Account{Channel: "telegram", ID: "a"}, Op: flows.OpFetch, Class: flows.ClassReply,
			Fetch: &flows.Fetch{File: flows.FileRef{Channel: "telegram", ID: "f", Blob: "b1"}},
		}
		post := flows.Letter{
			ID: 2, Person: "pa", To: flows.DeskStaff, Op: flows.OpPost, Class: flows.ClassDesk, Post: &flows.Post{Key: "k", Blob: "b1"},
		}
		p.write(fetch, post, letter(3, "a", flows.ClassReply))
		p.settle()
		if got := p.channel.ids(); !slices.Equal(got, []uint64{3}) {
			t.Errorf("the file holds up replies: %v", got)
		}
		if len(desk.ids()) != 0 {
			t.Error("the card overtook its file")
		}
		time.Sleep(10 * time.Second)
		p.settle()
		if p.box.blobs["b1"] != "contenu" || len(desk.ids()) != 1 {
			t.Errorf("blob %q, desk %v", p.box.blobs["b1"], desk.ids())
		}
	})
}

func TestAFileThatDoesNotComeHoldsTheDeskForAMinuteOnly(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := &post{t: t, box: newMemory(), channel: &script{name: "telegram"}, reports: &reports{}}
		desk := &script{name: flows.DeskChannel}
		p.channel.file = func(flows.FileRef) (io.ReadCloser, error) { return nil, &RetryError{Cause: "blob"} }
		p.start(func(o *Options) { o.Channels = []Served{{Channel: fetching{p.channel}}, {Channel: desk}} })
		defer p.close()
		fetch := func(id uint64, channel string) flows.Letter {
			return flows.Letter{
				ID: id, Person: "pa", To: flows.Account{Channel: channel, ID: "a"}, Op: flows.OpFetch, Class: flows.ClassReply,
				Fetch: &flows.Fetch{File: flows.FileRef{Channel: channel, ID: "f", Blob: "b1"}},
			}
		}
		card := func(id uint64, c flows.Class) flows.Letter {
			return flows.Letter{ID: id, Person: "pa", To: flows.DeskStaff, Op: flows.OpPost, Class: c, Post: &flows.Post{Key: "k"}}
		}
		p.write(fetch(1, "nowhere"), card(2, flows.ClassDesk))
		p.settle()
		if got := desk.ids(); !slices.Equal(got, []uint64{2}) {
			t.Errorf("a channel that is missing holds up the desk: %v", got)
		}
		p.write(fetch(3, "telegram"), card(4, flows.ClassDesk), card(5, flows.ClassCrisis))
		p.settle()
		if got := desk.ids(); !slices.Equal(got, []uint64{2, 5}) {
			t.Errorf("while the file is tried: %v", got)
		}
		time.Sleep(fileHold + time.Second)
		p.settle()
		if got := desk.ids(); !slices.Equal(got, []uint64{2, 5, 4}) {
			t.Errorf("a minute later: %v", got)
		}
		time.Sleep(10 * time.Minute)
		p.settle()
		if l := p.box.letter(3); l.State != flows.Failed || p.reports.kinds() != "failed:b1:blob" {
			t.Errorf("the file is %s, reports %q", l.State, p.reports.kinds())
		}
	})
}

func TestFileTooBig(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := &post{t: t, box: newMemory(), channel: &script{name: "telegram"}, reports: &reports{}}
		p.channel.file = func(flows.FileRef) (io.ReadCloser, error) {
			return io.NopCloser(io.LimitReader(zeros{}, maxFile+1)), nil
		}
		p.start(func(o *Options) { o.Channels = []Served{{Channel: fetching{p.channel}}} })
		defer p.close()
		p.write(flows.Letter{
			ID: 1, Person: "pa", To: flows.Account{Channel: "telegram", ID: "a"}, Op: flows.OpFetch, Class: flows.ClassReply,
			Fetch: &flows.Fetch{File: flows.FileRef{Channel: "telegram", ID: "f", Blob: "b1"}},
		})
		p.settle()
		if got := p.reports.kinds(); got != "failed:b1:file_too_big" {
			t.Errorf("reports %q", got)
		}
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestClockMovedByHand(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var offset atomic.Int64
		now := func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
		morning := time.Now().Add(8 * time.Hour)
		p := open(t, func(o *Options) {
			o.Now = now
			o.MaySpeak = func(at time.Time) bool { return at.After(morning) }
		})
		defer p.close()
		p.write(letter(1, "a", flows.ClassNudge))
		p.settle()
		if len(p.channel.ids()) != 0 {
			t.Fatal("sent at night")
		}
		offset.Store(int64(9 * time.Hour))
		p.settle()
		if len(p.channel.ids()) != 1 {
			t.Error("the moved clock was not noticed")
		}
	})
}

func TestTenThousandWaitingLetters(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, func(o *Options) { o.Channels[0].Pace = Pace{PerSecond: 25, Reserve: 10, PerAddress: 1, Burst: 5} })
		defer p.close()
		var all []flows.Letter
		for i := range 10_000 {
			all = append(all, letter(uint64(i+1), fmt.Sprint(i%2000), flows.ClassReply))
		}
		began := time.Now()
		p.write(all...)
		p.settle()
		if n := len(p.channel.ids()); n != 10_000 {
			t.Errorf("%d letters", n)
		}
		if d := time.Since(began); d > 410*time.Second {
			t.Errorf("took %v at 25/s", d)
		}
	})
}

func TestNothingIsDeliveredBeforeRun(t *testing.T) {
	d := New(Options{Outbox: newMemory(), Channels: []Served{{Channel: &script{name: "telegram"}}}})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := d.Settle(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Settle without Run: %v", err)
	}
}

// TestLate: somebody who wrote so fast that the reply has to wait for its turn
// is known to wait.
func TestLate(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := open(t, func(o *Options) { o.Channels[0].Pace = Pace{PerAddress: 1, Burst: 5} })
		defer p.close()
		a := flows.Account{Channel: "telegram", ID: "a"}
		for i := range 5 {
			p.write(letter(uint64(i+1), "a", flows.ClassReply))
		}
		p.settle()
		if p.d.Late(a) {
			t.Error("nothing waits")
		}
		for i := range 4 {
			p.write(letter(uint64(i+10), "a", flows.ClassReply))
		}
		if !p.d.Late(a) || p.d.Late(flows.Account{Channel: "telegram", ID: "b"}) {
			t.Error("four letters wait for a, none for b")
		}
		p.settle()
		if p.d.Late(a) {
			t.Error("nothing waits any more")
		}
	})
}
