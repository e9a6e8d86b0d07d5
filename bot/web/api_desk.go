package web

import (
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/coopconnexion/relais/flows"
)

// cardAnswer is a card as the API gives it. Open tells whether staff can still
// do something with it.
type cardAnswer struct {
	ID      string         `json:"id"`
	Person  string         `json:"person"`
	Kind    string         `json:"kind"`
	Title   string         `json:"title"`
	Text    string         `json:"text"`
	Rich    flows.Rich     `json:"rich"`
	At      time.Time      `json:"at"`
	Actions []flows.Action `json:"actions"`
	Open    bool           `json:"open"`
	Version int            `json:"version"`
	Room    string         `json:"room,omitempty"`
}

type thread struct {
	Person   string    `json:"person"`
	Messages []message `json:"messages"`
}

// deskView is everything the desk shows, oldest card first; the thread that
// moved last comes last. A person with a card has a thread, even an empty one,
// so that staff can write first.
func (a *api) deskView(*http.Request) (any, error) {
	cards, lines := a.screens.desk()
	out := struct {
		Cards   []cardAnswer `json:"cards"`
		Threads []thread     `json:"threads"`
		Staff   []Staff      `json:"staff"`
	}{Cards: []cardAnswer{}, Threads: []thread{}, Staff: a.opts.Staff}
	by := map[string][]*bubble{}
	var order []string
	see := func(person string) {
		if !slices.Contains(order, person) {
			order = append(order, person)
		}
	}
	for _, c := range cards {
		person := a.apiPerson(c.Person)
		see(person)
		out.Cards = append(out.Cards, cardAnswer{
			ID: c.ID, Person: person, Kind: c.Kind, Title: c.Title, Text: c.Body.String(), Rich: c.Body,
			At: c.At, Actions: append([]flows.Action{}, c.Actions...), Open: len(c.Actions) > 0,
			Version: c.Version, Room: c.Room,
		})
	}
	for _, b := range lines {
		person := a.apiPerson(b.Person)
		order = slices.DeleteFunc(order, func(p string) bool { return p == person })
		see(person)
		by[person] = append(by[person], b)
	}
	for _, person := range order {
		out.Threads = append(out.Threads, thread{Person: person, Messages: messages(by[person])})
	}
	return out, nil
}

// deskAct is a click on a card.
func (a *api) deskAct(r *http.Request) (any, error) {
	q, err := read[struct {
		Card, Action, Text, Staff string
		Version                   int
	}](r)
	if err != nil {
		return nil, err
	}
	who, err := a.staff(q.Staff)
	if err != nil {
		return nil, err
	}
	c, ok := a.screens.card(q.Card)
	if !ok {
		return nil, badField("card", "cette fiche n’est pas sur le bureau.")
	}
	version, ok := c.Past[q.Action]
	if !ok {
		return nil, badField("action", "cette fiche n’a pas cette action.")
	}
	i := slices.IndexFunc(c.Actions, func(x flows.Action) bool { return x.ID == q.Action })
	if i >= 0 && c.Actions[i].Required && strings.TrimSpace(q.Text) == "" {
		return nil, badField("text", "dites pourquoi, en quelques mots.")
	}
	if err := checkText(q.Text, false); err != nil {
		return nil, err
	}
	if q.Version > 0 {
		version = q.Version
	}
	about, key, _ := strings.Cut(c.ID, ":")
	in := flows.Input{
		Role: flows.RoleStaff, Kind: flows.KindAct, From: flows.Account{Channel: flows.DeskChannel, ID: who.ID},
		About: flows.PersonID(about), By: who.ID, Name: who.Name,
		Card: key, Action: q.Action, Text: q.Text, Version: version,
	}
	out, err := a.take(r, deskLock, in, func() error { return nil })
	return map[string]string{"toast": out.Toast}, err
}

// deskSay is an answer written by staff in a person's thread.
func (a *api) deskSay(r *http.Request) (any, error) {
	q, err := read[struct{ Person, Text, Staff string }](r)
	if err != nil {
		return nil, err
	}
	who, err := a.staff(q.Staff)
	if err != nil {
		return nil, err
	}
	about, err := a.spokenTo(q.Person)
	if err != nil {
		return nil, err
	}
	if err := checkText(q.Text, true); err != nil {
		return nil, err
	}
	in := flows.Input{
		Role: flows.RoleStaff, Kind: flows.KindSay, From: flows.Account{Channel: flows.DeskChannel, ID: who.ID},
		About: about, By: who.ID, Name: who.Name, Text: q.Text,
	}
	out, err := a.take(r, deskLock, in, func() error {
		_, err := a.screens.show(bubble{
			Person: about, From: fromStaff, By: who.Name, Text: flows.T(q.Text), At: a.opts.Clock.Now(),
		})
		a.hub.publish(topicDesk, "")
		return err
	})
	return map[string]string{"toast": out.Toast}, err
}

// spokenTo finds whom staff write to: the person who has that phone now, or a
// person without a known phone who is on the desk.
func (a *api) spokenTo(person string) (flows.PersonID, error) {
	account := person
	if p, err := a.person(person); err == nil {
		account = p.Account.ID
	}
	if id, ok := a.screens.holder(account); ok {
		return id, nil
	}
	cards, lines := a.screens.desk()
	for _, c := range cards {
		if string(c.Person) == person {
			return c.Person, nil
		}
	}
	for _, b := range lines {
		if string(b.Person) == person {
			return b.Person, nil
		}
	}
	return "", badField("person", "cette personne n’a pas encore parlé à Relais.")
}

// checkText refuses a text that is empty (when it is required) or too long.
func checkText(text string, required bool) error {
	if required && strings.TrimSpace(text) == "" {
		return badField("text", "écrivez un message.")
	}
	if len(utf16.Encode([]rune(text))) > maxText {
		return &apiError{status: http.StatusBadRequest, field: "text", text: "ce message est trop long (4 096 caractères au plus)."}
	}
	return nil
}
