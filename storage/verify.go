package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/storage/engine"
)

// Report is the result of a verification. It names places and numbers, never
// words of a person.
type Report struct {
	Persons, Letters, Reminders, Rows, Files int
	FileBytes                                int64
	Commits                                  uint64
	// Lost counts the persons of a restored backup whose key was destroyed after
	// it was taken (flows.Decision.Rekey): nothing of them came back.
	Lost     int
	Problems []string // at most 100
}

func (r *Report) problem(format string, a ...any) {
	if len(r.Problems) < 100 {
		r.Problems = append(r.Problems, fmt.Sprintf(format, a...))
	}
}

// Check opens the store, verifies it and closes it. Damaged tables can make
// Badger kill the whole process: run it in a child process.
func Check(ctx context.Context, opt Options) (Report, error) {
	opt.Create = false
	s, err := Open(ctx, opt)
	if err != nil {
		return Report{}, err
	}
	rep, err := s.Verify(ctx)
	return rep, errors.Join(err, s.Close())
}

// Verify reads and opens everything in one snapshot, and compares what should
// agree: persons with documents and keys, the outbox with letters, the due
// index with reminders, accounts and codes with persons.
func (s *Store) Verify(ctx context.Context) (Report, error) {
	rep := Report{Commits: s.eng.Seq()}
	v := &verifier{s: s, rep: &rep, persons: map[pid]bool{}, links: map[string]bool{}}
	err := s.view(ctx, func(r engine.Reader) error {
		v.r = r
		return errors.Join(v.rows(ctx), v.index("o/", v.outbox), v.index("d/", v.due), v.maps())
	})
	if err != nil {
		return rep, err
	}
	return rep, v.files(ctx)
}

type verifier struct {
	s       *Store
	r       engine.Reader
	rep     *Report
	persons map[pid]bool    // with a document
	links   map[string]bool // index keys that rows lead to
}

// rows opens every sealed value.
func (v *verifier) rows(ctx context.Context) error {
	return v.r.Scan([]byte("p/"), nil, func(row engine.Row) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		v.rep.Rows++
		if len(row.Key) < 20 || row.Key[18] != '/' {
			v.rep.problem("a row with a key of %d bytes", len(row.Key))
			return nil
		}
		p := pid(row.Key[2:18])
		ks, ok := v.s.keys.of(p)
		if !ok {
			if _, erasing, err := v.r.Get(keyErasing(p)); err != nil || erasing {
				return err
			}
			v.rep.problem("person %s: a row without a key", p.ID())
			return nil
		}
		v.row(p, ks, row)
		return nil
	})
}

func (v *verifier) row(p pid, ks keysOf, row engine.Row) {
	kind, rest := row.Key[19], row.Key[20:]
	var into any
	switch kind {
	case 'd':
		into = &flows.Person{}
	case 'l':
		into = &flows.Letter{}
	case 'h':
		into = &Ended{}
	case 'm':
		into = &delivered{}
	case 'q':
		into = &flows.Input{}
	case 'r':
		into = &reminder{}
	case 'b':
		if _, _, err := ks.open(row.Key, row.Value); err != nil {
			v.rep.problem("person %s: the key of a file cannot be read", p.ID())
		}
		return
	case 'z':
		return
	case 'x':
		v.links[string(rest)] = true
		return
	default:
		v.rep.problem("person %s: a row of unknown kind %q", p.ID(), kind)
		return
	}
	if _, err := ks.openJSON(row.Key, row.Value, into); err != nil {
		v.rep.problem("person %s: a row of kind %q cannot be read", p.ID(), kind)
		return
	}
	v.opened(p, rest, into)
}

// opened checks what an opened value says against where it is.
func (v *verifier) opened(p pid, rest []byte, value any) {
	switch x := value.(type) {
	case *flows.Person:
		v.rep.Persons++
		v.persons[p] = true
		if x.ID != p.ID() {
			v.rep.problem("person %s: the document is of another person", p.ID())
		}
		if _, ok, _ := v.r.Get(keyPerson(p)); !ok {
			v.rep.problem("person %s: not in the index of persons", p.ID())
		}
	case *flows.Letter:
		v.rep.Letters++
		if x.ID != numberOf(rest) {
			v.rep.problem("letter %d: stored as %d", x.ID, numberOf(rest))
		}
		if _, ok, _ := v.r.Get(keyOutbox(x.ID)); !ok {
			v.rep.problem("letter %d: not in the outbox", x.ID)
		}
	case *reminder:
		v.rep.Reminders++
		if _, ok, _ := v.r.Get(keyDue(x.At, p, rest)); !ok {
			v.rep.problem("person %s: a reminder is not in the due index", p.ID())
		}
	}
}

func (v *verifier) index(prefix string, check func(k, value []byte) error) error {
	return v.r.Scan([]byte(prefix), nil, func(row engine.Row) error { return check(row.Key, row.Value) })
}

func (v *verifier) outbox(k, value []byte) error {
	p, err := pidOf(value)
	id := numberOf(k[2:])
	if err != nil {
		v.rep.problem("letter %d: of nobody", id)
		return nil
	}
	if _, ok, err := v.r.Get(p.letter(id)); err != nil || ok {
		return err
	}
	v.rep.problem("letter %d: in the outbox, but not there", id)
	return nil
}

func (v *verifier) due(k, _ []byte) error {
	_, p, h, err := parseDue(k)
	if err != nil {
		v.rep.problem("a due key of %d bytes", len(k))
		return nil
	}
	if _, ok, err := v.r.Get(p.remind(h)); err != nil || ok {
		return err
	}
	v.rep.problem("person %s: due, but without the reminder", p.ID())
	return nil
}

// maps checks that persons, accounts, codes and desk messages lead to somebody.
func (v *verifier) maps() error {
	err := v.index("i/", func(k, _ []byte) error {
		if p, err := pidOf(k[2:]); err != nil || !v.persons[p] {
			v.rep.problem("a person without a document")
		}
		return nil
	})
	for _, prefix := range []string{"a/", "k/", "t/"} {
		err = errors.Join(err, v.index(prefix, func(k, value []byte) error {
			p, bad := pidOf(value)
			if bad != nil || !v.links[string(slices.Concat(k[:1], k[2:]))] {
				v.rep.problem("an entry of %s leads nowhere", prefix)
			}
			if _, ok := v.s.keys.get(p); !ok {
				v.rep.problem("an entry of %s leads to a person without a key", prefix)
			}
			return nil
		}))
	}
	return err
}

// files reads every stored file of the persons seen.
func (v *verifier) files(ctx context.Context) error {
	for p := range v.persons {
		list, err := v.s.ListBlobs(ctx, p.ID())
		if errors.Is(err, ErrUnknown) {
			continue // erased meanwhile
		}
		if err != nil {
			v.rep.problem("person %s: the files cannot be listed", p.ID())
			continue
		}
		for _, b := range list {
			v.rep.Files++
			v.rep.FileBytes += b.Size
			if err := v.readFile(ctx, p, b); err != nil && !errors.Is(err, fs.ErrNotExist) { // withdrawn meanwhile
				v.rep.problem("person %s: a file of %d bytes cannot be read", p.ID(), b.Size)
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) readFile(ctx context.Context, p pid, b Blob) error {
	r, err := v.s.OpenBlob(ctx, p.ID(), b.Key)
	if err != nil {
		return err
	}
	n, err := io.Copy(io.Discard, r)
	if err == nil && n != b.Size {
		err = fmt.Errorf("%d bytes instead of %d", n, b.Size)
	}
	return errors.Join(err, r.Close())
}
