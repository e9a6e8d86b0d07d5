package slacktest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// userObject is how payloads name a user. The lock is held.
func (s *Server) userObject(id string) map[string]any {
	team := s.users[id].Team
	if team == "" {
		team = s.cfg.TeamID
	}
	return map[string]any{"id": id, "username": strings.ToLower(s.users[id].Name), "team_id": team}
}

// Click presses a button of a message (CHANNEL:ts) and returns once the bot
// has confirmed the click, or when it has not in time.
func (s *Server) Click(user, message, actionID string) error {
	payload, err := s.ClickPayload(user, message, actionID)
	if err != nil {
		return err
	}
	_, err = s.Interact(payload)
	return err
}

// ClickPayload makes the payload of a click, for tests that repeat or alter it.
func (s *Server) ClickPayload(user, message, actionID string) (map[string]any, error) {
	channel, ts, _ := strings.Cut(message, ":")
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.find(channel, ts)
	if m == nil {
		return nil, fmt.Errorf("slacktest: no message %s", message)
	}
	b, ok := m.Button(actionID)
	if !ok {
		return nil, fmt.Errorf("slacktest: no button %q", actionID)
	}
	return map[string]any{
		"type": "block_actions", "team": map[string]any{"id": s.cfg.TeamID}, "user": s.userObject(user),
		"api_app_id": "A1", "trigger_id": s.newTrigger(user), "channel": map[string]any{"id": channel},
		"container": map[string]any{"type": "message", "message_ts": ts, "channel_id": channel},
		"message":   s.show(m, false),
		"actions": []any{map[string]any{"type": "button", "action_id": actionID, "block_id": "b", "value": b.Value,
			"text": map[string]any{"type": "plain_text", "text": b.Label()}, "action_ts": s.nextTS()}},
	}, nil
}

// Interact offers an interaction once, as Slack does, and returns the body of
// the bot's answer.
func (s *Server) Interact(payload any) ([]byte, error) {
	if s.eventsURL() == "" {
		return s.overSocket("interactive", payload, 0)
	}
	raw, err := json.Marshal(payload)
	if err != nil {
		return nil, err
	}
	return s.post("/slack/interactions", "application/x-www-form-urlencoded", []byte(url.Values{"payload": {string(raw)}}.Encode()), 0)
}

// Command types a slash command and returns the bot's answer.
func (s *Server) Command(user, command, text string) ([]byte, error) {
	fields := map[string]string{"team_id": s.cfg.TeamID, "user_id": user, "channel_id": s.cfg.Channels[0], "command": command, "text": text}
	if s.eventsURL() == "" {
		return s.overSocket("slash_commands", fields, 0)
	}
	form := url.Values{}
	for k, v := range fields {
		form.Set(k, v)
	}
	return s.post("/slack/commands", "application/x-www-form-urlencoded", []byte(form.Encode()), 0)
}

// Say writes a message in a channel.
func (s *Server) Say(user, channel, text string) (message string, err error) {
	return s.say(user, channel, "", text, nil)
}

// ThreadSay writes a message in the thread of another (CHANNEL:ts) and returns
// its id once the bot has confirmed it.
func (s *Server) ThreadSay(user, message, text string) (string, error) {
	channel, ts, _ := strings.Cut(message, ":")
	return s.say(user, channel, ts, text, nil)
}

// ThreadFile posts a file with a comment in a thread.
func (s *Server) ThreadFile(user, message, text, name string) (string, error) {
	channel, ts, _ := strings.Cut(message, ":")
	return s.say(user, channel, ts, text, []File{{ID: "FX", Name: name, Title: name, Data: []byte("x")}})
}

func (s *Server) say(user, channel, thread, text string, files []File) (string, error) {
	s.mu.Lock()
	m := &Message{Channel: channel, Thread: thread, User: user, Text: text, TS: s.nextTS(), Files: files}
	s.messages = append(s.messages, m)
	ev := s.show(m, false)
	ev["channel"], ev["channel_type"] = channel, "channel"
	if t := s.users[user].Team; t != "" {
		ev["user_team"], ev["team"] = t, t
	}
	if files != nil {
		ev["subtype"] = "file_share"
	}
	s.touch()
	s.mu.Unlock()
	return m.ID(), s.Event(ev)
}

// Edit changes a message that a user wrote.
func (s *Server) Edit(message, text string) error {
	return s.alter(message, "message_changed", func(m *Message) { m.Text = text })
}

// Delete removes a message.
func (s *Server) Delete(message string) error {
	return s.alter(message, "message_deleted", func(m *Message) { m.Deleted = true })
}

// Vanish removes a message without an event, as a deletion before the bot
// listened.
func (s *Server) Vanish(message string) {
	channel, ts, _ := strings.Cut(message, ":")
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.find(channel, ts); m != nil {
		m.Deleted = true
	}
}

func (s *Server) alter(message, subtype string, change func(*Message)) error {
	channel, ts, _ := strings.Cut(message, ":")
	s.mu.Lock()
	m := s.find(channel, ts)
	if m == nil {
		s.mu.Unlock()
		return fmt.Errorf("slacktest: no message %s", message)
	}
	ev := map[string]any{"type": "message", "subtype": subtype, "channel": channel, "ts": s.nextTS(), "hidden": true,
		"previous_message": s.show(m, false)}
	change(m)
	if subtype == "message_changed" {
		ev["message"] = s.show(m, false)
	}
	s.mu.Unlock()
	return s.Event(ev)
}

// Event offers an event until it is confirmed, as often as Slack does.
func (s *Server) Event(event map[string]any) error {
	s.mu.Lock()
	payload := map[string]any{"type": "event_callback", "team_id": s.cfg.TeamID, "api_app_id": "A1",
		"event_id": s.nextID("Ev"), "event_time": s.cfg.Now().Unix(), "event": event}
	s.mu.Unlock()
	return s.Callback(payload)
}

// Callback offers a whole event payload, again and again until it is confirmed
// or Slack would give up.
func (s *Server) Callback(payload map[string]any) error {
	var err error
	for attempt := 0; attempt <= len(s.cfg.Redeliveries); attempt++ {
		if attempt > 0 && s.cfg.Redeliveries[attempt-1] > 0 {
			<-time.After(s.cfg.Redeliveries[attempt-1])
		}
		if s.eventsURL() == "" {
			_, err = s.overSocket("events_api", payload, attempt)
		} else {
			raw, bad := json.Marshal(payload)
			if bad != nil {
				return bad
			}
			_, err = s.post("/slack/events", "application/json", raw, attempt)
		}
		if err == nil {
			return nil
		}
	}
	return err
}

func (s *Server) eventsURL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cfg.EventsURL
}

// post makes a signed request.
func (s *Server) post(path, kind string, body []byte, attempt int) ([]byte, error) {
	req, err := http.NewRequest(http.MethodPost, s.eventsURL()+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", kind)
	s.Sign(req, body, s.cfg.Now())
	if attempt > 0 {
		req.Header.Set("X-Slack-Retry-Num", strconv.Itoa(attempt))
		req.Header.Set("X-Slack-Retry-Reason", "http_error")
	}
	s.mu.Lock()
	s.offered++
	s.mu.Unlock()
	client := &http.Client{Timeout: s.cfg.Ack}
	res, err := client.Do(req)
	if err != nil {
		return nil, errNoAck
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("slacktest: the bot answered %d", res.StatusCode)
	}
	return answer, err
}

// Sign puts Slack's signature of a body, made at a time, on a request.
func (s *Server) Sign(req *http.Request, body []byte, at time.Time) {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(s.cfg.SigningSecret))
	mac.Write([]byte("v0:" + stamp + ":"))
	mac.Write(body)
	req.Header.Set("X-Slack-Request-Timestamp", stamp)
	req.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
}
