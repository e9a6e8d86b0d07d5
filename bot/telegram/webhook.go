package telegram

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"net/http"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/bot/fault"
)

// maxUpdate is the largest webhook body: an update has at most a few KiB.
const maxUpdate = 1 << 20

// secretHeader carries the secret given to setWebhook.
const secretHeader = "X-Telegram-Bot-Api-Secret-Token"

// retryAfter is how long Telegram is asked to wait, in seconds, when the store
// refuses. It honours up to an hour.
const retryAfter = "10"

// Webhook is the HTTP handler of updates: 405 unless POST, 401 without the
// secret, 413 above 1 MiB, 400 on bad JSON, 503 with Retry-After while the
// store refuses or the channel is not running, and 200 once the update is on
// disk. Without WebhookURL and WebhookSecret it answers 404.
func (c *Channel) Webhook() http.Handler {
	return http.HandlerFunc(c.serveWebhook)
}

func (c *Channel) serveWebhook(w http.ResponseWriter, r *http.Request) {
	if c.opt.WebhookURL == "" || c.opt.WebhookSecret == "" {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	if !sameSecret(r.Header.Get(secretHeader), c.opt.WebhookSecret) {
		c.opt.Logger.Warn("telegram: webhook call without the secret")
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxUpdate))
	var tooBig *http.MaxBytesError
	if errors.As(err, &tooBig) {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	u, err := parseUpdate(body)
	if err != nil || u.ID == 0 {
		c.opt.Logger.Warn("telegram: webhook call that is no update")
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.accept(w, r, u)
}

// sameSecret compares in constant time, whatever the lengths.
func sameSecret(got, want string) bool {
	g, s := sha256.Sum256([]byte(got)), sha256.Sum256([]byte(want))
	return subtle.ConstantTimeCompare(g[:], s[:]) == 1
}

// accept gives the update to the store. Nothing is tried again here: Telegram
// does that.
func (c *Channel) accept(w http.ResponseWriter, r *http.Request, u update) {
	in := c.intake.Load()
	if in == nil {
		w.Header().Set("Retry-After", retryAfter)
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	input, ok := c.input(r.Context(), u)
	if !ok {
		w.WriteHeader(http.StatusOK)
		return
	}
	out, err := (*in).Take(r.Context(), input)
	switch {
	case err == nil:
		fault.Point("poll-after-commit")
		c.answer(u, input, out)
		w.WriteHeader(http.StatusOK)
	case bot.Permanent(err) && c.poison.add(u.ID) >= hopeless:
		c.opt.Logger.Error("telegram: an update cannot be taken and is left", "update", u.ID, "kind", input.Kind)
		c.alarm("poison")
		w.WriteHeader(http.StatusOK)
	default:
		w.Header().Set("Retry-After", retryAfter)
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}
