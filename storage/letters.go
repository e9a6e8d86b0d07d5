package storage

import (
	"time"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/storage/engine"
)

// importChannel is the channel of accounts that only name an imported row:
// nothing can be delivered there.
const importChannel = "import"

// write turns an effect into a letter.
func (t *turn) write(person *flows.Person, e flows.Effect, first uint64) error {
	l := flows.Letter{To: person.Current()}
	switch e := e.(type) {
	case flows.Send:
		l.Op, l.Class, l.Send = flows.OpSend, e.Class, &e
		if e.To != nil {
			l.To = *e.To
		}
		if e.Replaces != "" {
			if err := t.cancel(flows.Cancel{Key: e.Replaces, Reason: "replaced"}, first); err != nil {
				return err
			}
		}
	case flows.Edit:
		l.Op, l.Class, l.Edit = flows.OpEdit, e.Class, &e
	case flows.React:
		l.Op, l.Class, l.React = flows.OpReact, flows.ClassReply, &e
	case flows.Post:
		l.Op, l.Class, l.Post, l.To = flows.OpPost, e.Class, &e, e.Room
	case flows.Fetch:
		l.Op, l.Class, l.Fetch = flows.OpFetch, flows.ClassReply, &e
		if t.in.From.Channel == e.File.Channel {
			l.To = t.in.From
		}
	}
	if l.Op == flows.OpPost && l.Class == "" {
		l.Class = flows.ClassDesk
	}
	return t.post(l)
}

// post gives a letter its number and puts it into the outbox. A letter that
// has no address ends at once, with that reason in the trail.
func (t *turn) post(l flows.Letter) error {
	last, err := t.lastLetter()
	if err != nil {
		return err
	}
	l.ID, l.Person, l.Created, l.State = last+1, t.p.ID(), t.in.At, flows.Pending
	t.tx.Set(keyLastLetter, number(l.ID))
	if l.To.Channel == "" || l.To.Channel == importChannel {
		l.State, l.Reason = flows.Cancelled, "no-address"
		return t.s.trail(t.tx, t.p, t.k, l)
	}
	if err := t.s.putLetter(t.tx, t.p, t.k, l); err != nil {
		return err
	}
	t.tx.Set(keyOutbox(l.ID), t.p[:])
	t.heads = append(t.heads, head(l))
	return nil
}

func (t *turn) lastLetter() (uint64, error) {
	v, _, err := t.tx.Get(keyLastLetter)
	return numberOf(v), err
}

func (s *Store) putLetter(tx engine.Tx, p pid, k key, l flows.Letter) error {
	b, err := k.sealJSON(p.letter(l.ID), l)
	if err != nil {
		return poison("a letter cannot be written (%T)", err)
	}
	if len(b) > maxLetter {
		return poison("a letter of %d bytes, %d are allowed", len(b), maxLetter)
	}
	tx.Set(p.letter(l.ID), b)
	return nil
}

// head is what delivery keeps of a letter.
func head(l flows.Letter) flows.Head {
	h := flows.Head{ID: l.ID, Person: l.Person, To: l.To, Op: l.Op, Class: l.Class, State: l.State, NotBefore: l.NotBefore}
	if l.Send != nil {
		h.Expires = l.Send.Expires
	}
	return h
}

// cancel withdraws older letters that no attempt was made for.
func (t *turn) cancel(c flows.Cancel, upTo uint64) error {
	if c.Reason == "" {
		c.Reason = "cancelled"
	}
	return t.eachLetter(upTo, func(l flows.Letter) error {
		match := c.Key != "" && l.Key() == c.Key || c.Class != "" && l.Class == c.Class
		if !match || l.State != flows.Pending || l.Attempts > 0 {
			return nil
		}
		l.State, l.Reason = flows.Cancelled, c.Reason
		t.s.stats.cancelled.Add(1)
		return t.s.endLetter(t.tx, t.p, t.k, l)
	})
}

// eachLetter reads the person's letters up to a number.
func (t *turn) eachLetter(upTo uint64, fn func(flows.Letter) error) error {
	return t.tx.Scan(t.p.key('l'), nil, func(r engine.Row) error {
		var l flows.Letter
		if err := t.k.openJSON(r.Key, r.Value, &l); err != nil {
			return err
		}
		if l.ID > upTo {
			return engine.Stop
		}
		return fn(l)
	})
}

// endLetter takes a letter out of the outbox for good.
func (s *Store) endLetter(tx engine.Tx, p pid, k key, l flows.Letter) error {
	tx.Delete(keyOutbox(l.ID))
	tx.Delete(p.letter(l.ID))
	if l.State == flows.Sent && !l.Ambiguous {
		return nil
	}
	return s.trail(tx, p, k, l)
}

// Ended is what is remembered of a letter that was not plainly sent.
type Ended struct {
	ID        uint64            `json:"id"`
	Op        flows.Op          `json:"op"`
	Class     flows.Class       `json:"class"`
	Key       string            `json:"key,omitempty"`
	State     flows.LetterState `json:"state"`
	Reason    string            `json:"reason,omitempty"`
	Attempts  int               `json:"attempts,omitempty"`
	Ambiguous bool              `json:"ambiguous,omitempty"`
	At        time.Time         `json:"at"`
}

func (s *Store) trail(tx engine.Tx, p pid, k key, l flows.Letter) error {
	b, err := k.sealJSON(p.trail(l.ID), Ended{ID: l.ID, Op: l.Op, Class: l.Class, Key: l.Key(), State: l.State,
		Reason: l.Reason, Attempts: l.Attempts, Ambiguous: l.Ambiguous, At: s.opt.Now()})
	if err != nil {
		return err
	}
	tx.SetTTL(p.trail(l.ID), b, trailFor)
	return nil
}
