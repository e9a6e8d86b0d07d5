package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"reflect"
	"sync"
	"time"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/flows/safety"
)

// shelfPause is when the sheets are read if nobody has asked anything before.
const shelfPause = 2 * time.Second

// shelf is the library of sheets, read at the first question or shortly after
// the start. Reading takes several times as long as all the rest of a start:
// a program that was killed must answer again at once, and most commands never
// need the sheets.
type shelf struct {
	fsys fs.FS
	log  *slog.Logger
	mu   sync.Mutex
	read *flows.Library // nil until it was read
	done bool
	// house is what staff added, learnt as soon as the library is read.
	house flows.House
	// learnt counts what was learnt; an answer found before is not one after.
	learnt int
	asked  recall[flows.Found]
}

// newShelf is for content that was checked (the embedded one by the tests): at
// run time a broken library could only answer "I do not know".
func newShelf(fsys fs.FS, log *slog.Logger) *shelf {
	s := &shelf{fsys: fsys, log: log}
	time.AfterFunc(shelfPause, func() { s.library() })
	return s
}

// library reads the sheets, once, and learns what staff added.
func (s *shelf) library() *flows.Library {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done {
		return s.read
	}
	s.done = true
	library, problems := flows.NewLibrary(s.fsys)
	for _, p := range problems {
		s.log.Error("content", "cause", p.Error())
	}
	if library != nil {
		if err := library.Learn(s.house); err != nil {
			s.log.Error("what staff added could not be learnt", "cause", err.Error())
		}
	}
	s.read = library
	return library
}

// learn takes what staff added, now or when the library is read.
func (s *shelf) learn(h flows.House) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	same := reflect.DeepEqual(s.house.Wordings, h.Wordings) && reflect.DeepEqual(s.house.Sheets, h.Sheets)
	s.house = h
	if s.read == nil || same {
		return nil // most of what happens to the house is a question, not an answer
	}
	err := s.read.Learn(h)
	s.learnt++
	return err
}

// Ask implements [flows.Sheets].
func (s *shelf) Ask(question string, p *flows.Person) flows.Found {
	l := s.library()
	if l == nil {
		return flows.Found{Outcome: "none"}
	}
	s.mu.Lock()
	learnt := s.learnt
	s.mu.Unlock()
	asker := fmt.Sprintf("%d\x00%s\x00%s\x00%s", learnt, p.Profile.Situation, p.Profile.Status, question)
	return s.asked.of(asker, func() flows.Found { return l.Ask(question, p) })
}

// Answer implements [flows.Sheets].
func (s *shelf) Answer(id string, at time.Time) (flows.Rich, bool) {
	if l := s.library(); l != nil {
		return l.Answer(id, at)
	}
	return nil, false
}

// Source implements [flows.Sheets].
func (s *shelf) Source(id string, at time.Time) (flows.Rich, bool) {
	if l := s.library(); l != nil {
		return l.Source(id, at)
	}
	return nil, false
}

// Overdue implements [flows.Sheets].
func (s *shelf) Overdue(at time.Time) []string {
	if l := s.library(); l != nil {
		return l.Overdue(at)
	}
	return nil
}

// EstimateKind implements [flows.Sheets].
func (s *shelf) EstimateKind(id string) string {
	if l := s.library(); l != nil {
		return l.EstimateKind(id)
	}
	return ""
}

// Estimate implements [flows.Sheets].
func (s *shelf) Estimate(kind string, at time.Time, answers map[string]string) (flows.Rich, error) {
	if l := s.library(); l != nil {
		return l.Estimate(kind, at, answers)
	}
	return nil, errors.New("Je ne peux pas faire ce calcul maintenant. Demandez à une personne de l'équipe.")
}

// openContent is readContent for a program that must be there quickly: content
// that an operator changed is read and checked whole first, the embedded one as
// far as a conversation needs it.
func openContent(dir string, set flows.Settings, log *slog.Logger) (knowledge, []error) {
	if dir != "" {
		if k, problems := readContent(dir, set); len(problems) > 0 {
			return k, problems
		}
	}
	fsys, err := contentIn(dir)
	if err != nil {
		return knowledge{}, []error{err}
	}
	k := knowledge{content: fsys, shelf: newShelf(fsys, log), reads: &recall[reading]{}}
	var readErr error
	var preparing sync.WaitGroup
	preparing.Go(func() { k.safety, readErr = safety.New(k.content) })
	book, problems := flows.NewBook(k.content, set, func(text string) (string, string) { return k.read(text) }, k.shelf)
	preparing.Wait()
	k.book = book
	if readErr != nil {
		problems = append(problems, readErr)
	}
	return k, problems
}
