package telegramtest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"
)

// Limits of the Bot API: texts in UTF-16 units after entities, callback data in
// bytes.
const (
	maxText    = 4096
	maxCaption = 1024
	maxData    = 64
	maxRow     = 8
	maxButtons = 100
	maxToast   = 200
)

func (s *Server) getMe(params) (any, *apiError) {
	return map[string]any{
		"id": s.botID(), "is_bot": true, "first_name": "Relais", "username": s.opt.Username,
	}, nil
}

// target is the chat of a call, which must have written to the bot.
func (s *Server) target(method string, p params) (*chat, *apiError) {
	c := s.chats[p.chat()]
	switch {
	case c == nil:
		s.violate(method, "chat %d is unknown", p.chat())
		return nil, bad("chat not found")
	case c.blocked:
		return nil, &apiError{code: 403, text: "Forbidden: bot was blocked by the user"}
	}
	return c, nil
}

// read is the text of a call with its entities, checked.
func (s *Server) read(method string, p params, field string, limit int) (string, []Entity, *apiError) {
	text, entities := p.values[field], []Entity(nil)
	if !utf8.ValidString(text) {
		s.violate(method, "text is not UTF-8")
		return "", nil, bad("strings must be encoded in UTF-8")
	}
	switch p.values["parse_mode"] {
	case "HTML":
		var err error
		if text, entities, err = ParseHTML(text); err != nil {
			s.violate(method, "%v", err)
			return "", nil, bad("can't parse entities: " + err.Error())
		}
	case "":
	default:
		s.violate(method, "parse mode %q is not expected", p.values["parse_mode"])
		return "", nil, bad("unsupported parse_mode")
	}
	text = strings.TrimSpace(text)
	if n := units(text); n > limit {
		s.violate(method, "%s of %d units", field, n)
		return "", nil, bad("message is too long")
	}
	return text, entities, nil
}

func (s *Server) sendMessage(p params) (any, *apiError) {
	c, e := s.target("sendMessage", p)
	if e != nil {
		return nil, e
	}
	text, entities, e := s.read("sendMessage", p, "text", maxText)
	if e != nil {
		return nil, e
	}
	if text == "" {
		s.violate("sendMessage", "empty text")
		return nil, bad("message text is empty")
	}
	rows, e := s.rows("sendMessage", p)
	if e != nil {
		return nil, e
	}
	return s.post(c, &Message{Text: text, Entities: entities, Rows: rows, Raw: p.values["text"]}), nil
}

func (s *Server) sendDocument(p params) (any, *apiError) {
	c, e := s.target("sendDocument", p)
	if e != nil {
		return nil, e
	}
	text, entities, e := s.read("sendDocument", p, "caption", maxCaption)
	if e != nil {
		return nil, e
	}
	rows, e := s.rows("sendDocument", p)
	if e != nil {
		return nil, e
	}
	f := p.files["document"]
	if f == nil || len(f.Data) == 0 {
		s.violate("sendDocument", "no document")
		return nil, bad("there is no document in the request")
	}
	return s.post(c, &Message{Text: text, Entities: entities, Rows: rows, File: f, Raw: p.values["caption"]}), nil
}

// post adds a message of the bot to a chat.
func (s *Server) post(c *chat, m *Message) any {
	m.FromBot = true
	s.addMessage(c, m)
	return s.rendered(m)
}

// rendered is a message as the API shows it.
func (s *Server) rendered(m *Message) map[string]any {
	out := map[string]any{
		"message_id": m.ID, "date": m.At.Unix(), "text": m.Text,
		"chat": map[string]any{"id": m.Chat, "type": "private"},
	}
	if m.FromBot {
		out["from"] = map[string]any{"id": s.botID(), "is_bot": true, "first_name": "Relais"}
	}
	return out
}

func (s *Server) editable(method string, p params) (*Message, *apiError) {
	c, e := s.target(method, p)
	if e != nil {
		return nil, e
	}
	m := c.byID[int(p.int("message_id"))]
	switch {
	case m == nil || m.Deleted:
		return nil, bad("message to edit not found")
	case !m.FromBot:
		s.violate(method, "message %d is not the bot's", m.ID)
		return nil, bad("message can't be edited")
	}
	return m, nil
}

func (s *Server) editMessageText(p params) (any, *apiError) {
	m, e := s.editable("editMessageText", p)
	if e != nil {
		return nil, e
	}
	if m.File != nil {
		return nil, bad("there is no text in the message to edit")
	}
	return s.edit("editMessageText", p, m, "text", maxText)
}

func (s *Server) editMessageCaption(p params) (any, *apiError) {
	m, e := s.editable("editMessageCaption", p)
	if e != nil {
		return nil, e
	}
	return s.edit("editMessageCaption", p, m, "caption", maxCaption)
}

func (s *Server) edit(method string, p params, m *Message, field string, limit int) (any, *apiError) {
	text, entities, e := s.read(method, p, field, limit)
	if e != nil {
		return nil, e
	}
	if text == "" && field == "text" {
		s.violate(method, "empty text")
		return nil, bad("message text is empty")
	}
	rows, e := s.rows(method, p)
	if e != nil {
		return nil, e
	}
	if m.Text == text && reflect.DeepEqual(m.Entities, entities) && reflect.DeepEqual(m.Rows, rows) {
		return nil, bad("message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message")
	}
	m.Text, m.Entities, m.Rows, m.Raw = text, entities, rows, p.values[field]
	m.Edits++
	s.changed()
	return s.rendered(m), nil
}

func (s *Server) editMessageReplyMarkup(p params) (any, *apiError) {
	m, e := s.editable("editMessageReplyMarkup", p)
	if e != nil {
		return nil, e
	}
	rows, e := s.rows("editMessageReplyMarkup", p)
	if e != nil {
		return nil, e
	}
	if reflect.DeepEqual(m.Rows, rows) {
		return nil, bad("message is not modified")
	}
	m.Rows = rows
	m.Edits++
	s.changed()
	return s.rendered(m), nil
}

// rows reads and checks an inline keyboard. An empty copy_text, which the
// library always sends, is as if absent.
func (s *Server) rows(method string, p params) ([][]Button, *apiError) {
	raw := p.values["reply_markup"]
	if raw == "" || raw == "null" {
		return nil, nil
	}
	var k struct {
		Rows [][]struct {
			Text string `json:"text"`
			Data string `json:"callback_data"`
			URL  string `json:"url"`
		} `json:"inline_keyboard"`
	}
	if err := json.Unmarshal([]byte(raw), &k); err != nil {
		s.violate(method, "reply markup: %v", err)
		return nil, bad("can't parse reply keyboard markup JSON object")
	}
	var rows [][]Button
	n := 0
	for _, row := range k.Rows {
		line := []Button{}
		for _, b := range row {
			if why := wrongButton(b.Text, b.Data, b.URL); why != "" {
				s.violate(method, "button %q: %s", b.Text, why)
				return nil, bad("BUTTON_DATA_INVALID")
			}
			line = append(line, Button{Label: b.Text, Data: b.Data, URL: b.URL})
			n++
		}
		if len(line) > maxRow {
			s.violate(method, "%d buttons in a row", len(line))
		}
		rows = append(rows, line)
	}
	if n > maxButtons {
		s.violate(method, "%d buttons", n)
		return nil, bad("too many buttons")
	}
	return rows, nil
}

func wrongButton(label, data, url string) string {
	switch {
	case strings.TrimSpace(label) == "":
		return "no label"
	case data == "" && url == "":
		return "neither data nor url"
	case len(data) > maxData:
		return fmt.Sprintf("data of %d bytes", len(data))
	case url != "" && !strings.Contains(url, "://"):
		return "wrong url"
	}
	return ""
}
