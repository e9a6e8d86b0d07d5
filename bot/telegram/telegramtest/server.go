// Package telegramtest is a strict stand-in for the Telegram Bot API, for
// tests. It has the real limits (markup, lengths, callback data, "message is
// not modified", rates), the real rules of updates (an offset confirms what is
// below it, what is not confirmed comes again, buttons live 150 seconds, a
// second poller gets a 409), scripted faults, and people who write and tap.
//
// It listens on a real port, so that the program under test may be another
// process. It notes every malformed call: see [Server.Violations].
package telegramtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Options is what the server is made of; all have defaults.
type Options struct {
	Token    string // default "123456:TEST"
	Username string // default "relais_test_bot"
	Now      func() time.Time
	// Rate is sends and edits a second to all chats (default 30), ChatRate to
	// one chat (default 1) after ChatBurst of them (default 10); above, the
	// answer is 429. A negative value means no limit.
	Rate, ChatRate float64
	ChatBurst      int
	// ButtonTTL and MessageTTL are how long updates wait for the bot (default
	// 150 s and 24 h).
	ButtonTTL, MessageTTL time.Duration
	// MaxPoll bounds the time an empty poll is held (default: as asked).
	MaxPoll time.Duration
}

// Server is the stand-in. Make it with New and close it after use.
type Server struct {
	URL   string // without a trailing slash
	Token string

	opt  Options
	http *httptest.Server
	stop chan struct{}

	mu         sync.Mutex
	chats      map[int64]*chat
	messageID  int
	updateID   int64
	queue      []*update
	archive    map[int64]*update // confirmed, for Redeliver
	allowed    map[string]bool
	news       chan struct{} // closed at each change
	poller     chan struct{} // closed to evict the poll under way
	hook       hook
	queries    map[string]*Tapped
	files      map[string]*File
	commands   []string
	faults     []*Fault
	released   chan struct{} // closed to end hanging calls
	pauseUntil time.Time     // of a 429 for the whole bot
	all        *bucket
	calls      map[string]int
	limited    int
	violations []string
	left       []int64
	seq        int
}

// New starts a server.
func New(o Options) *Server {
	if o.Token == "" {
		o.Token = "123456:TEST"
	}
	if o.Username == "" {
		o.Username = "relais_test_bot"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Rate, o.ChatRate = orDefault(o.Rate, 30), orDefault(o.ChatRate, 1)
	if o.ChatBurst == 0 {
		o.ChatBurst = 10
	}
	if o.ButtonTTL == 0 {
		o.ButtonTTL = 150 * time.Second
	}
	if o.MessageTTL == 0 {
		o.MessageTTL = 24 * time.Hour
	}
	s := &Server{
		Token: o.Token, opt: o, stop: make(chan struct{}),
		chats: map[int64]*chat{}, updateID: 700_000_000, messageID: 100,
		archive: map[int64]*update{}, news: make(chan struct{}), queries: map[string]*Tapped{},
		files: map[string]*File{}, released: make(chan struct{}), calls: map[string]int{},
		all: &bucket{rate: o.Rate, burst: max(o.Rate, 1)},
	}
	s.http = httptest.NewServer(http.HandlerFunc(s.serve))
	s.URL = s.http.URL
	return s
}

func orDefault(v, d float64) float64 {
	if v == 0 {
		return d
	}
	return v
}

// Close ends the server and every call under way.
func (s *Server) Close() {
	s.mu.Lock()
	select {
	case <-s.stop:
	default:
		close(s.stop)
	}
	s.mu.Unlock()
	s.http.CloseClientConnections()
	s.http.Close()
}

// Username is the bot's user name.
func (s *Server) Username() string { return s.opt.Username }

// botID is the first part of the token.
func (s *Server) botID() int64 {
	id, _, _ := strings.Cut(s.Token, ":")
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// changed wakes everything that waits for something new. The lock is held.
func (s *Server) changed() {
	close(s.news)
	s.news = make(chan struct{})
}

// violate notes a malformed call. The lock is held.
func (s *Server) violate(method, format string, args ...any) {
	s.violations = append(s.violations, method+": "+fmt.Sprintf(format, args...))
}

// apiError is an answer with ok:false.
type apiError struct {
	code  int
	text  string
	after int // retry_after, seconds
}

func bad(text string) *apiError { return &apiError{code: 400, text: "Bad Request: " + text} }

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if path, ok := strings.CutPrefix(r.URL.Path, "/file/bot"+s.Token+"/"); ok {
		s.download(w, r, path)
		return
	}
	method, ok := strings.CutPrefix(r.URL.Path, "/bot"+s.Token+"/")
	if !ok {
		answer(w, nil, &apiError{code: 401, text: "Unauthorized"})
		return
	}
	s.mu.Lock()
	s.calls[method]++
	s.mu.Unlock()
	p, err := readParams(r)
	if errors.Is(err, errAborted) || r.Context().Err() != nil {
		return // no harm, no effect
	}
	if err != nil {
		s.mu.Lock()
		s.violate(method, "unreadable body: %v", err)
		s.mu.Unlock()
		answer(w, nil, bad("can't parse request"))
		return
	}
	f := s.fault(method, p.chat())
	if f != nil && f.before(s, w, r) {
		return
	}
	result, apiErr := s.dispatch(method, r, p)
	if f != nil && f.after(w, result) {
		return
	}
	answer(w, result, apiErr)
}

func answer(w http.ResponseWriter, result any, e *apiError) {
	w.Header().Set("Content-Type", "application/json")
	body := map[string]any{"ok": e == nil}
	if e == nil {
		body["result"] = result
	} else {
		body["error_code"], body["description"] = e.code, e.text
		if e.after != 0 {
			body["parameters"] = map[string]any{"retry_after": e.after}
		}
		w.WriteHeader(e.code)
	}
	_ = json.NewEncoder(w).Encode(body) // the other side may be gone
}

// handler answers one method. The lock is held, but for getUpdates.
type handler func(*Server, params) (any, *apiError)

// handlers are the methods known here; another is a violation.
var handlers = map[string]handler{
	"getMe":                  (*Server).getMe,
	"sendMessage":            (*Server).sendMessage,
	"sendDocument":           (*Server).sendDocument,
	"editMessageText":        (*Server).editMessageText,
	"editMessageCaption":     (*Server).editMessageCaption,
	"editMessageReplyMarkup": (*Server).editMessageReplyMarkup,
	"deleteMessage":          (*Server).deleteMessage,
	"setMessageReaction":     (*Server).setMessageReaction,
	"answerCallbackQuery":    (*Server).answerCallbackQuery,
	"sendChatAction":         (*Server).sendChatAction,
	"getFile":                (*Server).getFile,
	"setMyCommands":          (*Server).setMyCommands,
	"setWebhook":             (*Server).setWebhook,
	"deleteWebhook":          (*Server).deleteWebhook,
	"leaveChat":              (*Server).leaveChat,
}

// paced are the methods that Telegram's limits count.
var paced = map[string]bool{
	"sendMessage": true, "sendDocument": true, "editMessageText": true,
	"editMessageCaption": true, "editMessageReplyMarkup": true,
}

func (s *Server) dispatch(method string, r *http.Request, p params) (any, *apiError) {
	if method == "getUpdates" {
		return s.getUpdates(r.Context(), p)
	}
	h, ok := handlers[method]
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.changed()
	if !ok {
		s.violate(method, "unknown method")
		return nil, &apiError{code: 404, text: "Not Found: method not found"}
	}
	if paced[method] {
		if e := s.limit(p.chat()); e != nil {
			s.limited++
			return nil, e
		}
	}
	return h(s, p)
}

// limit is Telegram's flood control. The lock is held.
func (s *Server) limit(chatID int64) *apiError {
	now := s.opt.Now()
	after := 0
	if now.Before(s.pauseUntil) {
		after = int(s.pauseUntil.Sub(now).Seconds()) + 1
	} else if c := s.chats[chatID]; !s.all.take(now) || (c != nil && !c.pace.take(now)) {
		after = 1
	}
	if after == 0 {
		return nil
	}
	return &apiError{code: 429, text: fmt.Sprintf("Too Many Requests: retry after %d", after), after: after}
}

// bucket is a token bucket; a negative rate means no limit.
type bucket struct {
	rate, burst, used float64
	last              time.Time
}

func (b *bucket) take(now time.Time) bool {
	if b.rate < 0 {
		return true
	}
	b.used = max(0, b.used-b.rate*now.Sub(b.last).Seconds())
	b.last = now
	if b.used+1 > b.burst {
		return false
	}
	b.used++
	return true
}
