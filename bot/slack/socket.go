package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"sync"
	"time"

	goslack "github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"github.com/coopconnexion/relais/bot"
)

// runSocket keeps a Socket Mode connection until ctx ends or a person must act.
// The library reconnects by itself on a request of Slack or a dead link; it
// gives up for good on a refused token, and pauses up to five minutes, which
// is longer than Slack keeps our events: so we supervise it.
func (c *Channel) runSocket(ctx context.Context) error {
	for pause := c.timing.backoff; ; pause = min(2*pause, c.timing.backoffX) {
		begun := time.Now()
		err := c.connection(ctx)
		c.up.Store(false)
		if ctx.Err() != nil {
			return nil
		}
		if stop := fatal(err); stop != nil {
			return stop
		}
		if time.Since(begun) > c.timing.backoffX {
			pause = c.timing.backoff
		}
		c.log.Warn("slack: socket closed, connecting again", "pause", pause.String())
		if !wait(ctx, pause) {
			return nil
		}
	}
}

// fatal recognises the refusals that no reconnection repairs.
func fatal(err error) error {
	if err == nil {
		return nil
	}
	switch err.Error() {
	case "invalid_auth", "account_inactive", "not_authed", "token_revoked", "not_allowed_token_type", "missing_scope":
		return fmt.Errorf("slack socket: %s: %w", err.Error(), bot.ErrStop)
	}
	return nil
}

// connection runs the library's client once and handles its events in order.
func (c *Channel) connection(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	client := socketmode.New(c.api, socketmode.OptionPingInterval(c.timing.ping),
		socketmode.OptionReadLimit(4<<20), socketmode.OptionLog(log.New(io.Discard, "", 0)))
	ended := make(chan error, 1)
	go func() { ended <- client.RunContext(ctx) }()
	var forms sync.WaitGroup
	defer forms.Wait()
	for {
		select {
		case err := <-ended:
			return err
		case e := <-client.Events:
			if err := c.socketEvent(ctx, client, e, &forms); err != nil {
				cancel()
				<-ended
				return err
			}
		}
	}
}

var errSlow = errors.New("slack: the library pauses for too long")

// socketEvent handles one event of the socket; an error asks for a fresh
// connection, or for the end.
func (c *Channel) socketEvent(ctx context.Context, client *socketmode.Client, e socketmode.Event, forms *sync.WaitGroup) error {
	switch e.Type {
	case socketmode.EventTypeConnected:
		c.log.Info("slack: socket connected")
	case socketmode.EventTypeHello:
		c.up.Store(true)
		c.lookBack(0)
	case socketmode.EventTypeConnecting:
		c.up.Store(false)
	case socketmode.EventTypeConnectionError:
		return c.notConnected(e)
	case socketmode.EventTypeErrorBadMessage:
		// The library could not read it; we read less, so perhaps we can.
		bad, ok := e.Data.(*socketmode.ErrorBadMessage)
		var req socketmode.Request
		if !ok || json.Unmarshal(bad.Message, &req) != nil || req.EnvelopeID == "" {
			c.log.Warn("slack: a frame was not understood")
			return nil
		}
		c.socketRequest(ctx, client, &req, forms)
	default:
		if e.Request != nil && e.Request.EnvelopeID != "" {
			c.socketRequest(ctx, client, e.Request, forms)
		}
	}
	return nil
}

func (c *Channel) notConnected(e socketmode.Event) error {
	failed, ok := e.Data.(*goslack.ConnectionErrorEvent)
	if !ok {
		return nil
	}
	c.log.Warn("slack: socket not connected", "attempt", failed.Attempt)
	switch {
	case fatal(failed.ErrorObj) != nil:
		return failed.ErrorObj
	case failed.Backoff > c.timing.backoffX && !errors.As(failed.ErrorObj, new(*goslack.RateLimitedError)):
		return errSlow
	}
	return nil
}

// socketRequest stores what a frame holds and confirms it afterwards. A click
// that opens a form waits for Slack's answer aside: nothing is stored by it.
func (c *Channel) socketRequest(ctx context.Context, client *socketmode.Client, req *socketmode.Request, forms *sync.WaitGroup) {
	handle := func() {
		r := c.handleFrame(ctx, req)
		c.confirm(ctx, client, req.EnvelopeID, r)
	}
	if req.Type == socketmode.RequestTypeInteractive && opensForm(req.Payload) {
		forms.Go(handle)
		return
	}
	handle()
}

func (c *Channel) handleFrame(ctx context.Context, req *socketmode.Request) reply {
	switch req.Type {
	case socketmode.RequestTypeEventsAPI:
		return c.event(ctx, req.Payload)
	case socketmode.RequestTypeInteractive:
		return c.interact(ctx, req.Payload)
	case socketmode.RequestTypeSlashCommands:
		var cmd struct {
			Team string `json:"team_id"`
			User string `json:"user_id"`
		}
		if json.Unmarshal(req.Payload, &cmd) != nil {
			return reply{err: errMalformed}
		}
		return c.command(ctx, cmd.Team, cmd.User)
	}
	return reply{}
}

// confirm tells Slack that we have the event, unless we have not.
func (c *Channel) confirm(ctx context.Context, client *socketmode.Client, id string, r reply) {
	switch {
	case errors.Is(r.err, errMalformed):
		c.log.Warn("slack: a payload was not understood")
	case r.err != nil:
		c.log.Warn("slack: an event is left for Slack to offer again")
		c.finish(reply{after: r.after})
		return
	}
	if err := client.AckCtx(ctx, id, r.body); err != nil {
		c.log.Warn("slack: a confirmation was lost")
	}
	c.finish(r)
}

// opensForm reports whether an interaction is a click on a button that asks.
func opensForm(raw []byte) bool {
	var i interaction
	var p press
	return json.Unmarshal(raw, &i) == nil && i.Type == "block_actions" && len(i.Actions) > 0 &&
		json.Unmarshal([]byte(i.Actions[0].Value), &p) == nil && p.Ask != ""
}
