package telegram

import (
	"context"
	"strconv"
	"strings"

	tg "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/flows"
)

// edit changes a message sent before. What is unknown, deleted or already so is
// no error. An edit without text only changes the buttons.
func (c *Channel) edit(ctx context.Context, chatID int64, l flows.Letter) error {
	target, err := strconv.Atoi(l.Target)
	if err != nil {
		return nil // never sent, or no longer known: nothing to change
	}
	rows, err := keyboard(l.Edit.Rows)
	if err != nil {
		return err
	}
	text := flatten(l.Edit.Text)
	if strings.TrimSpace(plain(text)) == "" {
		return harmless(c.editRows(ctx, chatID, target, rows))
	}
	text = split(text, maxText)[0]
	err = c.editText(ctx, chatID, target, text, rows, false)
	if isBad(err, codeMarkup) {
		c.opt.Logger.Error("telegram: markup refused, sent as plain text", "letter", l.ID)
		c.alarm("markup")
		err = c.editText(ctx, chatID, target, text, rows, true)
	}
	if isBad(err, codeCaption) { // the message is a file with a caption
		err = c.editCaption(ctx, chatID, target, split(text, maxCaption)[0], rows)
	}
	return harmless(err)
}

// harmless drops the errors of an edit that has nothing left to do.
func harmless(err error) error {
	if isBad(err, codeSame, codeNoTarget) {
		return nil
	}
	return err
}

func (c *Channel) editText(ctx context.Context, chatID int64, target int, r flows.Rich, rows *models.InlineKeyboardMarkup, bare bool) error {
	text, mode := markup(r, bare)
	params := &tg.EditMessageTextParams{
		ChatID: chatID, MessageID: target, Text: text, ParseMode: mode,
		LinkPreviewOptions: &models.LinkPreviewOptions{IsDisabled: tg.True()},
	}
	if rows != nil {
		params.ReplyMarkup = rows
	}
	return c.call(ctx, sendTimeout, func(ctx context.Context) error {
		_, err := c.api.EditMessageText(ctx, params)
		return err
	})
}

func (c *Channel) editCaption(ctx context.Context, chatID int64, target int, r flows.Rich, rows *models.InlineKeyboardMarkup) error {
	params := &tg.EditMessageCaptionParams{
		ChatID: chatID, MessageID: target, Caption: html(r), ParseMode: models.ParseModeHTML,
	}
	if rows != nil {
		params.ReplyMarkup = rows
	}
	return c.call(ctx, sendTimeout, func(ctx context.Context) error {
		_, err := c.api.EditMessageCaption(ctx, params)
		return err
	})
}

func (c *Channel) editRows(ctx context.Context, chatID int64, target int, rows *models.InlineKeyboardMarkup) error {
	params := &tg.EditMessageReplyMarkupParams{ChatID: chatID, MessageID: target}
	if rows != nil {
		params.ReplyMarkup = rows
	}
	return c.call(ctx, sendTimeout, func(ctx context.Context) error {
		_, err := c.api.EditMessageReplyMarkup(ctx, params)
		return err
	})
}

// react puts an emoji on a message of the person. A message that is gone, or an
// emoji that Telegram does not allow, is no reason to try again.
func (c *Channel) react(ctx context.Context, chatID int64, r *flows.React) error {
	id, err := strconv.Atoi(r.Message)
	if err != nil {
		return &bot.RejectedError{Cause: "address"}
	}
	params := &tg.SetMessageReactionParams{ChatID: chatID, MessageID: id}
	if r.Emoji != "" {
		params.Reaction = []models.ReactionType{{
			Type:              models.ReactionTypeTypeEmoji,
			ReactionTypeEmoji: &models.ReactionTypeEmoji{Emoji: r.Emoji},
		}}
	}
	return harmless(c.call(ctx, sendTimeout, func(ctx context.Context) error {
		_, err := c.api.SetMessageReaction(ctx, params)
		return err
	}))
}
