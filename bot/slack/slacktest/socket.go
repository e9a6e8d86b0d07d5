package slacktest

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// socket is one Socket Mode connection.
type socket struct {
	conn *websocket.Conn
	mu   sync.Mutex // gorilla allows one writer at a time
}

func (k *socket) send(v any) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	_ = k.conn.SetWriteDeadline(time.Now().Add(5 * time.Second))
	return k.conn.WriteJSON(v)
}

func (s *Server) connectionsOpen(params) result {
	return result{"url": strings.Replace(s.http.URL, "http://", "ws://", 1) + "/socket?ticket=" + s.nextID("t")}
}

func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	conn, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	k := &socket{conn: conn}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		_ = conn.Close()
		return
	}
	s.sockets = append(s.sockets, k)
	n := len(s.sockets)
	if n > 10 {
		s.blame("socket: more than 10 connections")
	}
	s.mu.Unlock()
	_ = k.send(map[string]any{"type": "hello", "num_connections": n, "connection_info": map[string]any{"app_id": "A1"},
		"debug_info": map[string]any{"host": "fake", "approximate_connection_time": 18060}})
	s.mu.Lock()
	s.touch()
	s.mu.Unlock()
	done := make(chan struct{})
	go s.keepAlive(k, done)
	s.read(k)
	close(done)
	_ = conn.Close()
	s.mu.Lock()
	s.sockets = slices.DeleteFunc(s.sockets, func(o *socket) bool { return o == k })
	s.touch()
	s.mu.Unlock()
}

// keepAlive pings until the connection ends.
func (s *Server) keepAlive(k *socket, done chan struct{}) {
	t := time.NewTicker(s.cfg.Ping)
	defer t.Stop()
	for {
		_ = k.conn.WriteControl(websocket.PingMessage, []byte("ping"), time.Now().Add(time.Second))
		select {
		case <-done:
			return
		case <-t.C:
		}
	}
}

// read takes confirmations until the connection ends.
func (s *Server) read(k *socket) {
	for {
		_, raw, err := k.conn.ReadMessage()
		if err != nil {
			return
		}
		var ack struct {
			ID      string          `json:"envelope_id"`
			Payload json.RawMessage `json:"payload"`
		}
		s.mu.Lock()
		switch {
		case json.Unmarshal(raw, &ack) != nil || ack.ID == "":
			s.blame("socket: a frame that confirms nothing")
		case len(raw) > 20*1024:
			s.blame("socket: an answer over 20 KB, which Slack drops")
		case s.pending[ack.ID] == nil:
			s.lateAcks++
		default:
			s.pending[ack.ID] <- ack.Payload
			delete(s.pending, ack.ID)
		}
		s.touch()
		s.mu.Unlock()
	}
}

// Connections counts the open Socket Mode connections.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sockets)
}

// Disconnect asks the bot to connect again ("refresh_requested" or "warning")
// and ends the connection.
func (s *Server) Disconnect(reason string) {
	for _, k := range s.current() {
		_ = k.send(map[string]any{"type": "disconnect", "reason": reason, "debug_info": map[string]any{"host": "fake"}})
	}
}

// Reset cuts all connections without a word.
func (s *Server) Reset() {
	for _, k := range s.current() {
		_ = k.conn.Close()
	}
}

// Frame sends a raw frame on the newest connection.
func (s *Server) Frame(v any) error {
	all := s.current()
	if len(all) == 0 {
		return errNoSocket
	}
	return all[len(all)-1].send(v)
}

func (s *Server) current() []*socket {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sockets)
}

var (
	errNoSocket = errors.New("slacktest: no connection")
	errNoAck    = errors.New("slacktest: not confirmed in time")
)

// overSocket offers a payload once and waits for its confirmation.
func (s *Server) overSocket(kind string, payload any, attempt int) (json.RawMessage, error) {
	if !s.Wait(s.cfg.Ack, func() bool { return s.Connections() > 0 }) {
		return nil, errNoSocket
	}
	answer := make(chan json.RawMessage, 1)
	s.mu.Lock()
	id := s.nextID("env-")
	s.pending[id] = answer
	s.offered++
	s.mu.Unlock()
	frame := map[string]any{"type": kind, "envelope_id": id, "payload": payload,
		"accepts_response_payload": kind != "events_api"}
	if attempt > 0 {
		frame["retry_attempt"], frame["retry_reason"] = attempt, "timeout"
	}
	if err := s.Frame(frame); err != nil {
		return nil, err
	}
	limit := time.NewTimer(s.cfg.Ack)
	defer limit.Stop()
	select {
	case body := <-answer:
		return body, nil
	case <-limit.C:
		s.mu.Lock()
		delete(s.pending, id)
		s.mu.Unlock()
		return nil, errNoAck
	}
}
