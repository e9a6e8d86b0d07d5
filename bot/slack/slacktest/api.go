package slacktest

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Fault makes the next call of a method go wrong.
type Fault struct {
	Status     int    // answered instead of 200, with an HTML body
	RetryAfter int    // seconds, for a 429
	Error      string // answered as {"ok":false,"error":…}
	// Drop carries the call out and closes the connection before the answer;
	// Truncate sends half of the answer.
	Drop, Truncate bool
	// Hang carries the call out and never answers.
	Hang bool
}

// Fail queues faults for a method: each call takes one.
func (s *Server) Fail(method string, faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[method] = append(s.faults[method], faults...)
}

// params are the arguments of a call, from a form or a JSON body.
type params map[string]string

func (p params) get(key string) string { return p[key] }

// result is an answer of the Web API.
type result map[string]any

func refusal(code string) result { return result{"ok": false, "error": code} }

func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	method := strings.TrimPrefix(r.URL.Path, "/api/")
	p, token, err := readParams(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	fault, res := s.handle(method, p, token)
	switch {
	case fault.Status != 0:
		if fault.RetryAfter > 0 {
			w.Header().Set("Retry-After", fmt.Sprint(fault.RetryAfter))
		}
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(fault.Status)
		_, _ = io.WriteString(w, "<html>broken</html>")
	case fault.Hang:
		<-r.Context().Done()
	case fault.Drop:
		hangUp(w, "")
	case fault.Truncate:
		hangUp(w, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 200\r\n\r\n{\"ok\":tr")
	default:
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_ = json.NewEncoder(w).Encode(res)
	}
}

// hangUp sends raw bytes and closes the connection.
func hangUp(w http.ResponseWriter, raw string) {
	h, ok := w.(http.Hijacker)
	if !ok {
		return
	}
	conn, _, err := h.Hijack()
	if err != nil {
		return
	}
	_, _ = io.WriteString(conn, raw)
	_ = conn.Close()
}

// handle takes the next fault and, unless the fault prevents it, carries the
// call out.
func (s *Server) handle(method string, p params, token string) (fault Fault, res result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.touch()
	s.calls[method]++
	if q := s.faults[method]; len(q) > 0 {
		fault, s.faults[method] = q[0], q[1:]
	}
	switch {
	case fault.Status != 0:
		return fault, nil
	case fault.Error != "":
		return fault, refusal(fault.Error)
	}
	if code := s.tokenError(method, token); code != "" {
		return fault, refusal(code)
	}
	f, ok := methods[method]
	if !ok {
		s.blame("%s: unknown method", method)
		return fault, refusal("unknown_method")
	}
	if wait := s.limited(method, p); wait > 0 {
		return Fault{Status: http.StatusTooManyRequests, RetryAfter: wait}, nil
	}
	res = f(s, p)
	if res == nil {
		res = result{}
	}
	if _, said := res["ok"]; !said {
		res["ok"] = true
	}
	return fault, res
}

// tokenError is what Slack answers to a wrong token, or "".
func (s *Server) tokenError(method, token string) string {
	want := s.cfg.BotToken
	if method == "apps.connections.open" {
		want = s.cfg.AppToken
	}
	switch token {
	case "":
		return "not_authed"
	case want:
		return ""
	}
	return "invalid_auth"
}

// limited applies the rate of one channel; it returns the seconds to wait.
func (s *Server) limited(method string, p params) int {
	if s.cfg.PerSecond == 0 || method != "chat.postMessage" {
		return 0
	}
	now := s.cfg.Now()
	ch := p.get("channel")
	s.recent[ch] = slices.DeleteFunc(s.recent[ch], func(t time.Time) bool { return now.Sub(t) >= time.Second })
	if len(s.recent[ch]) >= s.cfg.PerSecond {
		return 1
	}
	s.recent[ch] = append(s.recent[ch], now)
	return 0
}

// readParams reads a form or a JSON body, and the token from either place.
func readParams(r *http.Request) (params, string, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 8<<20))
	if err != nil {
		return nil, "", err
	}
	p := params{}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case r.Method == http.MethodGet:
		fill(p, r.URL.Query())
	case kind == "application/json":
		if err := fillJSON(p, body); err != nil {
			return nil, "", err
		}
	default:
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, "", err
		}
		fill(p, form)
	}
	token := p["token"]
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		token = bearer
	}
	return p, token, nil
}

func fill(p params, form url.Values) {
	for k := range form {
		p[k] = form.Get(k)
	}
}

func fillJSON(p params, body []byte) error {
	if len(strings.TrimSpace(string(body))) == 0 {
		return nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return err
	}
	for k, v := range fields {
		var text string
		if json.Unmarshal(v, &text) != nil {
			text = string(v)
		}
		p[k] = text
	}
	return nil
}

// methods is what the fake knows. Each runs with the lock held.
var methods = map[string]func(*Server, params) result{
	"auth.test":                    (*Server).authTest,
	"apps.connections.open":        (*Server).connectionsOpen,
	"chat.postMessage":             (*Server).postMessage,
	"chat.update":                  (*Server).updateMessage,
	"chat.postEphemeral":           (*Server).postEphemeral,
	"conversations.history":        (*Server).history,
	"conversations.replies":        (*Server).replies,
	"reactions.add":                (*Server).addReaction,
	"users.info":                   (*Server).userInfo,
	"views.open":                   (*Server).openView,
	"files.getUploadURLExternal":   (*Server).uploadURL,
	"files.completeUploadExternal": (*Server).completeUpload,
}

func (s *Server) authTest(params) result {
	return result{"url": "https://test.slack.com/", "team": "Test", "user": "relais",
		"team_id": s.cfg.TeamID, "user_id": s.cfg.BotUser, "bot_id": s.cfg.BotID}
}

func (s *Server) userInfo(p params) result {
	u, ok := s.users[p.get("user")]
	if !ok {
		return refusal("user_not_found")
	}
	team := u.Team
	if team == "" {
		team = s.cfg.TeamID
	}
	return result{"user": map[string]any{"id": u.ID, "team_id": team, "name": strings.ToLower(u.Name),
		"real_name": u.Name, "deleted": u.Deleted, "is_bot": u.Bot, "is_restricted": u.Guest || u.OneChannel,
		"is_ultra_restricted": u.OneChannel, "is_stranger": u.Stranger,
		"profile": map[string]any{"real_name": u.Name, "display_name": u.Name}}}
}

func (s *Server) addReaction(p params) result {
	m := s.find(p.get("channel"), p.get("timestamp"))
	name := p.get("name")
	switch {
	case m == nil:
		return refusal("message_not_found")
	case name == "" || strings.ContainsAny(name, ": "):
		s.blame("reactions.add: invalid name")
		return refusal("invalid_name")
	case slices.Contains(m.Reactions, name):
		return refusal("already_reacted")
	}
	m.Reactions = append(m.Reactions, name)
	return nil
}
