package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/bot/fault"
)

// Long polling: Telegram holds an empty answer for pollWait; the call itself
// gives up ten seconds later.
const (
	pollWait    = 25 * time.Second
	pollTimeout = pollWait + 10*time.Second
	pollLimit   = 100
	emptyRest   = 100 * time.Millisecond
)

// A second instance makes Telegram answer 409 to both. A deployment overlaps
// for a moment; conflicts that keep coming for conflictTime mean that somebody
// must choose.
const (
	conflictTime = 3 * time.Minute
	conflictGap  = time.Minute
	conflictRest = 5 * time.Second
)

// poll asks for updates, gives them to in, and confirms them by asking for the
// next ones, until ctx ends.
func (c *Channel) poll(ctx context.Context, in bot.Intake) error {
	var offset int64
	var conflict conflicts
	failures := 0
	for ctx.Err() == nil {
		asked := time.Now()
		batch, err := c.getUpdates(ctx, offset)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			failures++
			if stop := c.pollFailed(ctx, err, failures, &conflict); stop != nil {
				return stop
			}
			continue
		}
		failures = 0
		if len(batch) == 0 {
			// A server that does not hold empty polls must not be flooded.
			rest(ctx, emptyRest-time.Since(asked))
			continue
		}
		if !c.takeBatch(ctx, in, batch) {
			return nil // ctx ended: what is not committed comes again
		}
		fault.Point("poll-before-confirm")
		offset = lastOffset(batch)
	}
	return nil
}

// lastOffset confirms the batch. Telegram sends it in order; after a week
// without updates the ids may restart lower, so the last one counts, not the
// highest ever seen.
func lastOffset(batch []update) int64 {
	var last int64
	for _, u := range batch {
		last = max(last, u.ID)
	}
	return last + 1
}

// conflicts remembers since when 409 keeps coming.
type conflicts struct{ first, last time.Time }

func (c *conflicts) persistent(now time.Time) bool {
	if c.first.IsZero() || now.Sub(c.last) > conflictGap {
		c.first = now
	}
	c.last = now
	return now.Sub(c.first) >= conflictTime
}

// pollFailed rests as the error asks; it returns an error when a person must act.
func (c *Channel) pollFailed(ctx context.Context, err error, failures int, conflict *conflicts) error {
	var retry *bot.RetryError
	pause := wait(failures)
	switch {
	case errors.Is(err, bot.ErrStop), errors.Is(err, bot.ErrGone):
		c.opt.Logger.Error("telegram refuses the token: receiving stops")
		c.alarm("token")
		return bot.ErrStop
	case errors.Is(err, errWebhook):
		c.opt.Logger.Warn("telegram: a webhook is set although we poll; it is removed")
		_ = c.dropWebhook(ctx) // the next poll tells whether it worked
	case errors.Is(err, errConflict):
		c.opt.Logger.Error("telegram: another instance is receiving with the same token (409)")
		c.alarm("conflict")
		if conflict.persistent(c.opt.Now()) {
			return errors.Join(bot.ErrStop, errConflict)
		}
		pause = conflictRest
	case errors.As(err, &retry) && retry.After > pause:
		pause = min(retry.After, time.Hour)
	}
	if !errors.Is(err, errConflict) && !errors.Is(err, errWebhook) {
		c.opt.Logger.Warn("telegram: receiving failed, trying again", "cause", err.Error(), "pause", pause.String())
	}
	rest(ctx, pause)
	return nil
}

// getUpdates asks for the updates from offset on. The library has no such call.
func (c *Channel) getUpdates(ctx context.Context, offset int64) ([]update, error) {
	body, err := json.Marshal(map[string]any{
		"offset": offset, "limit": pollLimit, "timeout": int(pollWait.Seconds()), "allowed_updates": allowed,
	})
	if err != nil {
		return nil, errors.New("telegram: request not encodable")
	}
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	e := &evidence{}
	req, err := http.NewRequestWithContext(context.WithValue(ctx, evidenceKey{}, e), http.MethodPost,
		c.opt.APIURL+"/bot"+c.opt.Token+"/getUpdates", bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("telegram: the API address is not usable") // the error names the token
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.client.Do(req)
	if err != nil {
		return nil, translate(errors.New("no answer"), e)
	}
	defer resp.Body.Close()
	var answer struct {
		OK         bool              `json:"ok"`
		Result     []json.RawMessage `json:"result"`
		ErrorCode  int               `json:"error_code"`
		Why        string            `json:"description"`
		Parameters struct {
			RetryAfter int `json:"retry_after"`
		} `json:"parameters"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return nil, translate(errors.New("no answer"), e)
	}
	if !answer.OK {
		if answer.ErrorCode == http.StatusConflict && strings.Contains(answer.Why, "webhook is active") {
			return nil, errWebhook
		}
		return nil, pollError(answer.ErrorCode, answer.Parameters.RetryAfter)
	}
	return c.parse(answer.Result)
}

// errWebhook is a 409 because a webhook is set.
var errWebhook = errors.New("telegram: a webhook is set (409)")

func pollError(code, after int) error {
	switch code {
	case http.StatusUnauthorized, http.StatusNotFound, http.StatusForbidden:
		return bot.ErrStop
	case http.StatusConflict:
		return errConflict
	case http.StatusTooManyRequests:
		return &bot.RetryError{After: time.Duration(max(1, after)) * time.Second, All: true, Cause: "429"}
	}
	return &bot.UnknownError{Cause: "refused"}
}

// parse reads updates one by one: one that cannot be read (it should not
// happen) is counted and confirmed, never a reason to stop.
func (c *Channel) parse(raw []json.RawMessage) ([]update, error) {
	batch := make([]update, 0, len(raw))
	for _, r := range raw {
		u, err := parseUpdate(r)
		if err != nil {
			c.opt.Logger.Error("telegram: an update cannot be read and is skipped", "update", u.ID)
		}
		if u.ID == 0 { // it could not even be confirmed
			return nil, &bot.UnknownError{Cause: "garbled"}
		}
		batch = append(batch, u)
	}
	return batch, nil
}

// takeBatch gives a batch to in: chats at the same time, each in order. It
// returns false when ctx ended before everything was committed.
func (c *Channel) takeBatch(ctx context.Context, in bot.Intake, batch []update) bool {
	chats := map[int64][]update{}
	var order []int64
	for _, u := range batch {
		k := u.chat()
		if chats[k] == nil {
			order = append(order, k)
		}
		chats[k] = append(chats[k], u)
	}
	var wg sync.WaitGroup
	for _, k := range order {
		wg.Go(func() {
			for _, u := range chats[k] {
				if !c.take(ctx, in, u) {
					return
				}
				fault.Point("poll-after-commit")
			}
		})
	}
	wg.Wait()
	return ctx.Err() == nil
}

// hopeless is how often an update is tried when the store says that it can
// never be taken.
const hopeless = 3

// take gives one update to in until it is on disk.
func (c *Channel) take(ctx context.Context, in bot.Intake, u update) bool {
	input, ok := c.input(ctx, u)
	if !ok {
		return true // nothing for us
	}
	permanent := 0
	for n := 1; ; n++ {
		out, err := in.Take(ctx, input)
		if err == nil {
			c.answer(u, input, out)
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		if bot.Permanent(err) {
			if permanent++; permanent >= hopeless {
				c.opt.Logger.Error("telegram: an update cannot be taken and is left", "update", u.ID, "kind", input.Kind)
				c.alarm("poison")
				return true
			}
		}
		c.opt.Logger.Warn("telegram: the store refuses, trying again", "update", u.ID, "try", n)
		if !rest(ctx, wait(n)) {
			return false
		}
	}
}
