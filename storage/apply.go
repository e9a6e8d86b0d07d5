package storage

import (
	"errors"
	"slices"

	"github.com/coopconnexion/relais/flows"
)

// apply writes what the step decided. What identifies the person is the
// store's business: id, secret, creation, the count and time of inputs.
func (t *turn) apply(d flows.Decision) error {
	person, was := d.Person, t.view.Person
	person.ID, person.Secret, person.Created = was.ID, was.Secret, was.Created
	person.Inputs = was.Inputs + 1
	person.Seen = was.Seen
	if t.in.Role == flows.RolePerson {
		person.Seen = t.in.At
	}
	if d.Rekey {
		if err := t.rekey(); err != nil {
			return err
		}
	}
	if err := t.link(&person, d.Effects); err != nil {
		return err
	}
	first, err := t.lastLetter()
	if err != nil {
		return err
	}
	for _, e := range d.Effects {
		if err := t.effect(&person, e, first); err != nil {
			return err
		}
	}
	if d.Forget {
		person, err = flows.Person{}, t.forget(first)
	} else {
		err = t.putPerson(person)
	}
	if err == nil && t.rekeyed {
		err = t.dropFiles(person)
	}
	return err
}

// link applies the changes of accounts before anything is addressed.
func (t *turn) link(person *flows.Person, effects []flows.Effect) error {
	for _, e := range effects {
		l, ok := e.(flows.Link)
		if !ok {
			continue
		}
		if l.Account == (flows.Account{}) {
			return poison("a Link without an account")
		}
		if err := t.takeAccount(l.Account); err != nil {
			return err
		}
		person.Accounts = current(person.Accounts, l.Account)
	}
	return nil
}

// takeAccount makes the account lead here, and takes it from its owner.
func (t *turn) takeAccount(a flows.Account) error {
	h := t.s.hash.account(a)
	owner, ok, err := t.lookup('a', h)
	if err != nil {
		return err
	}
	t.own('a', h)
	if !ok || owner == t.p {
		return nil
	}
	t.tx.Delete(owner.back('a', h))
	person, k, err := t.s.read(t.tx, owner)
	if errors.Is(err, ErrUnknown) { // being erased
		return nil
	}
	if err != nil {
		return err
	}
	person.Accounts = slices.DeleteFunc(person.Accounts, func(x flows.Account) bool { return x == a })
	b, err := k.sealJSON(owner.doc(), person)
	if err != nil {
		return err
	}
	t.tx.Set(owner.doc(), b)
	return nil
}

// effect applies one effect. Letters up to number first are older than this
// decision: only those can be cancelled by it.
func (t *turn) effect(person *flows.Person, e flows.Effect, first uint64) error {
	switch e := e.(type) {
	case flows.Send, flows.Edit, flows.React, flows.Post, flows.Fetch:
		return t.write(person, e, first)
	case flows.Cancel:
		return t.cancel(e, first)
	case flows.Remind:
		return t.remind(e)
	case flows.Unremind:
		return t.unremind(e.Name)
	case flows.Allocate:
		n, err := t.counter(e.Series)
		t.tx.Set(keyCounter(e.Series), number(uint64(n+1)))
		return err
	case flows.Issue:
		return t.issue(e.Code)
	case flows.Link:
		return nil // done first
	}
	return poison("an unknown effect %T", e)
}

// issue makes a code lead to the person; a code stays with who had it first.
func (t *turn) issue(code string) error {
	if code == "" {
		return poison("an Issue without a code")
	}
	h := t.s.hash.code(code)
	owner, ok, err := t.lookup('k', h)
	if err != nil {
		return err
	}
	if ok && owner != t.p {
		return poison("an Issue of a code that leads to another person")
	}
	t.own('k', h)
	return nil
}

// counter is the last number given in a series.
func (t *turn) counter(series string) (int, error) {
	v, _, err := t.tx.Get(keyCounter(series))
	return int(numberOf(v)), err
}
