package telegram

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	tg "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/flows"
)

// Deliver implements [bot.Channel].
func (c *Channel) Deliver(ctx context.Context, l flows.Letter) (string, error) {
	chatID, err := strconv.ParseInt(l.To.ID, 10, 64)
	if err != nil || l.To.Channel != Name {
		return "", &bot.RejectedError{Cause: "address"}
	}
	switch {
	case l.Op == flows.OpSend && l.Send != nil:
		id, err := c.send(ctx, chatID, l)
		return id, final(err)
	case l.Op == flows.OpEdit && l.Edit != nil:
		return "", final(optional(c.edit(ctx, chatID, l)))
	case l.Op == flows.OpReact && l.React != nil:
		return "", final(optional(c.react(ctx, chatID, l.React)))
	}
	return "", &bot.RejectedError{Cause: "operation"}
}

// part is one message of a letter: a text, or the file with its caption.
type part struct {
	text flows.Rich
	file bool
	rows *models.InlineKeyboardMarkup
}

// partsOf lays a letter out: the file first, the words as its caption if they
// fit; the buttons below the last part.
func partsOf(s *flows.Send) ([]part, error) {
	rows, err := keyboard(s.Rows)
	if err != nil {
		return nil, err
	}
	text := flatten(s.Text)
	blank := strings.TrimSpace(plain(text)) == ""
	var parts []part
	switch {
	case s.Blob == "" && blank:
		return nil, &bot.RejectedError{Cause: "empty"}
	case s.Blob != "" && (blank || text.Len() <= maxCaption):
		parts = []part{{text: text, file: true}}
	case s.Blob != "":
		parts = []part{{file: true}}
	}
	if len(parts) == 0 || (parts[0].file && len(parts[0].text) == 0 && !blank) {
		for _, t := range split(text, maxText) {
			if strings.TrimSpace(plain(t)) != "" { // Telegram refuses blank messages
				parts = append(parts, part{text: t})
			}
		}
	}
	parts[len(parts)-1].rows = rows
	return parts, nil
}

// send sends a letter, which may take several messages. A part that has arrived
// is not sent again when the next one must be retried.
func (c *Channel) send(ctx context.Context, chatID int64, l flows.Letter) (string, error) {
	parts, err := partsOf(l.Send)
	if err != nil {
		return "", err
	}
	from := c.parts.sent(l.ID, len(parts))
	for i := from; i < len(parts); i++ {
		if i > 0 && !rest(ctx, time.Duration(float64(time.Second)/c.opt.ChatRate)) {
			return "", c.parts.keep(l.ID, i, len(parts), &bot.RetryError{Cause: "cancelled"})
		}
		id, err := c.sendPart(ctx, chatID, l, parts[i])
		if err != nil {
			return "", c.parts.keep(l.ID, i, len(parts), err)
		}
		if i == len(parts)-1 {
			c.parts.forget(l.ID)
			return strconv.Itoa(id), nil
		}
	}
	return "", &bot.RejectedError{Cause: "empty"}
}

func (c *Channel) sendPart(ctx context.Context, chatID int64, l flows.Letter, p part) (int, error) {
	send := c.sendText
	if p.file {
		send = c.sendFile
	}
	id, err := send(ctx, chatID, l, p, false)
	if isBad(err, codeMarkup) {
		c.opt.Logger.Error("telegram: markup refused, sent as plain text", "letter", l.ID)
		c.alarm("markup")
		return send(ctx, chatID, l, p, true)
	}
	return id, err
}

func (c *Channel) sendText(ctx context.Context, chatID int64, _ flows.Letter, p part, bare bool) (id int, err error) {
	text, mode := markup(p.text, bare)
	params := &tg.SendMessageParams{
		ChatID: chatID, Text: text, ParseMode: mode,
		LinkPreviewOptions: &models.LinkPreviewOptions{IsDisabled: tg.True()},
	}
	if p.rows != nil {
		params.ReplyMarkup = p.rows
	}
	err = c.call(ctx, sendTimeout, func(ctx context.Context) error {
		m, err := c.api.SendMessage(ctx, params)
		if m != nil {
			id = m.ID
		}
		return err
	})
	return id, err
}

// markup is the text of a part, with or without tags.
func markup(r flows.Rich, bare bool) (string, models.ParseMode) {
	if bare {
		return plain(r), ""
	}
	return html(r), models.ParseModeHTML
}

func (c *Channel) sendFile(ctx context.Context, chatID int64, l flows.Letter, p part, bare bool) (id int, err error) {
	if c.opt.Blobs == nil {
		return 0, &bot.RejectedError{Cause: "no_files"}
	}
	blob, err := c.opt.Blobs.OpenBlob(ctx, l.Person, l.Send.Blob)
	if err != nil {
		return 0, &bot.RetryError{Cause: "blob"}
	}
	defer blob.Close()
	content := &watched{r: blob}
	params := &tg.SendDocumentParams{
		ChatID:   chatID,
		Document: &models.InputFileUpload{Filename: fileName(l.Send.FileName), Data: content},
	}
	if len(p.text) > 0 {
		params.Caption, params.ParseMode = markup(p.text, bare)
	}
	if p.rows != nil {
		params.ReplyMarkup = p.rows
	}
	err = c.call(ctx, fileTimeout, func(ctx context.Context) error {
		m, err := c.api.SendDocument(ctx, params)
		if m != nil {
			id = m.ID
		}
		return err
	})
	if err != nil && content.failed() {
		// The body was never complete, so nothing was sent.
		return 0, &bot.RetryError{Cause: "blob"}
	}
	return id, optional(err)
}

func fileName(s string) string {
	if s = cleanName(s); s == "" {
		return "document"
	}
	return s
}

// watched remembers that reading the file failed, as opposed to sending it.
type watched struct {
	mu  sync.Mutex
	r   io.Reader
	err error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		w.mu.Lock()
		w.err = err
		w.mu.Unlock()
	}
	return n, err
}

func (w *watched) failed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err != nil
}
