package telegramtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"unicode/utf8"
)

func (s *Server) deleteMessage(p params) (any, *apiError) {
	m, e := s.editable("deleteMessage", p)
	if e != nil {
		return nil, e
	}
	m.Deleted = true
	s.changed()
	return true, nil
}

// reactions are some of those that Telegram allows.
const reactions = "👍👎❤🔥🥰👏😁🤔🤯😱😢🎉🤩🙏👌🕊🤡🥱🥴😍🐳💯🤣⚡🏆💔🤨😐🍓🍾💋😈😴😭🤓👻👀🎃🙈😇😨🤝✍🤗🫡🎅🎄☃💅🤪🗿🆒💘🙉🦄😘💊🙊😎👾🤷😡"

func (s *Server) setMessageReaction(p params) (any, *apiError) {
	c, e := s.target("setMessageReaction", p)
	if e != nil {
		return nil, e
	}
	m := c.byID[int(p.int("message_id"))]
	if m == nil || m.Deleted {
		return nil, bad("message to react not found")
	}
	var list []struct{ Type, Emoji string }
	if raw := p.values["reaction"]; raw != "" {
		if err := json.Unmarshal([]byte(raw), &list); err != nil || len(list) > 1 {
			s.violate("setMessageReaction", "reaction is unreadable")
			return nil, bad("can't parse reaction")
		}
	}
	m.Reaction = ""
	for _, r := range list {
		if r.Type != "emoji" || r.Emoji == "" || !strings.Contains(reactions, r.Emoji) {
			s.violate("setMessageReaction", "reaction %q", r.Emoji)
			return nil, bad("REACTION_INVALID")
		}
		m.Reaction = r.Emoji
	}
	s.changed()
	return true, nil
}

func (s *Server) answerCallbackQuery(p params) (any, *apiError) {
	q := s.queries[p.values["callback_query_id"]]
	text := p.values["text"]
	switch {
	case q == nil || s.opt.Now().Sub(q.At) > s.opt.ButtonTTL:
		return nil, bad("query is too old and response timeout expired or query ID is invalid")
	case utf8.RuneCountInString(text) > maxToast:
		s.violate("answerCallbackQuery", "text of %d characters", utf8.RuneCountInString(text))
		return nil, bad("MESSAGE_TOO_LONG")
	}
	if !q.Answered {
		q.Toast, q.AnsweredAt = text, s.opt.Now()
	}
	q.Answered = true
	q.Answers++
	s.changed()
	return true, nil
}

func (s *Server) sendChatAction(p params) (any, *apiError) {
	if _, e := s.target("sendChatAction", p); e != nil {
		return nil, e
	}
	return true, nil
}

// maxFile is the largest file that bots may fetch.
const maxFile = 20 << 20

func (s *Server) getFile(p params) (any, *apiError) {
	id := p.values["file_id"]
	f := s.files[id]
	switch {
	case f == nil:
		s.violate("getFile", "unknown file")
		return nil, bad("wrong file_id or the file is temporarily unavailable")
	case len(f.Data) > maxFile:
		return nil, bad("file is too big")
	}
	return map[string]any{
		"file_id": id, "file_unique_id": "u" + id, "file_size": len(f.Data), "file_path": "documents/" + id,
	}, nil
}

func (s *Server) download(w http.ResponseWriter, r *http.Request, path string) {
	s.mu.Lock()
	s.calls["download"]++
	f := s.files[strings.TrimPrefix(path, "documents/")]
	s.mu.Unlock()
	if fault := s.fault("download", 0); fault != nil && fault.before(s, w, r) {
		return
	}
	if f == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(f.Data) // the other side may be gone
}

var commandName = regexp.MustCompile(`^[a-z0-9_]{1,32}$`)

func (s *Server) setMyCommands(p params) (any, *apiError) {
	var list []struct{ Command, Description string }
	if err := json.Unmarshal([]byte(p.values["commands"]), &list); err != nil {
		s.violate("setMyCommands", "unreadable")
		return nil, bad("can't parse commands")
	}
	s.commands = nil
	for _, c := range list {
		if !commandName.MatchString(c.Command) || c.Description == "" || utf8.RuneCountInString(c.Description) > 256 {
			s.violate("setMyCommands", "command %q", c.Command)
			return nil, bad("BOT_COMMAND_INVALID")
		}
		s.commands = append(s.commands, c.Command)
	}
	return true, nil
}

func (s *Server) leaveChat(p params) (any, *apiError) {
	s.left = append(s.left, p.chat())
	s.changed()
	return true, nil
}

// Violations lists the malformed calls so far.
func (s *Server) Violations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.violations...)
}

// Calls counts the calls by method.
func (s *Server) Calls(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[method]
}

// Limited counts the calls refused by the real rate.
func (s *Server) Limited() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.limited
}

// Commands is the menu that the bot has set.
func (s *Server) Commands() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.commands...)
}

// Left lists the groups that the bot has left.
func (s *Server) Left() []int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]int64(nil), s.left...)
}

// String shows a chat as a person would read it, for failed tests.
func (s *Server) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for id, c := range s.chats {
		fmt.Fprintf(&b, "chat %d\n", id)
		for _, m := range c.messages {
			fmt.Fprintf(&b, "  %d bot=%t %q %v\n", m.ID, m.FromBot, m.Text, m.Rows)
		}
	}
	return b.String()
}
