package slack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	goslack "github.com/slack-go/slack"

	"github.com/coopconnexion/relais/bot"
)

// trace notes how far a request went: only a request whose headers were never
// written surely did not arrive.
type trace struct{ started, wrote atomic.Bool }

func (t *trace) hooks() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn:      func(string) { t.started.Store(true) },
		WroteHeaders: func() { t.wrote.Store(true) },
	}
}

// notSent is true on positive evidence only: a transport that reports nothing
// leaves the outcome unknown.
func (t *trace) notSent(err error) bool {
	if t.started.Load() {
		return !t.wrote.Load()
	}
	var op *net.OpError
	var dns *net.DNSError
	return errors.As(err, &dns) || (errors.As(err, &op) && op.Op == "dial")
}

// call makes one call of the Web API and translates its error into the terms
// of bot.Channel.Deliver. No error text holds a body, an address or a token.
func (c *Channel) call(ctx context.Context, method string, f func(context.Context) error) error {
	return c.callWithin(ctx, c.timing.call, method, f)
}

func (c *Channel) callWithin(ctx context.Context, d time.Duration, method string, f func(context.Context) error) error {
	if ctx.Err() != nil {
		return &bot.RetryError{After: time.Second, Cause: "stopping"}
	}
	inner, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	t := &trace{}
	err := f(httptrace.WithClientTrace(inner, t.hooks()))
	return translate(method, err, t)
}

// An apiError is the code of an answer of Slack ("message_not_found"), below
// the error of the delivery contract.
type apiError struct {
	code  string
	under error
}

func (e *apiError) Error() string { return e.under.Error() }
func (e *apiError) Unwrap() error { return e.under }

// code is the answer of Slack in an error of call, or "".
func code(err error) string {
	var e *apiError
	if errors.As(err, &e) {
		return e.code
	}
	return ""
}

// unsupported recognises a server that does not know a method at all.
func unsupported(err error) bool {
	var retry *bot.RetryError
	if errors.As(err, &retry) {
		return retry.Cause == "http_404" || retry.Cause == "http_405" || retry.Cause == "http_501"
	}
	return code(err) == "unknown_method"
}

// undecidable recognises a look-up that will never be answered, so that
// asking again would only hold up what comes after.
func undecidable(err error) bool {
	var rejected *bot.RejectedError
	return unsupported(err) || errors.As(err, &rejected)
}

func translate(method string, err error, t *trace) error {
	if err == nil {
		return nil
	}
	var limited *goslack.RateLimitedError
	if errors.As(err, &limited) {
		return &bot.RetryError{After: max(limited.RetryAfter, time.Second), All: true, Cause: "http_429"}
	}
	var status goslack.StatusCodeError
	if errors.As(err, &status) {
		return translateStatus(method, status.Code)
	}
	var answer goslack.SlackErrorResponse
	if errors.As(err, &answer) {
		return &apiError{code: answer.Err, under: translateCode(method, answer.Err)}
	}
	if t.notSent(err) {
		return &bot.RetryError{After: 5 * time.Second, All: true, Cause: "not_connected"}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("slack %s: no answer, outcome unknown", method)
	}
	return fmt.Errorf("slack %s: broken answer, outcome unknown", method)
}

func translateStatus(method string, status int) error {
	switch {
	case status == http.StatusTooManyRequests:
		return &bot.RetryError{After: 30 * time.Second, All: true, Cause: "http_429"}
	case status == http.StatusUnauthorized:
		return fmt.Errorf("slack %s: http_401: %w", method, bot.ErrStop)
	case status >= 500:
		return fmt.Errorf("slack %s: http_%d, outcome unknown", method, status)
	}
	// Slack says its own refusals with 200; another status comes from a proxy
	// or a wrong address, which a person can repair.
	return &bot.RetryError{After: time.Minute, All: true, Cause: fmt.Sprintf("http_%d", status)}
}

// translateCode sorts the codes of https://docs.slack.dev/reference/methods/chat.postMessage.
func translateCode(method, code string) error {
	switch code {
	case "invalid_auth", "account_inactive", "token_revoked", "token_expired", "not_authed",
		"org_login_required", "team_access_not_granted", "not_allowed_token_type", "ekm_access_denied":
		return fmt.Errorf("slack %s: %s: %w", method, code, bot.ErrStop)
	case "missing_scope", "no_permission":
		if method == "chat.postMessage" || method == "users.info" {
			return fmt.Errorf("slack %s: %s: %w", method, code, bot.ErrStop)
		}
	case "ratelimited", "rate_limited", "message_limit_exceeded":
		return &bot.RetryError{After: 30 * time.Second, All: true, Cause: code}
	case "not_in_channel":
		// Inviting the bot is enough, so the letter waits.
		return &bot.RetryError{After: time.Minute, Cause: code}
	case "internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org":
		// Slack says of these that part of the work may have been done.
		return fmt.Errorf("slack %s: %s, outcome unknown", method, code)
	}
	return &bot.RejectedError{Cause: code}
}
