package web

import (
	"maps"
	"slices"

	"github.com/coopconnexion/relais/flows"
)

// pin shows a card at the desk, or replaces the one of the same id, and returns
// its id on the desk. A replaced card keeps its place and the time it came.
func (s *screens) pin(c flows.Card, room string, letter uint64) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := deskCard{Card: c, Room: room, Letter: letter, Message: s.last + 1, Past: map[string]int{}}
	if old := s.cards[c.ID]; old != nil {
		n.Message, n.Letter = old.Message, old.Letter
		n.Past = maps.Clone(old.Past)
		if n.At.IsZero() {
			n.At = old.At
		}
	}
	for _, a := range c.Actions {
		n.Past[a.ID] = c.Version
	}
	return n.Message, s.keep(record{Card: &n})
}

// card finds a card by its id.
func (s *screens) card(id string) (deskCard, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.cards[id]; c != nil {
		return *c, true
	}
	return deskCard{}, false
}

// desk is what the staff desk shows: its cards and the lines of its threads,
// oldest first.
func (s *screens) desk() (cards []*deskCard, lines []*bubble) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range s.order {
		cards = append(cards, s.cards[id])
	}
	return cards, slices.Clone(s.lines)
}

// arrived looks up what a letter already showed on a phone, or, with phone
// empty, at the desk.
func (s *screens) arrived(phone string, l flows.Letter) (id int64, found bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.lines
	if phone != "" {
		list = s.phones[phone]
	}
	for _, b := range slices.Backward(list) {
		if b.Letter == l.ID && b.Person == l.Person {
			return b.ID, true
		}
	}
	if phone != "" {
		return 0, false
	}
	for _, c := range s.cards {
		if c.Letter == l.ID && c.Person == l.Person {
			return c.Message, true
		}
	}
	return 0, false
}
