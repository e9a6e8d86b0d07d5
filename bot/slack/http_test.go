package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coopconnexion/relais/flows"
)

// request makes a signed request and returns the status and the body.
func request(t *testing.T, w *world, h http.Handler, method, path, body string, at time.Time, alter func(*http.Request)) (int, string) {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	w.srv.Sign(r, []byte(body), at)
	if alter != nil {
		alter(r)
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	out, _ := io.ReadAll(rec.Body)
	return rec.Code, string(out)
}

func TestSignatures(t *testing.T) {
	w := start(t, setup{http: true})
	h := w.ch.Handler()
	id := w.post()
	_, ts, _ := splitID(id)
	event, _ := json.Marshal(map[string]any{"type": "event_callback", "team_id": "T1", "event_id": "Ev1",
		"event": map[string]any{"type": "message", "channel": "CSTAFF", "user": "U1", "ts": "1700000000.000300", "thread_ts": ts, "text": "bonjour"}})
	now := time.Now()
	header := func(k, v string) func(*http.Request) {
		return func(r *http.Request) {
			if r.Header.Del(k); v != "" {
				r.Header.Set(k, v)
			}
		}
	}
	for name, c := range map[string]struct {
		at    time.Time
		alter func(*http.Request)
	}{
		"too old":          {now.Add(-301 * time.Second), nil},
		"from the future":  {now.Add(302 * time.Second), nil},
		"no signature":     {now, header("X-Slack-Signature", "")},
		"no time":          {now, header("X-Slack-Request-Timestamp", "")},
		"time not signed":  {now, header("X-Slack-Request-Timestamp", "1700000000")},
		"forged":           {now, header("X-Slack-Signature", "v0="+strings.Repeat("ab", 32))},
		"short":            {now, header("X-Slack-Signature", "v0=ab")},
		"not hexadecimal":  {now, header("X-Slack-Signature", "v0=zz")},
		"another version":  {now, header("X-Slack-Signature", "v1="+strings.Repeat("ab", 32))},
		"another body":     {now, func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(string(event) + " ")) }},
		"time with spaces": {now, header("X-Slack-Request-Timestamp", " 1")},
	} {
		for _, path := range []string{"/slack/events", "/slack/interactions", "/slack/commands"} {
			if status, _ := request(t, w, h, "POST", path, string(event), c.at, c.alter); status != 401 {
				t.Errorf("%s at %s: %d", name, path, status)
			}
		}
	}
	if n := len(w.desk.inputs()); n != 0 {
		t.Fatalf("%d inputs from forgeries", n)
	}
	// The right one passes; replayed within five minutes, it counts once.
	for range 3 {
		if status, _ := request(t, w, h, "POST", "/slack/events", string(event), now, nil); status != 200 {
			t.Errorf("genuine: %d", status)
		}
	}
	if n := len(w.desk.inputs()); n != 1 {
		t.Errorf("%d inputs of a replayed event", n)
	}
}

func TestStatuses(t *testing.T) {
	w := start(t, setup{http: true})
	h := w.ch.Handler()
	now := time.Now()
	payload := func(s string) string { return url.Values{"payload": {s}}.Encode() }
	for name, c := range map[string]struct {
		method, path, body string
		status             int
	}{
		"get":               {"GET", "/slack/events", "", 405},
		"put":               {"PUT", "/slack/interactions", "", 405},
		"elsewhere":         {"POST", "/slack/other", "", 404},
		"too large":         {"POST", "/slack/events", strings.Repeat("x", maxBody+1), 413},
		"not json":          {"POST", "/slack/events", "{", 400},
		"no payload":        {"POST", "/slack/interactions", "a=b", 400},
		"two payloads":      {"POST", "/slack/interactions", "payload={}&payload={}", 400},
		"payload not json":  {"POST", "/slack/interactions", payload("{"), 400},
		"payload of a list": {"POST", "/slack/interactions", payload("[]"), 400},
		"bad escape":        {"POST", "/slack/interactions", "payload=%zz", 400},
		"empty command":     {"POST", "/slack/commands", "", 400},
		"unknown event":     {"POST", "/slack/events", `{"type":"event_callback","team_id":"T1","event":{"type":"new"}}`, 200},
		"empty event":       {"POST", "/slack/events", `{}`, 200},
	} {
		if status, _ := request(t, w, h, c.method, c.path, c.body, now, nil); status != c.status {
			t.Errorf("%s: %d, want %d", name, status, c.status)
		}
	}
	status, body := request(t, w, h, "POST", "/slack/events", `{"type":"url_verification","challenge":"abc<&>"}`, now, nil)
	if status != 200 || body != "abc<&>" {
		t.Errorf("challenge: %d %q", status, body)
	}
	// The query string is not signed, so it is not read.
	id := w.post()
	p, _ := w.srv.ClickPayload("U1", id, "take")
	raw, _ := json.Marshal(p)
	status, _ = request(t, w, h, "POST", "/slack/interactions?"+payload(string(raw)), "a=b", now, nil)
	if status != 400 || len(w.desk.inputs()) != 0 {
		t.Errorf("payload in the query string: %d", status)
	}
}

func TestStoreRefusesOverHTTP(t *testing.T) {
	w := start(t, setup{http: true})
	id := w.post()
	fail := true
	w.desk.set(func(flows.Input) (flows.Outcome, error) {
		if fail {
			return flows.Outcome{}, errors.New("disk full")
		}
		return flows.Outcome{}, nil
	})
	p, _ := w.srv.ClickPayload("U1", id, "take")
	raw, _ := json.Marshal(p)
	body := url.Values{"payload": {string(raw)}}.Encode()
	if status, _ := request(t, w, w.ch.Handler(), "POST", "/slack/interactions", body, time.Now(), nil); status != 503 {
		t.Errorf("interaction: %d", status)
	}
	_, err := w.srv.ThreadSay("U1", id, "bonjour")
	if err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("event: %v", err)
	}
	if n := w.srv.Offered(); n != 4 {
		t.Errorf("offered %d times, want 4", n)
	}
	w.desk.mu.Lock()
	fail = false
	w.desk.mu.Unlock()
	if status, _ := request(t, w, w.ch.Handler(), "POST", "/slack/interactions", body, time.Now(), nil); status != 200 {
		t.Error("after the repair")
	}
	// Before Run, nothing can be kept, so nothing is confirmed.
	ch, err := New(w.ch.opt)
	if err != nil {
		t.Fatal(err)
	}
	ch.timing = w.ch.timing
	if status, _ := request(t, w, ch.Handler(), "POST", "/slack/interactions", body, time.Now(), nil); status != 503 {
		t.Error("before Run")
	}
}

// TestHangUp has Slack close the connection while the store works: the input
// is stored all the same.
func TestHangUp(t *testing.T) {
	w := start(t, setup{http: true})
	id := w.post()
	p, _ := w.srv.ClickPayload("U1", id, "take")
	raw, _ := json.Marshal(p)
	body := []byte(url.Values{"payload": {string(raw)}}.Encode())
	ctx, cancel := context.WithCancel(t.Context())
	w.desk.set(func(flows.Input) (flows.Outcome, error) { cancel(); return flows.Outcome{}, nil })
	r := httptest.NewRequestWithContext(ctx, "POST", "/slack/interactions", bytes.NewReader(body))
	w.srv.Sign(r, body, time.Now())
	w.ch.Handler().ServeHTTP(httptest.NewRecorder(), r)
	if len(w.desk.inputs()) != 1 {
		t.Error("lost with the connection")
	}
}

func TestNew(t *testing.T) {
	for _, o := range []Options{{}, {BotToken: "x"}, {BotToken: "x", StaffChannel: "C"}} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
	c, err := New(Options{BotToken: " xoxb \n", AppToken: "xapp\n", StaffChannel: "C", APIURL: "http://x/api"})
	if err != nil || c.opt.BotToken != "xoxb" || c.opt.APIURL != "http://x/api/" || c.Name() != flows.DeskChannel || c.Pace().PerAddress != 1 {
		t.Errorf("%+v %v", c.opt, err)
	}
}
