package telegram

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	tg "github.com/go-telegram/bot"

	"github.com/coopconnexion/relais/bot"
)

// The deadlines of calls.
const (
	sendTimeout = 15 * time.Second // one message
	fileTimeout = 4 * time.Minute  // one file, either way
	callTimeout = 15 * time.Second // everything else but polling
	endTimeout  = 5 * time.Second  // what is brought to its end while stopping
	// maxAnswer bounds what is read of an answer; a batch of 100 updates is
	// well below it.
	maxAnswer = 16 << 20
)

// newClient makes the HTTP client for all calls: it follows no redirection
// (they would carry the token and people's words elsewhere) and closes idle
// connections before the other side does, since a request on a connection that
// just died is ambiguous. HTTP/1.1 on purpose: a call that times out then takes
// its dead connection with it, instead of leaving it to all the others.
func newClient(given *http.Client) *http.Client {
	client := &http.Client{}
	if given != nil {
		*client = *given
	}
	client.Timeout = 0
	if client.Transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.MaxIdleConnsPerHost = 32
		t.IdleConnTimeout = 30 * time.Second
		t.Protocols = new(http.Protocols)
		t.Protocols.SetHTTP1(true)
		client.Transport = t
	}
	client.Transport = tracing{client.Transport}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client
}

// evidence is what is known of a call that failed.
type evidence struct {
	wrote  atomic.Bool  // the headers left: it may have arrived
	status atomic.Int32 // of the answer; 0: none
}

type evidenceKey struct{}

// tracing notes the evidence of each call in its context, and bounds answers.
type tracing struct{ next http.RoundTripper }

func (t tracing) RoundTrip(r *http.Request) (*http.Response, error) {
	e, _ := r.Context().Value(evidenceKey{}).(*evidence)
	if e != nil {
		r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
			WroteHeaders: func() { e.wrote.Store(true) },
		}))
	}
	resp, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if e != nil {
		e.status.Store(int32(resp.StatusCode))
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	return resp, nil
}

// call makes one call of the library with a deadline, and translates its error.
func (c *Channel) call(ctx context.Context, timeout time.Duration, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	e := &evidence{}
	err := f(context.WithValue(ctx, evidenceKey{}, e))
	if err == nil {
		return nil
	}
	return translate(err, e)
}

// badRequest is a 400 of Telegram, by a fixed code. Its description stays
// inside: it may quote what a person wrote.
type badRequest struct{ code string }

func (b *badRequest) Error() string { return "telegram 400: " + b.code }

// translate turns an error of the library into one of the contract of
// [bot.Channel]. Neither the token nor any word of a message survives it.
func translate(err error, e *evidence) error {
	var many *tg.TooManyRequestsError
	var moved *tg.MigrateError
	switch {
	case errors.As(err, &many):
		after := time.Duration(many.RetryAfter) * time.Second
		if after == 0 {
			after = time.Nanosecond // asked for, without a number: the least pause
		}
		return &bot.RetryError{After: after, All: true, Cause: "429"}
	case errors.As(err, &moved):
		return &bot.RejectedError{Cause: "migrated"}
	case errors.Is(err, tg.ErrorForbidden):
		return bot.ErrGone
	case errors.Is(err, tg.ErrorUnauthorized):
		return bot.ErrStop
	case errors.Is(err, tg.ErrorNotFound):
		return errNotFound
	case errors.Is(err, tg.ErrorConflict):
		return errConflict
	case errors.Is(err, tg.ErrorBadRequest):
		return translateBad(err.Error())
	}
	if status := int(e.status.Load()); status >= 500 {
		return &bot.UnknownError{Cause: "5xx", Answered: true}
	} else if status != 0 {
		return &bot.UnknownError{Cause: "garbled"}
	}
	if !e.wrote.Load() {
		return &bot.RetryError{All: true, Cause: "connect"}
	}
	return &bot.UnknownError{Cause: "lost"}
}

// errConflict is a 409: another instance is polling, or a webhook is set.
var errConflict = errors.New("telegram: another instance is receiving (409)")

// errNotFound is a 404: a token that was never one, or a method that this
// server does not have.
var errNotFound = errors.New("telegram: no such token or method (404)")

// optional makes of a method that the server does not have a rejection of the
// letter; only a text that cannot be sent stops the channel.
func optional(err error) error {
	if errors.Is(err, errNotFound) {
		return &bot.RejectedError{Cause: "404"}
	}
	return err
}

// The descriptions of a 400 that mean something to us.
var badCodes = []struct{ phrase, code string }{
	{"can't parse entities", codeMarkup},
	{"message is not modified", codeSame},
	{"message to edit not found", codeNoTarget},
	{"message can't be edited", codeNoTarget},
	{"message_id_invalid", codeNoTarget},
	{"message to react not found", codeNoTarget},
	{"message to be replied not found", codeNoTarget},
	{"there is no text in the message", codeCaption},
	{"query is too old", codeOldQuery},
	{"query_id_invalid", codeOldQuery},
	{"chat not found", codeNoChat},
	{"peer_id_invalid", codeNoChat},
	{"user is deactivated", codeNoChat},
	{"reaction_invalid", "reaction"},
	{"message is too long", "too_long"},
	{"caption is too long", "too_long"},
	{"text is empty", "empty"},
	{"button_data_invalid", "button"},
	{"button_url_invalid", "button"},
	{"file is too big", "file_too_big"},
	{"wrong file", "file"},
}

// Codes of a 400 that are handled, not only reported.
const (
	codeMarkup   = "markup"
	codeSame     = "same"
	codeNoTarget = "no_target"
	codeCaption  = "caption"
	codeOldQuery = "old_query"
	codeNoChat   = "no_chat"
)

func translateBad(description string) error {
	d := strings.ToLower(description)
	for _, b := range badCodes {
		if strings.Contains(d, b.phrase) {
			if b.code == codeNoChat {
				return bot.ErrGone
			}
			return &badRequest{b.code}
		}
	}
	return &badRequest{"other"}
}

// isBad reports whether err is a 400 of one of these codes.
func isBad(err error, codes ...string) bool {
	var b *badRequest
	if !errors.As(err, &b) {
		return false
	}
	for _, c := range codes {
		if b.code == c {
			return true
		}
	}
	return false
}

// final turns a 400 that nobody handled into a rejection, and a 409 (which
// sends never get) into a stop.
func final(err error) error {
	var b *badRequest
	switch {
	case errors.As(err, &b):
		return &bot.RejectedError{Cause: "400_" + b.code}
	case errors.Is(err, errConflict), errors.Is(err, errNotFound):
		return bot.ErrStop
	}
	return err
}

// wait is the pause after the n-th failure in a row (from 1): a quarter of a
// second, doubling up to five seconds, less up to a quarter by chance. People
// are waiting behind it, and Telegram can bear a call every five seconds.
func wait(n int) time.Duration {
	d := 5 * time.Second
	if n < 6 {
		d = min(d, time.Second/4<<max(0, n-1))
	}
	return d - time.Duration(rand.Float64()*float64(d)/4)
}
