package telegram

import (
	"context"
	"time"

	tg "github.com/go-telegram/bot"

	"github.com/coopconnexion/relais/flows"
)

// answer is what a tap is answered with, beside the messages.
type answer struct {
	query, text string
	at          time.Time
}

// answerers is how many taps are answered at the same time.
const answerers = 8

// answerAge is how old a tap may be to be worth an answer.
const answerAge = time.Minute

// alreadyNoted answers a tap that had been handled before.
const alreadyNoted = "Déjà noté ✔"

// maxToast is the longest answer to a tap, in characters (Bot API).
const maxToast = 200

// answer asks for the end of the spinner on the button, with a few words. It
// never waits: when too many are on their way this one is left out, since
// whatever matters is also a message.
func (c *Channel) answer(u update, out flows.Outcome) {
	if u.Callback == nil {
		return
	}
	text := out.Toast
	if out.Duplicate && text == "" {
		text = alreadyNoted
	}
	select {
	case c.answers <- answer{u.Callback.ID, cut(text, maxToast), c.opt.Now()}:
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
			err := c.call(context.WithoutCancel(ctx), endTimeout, func(ctx context.Context) error {
				_, err := c.api.AnswerCallbackQuery(ctx, &tg.AnswerCallbackQueryParams{
					CallbackQueryID: a.query, Text: a.text,
				})
				return err
			})
			if err != nil && !isBad(err, codeOldQuery) && ctx.Err() == nil {
				c.opt.Logger.Warn("telegram: a tap was not answered", "cause", err.Error())
			}
		}
	}
}
