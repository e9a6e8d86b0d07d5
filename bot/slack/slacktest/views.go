package slacktest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// trigger is what a click gives, once, for three seconds.
type trigger struct {
	user string
	at   time.Time
	used bool
}

// View is an open form.
type View struct {
	ID, User        string
	Title, Submit   Text
	Callback        string
	PrivateMetadata string
	Blocks          []Block
	Closed          bool
}

// newTrigger makes a trigger for a user. The lock is held.
func (s *Server) newTrigger(user string) string {
	id := s.nextID("trigger.")
	s.triggers[id] = trigger{user: user, at: s.cfg.Now()}
	return id
}

type viewRequest struct {
	Type     string  `json:"type"`
	Title    *Text   `json:"title"`
	Submit   *Text   `json:"submit"`
	Close    *Text   `json:"close"`
	Callback string  `json:"callback_id"`
	Metadata string  `json:"private_metadata"`
	Blocks   []Block `json:"blocks"`
}

// checkView verifies the limits of a form. The lock is held.
func (s *Server) checkView(v viewRequest) bool {
	c := checker{where: "views.open"}
	c.need(v.Type == "modal", "type %q", v.Type)
	c.text(v.Title, 24, "plain_text")
	c.text(v.Submit, 24, "plain_text")
	if v.Close != nil {
		c.text(v.Close, 24, "plain_text")
	}
	c.need(length(v.Callback) <= 255, "callback_id over 255")
	c.need(length(v.Metadata) <= 3000, "private_metadata over 3000")
	for _, b := range c.bad {
		s.blame("%s", b)
	}
	return s.checkBlocks("views.open", v.Blocks, 100) && len(c.bad) == 0
}

func (s *Server) openView(p params) result {
	t, ok := s.triggers[p.get("trigger_id")]
	switch {
	case !ok:
		s.blame("views.open: invalid trigger")
		return refusal("invalid_trigger_id")
	case t.used:
		return refusal("exchanged_trigger_id")
	case s.cfg.Now().Sub(t.at) > s.cfg.Trigger:
		s.blame("views.open: trigger older than %s", s.cfg.Trigger)
		return refusal("expired_trigger_id")
	}
	t.used = true
	s.triggers[p.get("trigger_id")] = t
	var v viewRequest
	if json.Unmarshal([]byte(p.get("view")), &v) != nil {
		s.blame("views.open: not a view")
		return refusal("invalid_arguments")
	}
	if !s.checkView(v) {
		return refusal("invalid_arguments")
	}
	view := &View{ID: s.nextID("V"), User: t.user, Title: *v.Title, Submit: *v.Submit, Callback: v.Callback,
		PrivateMetadata: v.Metadata, Blocks: v.Blocks}
	s.views = append(s.views, view)
	return result{"view": map[string]any{"id": view.ID, "type": "modal", "team_id": s.cfg.TeamID}}
}

// Modal is the form that a user has open.
func (s *Server) Modal(user string) (View, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range slices.Backward(s.views) {
		if v.User == user && !v.Closed {
			return *v, true
		}
	}
	return View{}, false
}

// SubmitModal fills in the one field of the open form and sends it. errs is
// what the bot answered below the field; when empty, the form is closed.
func (s *Server) SubmitModal(user, text string) (errs map[string]string, err error) {
	v, ok := s.Modal(user)
	if !ok {
		return nil, fmt.Errorf("slacktest: %s has no form open", user)
	}
	return s.SubmitView(user, v, text)
}

// SubmitView sends a form that a test may have altered.
func (s *Server) SubmitView(user string, v View, text string) (errs map[string]string, err error) {
	values := map[string]any{}
	for _, b := range v.Blocks {
		if b.Element != nil {
			values[b.BlockID] = map[string]any{b.Element.ActionID: map[string]any{"type": b.Element.Type, "value": text}}
		}
	}
	s.mu.Lock()
	payload := map[string]any{"type": "view_submission", "team": map[string]any{"id": s.cfg.TeamID},
		"user": s.userObject(user), "trigger_id": s.newTrigger(user),
		"view": map[string]any{"id": v.ID, "type": "modal", "callback_id": v.Callback,
			"private_metadata": v.PrivateMetadata, "state": map[string]any{"values": values}}}
	s.mu.Unlock()
	body, err := s.Interact(payload)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
	}
	if len(bytes.TrimSpace(body)) > 0 {
		_ = json.Unmarshal(body, &answer)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if answer.Action == "errors" {
		s.checkErrors(v, answer.Errors)
		return answer.Errors, nil
	}
	for _, open := range s.views {
		if open.ID == v.ID {
			open.Closed = true
		}
	}
	return nil, nil
}

// checkErrors verifies that errors stand below fields that exist. The lock is held.
func (s *Server) checkErrors(v View, errs map[string]string) {
	for id := range errs {
		if !slices.ContainsFunc(v.Blocks, func(b Block) bool { return b.BlockID == id }) {
			s.blame("view_submission: an error for a block that does not exist")
		}
	}
}

func (s *Server) uploadURL(p params) result {
	n, _ := strconv.Atoi(p.get("length"))
	if p.get("filename") == "" || n <= 0 {
		s.blame("files.getUploadURLExternal: filename and length are required")
		return refusal("invalid_arguments")
	}
	f := &File{ID: s.nextID("F"), Name: p.get("filename")}
	s.files[f.ID] = f
	return result{"upload_url": fmt.Sprintf("%s/upload/%s/%d", s.http.URL, f.ID, n), "file_id": f.ID}
}

func (s *Server) serveUpload(w http.ResponseWriter, r *http.Request) {
	id, want, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/upload/"), "/")
	var data []byte
	if part, _, err := r.FormFile("file"); err == nil {
		data, _ = io.ReadAll(part)
	} else {
		data, _ = io.ReadAll(r.Body)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[id]
	if f == nil || strconv.Itoa(len(data)) != want {
		s.blame("upload: unknown file, or not the announced length")
		http.Error(w, "bad upload", http.StatusBadRequest)
		return
	}
	f.Data = data
	_, _ = io.WriteString(w, "OK - "+want)
}

func (s *Server) completeUpload(p params) result {
	var list []struct{ ID, Title string }
	if json.Unmarshal([]byte(p.get("files")), &list) != nil || len(list) == 0 {
		return refusal("invalid_arguments")
	}
	channel := p.get("channel_id")
	if !slices.Contains(s.cfg.Channels, channel) {
		return refusal("channel_not_found")
	}
	m := &Message{Channel: channel, Thread: p.get("thread_ts"), Text: p.get("initial_comment"),
		User: s.cfg.BotUser, BotID: s.cfg.BotID, TS: s.nextTS()}
	s.checkMrkdwn("files.completeUploadExternal", m.Text)
	if m.Thread != "" && s.find(channel, m.Thread) == nil {
		return refusal("thread_not_found")
	}
	out := []any{}
	for _, l := range list {
		f := s.files[l.ID]
		if f == nil || f.Data == nil {
			s.blame("files.completeUploadExternal: a file that was not uploaded")
			return refusal("file_not_found")
		}
		f.Title = l.Title
		m.Files = append(m.Files, *f)
		out = append(out, map[string]any{"id": f.ID, "title": f.Title})
	}
	s.messages = append(s.messages, m)
	return result{"files": out}
}
