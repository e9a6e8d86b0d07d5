package slacktest

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// draft reads and checks the content of a message. The lock is held.
func (s *Server) draft(method string, p params) (*Message, result) {
	channel := p.get("channel")
	switch {
	case !slices.Contains(s.cfg.Channels, channel):
		return nil, refusal("channel_not_found")
	case s.archived[channel]:
		return nil, refusal("is_archived")
	}
	m := &Message{Channel: channel, Text: p.get("text"), Thread: p.get("thread_ts")}
	if p.get("link_names") == "true" || p.get("link_names") == "1" || p.get("parse") == "full" {
		s.blame("%s: names in people's words would become mentions", method)
	}
	if length(m.Text) > 40000 {
		return nil, refusal("msg_too_long")
	}
	s.checkMrkdwn(method+": text", m.Text)
	if raw := p.get("blocks"); raw != "" {
		if json.Unmarshal([]byte(raw), &m.Blocks) != nil {
			s.blame("%s: blocks are not a list of blocks", method)
			return nil, refusal("invalid_blocks_format")
		}
		if !s.checkBlocks(method, m.Blocks, 50) {
			return nil, refusal("invalid_blocks")
		}
	}
	if m.Text == "" && len(m.Blocks) == 0 {
		return nil, refusal("no_text")
	}
	if m.Text == "" {
		s.blame("%s: blocks without text for notifications and screen readers", method)
	}
	if raw := p.get("metadata"); raw != "" {
		if !validMetadata(raw) {
			s.blame("%s: invalid metadata", method)
			return nil, refusal("invalid_metadata_format")
		}
		m.Metadata = json.RawMessage(raw)
	}
	return m, nil
}

func validMetadata(raw string) bool {
	var meta struct {
		Type    string         `json:"event_type"`
		Payload map[string]any `json:"event_payload"`
	}
	return json.Unmarshal([]byte(raw), &meta) == nil && meta.Type != "" && meta.Payload != nil
}

func length(s string) int { return len(utf16.Encode([]rune(s))) }

func (s *Server) postMessage(p params) result {
	m, bad := s.draft("chat.postMessage", p)
	if bad != nil {
		return bad
	}
	if m.Thread != "" && s.find(m.Channel, m.Thread) == nil {
		return refusal("thread_not_found")
	}
	m.User, m.BotID, m.TS = s.cfg.BotUser, s.cfg.BotID, s.nextTS()
	s.messages = append(s.messages, m)
	return result{"channel": m.Channel, "ts": m.TS, "message": s.show(m, true)}
}

func (s *Server) updateMessage(p params) result {
	m := s.find(p.get("channel"), p.get("ts"))
	switch {
	case m == nil:
		return refusal("message_not_found")
	case m.BotID != s.cfg.BotID:
		return refusal("cant_update_message")
	}
	d, bad := s.draft("chat.update", p)
	if bad != nil {
		return bad
	}
	m.Text, m.Blocks = d.Text, d.Blocks
	if d.Metadata != nil {
		m.Metadata = d.Metadata
	}
	m.Edits++
	return result{"channel": m.Channel, "ts": m.TS, "text": m.Text}
}

func (s *Server) postEphemeral(p params) result {
	m, bad := s.draft("chat.postEphemeral", p)
	if bad != nil {
		return bad
	}
	if _, ok := s.users[p.get("user")]; !ok {
		return refusal("user_not_in_channel")
	}
	m.To, m.TS = p.get("user"), s.nextTS()
	s.ephemeral = append(s.ephemeral, *m)
	return result{"message_ts": m.TS}
}

// show renders a message as the API gives it.
func (s *Server) show(m *Message, metadata bool) map[string]any {
	out := map[string]any{"type": "message", "ts": m.TS, "text": m.Text, "user": m.User, "team": s.cfg.TeamID}
	if m.BotID != "" {
		out["bot_id"] = m.BotID
	}
	if m.Thread != "" {
		out["thread_ts"] = m.Thread
		if root := s.find(m.Channel, m.Thread); root != nil {
			out["parent_user_id"] = root.User
		}
	}
	if len(m.Blocks) > 0 {
		out["blocks"] = m.Blocks
	}
	if metadata && m.Metadata != nil {
		out["metadata"] = m.Metadata
	}
	var latest string
	n := 0
	for _, r := range s.messages {
		if r.Channel == m.Channel && r.Thread == m.TS && !r.Deleted {
			latest, n = r.TS, n+1
		}
	}
	if n > 0 {
		out["thread_ts"], out["reply_count"], out["latest_reply"] = m.TS, n, latest
	}
	var files []map[string]any
	for _, f := range m.Files {
		files = append(files, map[string]any{"id": f.ID, "name": f.Name, "title": f.Title, "size": len(f.Data)})
	}
	if files != nil {
		out["files"] = files
	}
	return out
}

func (s *Server) history(p params) result {
	var list []*Message
	for _, m := range s.messages {
		if m.Channel == p.get("channel") && m.Thread == "" && !m.Deleted {
			list = append(list, m)
		}
	}
	slices.Reverse(list)
	return s.pageOf("conversations.history", p, list)
}

func (s *Server) replies(p params) result {
	root := s.find(p.get("channel"), p.get("ts"))
	if root == nil {
		return refusal("thread_not_found")
	}
	list := []*Message{root}
	for _, m := range s.messages {
		if m.Channel == root.Channel && m.Thread == root.TS && !m.Deleted {
			list = append(list, m)
		}
	}
	return s.pageOf("conversations.replies", p, list)
}

// pageOf applies oldest, limit and cursor. The first message of a thread is
// given whatever its age, as Slack does.
func (s *Server) pageOf(method string, p params, list []*Message) result {
	if !slices.Contains(s.cfg.Channels, p.get("channel")) {
		return refusal("channel_not_found")
	}
	oldest := p.get("oldest")
	list = slices.DeleteFunc(list, func(m *Message) bool {
		return oldest != "" && before(m.TS, oldest) && (method == "conversations.history" || m.TS != p.get("ts"))
	})
	limit, _ := strconv.Atoi(p.get("limit"))
	if limit <= 0 {
		limit = 100
	}
	if limit > 1000 {
		s.blame("%s: limit above 1000", method)
		return refusal("invalid_limit")
	}
	from, _ := strconv.Atoi(strings.TrimPrefix(p.get("cursor"), "c"))
	from = min(from, len(list))
	page := list[from:min(from+limit, len(list))]
	next := ""
	if from+len(page) < len(list) {
		next = "c" + strconv.Itoa(from+len(page))
	}
	all := p.get("include_all_metadata")
	out := []any{}
	for _, m := range page {
		out = append(out, s.show(m, all == "1" || all == "true"))
	}
	return result{"messages": out, "has_more": next != "", "response_metadata": map[string]any{"next_cursor": next}}
}

// before compares two message times.
func before(a, b string) bool {
	x, _ := strconv.ParseFloat(a, 64)
	y, _ := strconv.ParseFloat(b, 64)
	return x < y
}
