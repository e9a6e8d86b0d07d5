package telegramtest

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"time"
)

// hook is the webhook that the bot has set.
type hook struct {
	url, secret string
	gen         int
}

// hookConnections is how many updates are on their way at the same time.
const hookConnections = 40

func (s *Server) setWebhook(p params) (any, *apiError) {
	s.setAllowed(p.values["allowed_updates"])
	s.hook = hook{url: p.values["url"], secret: p.values["secret_token"], gen: s.hook.gen + 1}
	if s.hook.url != "" {
		if s.poller != nil {
			close(s.poller)
			s.poller = nil
		}
		go s.runHook(s.hook)
	}
	return true, nil
}

func (s *Server) deleteWebhook(p params) (any, *apiError) {
	s.hook = hook{gen: s.hook.gen + 1}
	if p.values["drop_pending_updates"] == "true" {
		s.violate("deleteWebhook", "drops pending updates")
		s.queue = nil
	}
	s.changed()
	return true, nil
}

// runHook posts updates until the webhook changes. Messages of one chat go one
// after the other, and so do its taps, but a message and a tap may overtake
// each other: as at Telegram.
func (s *Server) runHook(h hook) {
	free := make(chan struct{}, hookConnections)
	for {
		s.mu.Lock()
		if s.hook.gen != h.gen {
			s.mu.Unlock()
			return
		}
		s.expire()
		u, wait := s.nextHooked()
		news := s.news
		s.mu.Unlock()
		if u == nil {
			timer := time.NewTimer(wait)
			select {
			case <-news:
			case <-timer.C:
			case <-s.stop:
				return
			}
			timer.Stop()
			continue
		}
		free <- struct{}{}
		go func() {
			s.postUpdate(h, u)
			<-free
		}()
	}
}

// nextHooked is the first update that may go now. The lock is held.
func (s *Server) nextHooked() (*update, time.Duration) {
	busy := map[string]bool{}
	now, wait := s.opt.Now(), time.Second
	for _, u := range s.queue {
		if busy[u.owner] {
			continue
		}
		busy[u.owner] = true
		if u.busy {
			continue
		}
		if u.after.After(now) {
			wait = min(wait, u.after.Sub(now))
			continue
		}
		u.busy = true
		return u, 0
	}
	return nil, wait
}

func (s *Server) postUpdate(h hook, u *update) {
	status, after := post(h, u.raw)
	s.mu.Lock()
	defer s.mu.Unlock()
	u.busy = false
	if status/100 == 2 {
		for i, q := range s.queue {
			if q == u {
				s.queue = append(s.queue[:i], s.queue[i+1:]...)
				s.keep(u)
				break
			}
		}
	} else {
		// The first retry is at once, then 2, 4, 8 s… or what we were told.
		if u.tries > 0 {
			u.after = s.opt.Now().Add(time.Second << min(u.tries, 6))
		}
		if after > 0 {
			u.after = s.opt.Now().Add(after)
		}
		u.tries++
	}
	s.changed()
}

func post(h hook, body []byte) (status int, after time.Duration) {
	req, err := http.NewRequest(http.MethodPost, h.url, bytes.NewReader(body))
	if err != nil {
		return 0, 0
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Telegram-Bot-Api-Secret-Token", h.secret)
	client := http.Client{Timeout: time.Minute}
	resp, err := client.Do(req)
	if err != nil {
		return 0, 0
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	if n, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
		after = time.Duration(min(n, 3600)) * time.Second
	}
	return resp.StatusCode, after
}
