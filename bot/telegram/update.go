package telegram

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	tg "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"github.com/coopconnexion/relais/flows"
)

// update is the part of an update that we read. It is smaller than the
// library's type on purpose: what Telegram adds or changes elsewhere in an
// update cannot make it unreadable.
type update struct {
	ID       int64     `json:"update_id"`
	Message  *message  `json:"message"`
	Edited   *message  `json:"edited_message"`
	Callback *callback `json:"callback_query"`
	Member   *member   `json:"my_chat_member"`
}

type message struct {
	ID       int                `json:"message_id"`
	From     user               `json:"from"`
	Chat     chat               `json:"chat"`
	ViaBot   *user              `json:"via_bot"`
	Text     string             `json:"text"`
	Caption  string             `json:"caption"`
	Photo    []models.PhotoSize `json:"photo"`
	Document *models.Document   `json:"document"`

	Sticker   json.RawMessage `json:"sticker"`
	Voice     json.RawMessage `json:"voice"`
	Video     json.RawMessage `json:"video"`
	VideoNote json.RawMessage `json:"video_note"`
	Location  json.RawMessage `json:"location"`
	Venue     json.RawMessage `json:"venue"`
	Contact   json.RawMessage `json:"contact"`
	Audio     json.RawMessage `json:"audio"`
	Animation json.RawMessage `json:"animation"`
	Poll      json.RawMessage `json:"poll"`

	// Messages that Telegram writes by itself: nobody waits for an answer.
	Pinned     json.RawMessage `json:"pinned_message"`
	AutoDelete json.RawMessage `json:"message_auto_delete_timer_changed"`
	Background json.RawMessage `json:"chat_background_set"`
	Write      json.RawMessage `json:"write_access_allowed"`
	Website    json.RawMessage `json:"connected_website"`
}

type user struct {
	ID        int64  `json:"id"`
	IsBot     bool   `json:"is_bot"`
	FirstName string `json:"first_name"`
}

type chat struct {
	ID   int64  `json:"id"`
	Type string `json:"type"`
}

// private reports whether the chat is with one person: the id is then theirs.
func (c chat) private() bool { return c.Type == "private" || (c.Type == "" && c.ID > 0) }

type callback struct {
	ID      string   `json:"id"`
	From    user     `json:"from"`
	Message *message `json:"message"`
	Data    string   `json:"data"`
}

type member struct {
	Chat chat `json:"chat"`
	From user `json:"from"`
	New  struct {
		Status string `json:"status"`
	} `json:"new_chat_member"`
}

// parseUpdate reads one update. On an error it still gives the id, if it can,
// so that the update can be confirmed.
func parseUpdate(raw []byte) (update, error) {
	var u update
	if err := json.Unmarshal(raw, &u); err != nil {
		var id struct {
			ID int64 `json:"update_id"`
		}
		_ = json.Unmarshal(raw, &id) // a second error leaves the id at 0
		return update{ID: id.ID}, err
	}
	return u, nil
}

// chat is what order is kept within.
func (u *update) chat() int64 {
	switch {
	case u.Message != nil:
		return u.Message.Chat.ID
	case u.Edited != nil:
		return u.Edited.Chat.ID
	case u.Callback != nil:
		if u.Callback.Message != nil {
			return u.Callback.Message.Chat.ID
		}
		return u.Callback.From.ID
	case u.Member != nil:
		return u.Member.Chat.ID
	}
	return 0
}

// input turns an update into an input; false when it is nothing for us.
func (c *Channel) input(ctx context.Context, u update) (flows.Input, bool) {
	in := flows.Input{
		ID:   "telegram:" + strconv.FormatInt(c.botID, 10) + ":update:" + strconv.FormatInt(u.ID, 10),
		At:   c.opt.Now(),
		Role: flows.RolePerson,
		From: flows.Account{Channel: Name, ID: strconv.FormatInt(u.chat(), 10)},
	}
	switch {
	case u.Message != nil:
		if !c.private(ctx, u.Message.Chat) {
			return in, false
		}
		return in, fromMessage(&in, u.Message)
	case u.Edited != nil:
		return in, u.Edited.Chat.private() && fromEdit(&in, u.Edited)
	case u.Callback != nil:
		return in, c.fromCallback(&in, u.Callback)
	case u.Member != nil:
		return in, c.fromMember(ctx, &in, u.Member)
	}
	return in, false
}

// private reports whether the chat is with one person. A group is left without
// a word: what members write there is not for us.
func (c *Channel) private(ctx context.Context, ch chat) bool {
	if ch.private() {
		return true
	}
	c.leave(ctx, ch)
	return false
}

func (c *Channel) leave(ctx context.Context, ch chat) {
	if ch.Type != "group" && ch.Type != "supergroup" && ch.Type != "channel" {
		return
	}
	if _, already := c.leaving.LoadOrStore(ch.ID, true); already {
		return
	}
	go func() {
		defer c.leaving.Delete(ch.ID)
		_ = c.call(context.WithoutCancel(ctx), callTimeout, func(ctx context.Context) error {
			_, err := c.api.LeaveChat(ctx, &tg.LeaveChatParams{ChatID: ch.ID})
			return err // best effort: the next message there leads here again
		})
	}()
}

func fromMessage(in *flows.Input, m *message) bool {
	if m.From.IsBot {
		return false
	}
	in.Name = cleanName(m.From.FirstName)
	in.Message = strconv.Itoa(m.ID)
	defer withCaption(in, m)
	switch {
	case m.ViaBot != nil: // the words of another robot
		in.Kind, in.Text = flows.KindUnsupported, "other"
	case m.Text != "":
		in.Kind = flows.KindText
		in.Text, in.Code = readCommand(cleanText(m.Text))
	case len(m.Photo) > 0:
		in.Kind, in.Text, in.File = flows.KindFile, cleanText(m.Caption), photoRef(m.Photo)
	case m.Animation != nil: // comes with a document of the same file
		in.Kind, in.Text = flows.KindUnsupported, "animation"
	case m.Document != nil:
		in.Kind, in.Text, in.File = flows.KindFile, cleanText(m.Caption), documentRef(m.Document)
	default:
		kind := m.unsupported()
		in.Kind, in.Text = flows.KindUnsupported, kind
		return kind != ""
	}
	return true
}

// CaptionField is the field of an unsupported input that holds the words
// written beside the video, the voice message…: the safety net reads them too.
const CaptionField = "caption"

func withCaption(in *flows.Input, m *message) {
	if in.Kind != flows.KindUnsupported || m.Caption+m.Text == "" {
		return
	}
	in.Fields = map[string]string{CaptionField: cleanText(m.Caption + m.Text)}
}

// unsupported names what a message without text holds, in a fixed vocabulary;
// empty for what Telegram writes by itself.
func (m *message) unsupported() string {
	for _, k := range []struct {
		content json.RawMessage
		name    string
	}{
		{m.Sticker, "sticker"}, {m.Voice, "voice"}, {m.Video, "video"}, {m.VideoNote, "video"},
		{m.Location, "location"}, {m.Venue, "location"}, {m.Contact, "contact"},
		{m.Audio, "audio"}, {m.Poll, "poll"},
		{m.Pinned, ""}, {m.AutoDelete, ""}, {m.Background, ""}, {m.Write, ""}, {m.Website, ""},
	} {
		if k.content != nil {
			return k.name
		}
	}
	return "other"
}

// fromEdit reads an edited message. One without words (a moving location, a new
// preview of a link) says nothing.
func fromEdit(in *flows.Input, m *message) bool {
	if m.From.IsBot {
		return false
	}
	text := m.Text
	if text == "" {
		text = m.Caption
	}
	in.Kind, in.Text, in.Message = flows.KindEdit, cleanText(text), strconv.Itoa(m.ID)
	in.Name = cleanName(m.From.FirstName)
	return text != ""
}

func (c *Channel) fromCallback(in *flows.Input, cb *callback) bool {
	if cb.From.IsBot || (cb.Message != nil && !cb.Message.Chat.private()) {
		return false
	}
	in.Kind, in.Button, in.Name = flows.KindTap, cleanText(cb.Data), cleanName(cb.From.FirstName)
	if cb.Message != nil {
		in.Message = strconv.Itoa(cb.Message.ID)
	}
	return true
}

func (c *Channel) fromMember(ctx context.Context, in *flows.Input, m *member) bool {
	if !m.Chat.private() {
		if m.New.Status == "member" || m.New.Status == "administrator" {
			c.leave(ctx, m.Chat)
		}
		return false
	}
	in.Role = flows.RoleSystem
	switch m.New.Status {
	case "kicked", "left":
		in.Kind = flows.KindGone
	case "member":
		in.Kind = flows.KindBack
	default:
		return false
	}
	return true
}

// readCommand takes the bot's name off a command ("/aide@relais_bot") and reads
// the code of "/start CODE".
func readCommand(text string) (clean, code string) {
	if !strings.HasPrefix(text, "/") {
		return text, ""
	}
	command, rest := text, ""
	if i := strings.IndexAny(text, " \n\t"); i > 0 {
		command, rest = text[:i], text[i:]
	}
	command, _, _ = strings.Cut(command, "@")
	if !strings.EqualFold(command, "/start") {
		return command + rest, ""
	}
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return "/start", ""
	}
	return "/start", cut(fields[0], maxCode)
}

// maxCode is the longest argument of a deep link (Bot API: 64 characters).
const maxCode = 64
