package telegramtest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Message is a message in a chat, of the bot or of the person.
type Message struct {
	ID       int
	Chat     int64
	FromBot  bool
	Text     string // what people see: the text, or the caption of File
	Raw      string // as the bot sent it
	Entities []Entity
	Rows     [][]Button
	File     *File
	Reaction string
	Edits    int
	Deleted  bool
	At       time.Time
}

// Button is a button below a message.
type Button struct{ Label, Data, URL string }

// File is a file sent by either side.
type File struct {
	Name, Mime string
	Data       []byte
}

// Tapped is a tap on a button and the bot's answer to it.
type Tapped struct {
	ID       string
	Update   int64
	Chat     int64
	Data     string
	At       time.Time
	Answered bool
	Answers  int
	// Toast is the first answer's text.
	Toast      string
	AnsweredAt time.Time
}

type chat struct {
	id       int64
	name     string
	blocked  bool
	pace     bucket
	messages []*Message
	byID     map[int]*Message
	taps     []*Tapped
}

// chatOf is the chat of a person, made when needed. The lock is held.
func (s *Server) chatOf(id int64) *chat {
	c := s.chats[id]
	if c == nil {
		c = &chat{
			id: id, name: fmt.Sprintf("Personne %d", id), byID: map[int]*Message{},
			pace: bucket{rate: s.opt.ChatRate, burst: float64(s.opt.ChatBurst)},
		}
		s.chats[id] = c
	}
	return c
}

// Rename sets the first name of a person.
func (s *Server) Rename(chat int64, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chatOf(chat).name = name
}

func (s *Server) addMessage(c *chat, m *Message) {
	s.messageID++
	m.ID, m.Chat, m.At = s.messageID, c.id, s.opt.Now()
	c.messages = append(c.messages, m)
	c.byID[m.ID] = m
	s.changed()
}

// fromPerson is a message of a person as updates show it.
func (c *chat) fromPerson(m *Message, content map[string]any) map[string]any {
	out := map[string]any{
		"message_id": m.ID, "date": m.At.Unix(),
		"chat": map[string]any{"id": c.id, "type": "private", "first_name": c.name},
		"from": c.user(),
	}
	for k, v := range content {
		out[k] = v
	}
	return out
}

func (c *chat) user() map[string]any {
	return map[string]any{"id": c.id, "is_bot": false, "first_name": c.name, "language_code": "fr"}
}

// Sent is a message of a person: its id in the chat, and its update's id.
type Sent struct {
	Message int
	Update  int64
}

// Send writes a message with any content ("text", "sticker"…) as a person.
func (s *Server) Send(chat int64, content map[string]any) Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.chatOf(chat)
	m := &Message{}
	if t, ok := content["text"].(string); ok {
		m.Text = t
	}
	s.addMessage(c, m)
	return Sent{m.ID, s.push("message", fmt.Sprint(chat), c.fromPerson(m, content))}
}

// Say writes a text as a person.
func (s *Server) Say(chat int64, text string) Sent {
	return s.Send(chat, map[string]any{"text": text})
}

// Photo sends a photo as a person.
func (s *Server) Photo(chat int64, data []byte, caption string) Sent {
	small, large := s.store("photo.jpg", "image/jpeg", data[:len(data)/2]), s.store("photo.jpg", "image/jpeg", data)
	return s.Send(chat, map[string]any{"caption": caption, "photo": []map[string]any{
		{"file_id": small, "file_unique_id": "u" + small, "width": 90, "height": 60, "file_size": len(data) / 2},
		{"file_id": large, "file_unique_id": "u" + large, "width": 1280, "height": 853, "file_size": len(data)},
	}})
}

// Document sends a file as a person.
func (s *Server) Document(chat int64, name, mime string, data []byte, caption string) Sent {
	id := s.store(name, mime, data)
	return s.Send(chat, map[string]any{"caption": caption, "document": map[string]any{
		"file_id": id, "file_unique_id": "u" + id, "file_name": name, "mime_type": mime, "file_size": len(data),
	}})
}

func (s *Server) store(name, mime string, data []byte) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seq++
	id := fmt.Sprintf("file%d", s.seq)
	s.files[id] = &File{Name: name, Mime: mime, Data: data}
	return id
}

// Sticker sends something that the bot cannot read.
func (s *Server) Sticker(chat int64) Sent {
	return s.Send(chat, map[string]any{"sticker": map[string]any{"file_id": "sticker", "emoji": "👍"}})
}

// Edit changes a text that the person wrote.
func (s *Server) Edit(chat int64, message int, text string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.chatOf(chat)
	m := c.byID[message]
	if m == nil {
		m = &Message{ID: message, At: s.opt.Now()}
	}
	m.Text = text
	content := c.fromPerson(m, map[string]any{"text": text, "edit_date": s.opt.Now().Unix()})
	return s.push("edited_message", fmt.Sprint(chat), content)
}

// Tap presses a button by its data, whether it is (still) there or not.
func (s *Server) Tap(chat int64, message int, data string) *Tapped {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.chatOf(chat)
	s.seq++
	t := &Tapped{ID: fmt.Sprintf("q%d", s.seq), Chat: chat, Data: data, At: s.opt.Now()}
	s.queries[t.ID] = t
	c.taps = append(c.taps, t)
	content := map[string]any{
		"id": t.ID, "from": c.user(), "chat_instance": fmt.Sprint(chat), "data": data,
		"message": map[string]any{
			"message_id": message, "date": s.opt.Now().Unix(),
			"chat": map[string]any{"id": chat, "type": "private"},
		},
	}
	t.Update = s.push("callback_query", "tap/"+fmt.Sprint(chat), content)
	return t
}

// Press taps the button with this label (or whose label contains it) on the
// latest message that has it.
func (s *Server) Press(chat int64, label string) (*Tapped, error) {
	messages := s.Messages(chat)
	for _, exact := range []bool{true, false} {
		for _, m := range slices.Backward(messages) {
			for _, b := range slices.Concat(m.Rows...) {
				if b.Data != "" && (b.Label == label || (!exact && strings.Contains(b.Label, label))) {
					return s.Tap(chat, m.ID, b.Data), nil
				}
			}
		}
	}
	return nil, fmt.Errorf("chat %d: no button %q", chat, label)
}

// Block makes a person block the bot; Unblock lets it in again.
func (s *Server) Block(chat int64)   { s.member(chat, true) }
func (s *Server) Unblock(chat int64) { s.member(chat, false) }

func (s *Server) member(chat int64, blocked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.chatOf(chat)
	c.blocked = blocked
	status := map[bool]string{true: "kicked", false: "member"}
	bot := map[string]any{"id": s.botID(), "is_bot": true, "first_name": "Relais"}
	s.push("my_chat_member", fmt.Sprint(chat), map[string]any{
		"chat": map[string]any{"id": chat, "type": "private"}, "from": c.user(), "date": s.opt.Now().Unix(),
		"old_chat_member": map[string]any{"status": status[!blocked], "user": bot},
		"new_chat_member": map[string]any{"status": status[blocked], "user": bot, "until_date": 0},
	})
}

// BlockSilently makes sends to a person fail, without an update.
func (s *Server) BlockSilently(chat int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chatOf(chat).blocked = true
}

// Messages is a chat, oldest first, as copies.
func (s *Server) Messages(chat int64) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.chats[chat]
	if c == nil {
		return nil
	}
	out := make([]Message, 0, len(c.messages))
	for _, m := range c.messages {
		if !m.Deleted {
			out = append(out, *m)
		}
	}
	return out
}

// FromBot is the bot's messages in a chat.
func (s *Server) FromBot(chat int64) []Message {
	return slices.DeleteFunc(s.Messages(chat), func(m Message) bool { return !m.FromBot })
}

// Taps is the taps of a chat and their answers, oldest first, as copies.
func (s *Server) Taps(chat int64) []Tapped {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.chats[chat]
	if c == nil {
		return nil
	}
	out := make([]Tapped, len(c.taps))
	for i, t := range c.taps {
		out[i] = *t
	}
	return out
}

// Wait returns once ok is true; it is asked again after each change.
func (s *Server) Wait(ctx context.Context, ok func() bool) error {
	for {
		s.mu.Lock()
		news := s.news
		s.mu.Unlock()
		if ok() {
			return nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.stop:
			return fmt.Errorf("server closed")
		}
	}
}
