// Package slacktest is a strict Slack for tests: the Web API, Socket Mode and
// signed HTTP events, with the limits and the habits of the real one. What the
// real Slack would refuse is refused; what it would let pass but readers would
// suffer from (a live mention in a person's words) is noted too. See
// [Server.Violations].
package slacktest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"time"
)

// Config describes the workspace. The zero value is usable: one team, a bot,
// the channels CSTAFF and CCARE, the staff member U1.
type Config struct {
	BotToken, AppToken string
	TeamID             string
	BotUser, BotID     string
	Channels           []string
	Users              []User
	// EventsURL is the base address of the bot's HTTP handlers; empty: Socket
	// Mode. SigningSecret signs what is sent there.
	EventsURL, SigningSecret string
	// Ack is how long the bot may take to confirm (3 s), Trigger how long a
	// click can open a form (3 s), Ping the pause between pings (5 s).
	Ack, Trigger, Ping time.Duration
	// Redeliveries are the pauses before an event is offered again.
	Redeliveries []time.Duration
	// PerSecond refuses more than so many messages a second and channel with a
	// 429; 0: no limit.
	PerSecond int
	Now       func() time.Time
}

// User is an account of the workspace.
type User struct {
	ID, Name string
	Team     string // empty: the workspace
	Bot      bool
	Deleted  bool
	// Guest is a guest of several channels, OneChannel of one, Stranger comes
	// from another workspace by Slack Connect.
	Guest, OneChannel, Stranger bool
}

// Message is a message as the channel holds it.
type Message struct {
	Channel, TS, Thread string
	User, BotID         string
	Text                string
	Blocks              []Block
	Metadata            json.RawMessage
	Files               []File
	Reactions           []string
	Edits               int
	Deleted             bool
	// To is the only reader of an ephemeral message.
	To string
}

// ID is the id under which the desk knows the message.
func (m Message) ID() string { return m.Channel + ":" + m.TS }

// File is an uploaded file.
type File struct {
	ID, Name, Title string
	Data            []byte
}

// Server is a running fake. Close it.
type Server struct {
	cfg  Config
	http *httptest.Server

	mu        sync.Mutex
	changed   chan struct{} // closed and replaced at every change
	serial    int
	lastTS    int64
	messages  []*Message
	ephemeral []Message
	archived  map[string]bool
	users     map[string]User
	triggers  map[string]trigger
	views     []*View
	files     map[string]*File
	faults    map[string][]Fault
	calls     map[string]int
	recent    map[string][]time.Time // channel -> times of its messages
	problems  []string
	sockets   []*socket
	pending   map[string]chan json.RawMessage
	lateAcks  int
	offered   int
	closed    bool
}

// New starts a fake Slack on a loopback port.
func New(cfg Config) *Server {
	s := &Server{cfg: withDefaults(cfg), changed: make(chan struct{}), archived: map[string]bool{},
		users: map[string]User{}, triggers: map[string]trigger{}, files: map[string]*File{},
		faults: map[string][]Fault{}, calls: map[string]int{}, recent: map[string][]time.Time{},
		pending: map[string]chan json.RawMessage{}}
	for _, u := range s.cfg.Users {
		s.users[u.ID] = u
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/api/", s.serveAPI)
	mux.HandleFunc("/upload/", s.serveUpload)
	mux.HandleFunc("/socket", s.serveSocket)
	s.http = httptest.NewServer(mux)
	return s
}

func withDefaults(c Config) Config {
	c.BotToken = cmp.Or(c.BotToken, "xoxb-test")
	c.AppToken = cmp.Or(c.AppToken, "xapp-test")
	c.TeamID = cmp.Or(c.TeamID, "T1")
	c.BotUser = cmp.Or(c.BotUser, "UBOT")
	c.BotID = cmp.Or(c.BotID, "BBOT")
	c.SigningSecret = cmp.Or(c.SigningSecret, "signing-secret")
	if len(c.Channels) == 0 {
		c.Channels = []string{"CSTAFF", "CCARE"}
	}
	if len(c.Users) == 0 {
		c.Users = []User{{ID: "U1", Name: "Awa"}}
	}
	c.Ack = cmp.Or(c.Ack, 3*time.Second)
	c.Trigger = cmp.Or(c.Trigger, 3*time.Second)
	c.Ping = cmp.Or(c.Ping, 5*time.Second)
	if c.Redeliveries == nil {
		c.Redeliveries = []time.Duration{0, 0, 0}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Config is the configuration with its defaults.
func (s *Server) Config() Config { return s.cfg }

// APIURL is the address of the Web API.
func (s *Server) APIURL() string { return s.http.URL + "/api/" }

// SetEventsURL changes to signed HTTP events, sent to this base address.
func (s *Server) SetEventsURL(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cfg.EventsURL = url
}

// Close ends all connections.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	for _, k := range s.sockets {
		_ = k.conn.Close()
	}
	s.mu.Unlock()
	s.http.CloseClientConnections()
	s.http.Close()
}

// SetUser adds or changes an account.
func (s *Server) SetUser(u User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[u.ID] = u
}

// Archive makes a channel refuse messages.
func (s *Server) Archive(channel string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.archived[channel] = true
}

// Messages lists the messages of a channel, threads included, oldest first.
func (s *Server) Messages(channel string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Message
	for _, m := range s.messages {
		if m.Channel == channel && !m.Deleted {
			out = append(out, m.copy())
		}
	}
	return out
}

func (m *Message) copy() Message {
	c := *m
	c.Blocks, c.Files = slices.Clone(m.Blocks), slices.Clone(m.Files)
	c.Reactions = slices.Clone(m.Reactions)
	return c
}

// Ephemerals lists what was said to one user only, oldest first.
func (s *Server) Ephemerals(user string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Message
	for _, m := range s.ephemeral {
		if m.To == user {
			out = append(out, m)
		}
	}
	return out
}

// Calls counts the calls of a method ("chat.postMessage").
func (s *Server) Calls(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[method]
}

// Offered counts the deliveries of events and interactions, repeats included.
func (s *Server) Offered() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.offered
}

// LateAcks counts the confirmations that came after the time for them.
func (s *Server) LateAcks() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lateAcks
}

// Violations lists what the bot did wrong, in the order in which it was seen.
func (s *Server) Violations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.problems)
}

// Wait blocks until ok is true, which is tried again at every change, or the
// time is over. It reports whether ok came true.
func (s *Server) Wait(limit time.Duration, ok func() bool) bool {
	end := time.NewTimer(limit)
	defer end.Stop()
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if ok() {
			return true
		}
		select {
		case <-changed:
		case <-end.C:
			return ok()
		}
	}
}

// touch wakes those who wait. The lock is held.
func (s *Server) touch() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// blame notes a violation. The lock is held.
func (s *Server) blame(format string, args ...any) {
	s.problems = append(s.problems, fmt.Sprintf(format, args...))
	s.touch()
}

// nextID makes a new id with a prefix. The lock is held.
func (s *Server) nextID(prefix string) string {
	s.serial++
	return fmt.Sprintf("%s%d", prefix, s.serial)
}

// nextTS makes a new message time, never twice the same. The lock is held.
func (s *Server) nextTS() string {
	t := max(s.cfg.Now().UnixMicro(), s.lastTS+1)
	s.lastTS = t
	return fmt.Sprintf("%d.%06d", t/1e6, t%1e6)
}

// find returns a message by its place. The lock is held.
func (s *Server) find(channel, ts string) *Message {
	for _, m := range s.messages {
		if m.Channel == channel && m.TS == ts && !m.Deleted {
			return m
		}
	}
	return nil
}
