package telegram

import (
	"context"
	"errors"
	"time"

	tg "github.com/go-telegram/bot"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/flows"
)

// answer is the sign that something was heard, beside the messages: words on a
// tap, or an emoji on a text whose reply has to wait for its turn.
type answer struct {
	query, text string
	react       *flows.React // instead of words
	chat        int64
	at          time.Time
}

// heard is the emoji of a text whose reply comes a little later.
const heard = "👀"

// answerers is how many taps are answered at the same time.
const answerers = 8

// answerAge is how old a tap may be to be worth an answer.
const answerAge = time.Minute

// alreadyNoted answers a tap that had been handled before.
const alreadyNoted = "Déjà noté ✔"

// maxToast is the longest answer to a tap, in characters (Bot API).
const maxToast = 200

// answer asks for the end of the spinner on the button, with a few words, or
// for an emoji on what will wait for its reply. It never waits: when too many
// are on their way this one is left out, since whatever matters is also a
// message.
func (c *Channel) answer(u update, in flows.Input, out flows.Outcome) {
	a := answer{at: c.opt.Now(), chat: u.chat()}
	switch {
	case u.Callback != nil:
		a.query, a.text = u.Callback.ID, cut(out.Toast, maxToast)
		if out.Duplicate && a.text == "" {
			a.text = alreadyNoted
		}
	case in.Message != "" && !out.Duplicate && c.opt.Late != nil && c.opt.Late(in.From):
		a.react = &flows.React{Message: in.Message, Emoji: heard}
	default:
		return
	}
	select {
	case c.answers <- a:
	default:
	}
}

// answerLoop sends answers until ctx ends. "Query is too old" and every other
// failure are no loss.
func (c *Channel) answerLoop(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case a := <-c.answers:
			if c.opt.Now().Sub(a.at) > answerAge {
				continue
			}
			if a.react != nil {
				_ = optional(c.react(context.WithoutCancel(ctx), a.chat, a.react)) // the reply itself is on its way
				continue
			}
			c.toast(ctx, a)
		}
	}
}

// toast answers one tap. Twice is the same as once, so a failure is tried again,
// once: sometimes the words on the button are the only reaction.
func (c *Channel) toast(ctx context.Context, a answer) {
	var err error
	for range 2 {
		err = c.call(context.WithoutCancel(ctx), endTimeout, func(ctx context.Context) error {
			_, err := c.api.AnswerCallbackQuery(ctx, &tg.AnswerCallbackQueryParams{CallbackQueryID: a.query, Text: a.text})
			return err
		})
		var many *bot.RetryError
		if err == nil || isBad(err, codeOldQuery) || ctx.Err() != nil || (errors.As(err, &many) && many.After != 0) {
			break
		}
	}
	if err != nil && !isBad(err, codeOldQuery) && ctx.Err() == nil {
		c.opt.Logger.Warn("telegram: a tap was not answered", "cause", err.Error())
	}
}
