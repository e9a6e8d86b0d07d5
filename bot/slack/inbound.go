package slack

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	goslack "github.com/slack-go/slack"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/flows"
)

// reply is what became of one event. err means that it must not be confirmed.
// body is the answer that goes with the confirmation, after what is done once
// the confirmation has left.
type reply struct {
	body  any
	after []func(context.Context)
	err   error
	fresh bool // an input was stored that had not been stored before
}

func (r *reply) then(f func(context.Context)) { r.after = append(r.after, f) }

var (
	errNotRunning = errors.New("slack: not receiving yet")
	errMalformed  = errors.New("slack: payload not understood")
)

// envelope is the outside of an event. Only what is used is read, so that new
// kinds of blocks and fields cannot make an event unreadable.
type envelope struct {
	Type      string          `json:"type"`
	Challenge string          `json:"challenge"`
	TeamID    string          `json:"team_id"`
	EventID   string          `json:"event_id"`
	Event     json.RawMessage `json:"event"`
}

type message struct {
	Type     string            `json:"type"`
	Subtype  string            `json:"subtype"`
	Channel  string            `json:"channel"`
	User     string            `json:"user"`
	BotID    string            `json:"bot_id"`
	Text     string            `json:"text"`
	TS       string            `json:"ts"`
	Thread   string            `json:"thread_ts"`
	Parent   string            `json:"parent_user_id"`
	Team     string            `json:"team"`
	UserTeam string            `json:"user_team"`
	Files    []json.RawMessage `json:"files"`
	Blocks   json.RawMessage   `json:"blocks"`
	New      *message          `json:"message"`
	Old      *message          `json:"previous_message"`
}

// reply reports whether the message stands in a thread, below its first message.
func (m *message) reply() bool { return m.Thread != "" && m.Thread != m.TS }

func (m *message) account(team string) account {
	home := m.UserTeam
	if home == "" {
		home = m.Team
	}
	return account{team: team, home: home, user: m.User}
}

// event handles one callback of the Events API.
func (c *Channel) event(ctx context.Context, raw []byte) reply {
	var e envelope
	if json.Unmarshal(raw, &e) != nil {
		return reply{err: errMalformed}
	}
	var m message
	if json.Unmarshal(e.Event, &m) != nil || m.Type != "message" || !c.ours(m.Channel) {
		return reply{} // confirmed and ignored
	}
	switch m.Subtype {
	case "", "file_share", "thread_broadcast", "me_message":
		return c.said(ctx, e, &m)
	case "message_changed":
		return c.changed(ctx, e, &m)
	case "message_deleted":
		return c.deleted(ctx, e, &m)
	}
	return reply{} // joins, topics, bots…
}

func (c *Channel) ours(channel string) bool {
	return channel != "" && (channel == c.opt.StaffChannel || channel == c.opt.CareChannel)
}

// byBot recognises what programs wrote, ourselves included.
func (c *Channel) byBot(m *message) bool {
	id := c.self.Load()
	return m.BotID != "" || m.User == "" || m.User == "USLACKBOT" || (id != nil && m.User == id.user)
}

// foreign is true when Slack says that the thread was begun by somebody else.
func (c *Channel) foreign(m *message) bool {
	id := c.self.Load()
	return id != nil && m.Parent != "" && m.Parent != id.user
}

// said handles a new message: what is written in a thread goes to the person.
func (c *Channel) said(ctx context.Context, e envelope, m *message) (r reply) {
	if c.byBot(m) || !m.reply() {
		return reply{}
	}
	name, err := c.admit(ctx, m.account(e.TeamID))
	if err != nil {
		if c.foreign(m) {
			return reply{}
		}
		return c.notAdmitted(err, m.Channel, m.User, m.Thread, "no:"+m.TS)
	}
	text, note := outgoing(plain(m.Text, emojiOf(m.Blocks), c.nameOf))
	if note {
		r.then(func(ctx context.Context) { _ = c.react(ctx, messageID(m.Channel, m.TS), "lock") })
	}
	if len(m.Files) > 0 {
		r.then(c.whisper(m.Channel, m.User, m.Thread, sayTextOnly, "file:"+m.TS))
	}
	if text == "" {
		return r
	}
	out, err := c.give(ctx, flows.Input{
		ID: "slack:msg:" + e.TeamID + ":" + m.Channel + ":" + m.TS,
		At: c.now(), Role: flows.RoleStaff, Kind: flows.KindSay,
		From: flows.Account{Channel: flows.DeskChannel, ID: m.User}, By: m.User, Name: name,
		ReplyTo: messageID(m.Channel, m.Thread), Message: messageID(m.Channel, m.TS), Text: text,
	})
	switch {
	case err != nil && c.opt.Unknown(err):
		r.then(c.whisper(m.Channel, m.User, m.Thread, sayUnknown, "unknown:"+m.Thread+m.User))
	case bot.Permanent(err):
		r.then(c.whisper(m.Channel, m.User, m.Thread, sayBroken, "broken:"+m.TS))
	case err != nil:
		return reply{err: err}
	case out.Toast != "":
		r.then(c.whisper(m.Channel, m.User, m.Thread, out.Toast, "toast:"+m.TS))
	case !out.Duplicate: // a sign that it was passed on
		r.then(func(ctx context.Context) { _ = c.react(ctx, messageID(m.Channel, m.TS), "outbox_tray") })
	}
	r.fresh = err == nil && !out.Duplicate
	return r
}

// changed tells staff that what was sent cannot be changed.
func (c *Channel) changed(ctx context.Context, e envelope, m *message) reply {
	if m.New == nil || m.Old == nil || m.New.Text == m.Old.Text || c.byBot(m.New) || !m.New.reply() || c.foreign(m.New) {
		return reply{} // a preview of a link, our own update, a thread counted anew
	}
	if _, err := c.admit(ctx, m.New.account(e.TeamID)); err != nil {
		return quiet(err)
	}
	before, _ := outgoing(plain(m.Old.Text, nil, c.nameOf))
	after, note := outgoing(plain(m.New.Text, nil, c.nameOf))
	word := sayEdited
	switch {
	case before == after:
		return reply{} // only a note changed
	case before == "" && !note:
		word = sayEditedNote
	}
	return reply{after: []func(context.Context){c.whisper(m.Channel, m.New.User, m.New.Thread, word, "edit:"+e.EventID)}}
}

// deleted tells staff that what was sent stays sent.
func (c *Channel) deleted(ctx context.Context, e envelope, m *message) reply {
	if m.Old == nil || c.byBot(m.Old) || !m.Old.reply() || c.foreign(m.Old) {
		return reply{}
	}
	if _, err := c.admit(ctx, m.Old.account(e.TeamID)); err != nil {
		return quiet(err)
	}
	if sent, _ := outgoing(plain(m.Old.Text, nil, c.nameOf)); sent == "" {
		return reply{}
	}
	return reply{after: []func(context.Context){c.whisper(m.Channel, m.Old.User, m.Old.Thread, sayDeleted, "delete:"+e.EventID)}}
}

// notAdmitted answers an account that may not act, without revealing anything.
func (c *Channel) notAdmitted(err error, channel, user, thread, key string) reply {
	var refused *errRefused
	if errors.As(err, &refused) {
		return reply{after: []func(context.Context){c.whisper(channel, user, thread, sayNoAccess, key)}}
	}
	return reply{err: err}
}

// quiet confirms an event of an account that may not act.
func quiet(err error) reply {
	var refused *errRefused
	if errors.As(err, &refused) {
		return reply{}
	}
	return reply{err: err}
}

// give hands an input to the store, one at a time, and tries once or twice
// more within Slack's three seconds when the store refuses.
func (c *Channel) give(ctx context.Context, in flows.Input) (out flows.Outcome, err error) {
	c.take.Lock()
	defer c.take.Unlock()
	for try := range 3 {
		intake := c.intake.Load()
		if intake == nil {
			return out, errNotRunning
		}
		out, err = (*intake).Take(ctx, in)
		if err == nil || c.opt.Unknown(err) || bot.Permanent(err) || ctx.Err() != nil {
			return out, err
		}
		c.log.Warn("slack: the store refused an input", "kind", string(in.Kind), "try", try+1)
		if try < 2 && !wait(ctx, c.timing.again) {
			return out, err
		}
	}
	c.lookBack(c.timing.behind)
	return out, err
}

// whisper says something to one staff member only, once per key. It is a
// courtesy: whatever matters is also a letter.
func (c *Channel) whisper(channel, user, thread, text, key string) func(context.Context) {
	return func(ctx context.Context) {
		if channel == "" || user == "" || !c.once.first(key) {
			return
		}
		opts := []goslack.MsgOption{
			goslack.MsgOptionText(escape(clean(text)), false),
			goslack.MsgOptionParse(false), goslack.MsgOptionLinkNames(false),
		}
		if thread != "" {
			opts = append(opts, goslack.MsgOptionTS(thread))
		}
		err := c.call(ctx, "chat.postEphemeral", func(ctx context.Context) error {
			_, err := c.api.PostEphemeralContext(ctx, channel, user, opts...)
			return err
		})
		if err != nil {
			c.log.Info("slack: a word to staff was lost", "error", err.Error())
			var retry *bot.RetryError
			if errors.As(err, &retry) {
				c.once.forget(key)
			}
		}
	}
}

// finish does what follows a confirmation, in the background.
func (c *Channel) finish(r reply) {
	if len(r.after) == 0 || c.intake.Load() == nil { // nothing to do, or ending
		return
	}
	c.tasks.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		for _, f := range r.after {
			f(ctx)
		}
	})
}

// personOf splits a card id ("PERSON:KEY").
func personOf(card string) (flows.PersonID, string, bool) {
	p, key, ok := strings.Cut(card, ":")
	return flows.PersonID(p), key, ok && p != "" && key != ""
}
