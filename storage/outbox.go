package storage

import (
	"context"
	"time"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/storage/engine"
	"github.com/coopconnexion/relais/storage/internal/fault"
)

// How long a sent message can still be edited by its key: a question for two
// months, a card (and a reply in its thread) for fourteen.
const (
	messageFor = 60 * 24 * time.Hour
	cardFor    = 425 * 24 * time.Hour
)

// delivered is where a message ended up.
type delivered struct {
	To      flows.Account `json:"to"`
	Message string        `json:"message"`
}

// Waiting lists the letters not finished, in order of their numbers. One found
// in state Sending when the program starts is ambiguous: the process died
// between the attempt and its result.
func (s *Store) Waiting(ctx context.Context) ([]flows.Head, error) {
	var heads []flows.Head
	err := s.view(ctx, func(r engine.Reader) error {
		return r.Scan([]byte("o/"), nil, func(row engine.Row) error {
			l, _, _, err := s.letter(r, numberOf(row.Key[2:]))
			if err == nil && l.ID != 0 {
				heads = append(heads, head(l))
			}
			return err
		})
	})
	return heads, err
}

// letter reads a waiting letter; its ID is 0 when there is none.
func (s *Store) letter(r engine.Reader, id uint64) (flows.Letter, pid, key, error) {
	var l flows.Letter
	v, ok, err := r.Get(keyOutbox(id))
	if err != nil || !ok {
		return l, pid{}, key{}, err
	}
	p, err := pidOf(v)
	if err != nil {
		return l, p, key{}, err
	}
	ks, has := s.keys.of(p)
	sealed, ok, err := r.Get(p.letter(id))
	if err != nil || !ok || !has {
		return l, p, ks.first, err
	}
	k, err := ks.openJSON(p.letter(id), sealed, &l)
	return l, p, k, err
}

// Begin records an attempt on disk before it leaves, and gives the whole
// letter with its target. ok is false when the letter is no longer to be sent.
func (s *Store) Begin(ctx context.Context, id uint64) (l flows.Letter, ok bool, err error) {
	fault.Point("begin-before")
	var got flows.Letter
	err = s.eng.Update(ctx, func(tx engine.Tx) error {
		w, p, k, err := s.letter(tx, id)
		if err != nil || w.ID == 0 {
			return err
		}
		w.Ambiguous = w.Ambiguous || w.State == flows.Sending
		w.State = flows.Sending
		w.Attempts++
		if err := s.putLetter(tx, p, k, w); err != nil {
			return err
		}
		w.Target, err = s.target(tx, p, w)
		got = w
		return err
	})
	fault.Point("begin-after")
	if err != nil {
		return flows.Letter{}, false, err
	}
	return got, got.ID != 0, nil
}

// messageHash is where the channel's id of a sent message is kept. Cards and
// messages to the person have separate names.
func (s *Store) messageHash(p pid, op flows.Op, logical string) []byte {
	kind := "message"
	if op == flows.OpPost {
		kind = "card"
	}
	return s.hash.inside(kind, p, logical)
}

// target finds the message that an edit, a card's change or a thread line is
// aimed at. It is empty when that message is unknown, or is in another chat.
func (s *Store) target(r engine.Reader, p pid, l flows.Letter) (string, error) {
	aim := ""
	switch {
	case l.Edit != nil:
		aim = l.Edit.Key
	case l.Post != nil && l.Post.Thread != "":
		aim = l.Post.Thread
	case l.Post != nil && l.Post.Update:
		aim = l.Post.Key
	}
	if aim == "" {
		return "", nil
	}
	place := p.message(s.messageHash(p, l.Op, aim))
	sealed, ok, err := r.Get(place)
	if err != nil || !ok {
		return "", err
	}
	ks, _ := s.keys.of(p)
	var d delivered
	if _, err := ks.openJSON(place, sealed, &d); err != nil || d.To != l.To {
		return "", err
	}
	return d.Message, nil
}

// Finish records the result of an attempt on disk. A letter that is no more is
// not an error: the same result may be reported twice.
func (s *Store) Finish(ctx context.Context, id uint64, d flows.Delivery) error {
	fault.Point("finish-before")
	var last pid
	var gone bool
	err := s.eng.Update(ctx, func(tx engine.Tx) error {
		l, p, k, err := s.letter(tx, id)
		if err != nil || l.ID == 0 {
			return err
		}
		last = p
		l.Ambiguous = l.Ambiguous || d.Ambiguous
		l.State, l.NotBefore, l.Reason = d.State, d.NotBefore, d.Reason
		if d.State == flows.Pending {
			return s.putLetter(tx, p, k, l)
		}
		if d.State == flows.Sent && d.MessageID != "" {
			if err := s.remember(tx, p, k, l, d.MessageID); err != nil {
				return err
			}
		}
		if err := s.endLetter(tx, p, k, l); err != nil {
			return err
		}
		gone, err = s.lastOfForgotten(tx, p)
		return err
	})
	fault.Point("finish-after")
	if err != nil {
		return err
	}
	s.count(d.State)
	if gone {
		return s.finishErasure(ctx, last, eraseByDeleting)
	}
	return nil
}

func (s *Store) count(st flows.LetterState) {
	switch st {
	case flows.Sent:
		s.stats.sent.Add(1)
	case flows.Failed:
		s.stats.failed.Add(1)
	case flows.Cancelled:
		s.stats.cancelled.Add(1)
	}
}

// remember keeps the channel's id of a message that may be edited or answered.
func (s *Store) remember(tx engine.Tx, p pid, k key, l flows.Letter, message string) error {
	logical := l.Key()
	if l.Op == flows.OpPost {
		h := s.hash.desk(message)
		tx.SetTTL(keyOf('t', h), p[:], cardFor)
		tx.SetTTL(p.back('t', h), nil, cardFor)
	}
	if logical == "" || l.Op != flows.OpSend && l.Op != flows.OpPost {
		return nil
	}
	ttl := messageFor
	if l.Op == flows.OpPost {
		ttl = cardFor
	}
	place := p.message(s.messageHash(p, l.Op, logical))
	b, err := k.sealJSON(place, delivered{To: l.To, Message: message})
	if err != nil {
		return err
	}
	tx.SetTTL(place, b, ttl)
	return nil
}
