package telegramtest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// update is something the bot has not confirmed.
type update struct {
	id     int64
	kind   string // message, callback_query…
	owner  string // what order is kept within: the chat's messages, or its taps
	raw    json.RawMessage
	at     time.Time
	again  bool // confirmed once, to be delivered again
	served bool // since again was set
	busy   bool // on its way to the webhook
	tries  int
	after  time.Time
}

// push queues an update. The lock is held.
func (s *Server) push(kind, owner string, content any) int64 {
	s.updateID++
	id := s.updateID
	if s.allowed != nil && !s.allowed[kind] {
		return id
	}
	raw, err := json.Marshal(map[string]any{"update_id": id, kind: content})
	if err != nil {
		panic(fmt.Sprintf("telegramtest: update not encodable: %v", err))
	}
	s.queue = append(s.queue, &update{id: id, kind: kind, owner: owner, raw: raw, at: s.opt.Now()})
	s.changed()
	return id
}

// Push queues a raw update of the given kind ("message", "poll"…) and returns
// its id.
func (s *Server) Push(kind string, chat int64, content any) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.push(kind, fmt.Sprint(chat), content)
}

// RestartIDs makes the next update have this id, as Telegram does after a quiet
// week.
func (s *Server) RestartIDs(next int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.updateID = next - 1
}

// Forget drops what is not confirmed, as if it had been.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = nil
	s.changed()
}

// Redeliver queues confirmed updates once more, with their own ids.
func (s *Server) Redeliver(ids ...int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if u := s.archive[id]; u != nil {
			again := *u
			again.again, again.served, again.busy, again.at = true, false, false, s.opt.Now()
			s.queue = append(s.queue, &again)
		}
	}
	s.changed()
}

// Pending is the number of updates not confirmed.
func (s *Server) Pending() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	return len(s.queue)
}

// expire drops the updates that waited too long. The lock is held.
func (s *Server) expire() {
	now := s.opt.Now()
	s.queue = slices.DeleteFunc(s.queue, func(u *update) bool {
		ttl := s.opt.MessageTTL
		if u.kind == "callback_query" {
			ttl = s.opt.ButtonTTL
		}
		return now.Sub(u.at) > ttl
	})
}

// confirm forgets what is below offset; a negative one keeps only the last ones.
func (s *Server) confirm(offset int64) {
	if offset < 0 {
		s.queue = s.queue[max(0, len(s.queue)+int(offset)):]
		return
	}
	s.queue = slices.DeleteFunc(s.queue, func(u *update) bool {
		if u.id >= offset || (u.again && !u.served) {
			return false
		}
		s.keep(u)
		return true
	})
	s.changed()
}

// maxArchive bounds what can be delivered again.
const maxArchive = 20_000

func (s *Server) keep(u *update) {
	if len(s.archive) < maxArchive {
		s.archive[u.id] = u
	}
}

func (s *Server) getUpdates(ctx context.Context, p params) (any, *apiError) {
	s.mu.Lock()
	if s.hook.url != "" {
		s.mu.Unlock()
		return nil, &apiError{code: 409, text: "Conflict: can't use getUpdates method while webhook is active"}
	}
	if s.poller != nil {
		close(s.poller)
	}
	evicted := make(chan struct{})
	s.poller = evicted
	s.setAllowed(p.values["allowed_updates"])
	s.confirm(p.int("offset"))
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		if s.poller == evicted {
			s.poller = nil
		}
		s.mu.Unlock()
	}()
	return s.waitUpdates(ctx, p, evicted)
}

func (s *Server) waitUpdates(ctx context.Context, p params, evicted chan struct{}) (any, *apiError) {
	held := time.Duration(p.int("timeout")) * time.Second
	if s.opt.MaxPoll > 0 {
		held = min(held, s.opt.MaxPoll)
	}
	limit := int(p.int("limit"))
	if limit < 1 || limit > 100 {
		limit = 100
	}
	timer := time.NewTimer(held)
	defer timer.Stop()
	for {
		s.mu.Lock()
		batch, news := s.batch(limit), s.news
		s.mu.Unlock()
		if len(batch) > 0 {
			return batch, nil
		}
		select {
		case <-news:
		case <-timer.C:
			return []json.RawMessage{}, nil
		case <-evicted:
			return nil, &apiError{code: 409, text: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"}
		case <-ctx.Done():
			return []json.RawMessage{}, nil
		case <-s.stop:
			return []json.RawMessage{}, nil
		}
	}
}

func (s *Server) batch(limit int) []json.RawMessage {
	s.expire()
	var out []json.RawMessage
	for _, u := range s.queue[:min(limit, len(s.queue))] {
		u.served = true
		out = append(out, u.raw)
	}
	return out
}

func (s *Server) setAllowed(list string) {
	var kinds []string
	if json.Unmarshal([]byte(list), &kinds) != nil || len(kinds) == 0 {
		return // as before
	}
	s.allowed = map[string]bool{}
	for _, k := range kinds {
		s.allowed[k] = true
	}
}
