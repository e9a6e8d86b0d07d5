package telegramtest

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"time"
)

// FaultKind is something that goes wrong.
type FaultKind int

// The kinds of faults. "Accepted" means that the call had its effect.
const (
	LostAnswer    FaultKind = iota // accepted, then the connection is cut
	Cut                            // the connection is cut, not accepted
	BadGateway                     // 502 with an HTML body, not accepted
	LateGateway                    // 502 with an HTML body, accepted
	ServerError                    // 500 with a JSON body, not accepted
	Truncated                      // accepted, half of the JSON answer
	Garbage                        // accepted, 200 with an HTML body
	Hang                           // no answer until Release, not accepted
	HangAccepted                   // accepted, no answer until Release
	TooMany                        // 429 with After, for the whole bot
	TooManyNoTime                  // 429 without a time
	Unauthorized                   // 401
	Blocked                        // 403
	Conflict                       // 409
	NotFound                       // 404
	BadMarkup                      // 400 can't parse entities, for calls with a parse mode
)

// Fault is a scripted fault.
type Fault struct {
	Kind   FaultKind
	Method string  // empty: every method but getUpdates
	Chat   int64   // 0: every chat
	Times  int     // how often (default once; negative: for ever)
	Chance float64 // of each matching call (default 1)
	After  int     // seconds, for TooMany; sent as it is, even when absurd
}

// Fail adds a fault. Faults are tried in the order they were added.
func (s *Server) Fail(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Times == 0 {
		f.Times = 1
	}
	if f.Chance == 0 {
		f.Chance = 1
	}
	s.faults = append(s.faults, &f)
}

// Heal removes all faults and ends the hanging calls.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
	s.pauseUntil = time.Time{}
	close(s.released)
	s.released = make(chan struct{})
}

// Release ends the hanging calls.
func (s *Server) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.released)
	s.released = make(chan struct{})
}

// fault is the fault that this call meets, or nil.
func (s *Server) fault(method string, chat int64) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.Times == 0 || (f.Chat != 0 && f.Chat != chat) {
			continue
		}
		if f.Method != method && (f.Method != "" || method == "getUpdates") {
			continue
		}
		if f.Chance < 1 && rand.Float64() >= f.Chance {
			continue
		}
		if f.Times > 0 {
			f.Times--
		}
		hit := *f
		return &hit
	}
	return nil
}

const htmlError = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>nginx</body></html>"

// before applies what happens instead of the call; true when it was answered.
func (f *Fault) before(s *Server, w http.ResponseWriter, r *http.Request) bool {
	switch f.Kind {
	case Cut:
		cut(w)
	case BadGateway:
		page(w, http.StatusBadGateway)
	case ServerError:
		answer(w, nil, &apiError{code: 500, text: "Internal Server Error"})
	case Hang:
		s.hang(r)
		cut(w)
	case TooMany:
		s.mu.Lock()
		if f.After > 0 && f.After < 3600 {
			s.pauseUntil = s.opt.Now().Add(time.Duration(f.After) * time.Second)
		}
		s.mu.Unlock()
		answer(w, nil, &apiError{code: 429, text: "Too Many Requests: retry later", after: f.After})
	case TooManyNoTime:
		answer(w, nil, &apiError{code: 429, text: "Too Many Requests"})
	case Unauthorized:
		answer(w, nil, &apiError{code: 401, text: "Unauthorized"})
	case Blocked:
		answer(w, nil, &apiError{code: 403, text: "Forbidden: bot was blocked by the user"})
	case Conflict:
		answer(w, nil, &apiError{code: 409, text: "Conflict: terminated by other getUpdates request"})
	case NotFound:
		answer(w, nil, &apiError{code: 404, text: "Not Found"})
	case BadMarkup:
		answer(w, nil, bad("can't parse entities: unsupported start tag"))
	default:
		return false
	}
	return true
}

// after spoils the answer to a call that had its effect.
func (f *Fault) after(w http.ResponseWriter, result any) bool {
	switch f.Kind {
	case LostAnswer:
		cut(w)
	case LateGateway:
		page(w, http.StatusBadGateway)
	case Garbage:
		page(w, http.StatusOK)
	case Truncated:
		body, err := json.Marshal(map[string]any{"ok": true, "result": result})
		if err != nil {
			return false
		}
		_, _ = w.Write(body[:len(body)/2]) // the other side may be gone
	default:
		return false
	}
	return true
}

func (s *Server) hang(r *http.Request) {
	s.mu.Lock()
	released := s.released
	s.mu.Unlock()
	select {
	case <-released:
	case <-r.Context().Done():
	case <-s.stop:
	}
}

// cut closes the connection without an answer.
func cut(w http.ResponseWriter) {
	h, ok := w.(http.Hijacker)
	if !ok {
		return
	}
	conn, _, err := h.Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

func page(w http.ResponseWriter, code int) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(code)
	_, _ = w.Write([]byte(htmlError)) // the other side may be gone
}
