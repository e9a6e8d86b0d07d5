package slack

import (
	"context"
	"errors"
	"strconv"
	"strings"

	goslack "github.com/slack-go/slack"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/flows"
)

// eventType is the metadata under which our messages name their letter.
const eventType = "relais_letter"

// messageID is how the store knows a message of Slack.
func messageID(channel, ts string) string { return channel + ":" + ts }

func splitID(id string) (channel, ts string, ok bool) {
	channel, ts, ok = strings.Cut(id, ":")
	return channel, ts, ok && channel != "" && ts != ""
}

// Deliver carries out one letter to the desk.
func (c *Channel) Deliver(ctx context.Context, l flows.Letter) (string, error) {
	switch {
	case l.Op == flows.OpReact && l.React != nil:
		return "", c.react(ctx, l.React.Message, emojiName(l.React.Emoji))
	case l.Op == flows.OpPost && l.Post != nil:
		return c.deliverPost(ctx, l)
	case l.Op == flows.OpSend && l.Send != nil:
		return c.deliverText(ctx, l, l.Send.Text, l.Send.Blob, l.Send.FileName, false)
	case l.Op == flows.OpEdit && l.Edit != nil:
		return c.deliverEdit(ctx, l)
	}
	return "", &bot.RejectedError{Cause: "unsupported_" + string(l.Op)}
}

func (c *Channel) deliverPost(ctx context.Context, l flows.Letter) (string, error) {
	p := l.Post
	if p.Card == nil {
		return c.deliverText(ctx, l, p.Text, p.Blob, p.FileName, p.FromPerson)
	}
	parts, err := cardParts(p.Card)
	if err != nil {
		return "", err
	}
	if p.Update && l.Target != "" {
		err := c.update(ctx, l, parts[0])
		if !vanished(err) {
			return "", err
		}
		l.Target = "" // somebody deleted the card: show it anew
	}
	if p.Thread == "" {
		l.Target = ""
	}
	return c.postParts(ctx, l, parts)
}

func (c *Channel) deliverEdit(ctx context.Context, l flows.Letter) (string, error) {
	parts := textParts(l.Edit.Text, false)
	if l.Target == "" || len(parts) == 0 {
		return "", nil // an unknown target is no error
	}
	if err := c.update(ctx, l, parts[0]); !vanished(err) {
		return "", err
	}
	return "", nil
}

// vanished recognises an edit whose message is no more, or no longer ours to edit.
func vanished(err error) bool {
	switch code(err) {
	case "message_not_found", "cant_update_message", "edit_window_closed":
		return true
	}
	return false
}

func (c *Channel) deliverText(ctx context.Context, l flows.Letter, text flows.Rich, blob, name string, quote bool) (string, error) {
	parts := textParts(text, quote)
	if blob != "" {
		id, done, err := c.deliverFile(ctx, l, parts, blob, name)
		if done || err != nil {
			return id, err
		}
		note := "📎 Un fichier accompagnait ce message. Il n’est plus disponible."
		parts = append(parts, textParts(flows.T(note), false)...)
	}
	if len(parts) == 0 {
		return "", &bot.RejectedError{Cause: "no_text"}
	}
	return c.postParts(ctx, l, parts)
}

// room is the channel of a letter.
func (c *Channel) room(l flows.Letter) (string, error) {
	switch to := l.To.ID; {
	case to == flows.DeskStaff.ID:
		return c.opt.StaffChannel, nil
	case to == flows.DeskCare.ID && c.opt.CareChannel != "":
		return c.opt.CareChannel, nil
	case to == flows.DeskCare.ID:
		return c.opt.StaffChannel, nil
	}
	return "", &bot.RejectedError{Cause: "unknown_room"}
}

// place is where a letter is posted: a channel, and a thread if there is one.
func (c *Channel) place(l flows.Letter) (channel, thread string, err error) {
	if ch, ts, ok := splitID(l.Target); ok {
		return ch, ts, nil
	}
	channel, err = c.room(l)
	return channel, "", err
}

// postParts posts what has not been posted yet and returns the id of the first
// message. The parts after the first one go in its thread.
func (c *Channel) postParts(ctx context.Context, l flows.Letter, parts []part) (string, error) {
	channel, thread, err := c.place(l)
	if err != nil {
		return "", err
	}
	there := map[int]string{}
	if len(parts) > 1 && (l.Attempts > 1 || l.Ambiguous) {
		if there, err = c.posted(ctx, l, channel, thread); err != nil {
			return "", err
		}
	}
	root := thread
	for i, p := range parts {
		ts := there[i]
		if ts == "" {
			if ts, err = c.post(ctx, l, channel, root, i, p); err != nil {
				return "", err
			}
			there[i] = ts
		}
		if root == "" {
			root = ts
		}
	}
	return messageID(channel, there[0]), nil
}

func (c *Channel) post(ctx context.Context, l flows.Letter, channel, thread string, n int, p part) (string, error) {
	opts := append(c.content(l, n, p), goslack.MsgOptionDisableLinkUnfurl(), goslack.MsgOptionDisableMediaUnfurl())
	if thread != "" {
		opts = append(opts, goslack.MsgOptionTS(thread))
	}
	var ts string
	err := c.call(ctx, "chat.postMessage", func(ctx context.Context) (err error) {
		_, ts, err = c.api.PostMessageContext(ctx, channel, opts...)
		return err
	})
	if thread != "" && (code(err) == "thread_not_found" || code(err) == "message_not_found") {
		return c.post(ctx, l, channel, "", n, p)
	}
	if err == nil && ts == "" {
		return "", errors.New("slack chat.postMessage: answer without ts, outcome unknown")
	}
	return ts, err
}

func (c *Channel) update(ctx context.Context, l flows.Letter, p part) error {
	channel, ts, ok := splitID(l.Target)
	if !ok {
		return &apiError{code: "message_not_found", under: &bot.RejectedError{Cause: "bad_target"}}
	}
	return c.call(ctx, "chat.update", func(ctx context.Context) error {
		_, _, _, err := c.api.UpdateMessageContext(ctx, channel, ts, c.content(l, 0, p)...)
		return err
	})
}

// content is what posting and updating have in common. Slack is told to look
// for no names and no addresses in the text.
func (c *Channel) content(l flows.Letter, n int, p part) []goslack.MsgOption {
	return []goslack.MsgOption{
		goslack.MsgOptionText(p.text, false),
		goslack.MsgOptionBlocks(p.blocks...),
		goslack.MsgOptionMetadata(metadata(l, n)),
		goslack.MsgOptionParse(false),
		goslack.MsgOptionLinkNames(false),
	}
}

// metadata names the letter. The time of its making tells it from a letter of
// the same number in another store (a demo, a restored backup).
func metadata(l flows.Letter, n int) goslack.SlackMetadata {
	return goslack.SlackMetadata{EventType: eventType, EventPayload: map[string]any{
		"letter":  strconv.FormatUint(l.ID, 10),
		"created": strconv.FormatInt(l.Created.UnixMilli(), 10),
		"part":    strconv.Itoa(n),
	}}
}

func (c *Channel) react(ctx context.Context, message, name string) error {
	channel, ts, ok := splitID(message)
	if !ok {
		return &bot.RejectedError{Cause: "bad_message_id"}
	}
	err := c.call(ctx, "reactions.add", func(ctx context.Context) error {
		return c.api.AddReactionContext(ctx, name, goslack.NewRefToMessage(channel, ts))
	})
	if code(err) == "already_reacted" {
		return nil
	}
	return err
}

// emojiName is Slack's name of the emoji that flows use.
func emojiName(emoji string) string {
	names := map[string]string{
		"👀": "eyes", "👍": "+1", "👌": "ok_hand", "✅": "white_check_mark", "🙏": "pray",
		"❤": "heart", "🎉": "tada", "🔒": "lock", "✍": "writing_hand", "🤝": "handshake", "🤔": "thinking_face",
	}
	if n, ok := names[strings.TrimRight(emoji, "\ufe0f")]; ok {
		return n
	}
	return "eyes"
}
