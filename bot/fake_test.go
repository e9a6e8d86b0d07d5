package bot

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coopconnexion/relais/flows"
)

// memory is an outbox without a disk, and the blobs.
type memory struct {
	mu       sync.Mutex
	letters  map[uint64]*flows.Letter
	history  map[uint64][]flows.Delivery
	begun    int
	finished int
	// refuse makes the next calls of Begin or Finish fail.
	refuseBegin, refuseFinish int
	blobs                     map[string]string
	refuseBlob                error
}

func newMemory() *memory {
	return &memory{letters: map[uint64]*flows.Letter{}, history: map[uint64][]flows.Delivery{}, blobs: map[string]string{}}
}

func (m *memory) put(l flows.Letter) flows.Head {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l.ID == 0 {
		l.ID = uint64(len(m.letters) + 1)
	}
	if l.State == "" {
		l.State = flows.Pending
	}
	if l.Created.IsZero() {
		l.Created = time.Now()
	}
	m.letters[l.ID] = &l
	return headOf(l)
}

func headOf(l flows.Letter) flows.Head {
	h := flows.Head{
		ID: l.ID, Person: l.Person, To: l.To, Op: l.Op, Class: l.Class, State: l.State, NotBefore: l.NotBefore,
	}
	if l.Send != nil {
		h.Expires = l.Send.Expires
	}
	return h
}

func (m *memory) Waiting(context.Context) ([]flows.Head, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []flows.Head
	for _, l := range m.letters {
		if l.State == flows.Pending || l.State == flows.Sending {
			out = append(out, headOf(*l))
		}
	}
	slices.SortFunc(out, func(a, b flows.Head) int { return int(a.ID) - int(b.ID) })
	return out, nil
}

func (m *memory) Begin(_ context.Context, id uint64) (flows.Letter, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refuseBegin > 0 {
		m.refuseBegin--
		return flows.Letter{}, false, fmt.Errorf("disk")
	}
	l := m.letters[id]
	if l == nil || l.State != flows.Pending && l.State != flows.Sending {
		return flows.Letter{}, false, nil
	}
	l.State = flows.Sending
	l.Attempts++
	m.begun++
	return *l, true, nil
}

func (m *memory) Finish(_ context.Context, id uint64, d flows.Delivery) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refuseFinish > 0 {
		m.refuseFinish--
		return fmt.Errorf("disk")
	}
	l := m.letters[id]
	l.State, l.NotBefore, l.Reason = d.State, d.NotBefore, d.Reason
	l.Ambiguous = l.Ambiguous || d.Ambiguous
	m.history[id] = append(m.history[id], d)
	m.finished++
	return nil
}

func (m *memory) letter(id uint64) flows.Letter {
	m.mu.Lock()
	defer m.mu.Unlock()
	return *m.letters[id]
}

func (m *memory) OpenBlob(_ context.Context, _ flows.PersonID, key string) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(m.blobs[key])), nil
}

func (m *memory) PutBlob(_ context.Context, _ flows.PersonID, key string, r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refuseBlob != nil {
		return m.refuseBlob
	}
	m.blobs[key] = string(b)
	return nil
}

// sent is one call of Deliver.
type sent struct {
	id   uint64
	to   string
	text string
	at   time.Time
}

// script is a channel whose answers are written in the test.
type script struct {
	name string
	mu   sync.Mutex
	log  []sent
	// reply decides each call; nil: success. n counts the calls of this letter, from 1.
	reply func(l flows.Letter, n int) error
	took  time.Duration
	calls map[uint64]int
	find  func(l flows.Letter) (string, bool, error)
	found int
	file  func(f flows.FileRef) (io.ReadCloser, error)
}

func (s *script) Name() string                      { return s.name }
func (s *script) Run(context.Context, Intake) error { return nil }

func (s *script) Deliver(ctx context.Context, l flows.Letter) (string, error) {
	if s.took > 0 && !rest(ctx, s.took) {
		return "", &UnknownError{Cause: "cancelled"}
	}
	s.mu.Lock()
	if s.calls == nil {
		s.calls = map[uint64]int{}
	}
	s.calls[l.ID]++
	n := s.calls[l.ID]
	s.mu.Unlock()
	var err error
	if s.reply != nil {
		err = s.reply(l, n)
	}
	if err != nil {
		return "", err
	}
	s.note(l)
	return fmt.Sprintf("m%d", l.ID), nil
}

func (s *script) note(l flows.Letter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := ""
	if l.Send != nil {
		text = l.Send.Text.String()
	}
	s.log = append(s.log, sent{l.ID, l.To.ID, text, time.Now()})
}

func (s *script) ids() []uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []uint64
	for _, e := range s.log {
		out = append(out, e.id)
	}
	return out
}

func (s *script) sends() []sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log)
}

func (s *script) count(id uint64) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[id]
}

// finding is a script that can look letters up.
type finding struct{ *script }

func (f finding) Find(_ context.Context, l flows.Letter) (string, bool, error) {
	f.mu.Lock()
	f.found++
	f.mu.Unlock()
	return f.find(l)
}

// fetching is a script that has files.
type fetching struct{ *script }

func (f fetching) Fetch(_ context.Context, r flows.FileRef) (io.ReadCloser, error) { return f.file(r) }

// reports collects the inputs that delivery makes.
type reports struct {
	mu   sync.Mutex
	list []flows.Input
	fail int
}

func (r *reports) Take(_ context.Context, in flows.Input) (flows.Outcome, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail > 0 {
		r.fail--
		return flows.Outcome{}, fmt.Errorf("disk full")
	}
	r.list = append(r.list, in)
	return flows.Outcome{}, nil
}

func (r *reports) kinds() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, in := range r.list {
		out = append(out, string(in.Kind)+":"+in.Name+":"+in.Text)
	}
	return strings.Join(out, " ")
}

// post is delivery with its surroundings, in a bubble of virtual time.
type post struct {
	t       *testing.T
	box     *memory
	channel *script
	reports *reports
	d       *Delivery
	alarms  []string
	cancel  context.CancelFunc
	ended   chan struct{}
}

// open starts a delivery for a scripted channel "telegram".
func open(t *testing.T, change func(*Options)) *post {
	t.Helper()
	p := &post{t: t, box: newMemory(), channel: &script{name: "telegram"}, reports: &reports{}}
	p.start(change)
	synctest.Wait() // the run has read what waits: what is written now comes by Add alone
	return p
}

func (p *post) start(change func(*Options)) {
	o := Options{
		Outbox: p.box, Blobs: p.box, Report: p.reports,
		Channels: []Served{{Channel: p.channel}},
		Alarm: func(channel, code string) {
			p.box.mu.Lock()
			defer p.box.mu.Unlock()
			p.alarms = append(p.alarms, channel+":"+code)
		},
	}
	if change != nil {
		change(&o)
	}
	p.d = New(o)
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	p.ended = make(chan struct{})
	go func() {
		defer close(p.ended)
		if err := p.d.Run(ctx); err != nil {
			p.t.Errorf("Run: %v", err)
		}
	}()
}

func (p *post) close() {
	p.cancel()
	<-p.ended
}

// write commits letters and tells delivery.
func (p *post) write(letters ...flows.Letter) {
	var heads []flows.Head
	for _, l := range letters {
		heads = append(heads, p.box.put(l))
	}
	p.d.Add(heads)
}

func (p *post) settle() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 24*time.Hour)
	defer cancel()
	if err := p.d.Settle(ctx); err != nil {
		p.t.Fatalf("Settle: %v", err)
	}
}

func letter(id uint64, to string, c flows.Class) flows.Letter {
	return flows.Letter{
		ID: id, Person: flows.PersonID("p" + to), To: flows.Account{Channel: "telegram", ID: to},
		Op: flows.OpSend, Class: c, Send: &flows.Send{Key: fmt.Sprintf("k%d", id), Class: c, Text: flows.T("texte")},
	}
}

// bubble runs a test in virtual time.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}
