package slack

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"

	goslack "github.com/slack-go/slack"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/flows"
)

// interaction is a click or a form. Only what is used is read.
type interaction struct {
	Type    string `json:"type"`
	Trigger string `json:"trigger_id"`
	Team    struct {
		ID string `json:"id"`
	} `json:"team"`
	User struct {
		ID   string `json:"id"`
		Team string `json:"team_id"`
	} `json:"user"`
	Channel struct {
		ID string `json:"id"`
	} `json:"channel"`
	Message struct {
		TS     string `json:"ts"`
		Thread string `json:"thread_ts"`
	} `json:"message"`
	Container struct {
		Channel string `json:"channel_id"`
		TS      string `json:"message_ts"`
	} `json:"container"`
	Actions []struct {
		ID    string `json:"action_id"`
		Value string `json:"value"`
		TS    string `json:"action_ts"`
		Text  struct {
			Text string `json:"text"`
		} `json:"text"`
	} `json:"actions"`
	View struct {
		ID       string `json:"id"`
		Callback string `json:"callback_id"`
		Metadata string `json:"private_metadata"`
		State    struct {
			Values map[string]map[string]struct {
				Value string `json:"value"`
			} `json:"values"`
		} `json:"state"`
	} `json:"view"`
}

func (i *interaction) account() account {
	return account{team: i.Team.ID, home: i.User.Team, user: i.User.ID}
}

func (i *interaction) channel() string {
	if i.Channel.ID != "" {
		return i.Channel.ID
	}
	return i.Container.Channel
}

func (i *interaction) ts() string {
	if i.Message.TS != "" {
		return i.Message.TS
	}
	return i.Container.TS
}

// interact handles one interaction.
func (c *Channel) interact(ctx context.Context, raw []byte) reply {
	var i interaction
	if json.Unmarshal(raw, &i) != nil || i.Type == "" {
		return reply{err: errMalformed}
	}
	switch i.Type {
	case "block_actions":
		return c.clicked(ctx, &i)
	case "view_submission":
		return c.submitted(ctx, &i)
	}
	return reply{}
}

// clicked handles a button of a card.
func (c *Channel) clicked(ctx context.Context, i *interaction) reply {
	if len(i.Actions) == 0 {
		return reply{}
	}
	a := i.Actions[0]
	at := cmp.Or(a.TS, i.Trigger) + "-" + digest(i.Trigger, i.channel(), i.ts(), a.Value)
	key := i.Team.ID + ":" + at + ":" + i.User.ID + ":" + a.ID
	name, err := c.admit(ctx, i.account())
	if err != nil {
		return c.notAdmitted(err, i.channel(), i.User.ID, i.Message.Thread, "no:"+key)
	}
	var p press
	if json.Unmarshal([]byte(a.Value), &p) != nil || p.Action != a.ID || !validCard(p.Card) {
		return c.tell(i, sayOldButton, "old:"+key)
	}
	if p.Ask != "" {
		return c.openForm(ctx, i, p, a.Text.Text, key)
	}
	in := c.act(i, p, name)
	in.ID = "slack:act:" + key
	in.Message = messageID(i.channel(), i.ts())
	return c.perform(ctx, i, in, i.channel(), key)
}

func (c *Channel) tell(i *interaction, text, key string) reply {
	return reply{after: []func(context.Context){c.whisper(i.channel(), i.User.ID, i.Message.Thread, text, key)}}
}

func validCard(id string) bool { _, _, ok := personOf(id); return ok }

func (c *Channel) act(i *interaction, p press, name string) flows.Input {
	person, card, _ := personOf(p.Card)
	return flows.Input{
		At: c.now(), Role: flows.RoleStaff, Kind: flows.KindAct, About: person,
		From: flows.Account{Channel: flows.DeskChannel, ID: i.User.ID}, By: i.User.ID, Name: name,
		Card: card, Action: p.Action, Version: p.Version,
	}
}

// perform stores an act and says what became of it.
func (c *Channel) perform(ctx context.Context, i *interaction, in flows.Input, channel, key string) (r reply) {
	out, err := c.give(ctx, in)
	switch {
	case err != nil && c.opt.Unknown(err):
		r.then(c.whisper(channel, i.User.ID, "", sayUnknownCard, "unknown:"+key))
	case bot.Permanent(err):
		r.then(c.whisper(channel, i.User.ID, "", sayBroken, "broken:"+key))
	case err != nil:
		// Slack does not offer a click again: staff must know.
		r = reply{err: err}
		r.then(c.whisper(channel, i.User.ID, "", sayLater, "later:"+key))
	case out.Toast != "":
		r.then(c.whisper(channel, i.User.ID, "", out.Toast, "toast:"+key))
	}
	return r
}

// openForm opens the form that asks for a reason, while the click's trigger lives.
func (c *Channel) openForm(ctx context.Context, i *interaction, p press, label, key string) reply {
	if !c.once.first("form:" + key) {
		return reply{}
	}
	view, err := c.form(i, p, label)
	if err == nil {
		err = c.callWithin(ctx, c.timing.modal, "views.open", func(ctx context.Context) error {
			_, err := c.api.OpenViewContext(ctx, i.Trigger, view)
			return err
		})
	}
	if err != nil {
		c.log.Warn("slack: a form did not open", "error", err.Error())
		return c.tell(i, sayNoForm, "noform:"+key)
	}
	return reply{}
}

// submitted handles a form. Everything is checked again: who sends it, and
// that it is the form we gave to this person.
func (c *Channel) submitted(ctx context.Context, i *interaction) reply {
	name, err := c.admit(ctx, i.account())
	if err != nil {
		var refused *errRefused
		if errors.As(err, &refused) {
			return formError(sayNoAccess)
		}
		return formError(sayLater)
	}
	f, ok := c.openSealed(i.View.Metadata, i)
	field, given := i.View.State.Values[reasonBlock][reasonField]
	if !ok || !given || i.View.Callback != formCallback {
		c.log.Warn("slack: a form was altered", "audit", true, "team", i.Team.ID, "user", i.User.ID)
		return formError(sayBadForm)
	}
	text := trimmed(field.Value)
	switch {
	case text == "" && f.Required:
		return formError(sayReason)
	case size(text) > maxSection:
		return formError(sayTooLong)
	}
	in := c.act(i, press{Card: f.Card, Action: f.Action, Version: f.Version}, name)
	// One form is one act, however often it is sent.
	key := i.Team.ID + ":" + i.View.ID + "-" + digest(f.Code) + ":" + i.User.ID + ":" + f.Action
	in.ID = "slack:act:" + key
	in.Text = text
	in.Message = f.Message
	channel, _, _ := splitID(f.Message)
	r := c.perform(ctx, i, in, channel, key)
	if r.err != nil {
		return formError(sayLater)
	}
	return r
}

// digest is a short name for what tells one click or form from another, the
// same at each delivery.
func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:6])
}

// command answers a slash command: a reminder of how the desk works.
func (c *Channel) command(ctx context.Context, team, user string) reply {
	text := sayHelp
	if _, err := c.admit(ctx, account{team: team, user: user}); err != nil {
		var refused *errRefused
		if !errors.As(err, &refused) {
			return reply{err: err}
		}
		text = sayNoAccess
	}
	return reply{body: map[string]string{"response_type": "ephemeral", "text": escape(text)}}
}

// formError keeps the form open with a sentence below its field.
func formError(text string) reply {
	return reply{body: goslack.NewErrorsViewSubmissionResponse(map[string]string{reasonBlock: text})}
}
