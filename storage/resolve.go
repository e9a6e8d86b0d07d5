package storage

import (
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/storage/engine"
)

// resolve finds the person whom the input is about, in this order: About, the
// owner of Code, the desk message ReplyTo, the owner of From, and for a person
// who writes or is imported, somebody new.
func (t *turn) resolve() error {
	in := t.in
	if in.About != "" {
		p, ok := parsePID(in.About)
		if !ok {
			return fmt.Errorf("%w: About", ErrUnknown)
		}
		return t.load(p, "About")
	}
	if in.Code != "" {
		p, ok, err := t.lookup('k', t.s.hash.code(in.Code))
		if err != nil {
			return err
		}
		if ok {
			err := t.load(p, "Code")
			if !errors.Is(err, ErrUnknown) { // else it is being erased
				t.view.Linked = true
				return err
			}
		}
		t.view.UnknownCode = true
	}
	if in.ReplyTo != "" {
		p, ok, err := t.lookup('t', t.s.hash.desk(in.ReplyTo))
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("%w: ReplyTo", ErrUnknown)
		}
		return t.load(p, "ReplyTo")
	}
	return t.resolveAccount()
}

// resolveAccount finds or makes the owner of From. Staff, the clock and
// reports never make anybody, and a staff account is nobody's.
func (t *turn) resolveAccount() error {
	makes := t.in.Role == flows.RolePerson || t.in.Kind == flows.KindImport
	if t.in.From == (flows.Account{}) || t.in.Role == flows.RoleStaff {
		return fmt.Errorf("%w: the input names nobody", ErrUnknown)
	}
	p, ok, err := t.lookup('a', t.s.hash.account(t.in.From))
	switch {
	case err != nil:
		return err
	case ok:
		err := t.load(p, "From")
		if errors.Is(err, ErrUnknown) && makes { // being erased: the account is free
			return t.create()
		}
		if err != nil {
			return err
		}
		if t.in.Role == flows.RolePerson {
			t.view.Person.Accounts = current(t.view.Person.Accounts, t.in.From)
		}
		return nil
	case !makes:
		return fmt.Errorf("%w: From", ErrUnknown)
	}
	return t.create()
}

// current moves an account to the end of the list: answers go where the person
// was heard last.
func current(list []flows.Account, a flows.Account) []flows.Account {
	out := make([]flows.Account, 0, len(list)+1)
	for _, x := range list {
		if x != a {
			out = append(out, x)
		}
	}
	return append(out, a)
}

// create makes a new person who owns From.
func (t *turn) create() error {
	t.p, t.k = t.fresh, t.freshKey
	secret := newKey()
	t.s.keys.add(t.p, t.k)
	t.view.New = true
	t.view.Person = flows.Person{ID: t.p.ID(), Secret: hex.EncodeToString(secret[:]),
		Accounts: []flows.Account{t.in.From}, Created: t.in.At}
	t.tx.Set(keyPerson(t.p), nil)
	t.own('a', t.s.hash.account(t.in.From))
	return nil
}

// own makes a hashed account, code or desk message lead to the person.
func (t *turn) own(kind byte, h []byte) {
	t.tx.Set(keyOf(kind, h), t.p[:])
	t.tx.Set(t.p.back(kind, h), nil)
}

func (t *turn) lookup(kind byte, h []byte) (pid, bool, error) {
	return lookup(t.tx, kind, h)
}

func lookup(r engine.Reader, kind byte, h []byte) (pid, bool, error) {
	v, ok, err := r.Get(keyOf(kind, h))
	if err != nil || !ok {
		return pid{}, false, err
	}
	p, err := pidOf(v)
	return p, err == nil, err
}

// load reads the person's document. by names the field that led here.
func (t *turn) load(p pid, by string) error {
	person, k, err := t.s.read(t.tx, p)
	if err != nil {
		return fmt.Errorf("%w (%s)", err, by)
	}
	t.p, t.k, t.view.Person = p, k, person
	return nil
}

// read opens a person's document; the key is the one of all rows in this
// snapshot (but see rekey.go for those of kind m).
func (s *Store) read(r engine.Reader, p pid) (flows.Person, key, error) {
	var person flows.Person
	sealed, ok, err := r.Get(p.doc())
	if err != nil {
		return person, key{}, err
	}
	ks, has := s.keys.of(p)
	if !ok || !has {
		return person, key{}, ErrUnknown
	}
	k, err := ks.openJSON(p.doc(), sealed, &person)
	return person, k, err
}

// putPerson writes the document.
func (t *turn) putPerson(person flows.Person) error {
	b, err := t.k.sealJSON(t.p.doc(), person)
	if err != nil {
		return poison("the person cannot be written (%T)", err)
	}
	if len(b) > maxDoc {
		return poison("the person's document has %d bytes, %d are allowed", len(b), maxDoc)
	}
	t.tx.Set(t.p.doc(), b)
	return nil
}
