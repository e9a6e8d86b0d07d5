package slack

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	maxBody = 1 << 20 // bytes of one request
	// maxAge is how far the time of a signature may be from ours
	// (https://docs.slack.dev/authentication/verifying-requests-from-slack).
	maxAge = 5 * time.Minute
)

// Handler serves /slack/events, /slack/interactions and /slack/commands. It
// answers 200 once what it was given is on disk, 503 when the store refuses,
// 401 to a signature that is missing, forged or older than five minutes.
// Replays are harmless: the store counts each id once.
func (c *Channel) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/slack/events", c.signed(c.serveEvent))
	mux.Handle("/slack/interactions", c.signed(c.serveInteraction))
	mux.Handle("/slack/commands", c.signed(c.serveCommand))
	return mux
}

// signed lets only Slack through.
func (c *Channel) signed(next func(http.ResponseWriter, *http.Request, []byte)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			http.Error(w, "POST only", http.StatusMethodNotAllowed)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		var large *http.MaxBytesError
		switch {
		case errors.As(err, &large):
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		case err != nil:
			http.Error(w, "unreadable", http.StatusBadRequest)
		case !c.genuine(r.Header, body):
			c.log.Warn("slack: a request without a valid signature was refused", "audit", true)
			http.Error(w, "bad signature", http.StatusUnauthorized)
		default:
			next(w, r, body)
		}
	})
}

// genuine checks Slack's signature in constant time.
func (c *Channel) genuine(h http.Header, body []byte) bool {
	stamp := h.Get("X-Slack-Request-Timestamp")
	at, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || c.opt.SigningSecret == "" || c.now().Sub(time.Unix(at, 0)).Abs() > maxAge {
		return false
	}
	given, ok := strings.CutPrefix(h.Get("X-Slack-Signature"), "v0=")
	if !ok {
		return false
	}
	sum, err := hex.DecodeString(given)
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, []byte(c.opt.SigningSecret))
	mac.Write([]byte("v0:" + stamp + ":"))
	mac.Write(body)
	return hmac.Equal(sum, mac.Sum(nil))
}

func (c *Channel) serveEvent(w http.ResponseWriter, r *http.Request, body []byte) {
	var e envelope
	if json.Unmarshal(body, &e) != nil {
		http.Error(w, "bad json", http.StatusBadRequest)
		return
	}
	if e.Type == "url_verification" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, e.Challenge)
		return
	}
	c.respond(w, c.event(detached(r), body))
}

func (c *Channel) serveInteraction(w http.ResponseWriter, r *http.Request, body []byte) {
	// Only the signed body is read: the query string is not signed.
	form, err := url.ParseQuery(string(body))
	if err != nil || len(form["payload"]) != 1 {
		http.Error(w, "bad form", http.StatusBadRequest)
		return
	}
	c.respond(w, c.interact(detached(r), []byte(form.Get("payload"))))
}

func (c *Channel) serveCommand(w http.ResponseWriter, r *http.Request, body []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil || len(form["team_id"]) != 1 || len(form["user_id"]) != 1 {
		http.Error(w, "bad form", http.StatusBadRequest)
		return
	}
	c.respond(w, c.command(detached(r), form.Get("team_id"), form.Get("user_id")))
}

// detached lets an input be stored to the end even when Slack hangs up.
func detached(r *http.Request) context.Context { return context.WithoutCancel(r.Context()) }

func (c *Channel) respond(w http.ResponseWriter, r reply) {
	defer c.finish(r)
	switch {
	case errors.Is(r.err, errMalformed):
		http.Error(w, "bad payload", http.StatusBadRequest)
	case r.err != nil:
		w.Header().Set("Retry-After", "5")
		http.Error(w, "try again", http.StatusServiceUnavailable)
	case r.body != nil:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(r.body)
	default:
		w.WriteHeader(http.StatusOK)
	}
}
