package web

import (
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/coopconnexion/relais/flows"
)

// Who wrote a bubble.
const (
	fromBot    = "bot"
	fromPerson = "person"
	fromStaff  = "staff"
)

// bubble is one message on a phone, or one line of a thread at the desk.
type bubble struct {
	ID int64 `json:"id"`
	// Phone is the account on whose phone it is; empty at the desk.
	Phone  string           `json:"phone,omitempty"`
	Person flows.PersonID   `json:"person,omitempty"`
	Letter uint64           `json:"letter,omitempty"` // that brought it
	From   string           `json:"from"`
	By     string           `json:"by,omitempty"` // name of the staff member
	Text   flows.Rich       `json:"text"`
	At     time.Time        `json:"at"`
	Rows   [][]flows.Button `json:"rows,omitempty"`
	// Past holds the data of all buttons ever shown here: a tap on one that was
	// taken away a moment ago is late, not forged.
	Past     []string    `json:"past,omitempty"`
	File     *attachment `json:"file,omitempty"`
	Reaction string      `json:"reaction,omitempty"`
}

// attachment is the file of a bubble: one sent from the phone (Upload) or one
// of the product's stored files (Blob).
type attachment struct {
	Name   string `json:"name"`
	Mime   string `json:"mime,omitempty"`
	Upload string `json:"upload,omitempty"`
	Blob   string `json:"blob,omitempty"`
}

// deskCard is a card as it was last posted.
type deskCard struct {
	flows.Card
	Message int64  `json:"message"` // its id on the desk
	Letter  uint64 `json:"letter,omitempty"`
	Room    string `json:"room,omitempty"`
	// Past gives the card's version when each action was last offered.
	Past map[string]int `json:"past,omitempty"`
}

// who remembers whose account an account is.
type who struct {
	Person  flows.PersonID `json:"person"`
	Account string         `json:"account"`
	Latest  bool           `json:"latest,omitempty"`
}

// screens is what the phones and the desk show. It is safe for concurrent use.
type screens struct {
	mu      sync.Mutex
	journal *journal
	last    int64 // highest id given
	bubbles map[int64]*bubble
	phones  map[string][]*bubble // by account
	lines   []*bubble            // of the desk
	cards   map[string]*deskCard
	order   []string // card ids, oldest first
	owner   map[flows.PersonID]string
	latest  map[string]flows.PersonID // person who has the account now
}

func openScreens(dir string) (*screens, error) {
	s := &screens{
		bubbles: map[int64]*bubble{}, phones: map[string][]*bubble{},
		cards: map[string]*deskCard{},
		owner: map[flows.PersonID]string{}, latest: map[string]flows.PersonID{},
	}
	j, err := openJournal(dir, s.apply)
	s.journal = j
	return s, err
}

func (s *screens) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.journal.close()
}

// apply shows what a record says.
func (s *screens) apply(r record) {
	switch {
	case r.Bubble != nil:
		s.applyBubble(r.Bubble)
	case r.Card != nil:
		if s.cards[r.Card.ID] == nil {
			s.order = append(s.order, r.Card.ID)
		}
		s.cards[r.Card.ID] = r.Card
		s.last = max(s.last, r.Card.Message)
	case r.Who != nil:
		if s.owner[r.Who.Person] == "" {
			s.owner[r.Who.Person] = r.Who.Account
		}
		if r.Who.Latest || s.latest[r.Who.Account] == "" {
			s.latest[r.Who.Account] = r.Who.Person
		}
	}
}

func (s *screens) applyBubble(b *bubble) {
	s.last = max(s.last, b.ID)
	list := &s.lines
	if b.Phone != "" {
		l := s.phones[b.Phone]
		list = &l
		defer func() { s.phones[b.Phone] = *list }()
	}
	if s.bubbles[b.ID] == nil {
		*list = append(*list, b)
	} else if i := slices.IndexFunc(*list, func(o *bubble) bool { return o.ID == b.ID }); i >= 0 {
		(*list)[i] = b
	}
	s.bubbles[b.ID] = b
}

// keep writes a record and shows it. The caller holds s.mu; what was shown
// before is never changed in place, so snapshots stay whole.
func (s *screens) keep(r record) error {
	if err := s.journal.append(r); err != nil {
		return err
	}
	s.apply(r)
	return nil
}

// newID reserves an id for a message that is about to be shown.
func (s *screens) newID() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	return s.last
}

// show adds a bubble, giving it an id when it has none, and returns the id.
func (s *screens) show(b bubble) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.ID == 0 {
		b.ID = s.last + 1
	}
	b.Past = withButtons(nil, b.Rows)
	return b.ID, s.keep(record{Bubble: &b})
}

// change lets f alter a bubble that is shown; an unknown id changes nothing.
func (s *screens) change(phone, id string, f func(*bubble)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.find(phone, id)
	if old == nil {
		return nil
	}
	b := *old
	f(&b)
	b.Past = withButtons(slices.Clone(old.Past), b.Rows)
	return s.keep(record{Bubble: &b})
}

// find looks a bubble of a phone up. The caller holds s.mu.
func (s *screens) find(phone, id string) *bubble {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return nil
	}
	if b := s.bubbles[n]; b != nil && b.Phone == phone {
		return b
	}
	return nil
}

// offered reports whether a phone shows this message, and whether the message
// has, or had, this button.
func (s *screens) offered(phone, id, button string) (message, offered bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.find(phone, id)
	return b != nil, b != nil && slices.Contains(b.Past, button)
}

// withButtons adds the data of buttons not known yet.
func withButtons(past []string, rows [][]flows.Button) []string {
	for _, row := range rows {
		for _, b := range row {
			if b.Data != "" && !slices.Contains(past, b.Data) {
				past = append(past, b.Data)
			}
		}
	}
	return past
}

// learn binds a person to an account. The first account of a person names them
// for ever; sure says that the person has the account now.
func (s *screens) learn(p flows.PersonID, account string, sure bool) error {
	if p == "" || account == "" {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owner[p] != "" && (!sure || s.latest[account] == p) {
		return nil
	}
	return s.keep(record{Who: &who{Person: p, Account: account, Latest: sure}})
}

// account is the phone by which a person is known.
func (s *screens) account(p flows.PersonID) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.owner[p]
	return a, a != ""
}

// holder is the person who has an account now.
func (s *screens) holder(account string) (flows.PersonID, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.latest[account]
	return p, p != ""
}

// chat is what a phone shows, oldest first.
func (s *screens) chat(phone string) []*bubble {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.phones[phone])
}

// bubble finds any bubble by id.
func (s *screens) bubble(id string) (bubble, bool) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return bubble{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.bubbles[n]; b != nil {
		return *b, true
	}
	return bubble{}, false
}

// hasNoUpload reports whether no bubble of a phone shows this upload.
func (s *screens) hasNoUpload(phone, upload string) bool {
	return !slices.ContainsFunc(s.chat(phone), func(b *bubble) bool {
		return b.File != nil && b.File.Upload == upload
	})
}
