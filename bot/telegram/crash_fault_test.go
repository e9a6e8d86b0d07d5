//go:build faults

package telegram

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/bot/telegram/telegramtest"
	"github.com/coopconnexion/relais/flows"
)

// journal is the smallest store that survives a SIGKILL: one file of lines.
type journal struct {
	mu      sync.Mutex
	file    *os.File
	seen    map[string]bool
	letters map[uint64]*flows.Letter
	last    uint64
	wake    func([]flows.Head)
}

type line struct {
	Seen   string          `json:"seen,omitempty"`
	Letter *flows.Letter   `json:"letter,omitempty"`
	Begin  uint64          `json:"begin,omitempty"`
	Finish uint64          `json:"finish,omitempty"`
	Result *flows.Delivery `json:"result,omitempty"`
}

func openJournal(path string) (*journal, error) {
	j := &journal{seen: map[string]bool{}, letters: map[uint64]*flows.Letter{}}
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	scan := bufio.NewScanner(strings.NewReader(string(old)))
	scan.Buffer(nil, 1<<20)
	for scan.Scan() {
		var l line
		if json.Unmarshal(scan.Bytes(), &l) == nil { // a torn last line never happened
			j.replay(l)
		}
	}
	j.file, err = os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	return j, err
}

func (j *journal) replay(l line) {
	switch {
	case l.Seen != "":
		j.seen[l.Seen] = true
		if l.Letter != nil {
			j.letters[l.Letter.ID] = l.Letter
			j.last = max(j.last, l.Letter.ID)
		}
	case l.Begin != 0:
		j.letters[l.Begin].State = flows.Sending
		j.letters[l.Begin].Attempts++
	case l.Finish != 0:
		w := j.letters[l.Finish]
		w.State, w.NotBefore, w.Reason = l.Result.State, l.Result.NotBefore, l.Result.Reason
		w.Ambiguous = w.Ambiguous || l.Result.Ambiguous
	}
}

func (j *journal) write(l line) error {
	b, err := json.Marshal(l)
	if err != nil {
		return err
	}
	if _, err := j.file.Write(append(b, '\n')); err != nil {
		return err
	}
	j.replay(l)
	return nil
}

// classOf spreads the classes over the texts.
func classOf(text string) flows.Class {
	return []flows.Class{flows.ClassReply, flows.ClassReceipt, flows.ClassNudge}[len(text)%3]
}

func (j *journal) Take(_ context.Context, in flows.Input) (flows.Outcome, error) {
	j.mu.Lock()
	if j.seen[in.ID] {
		j.mu.Unlock()
		return flows.Outcome{Duplicate: true}, nil
	}
	l := line{Seen: in.ID}
	if in.Kind == flows.KindText {
		c := classOf(in.Text)
		l.Letter = &flows.Letter{
			ID: j.last + 1, Person: flows.PersonID(in.From.ID), To: in.From, Op: flows.OpSend, Class: c, Created: in.At,
			State: flows.Pending, Send: &flows.Send{Key: in.Text, Text: flows.T("Reçu : " + in.Text + "."), Ref: in.Text},
		}
	}
	err := j.write(l)
	j.mu.Unlock()
	if err == nil && l.Letter != nil {
		j.wake([]flows.Head{head(l.Letter)})
	}
	return flows.Outcome{}, err
}

func head(l *flows.Letter) flows.Head {
	return flows.Head{
		ID: l.ID, Person: l.Person, To: l.To, Op: l.Op, Class: l.Class, State: l.State, NotBefore: l.NotBefore,
	}
}

func (j *journal) Waiting(context.Context) ([]flows.Head, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var out []flows.Head
	for id := uint64(1); id <= j.last; id++ {
		if l := j.letters[id]; l.State == flows.Pending || l.State == flows.Sending {
			out = append(out, head(l))
		}
	}
	return out, nil
}

func (j *journal) Begin(_ context.Context, id uint64) (flows.Letter, bool, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	err := j.write(line{Begin: id})
	return *j.letters[id], true, err
}

func (j *journal) Finish(_ context.Context, id uint64, d flows.Delivery) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.write(line{Finish: id, Result: &d})
}

// TestMain runs the program to be killed when the environment says so.
func TestMain(m *testing.M) {
	if path := os.Getenv("RELAIS_CRASH_JOURNAL"); path != "" {
		if err := victim(path, os.Getenv("RELAIS_CRASH_URL")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func victim(path, url string) error {
	j, err := openJournal(path)
	if err != nil {
		return err
	}
	c, err := New(Options{Token: "123456:TEST", APIURL: url, Rate: 5000, ChatRate: 5000})
	if err != nil {
		return err
	}
	in := bot.In{Next: j}
	d := bot.New(bot.Options{Outbox: j, Channels: []bot.Served{{Channel: c, Pace: c.Pace()}}, Report: in})
	j.wake = d.Add
	ended := make(chan error, 1)
	go func() { ended <- d.Run(context.Background()) }()
	if err := c.Run(context.Background(), in); err != nil {
		return err
	}
	return <-ended
}

// TestKilledAtEveryPoint kills the receiving and sending process at each named
// point, and at random, while answers get lost: nothing is lost, doubled or
// skipped, and nothing arrives twice whose attempt was not marked ambiguous.
// Run with: go test -tags faults -run KilledAtEveryPoint ./bot/telegram
func TestKilledAtEveryPoint(t *testing.T) {
	const kills, chats = 120, 12
	s := telegramtest.New(telegramtest.Options{Rate: -1, ChatRate: -1, MaxPoll: time.Second})
	defer s.Close()
	s.Fail(telegramtest.Fault{Kind: telegramtest.LostAnswer, Method: "sendMessage", Times: -1, Chance: 0.02})
	s.Fail(telegramtest.Fault{Kind: telegramtest.BadGateway, Method: "sendMessage", Times: -1, Chance: 0.02})
	s.Fail(telegramtest.Fault{Kind: telegramtest.LostAnswer, Method: "getUpdates", Times: -1, Chance: 0.05})
	path := filepath.Join(t.TempDir(), "journal")
	points := []string{"send-before", "send-after", "poll-after-commit", "poll-before-confirm"}
	said := map[int64][]string{}
	for i := range kills {
		for c := range int64(chats) {
			text := fmt.Sprintf("%d-%s", i, strings.Repeat("x", rand.IntN(3)))
			said[c+1] = append(said[c+1], text)
			s.Say(c+1, text)
		}
		n := 1
		if i%len(points) != 3 {
			n = 1 + rand.IntN(10)
		}
		killed(t, path, s.URL, fmt.Sprintf("%s:%d", points[i%len(points)], n))
	}
	s.Heal()
	finish(t, path, s)
	j, err := openJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	flagged := judge(t, s, j, said)
	t.Logf("%d kills, %d texts, %d letters of which %d were marked ambiguous", kills, kills*chats, len(j.letters), flagged)
}

func program(path, url, fault string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "RELAIS_CRASH_JOURNAL="+path, "RELAIS_CRASH_URL="+url, "RELAIS_FAULT="+fault)
	cmd.Stderr = os.Stderr
	return cmd
}

// killed runs the program until it dies at the point, or of a kill from outside.
func killed(t *testing.T, path, url, fault string) {
	cmd := program(path, url, fault)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	outside := time.AfterFunc(time.Duration(50+rand.IntN(400))*time.Millisecond, func() { _ = cmd.Process.Kill() })
	defer outside.Stop()
	_ = cmd.Wait() // "signal: killed" either way
}

// finish runs the program until nothing is left to do.
func finish(t *testing.T, path string, s *telegramtest.Server) {
	cmd := program(path, s.URL, "")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		j, err := openJournal(path)
		if err != nil {
			t.Fatal(err)
		}
		waiting, err := j.Waiting(ctx)
		j.file.Close()
		if err == nil && len(waiting) == 0 && s.Pending() == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%d letters and %d updates are left", len(waiting), s.Pending())
		}
	}
}

// judge compares what people wrote with what they read.
func judge(t *testing.T, s *telegramtest.Server, j *journal, said map[int64][]string) int {
	letters := map[string]*flows.Letter{}
	flagged := 0
	for _, l := range j.letters {
		k := l.To.ID + "/" + l.Send.Key
		if letters[k] != nil {
			t.Errorf("%s was taken twice", k)
		}
		letters[k] = l
		if l.Ambiguous {
			flagged++
		}
	}
	for chat, texts := range said {
		copies := map[string]int{}
		var order []string
		for _, m := range s.FromBot(chat) {
			key, _, _ := strings.Cut(strings.TrimPrefix(m.Text, "Reçu : "), ".")
			if copies[key]++; copies[key] == 1 && classOf(key) != flows.ClassNudge {
				order = append(order, key)
			}
		}
		var want []string
		for _, text := range texts {
			l := letters[fmt.Sprintf("%d/%s", chat, text)]
			judgeOne(t, l, text, copies[text])
			if classOf(text) != flows.ClassNudge && copies[text] > 0 {
				want = append(want, text)
			}
		}
		if !slices.Equal(order, want) {
			t.Errorf("chat %d: order %v", chat, order)
		}
	}
	return flagged
}

func judgeOne(t *testing.T, l *flows.Letter, text string, copies int) {
	switch {
	case l == nil:
		t.Errorf("%s was lost", text)
	case copies == 0 && l.State == flows.Sent:
		t.Errorf("%s was marked sent and never arrived", text)
	case copies == 0 && l.Class != flows.ClassNudge:
		t.Errorf("%s was skipped (%s, %s)", text, l.State, l.Reason)
	case copies > 1 && !l.Ambiguous:
		t.Errorf("%s arrived %d times and is not marked", text, copies)
	case copies > 1 && l.Class == flows.ClassNudge:
		t.Errorf("nudge %s arrived %d times", text, copies)
	case copies == 0 && !l.Ambiguous:
		t.Errorf("nudge %s never arrived and is not marked", text)
	}
}
