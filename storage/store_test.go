package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coopconnexion/relais/flows"
)

var master = []byte("0123456789abcdef0123456789abcdef")

var day = time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)

// tg is a Telegram account.
func tg(id string) flows.Account { return flows.Account{Channel: "telegram", ID: id} }

// said is a text of a person.
func said(n int, from, text string) flows.Input {
	return flows.Input{ID: fmt.Sprintf("telegram:B:update:%d", n), At: day.Add(time.Duration(n) * time.Second),
		Role: flows.RolePerson, Kind: flows.KindText, From: tg(from), Text: text}
}

// toy is a step whose texts are commands.
func toy(v flows.View, in flows.Input) flows.Decision {
	d := flows.Decision{Person: v.Person, Toast: "ok"}
	d.Person.Profile.Activity += in.Text + ";"
	verb, arg, _ := strings.Cut(in.Text, " ")
	send := func(s flows.Send) { d.Effects = append(d.Effects, s) }
	switch verb {
	case "panic":
		panic("secret words " + arg)
	case "silent":
	case "huge":
		d.Person.Profile.Name = strings.Repeat("x", maxDoc)
	case "flood":
		for n := range 30000 {
			d.Effects = append(d.Effects, flows.Remind{Name: fmt.Sprint(n), At: day})
		}
	case "long":
		send(flows.Send{Text: flows.T(strings.Repeat("x", maxLetter))})
	case "ask":
		send(flows.Send{Key: arg, Class: flows.ClassQuestion, Text: flows.T("question " + arg)})
	case "reask":
		send(flows.Send{Key: arg + "2", Class: flows.ClassQuestion, Text: flows.T("again"), Replaces: arg})
	case "edit":
		d.Effects = append(d.Effects, flows.Edit{Key: arg, Class: flows.ClassDecor, Text: flows.T("edited")})
	case "nudge":
		send(flows.Send{Key: arg, Class: flows.ClassNudge, Text: flows.T("nudge")})
	case "cancel":
		d.Effects = append(d.Effects, flows.Cancel{Class: flows.ClassNudge, Reason: "test"})
	case "remind":
		name, secs, _ := strings.Cut(arg, " ")
		after, _ := time.ParseDuration(secs)
		d.Effects = append(d.Effects, flows.Remind{Name: name, At: day.Add(after), Anytime: name == "crisis"})
	case "unremind":
		d.Effects = append(d.Effects, flows.Unremind{Name: arg})
	case "issue":
		d.Effects = append(d.Effects, flows.Issue{Code: arg})
	case "declare":
		ref := fmt.Sprintf("D-%04d", v.Next(arg))
		d.Effects = append(d.Effects, flows.Allocate{Series: arg})
		send(flows.Send{Key: ref, Class: flows.ClassReceipt, Text: flows.T(ref), Ref: ref})
		d.Toast = ref
	case "post":
		d.Effects = append(d.Effects, flows.Post{Room: flows.DeskStaff, Key: arg, Class: flows.ClassDesk,
			Card: &flows.Card{ID: v.Person.CardID(arg), Person: v.Person.ID, Title: "card"}})
	case "line":
		d.Effects = append(d.Effects, flows.Post{Room: flows.DeskStaff, Key: "line/" + in.ID, Thread: arg, Text: flows.T("words")})
	case "forget":
		send(flows.Send{Class: flows.ClassReply, Text: flows.T("adieu")})
		d.Forget = true
	case "vanish":
		d.Forget = true
	default:
		send(flows.Send{Class: flows.ClassReply, Text: flows.T("echo " + in.Text)})
	}
	if v.Linked {
		d.Effects = append(d.Effects, flows.Link{Account: in.From})
	}
	return d
}

// open opens a store in dir and closes it at the end.
func open(t testing.TB, dir string, change ...func(*Options)) *Store {
	t.Helper()
	opt := Options{Dir: dir, MasterKey: master, Step: toy, Create: true, MinFree: -1,
		Apology: flows.T("Désolé."), Now: func() time.Time { return day },
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}
	for _, c := range change {
		c(&opt)
	}
	s, err := Open(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// take runs a turn that must succeed.
func take(t testing.TB, s *Store, in flows.Input) flows.Outcome {
	t.Helper()
	out, err := s.Turn(context.Background(), in)
	if err != nil {
		t.Fatalf("%s: %v", in.Text, err)
	}
	return out
}

func person(t testing.TB, s *Store, id flows.PersonID) flows.Person {
	t.Helper()
	p, err := s.Person(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// texts lists what is in the outbox.
func texts(t testing.TB, s *Store) []string {
	t.Helper()
	var out []string
	heads, err := s.Waiting(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range heads {
		out = append(out, fmt.Sprintf("%d %s %s %s", h.ID, h.Op, h.Class, h.State))
	}
	return out
}

func TestTwiceIsOnce(t *testing.T) {
	s := open(t, t.TempDir())
	a := take(t, s, said(1, "7", "hello"))
	b := take(t, s, said(1, "7", "hello"))
	if a.Duplicate || !b.Duplicate {
		t.Errorf("duplicate: first %v, second %v", a.Duplicate, b.Duplicate)
	}
	p := person(t, s, a.Person)
	if p.Inputs != 1 || p.Profile.Activity != "hello;" || !p.Seen.Equal(day.Add(time.Second)) {
		t.Errorf("person: %+v", p)
	}
	if got := texts(t, s); len(got) != 1 {
		t.Errorf("outbox: %v", got)
	}
	if len(p.Secret) != 64 || len(p.ID) != 32 || p.Current() != tg("7") {
		t.Errorf("new person: %+v", p)
	}
}

func TestReopenKeepsEverything(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	id := take(t, s, said(1, "7", "hello")).Person
	take(t, s, said(2, "7", "remind r 1h"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	if p := person(t, s, id); p.Inputs != 2 {
		t.Errorf("inputs %d", p.Inputs)
	}
	if !take(t, s, said(1, "7", "hello")).Duplicate {
		t.Error("seen id lost")
	}
	if at, ok := s.NextDue(t.Context()); !ok || !at.Equal(day.Add(time.Hour)) {
		t.Errorf("next due %v %v", at, ok)
	}
	if got := texts(t, s); len(got) != 1 {
		t.Errorf("outbox %v", got)
	}
}

func TestPanicChangesNothingButQuarantine(t *testing.T) {
	var log strings.Builder
	s := open(t, t.TempDir(), func(o *Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	id := take(t, s, said(1, "7", "silent")).Person
	before := person(t, s, id)
	if out := take(t, s, said(2, "7", "panic remotely")); out.Duplicate || out.Person != id {
		t.Errorf("outcome %+v", out)
	}
	if !take(t, s, said(2, "7", "panic remotely")).Duplicate {
		t.Error("a quarantined input runs again")
	}
	if after := person(t, s, id); after.Inputs != before.Inputs || after.Profile.Activity != before.Profile.Activity {
		t.Errorf("the panic changed the person: %+v", after)
	}
	if got := texts(t, s); len(got) != 1 || !strings.Contains(got[0], "send reply pending") {
		t.Errorf("apology: %v", got)
	}
	if strings.Contains(log.String(), "remotely") || strings.Contains(log.String(), "secret words") {
		t.Errorf("private words in the log: %s", log.String())
	}
	if !strings.Contains(log.String(), "storage.toy") {
		t.Errorf("the log does not say where: %s", log.String())
	}
	newcomer := take(t, s, said(3, "8", "panic")).Person
	if next := take(t, s, said(4, "8", "hello")).Person; next != newcomer {
		t.Errorf("a newcomer whose first step failed is made twice")
	}
}

// What cannot be stored is quarantined like a panic: it must not come back for
// ever and stop the person's queue.
func TestDecisionsThatCannotBeStored(t *testing.T) {
	s := open(t, t.TempDir())
	id := take(t, s, said(1, "7", "silent")).Person
	for n, verb := range []string{"huge", "flood", "long", "issue", "remind"} {
		if out := take(t, s, said(10+n, "7", verb)); out.Duplicate || out.Person != id {
			t.Errorf("%s: %+v", verb, out)
		}
		if got := texts(t, s); len(got) != n+1 {
			t.Errorf("%s: outbox %v", verb, got)
		}
	}
	if p := person(t, s, id); p.Inputs != 1 {
		t.Errorf("inputs %d", p.Inputs)
	}
	if x, err := s.ExportPerson(t.Context(), id); err != nil || len(x.Failed) != 5 {
		t.Errorf("quarantined %d, %v", len(x.Failed), err)
	}
}

func TestMany(t *testing.T) {
	s := open(t, t.TempDir())
	var wg sync.WaitGroup
	for g := range 50 {
		wg.Go(func() {
			for n := range 20 {
				in := said(g*1000+n, fmt.Sprint(g), fmt.Sprintf("m%d", n))
				if n == 7 {
					in.Text = "panic"
				}
				if _, err := s.Turn(context.Background(), in); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	persons := 0
	err := s.Each(t.Context(), func(p flows.Person) error {
		persons++
		if p.Inputs != 19 || !strings.HasSuffix(p.Profile.Activity, "m17;m18;m19;") {
			return fmt.Errorf("person with %d inputs: %s", p.Inputs, p.Profile.Activity)
		}
		return nil
	})
	if err != nil || persons != 50 {
		t.Errorf("%d persons, %v", persons, err)
	}
	if got := texts(t, s); len(got) != 1000 {
		t.Errorf("%d letters", len(got))
	}
}

func TestUnknownTargetsMakeNobody(t *testing.T) {
	s := open(t, t.TempDir())
	for _, in := range []flows.Input{
		{ID: "1", Role: flows.RoleStaff, Kind: flows.KindSay, ReplyTo: "nowhere", From: flows.Account{Channel: "desk", ID: "U1"}},
		{ID: "2", Role: flows.RoleStaff, Kind: flows.KindAct, About: "00112233445566778899aabbccddeeff"},
		{ID: "3", Role: flows.RoleClock, Kind: flows.KindWake, About: "zz"},
		{ID: "4", Role: flows.RoleSystem, Kind: flows.KindGone, From: tg("9")},
		{ID: "5", Role: flows.RoleStaff, Kind: flows.KindSay, From: flows.Account{Channel: "desk", ID: "U1"}},
	} {
		if _, err := s.Turn(t.Context(), in); !errors.Is(err, ErrUnknown) {
			t.Errorf("input %s: %v", in.ID, err)
		}
	}
	if n := s.Stats(t.Context()).Persons; n != 0 {
		t.Errorf("%d persons", n)
	}
}

func TestCodesAndRelinking(t *testing.T) {
	s := open(t, t.TempDir())
	row := flows.Input{ID: "import/1", At: day, Role: flows.RoleSystem, Kind: flows.KindImport,
		From: flows.Account{Channel: "import", ID: "dupont"}, Text: "issue K1"}
	member := take(t, s, row).Person
	row.ID = "import/2"
	if again := take(t, s, row).Person; again != member {
		t.Error("the same row made two persons")
	}
	if got := texts(t, s); len(got) != 0 {
		t.Errorf("letters to a row: %v", got)
	}
	guest := take(t, s, said(1, "7", "hello")).Person
	in := said(2, "7", "start")
	in.Code = "K1"
	if got := take(t, s, in).Person; got != member {
		t.Fatalf("code led to %s", got)
	}
	if p := person(t, s, member); p.Current() != tg("7") {
		t.Errorf("accounts of the member: %v", p.Accounts)
	}
	if p := person(t, s, guest); len(p.Accounts) != 0 {
		t.Errorf("accounts of the guest: %v", p.Accounts)
	}
	if got := take(t, s, said(3, "7", "hello")).Person; got != member {
		t.Error("the account was not taken over")
	}
	heads, _ := s.Waiting(t.Context())
	if last := heads[len(heads)-1]; last.To != tg("7") {
		t.Errorf("answer goes to %v", last.To)
	}
	in = said(4, "8", "hello")
	in.Code = "nobody"
	if got := take(t, s, in).Person; got == member || got == guest {
		t.Error("an unknown code led to somebody")
	}
	in = said(5, "8", "issue K1")
	take(t, s, in) // refused: quarantined, and the code stays where it was
	in = said(6, "8", "silent")
	in.Code = "K1"
	if got := take(t, s, in).Person; got != member {
		t.Error("a code was stolen")
	}
}

func TestAllocate(t *testing.T) {
	s := open(t, t.TempDir())
	for n, want := range []string{"D-0001", "D-0002", "D-0003"} {
		if out := take(t, s, said(n, fmt.Sprint(n), "declare 2026-10")); out.Toast != want {
			t.Errorf("toast %q, want %q", out.Toast, want)
		}
	}
	if out := take(t, s, said(9, "1", "declare 2026-11")); out.Toast != "D-0001" {
		t.Errorf("another series: %q", out.Toast)
	}
}

// The store works in a synctest bubble. An hour is enough there: Badger looks
// for work twenty times a second; simulated years inject Options.Now instead.
func TestInABubble(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, err := Open(t.Context(), Options{Dir: dir, MasterKey: master, Step: toy, MinFree: -1, Create: true})
		if err != nil {
			t.Fatal(err)
		}
		id := take(t, s, said(1, "7", "hello")).Person
		<-time.After(time.Hour)
		take(t, s, said(2, "7", "hello"))
		if p := person(t, s, id); p.Inputs != 2 {
			t.Errorf("inputs %d", p.Inputs)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}
