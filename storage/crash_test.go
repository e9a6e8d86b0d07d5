package storage

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coopconnexion/relais/flows"
)

// The crash tests run this test binary as a child that works on a store, tells
// each acknowledged result on its output, and is killed. The parent then
// checks that everything told is there, once.

// crashEnv makes the test binary a child.
const crashEnv = "RELAIS_STORAGE_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashEnv); dir != "" {
		if err := crashChild(dir); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		return
	}
	if dir := os.Getenv(rekeyEnv); dir != "" {
		if err := withdrawChild(dir); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

const crashPersons = 8

// crashStep counts per person, and now and then declares or changes the key.
func crashStep(v flows.View, in flows.Input) flows.Decision {
	d := flows.Decision{Person: v.Person}
	d.Person.Profile.Activity += in.Text + ";"
	d.Rekey = in.Text != "declare" && v.Person.Inputs%6 == 5
	d.Effects = []flows.Effect{flows.Send{Key: in.ID, Class: flows.ClassReply, Text: flows.T("reply " + in.Text)}}
	if in.Text == "declare" {
		ref := fmt.Sprintf("D-%04d", v.Next("D"))
		d.Toast = ref
		d.Person.Declarations = append(d.Person.Declarations, flows.Declaration{Reference: ref})
		d.Effects = append(d.Effects, flows.Allocate{Series: "D"}, flows.Remind{Name: "r", At: day.Add(time.Hour)})
	}
	return d
}

// crashChild works until it is killed. Each line on its output is a promise.
func crashChild(dir string) error {
	s, err := Open(context.Background(), Options{Dir: dir, MasterKey: master, Step: crashStep, MinFree: -1, Create: true})
	if err != nil {
		return err
	}
	round := strconv.FormatInt(time.Now().UnixNano(), 36)
	var mu sync.Mutex
	say := func(f string, a ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Printf(f+"\n", a...)
	}
	say("open")
	var wg sync.WaitGroup
	for g := range crashPersons {
		wg.Go(func() { crashPerson(s, g, round, say) })
	}
	wg.Go(func() { crashDeliver(s, say) })
	wg.Go(func() { crashErase(s, say) })
	wg.Wait()
	return nil
}

func crashPerson(s *Store, g int, round string, say func(string, ...any)) {
	for n := 0; ; n++ {
		in := said(0, fmt.Sprint("p", g), fmt.Sprintf("%s.%d", round, n))
		if in.ID = in.Text + fmt.Sprint("/", g); n%5 == 4 {
			in.Text = "declare"
		}
		out, err := s.Turn(context.Background(), in)
		if err != nil || out.Duplicate {
			say("error turn %v %v", out.Duplicate, err)
			return
		}
		say("turn %d %s %s", g, in.Text, out.Toast)
		if n%7 == 0 { // the platform delivers it again
			if out, err := s.Turn(context.Background(), in); err != nil || !out.Duplicate {
				say("error duplicate %v %v", out, err)
			}
		}
	}
}

// crashDeliver sends the letters in order, and tells each attempt.
func crashDeliver(s *Store, say func(string, ...any)) {
	for {
		heads, err := s.Waiting(context.Background())
		if err != nil {
			say("error waiting %v", err)
			return
		}
		for _, h := range heads {
			l, ok, err := s.Begin(context.Background(), h.ID)
			if err != nil || !ok {
				continue // erased meanwhile
			}
			say("send %d %v", l.ID, l.Ambiguous)
			if err := s.Finish(context.Background(), h.ID, flows.Delivery{State: flows.Sent, MessageID: fmt.Sprint("m", h.ID)}); err != nil {
				say("error finish %v", err)
				return
			}
			say("sent %d", h.ID)
		}
	}
}

// crashErase makes people and erases them.
func crashErase(s *Store, say func(string, ...any)) {
	for n := 0; ; n++ {
		in := said(0, fmt.Sprint("gone", n), "hello")
		in.ID = fmt.Sprintf("gone/%d/%d", time.Now().UnixNano(), n)
		out, err := s.Turn(context.Background(), in)
		if err != nil {
			say("error %v", err)
			return
		}
		if err := s.Erase(context.Background(), out.Person); err != nil {
			say("error erase %v", err)
			return
		}
		say("erased %s", out.Person)
	}
}

// promises is what the children told.
type promises struct {
	texts  map[string][]string // by person, in order
	refs   map[string]bool
	sends  map[string]int  // attempts by letter
	sent   map[string]bool // finished letters
	erased []flows.PersonID
	// rekeyed counts the keys destroyed, found by crashCheck.
	rekeyed int
}

// crashRun starts a child, kills it after a while (0: it kills itself), and
// collects its promises.
func crashRun(t *testing.T, dir string, after time.Duration, pr *promises, env ...string) {
	t.Helper()
	crashRunBefore(t, dir, after, nil, pr, env...)
}

// crashRunBefore does something just before the kill, if given; then the child
// may also notice and end by itself.
func crashRunBefore(t *testing.T, dir string, after time.Duration, before func(), pr *promises, env ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(append(os.Environ(), crashEnv+"="+dir), env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	opened := false
	sc := bufio.NewScanner(out)
	for sc.Scan() {
		f := strings.Fields(sc.Text())
		switch f[0] {
		case "open":
			opened = true
			if after > 0 {
				time.AfterFunc(after, func() {
					if before != nil {
						before()
					}
					_ = cmd.Process.Kill()
				})
			}
		case "turn":
			pr.texts["p"+f[1]] = append(pr.texts["p"+f[1]], f[2])
			if len(f) > 3 {
				if pr.refs[f[3]] {
					t.Errorf("reference %s was given twice", f[3])
				}
				pr.refs[f[3]] = true
			}
		case "send":
			if pr.sent[f[1]] {
				t.Errorf("letter %s was sent after it was finished", f[1])
			}
			if pr.sends[f[1]]++; pr.sends[f[1]] > 1 && f[2] != "true" {
				t.Errorf("letter %s was sent twice without a mark", f[1])
			}
		case "sent":
			pr.sent[f[1]] = true
		case "erased":
			pr.erased = append(pr.erased, flows.PersonID(f[1]))
		default:
			if before == nil || !opened {
				t.Errorf("child: %s", sc.Text())
			}
		}
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signaled() {
		return
	}
	if before == nil {
		t.Errorf("the child was not killed: %v", err)
	}
}

// crashCheck compares the store with the promises.
func crashCheck(t *testing.T, dir string, pr *promises) {
	t.Helper()
	s, err := Open(t.Context(), Options{Dir: dir, MasterKey: master, MinFree: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for account, texts := range pr.texts {
		id, ok, err := s.Owner(t.Context(), tg(account))
		if err != nil || !ok {
			t.Errorf("%s is lost: %v", account, err)
			continue
		}
		got := strings.Split(strings.TrimSuffix(person(t, s, id).Profile.Activity, ";"), ";")
		inOrder(t, account, texts, got)
	}
	refs := map[string]bool{}
	err = s.Each(t.Context(), func(p flows.Person) error {
		for _, d := range p.Declarations {
			if refs[d.Reference] {
				t.Errorf("reference %s is there twice", d.Reference)
			}
			refs[d.Reference] = true
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	for ref := range pr.refs {
		if !refs[ref] {
			t.Errorf("reference %s is lost", ref)
		}
	}
	for _, id := range pr.erased {
		if _, err := s.Person(t.Context(), id); !errors.Is(err, ErrUnknown) {
			t.Errorf("erased person %s: %v", id, err)
		}
	}
	heads, err := s.Waiting(t.Context())
	if err != nil {
		t.Error(err)
	}
	for _, h := range heads {
		if pr.sent[fmt.Sprint(h.ID)] {
			t.Errorf("letter %d was finished and waits again", h.ID)
		}
	}
	if n := len(s.keys.changing()); n > 0 {
		t.Errorf("%d persons still have two keys", n)
	}
	lines, err := readLedger(s.opt.path("erased"))
	if err != nil {
		t.Error(err)
	}
	pr.rekeyed = len(slices.DeleteFunc(lines, func(l string) bool { return !strings.HasSuffix(l, rekeyed) }))
	if rep, err := s.Verify(t.Context()); err != nil || len(rep.Problems) > 0 {
		t.Errorf("verify: %v %v", rep.Problems, err)
	}
}

// inOrder checks that every promised text is there, once and in order; at most
// one more per kill was committed without being told.
func inOrder(t *testing.T, account string, promised, got []string) {
	t.Helper()
	at := 0
	for _, want := range promised {
		for at < len(got) && got[at] != want {
			at++
		}
		if at == len(got) {
			t.Errorf("%s: %s is lost or out of order", account, want)
			return
		}
		at++
	}
	seen := map[string]bool{}
	for _, g := range got {
		if g != "declare" && seen[g] {
			t.Errorf("%s: %s was done twice", account, g)
		}
		seen[g] = true
	}
}

func newPromises() *promises {
	return &promises{texts: map[string][]string{}, refs: map[string]bool{}, sends: map[string]int{}, sent: map[string]bool{}}
}

// kills is how often each crash test kills; RELAIS_KILLS asks for more.
func kills(n int) int {
	if v, err := strconv.Atoi(os.Getenv("RELAIS_KILLS")); err == nil {
		return v
	}
	return n
}

func TestKilledAtRandom(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	pr := newPromises()
	n := kills(12)
	for i := range n {
		crashRun(t, dir, time.Duration(1+rand.IntN(120))*time.Millisecond, pr)
		if i%4 == 3 || i == n-1 {
			crashCheck(t, dir, pr)
		}
		if t.Failed() {
			t.Fatalf("after %d kills", i+1)
		}
	}
	t.Logf("%d kills, %d letters sent, %d references, %d persons erased, %d keys changed", n, len(pr.sent), len(pr.refs), len(pr.erased), pr.rekeyed)
}
