package flows

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coopconnexion/relais/flows/faq"
	"github.com/coopconnexion/relais/flows/french"
	"github.com/coopconnexion/relais/flows/rights"
)

// Library answers from the fact sheets, with the amounts of the day. What staff
// add is learnt while the program runs: [Library.Learn] replaces the index at
// once.
type Library struct {
	base    []faq.Sheet
	res     *faq.Resources
	amounts *rights.Amounts
	now     atomic.Pointer[shelf]
}

// shelf is one state of the library.
type shelf struct {
	index  *faq.Index
	sheets map[string]faq.Sheet
}

// NewLibrary reads the sheets, the amounts and the engine's resources. Every
// problem is reported at once.
func NewLibrary(content fs.FS) (*Library, []error) {
	var problems []error
	keep := func(err error) {
		if err != nil {
			problems = append(problems, err)
		}
	}
	sheets, err := faq.Load(content)
	keep(err)
	res, err := faq.LoadResources(content)
	keep(err)
	amounts, err := rights.LoadAmounts(content)
	keep(err)
	if len(problems) > 0 {
		return nil, problems
	}
	l := &Library{base: sheets, res: res, amounts: amounts}
	if err := l.Learn(House{}); err != nil {
		return nil, append(problems, err)
	}
	for _, s := range sheets {
		for _, key := range placeholders(s.Answer + s.Example + s.Doubt + strings.Join(s.Conditions, " ") + strings.Join(s.Exceptions, " ")) {
			if _, ok := amounts.Amount(key); !ok {
				problems = append(problems, fmt.Errorf("sheets/%s.yaml: the amount %q is not in amounts.yaml", s.ID, key))
			}
		}
	}
	for _, key := range amounts.Missing() {
		problems = append(problems, fmt.Errorf("amounts.yaml: the amount %q is missing", key))
	}
	return l, problems
}

// Learn takes what staff added: wordings of sheets, and sheets of their own.
func (l *Library) Learn(h House) error {
	sheets := append([]faq.Sheet(nil), l.base...)
	for _, s := range h.Sheets {
		sheets = append(sheets, s.sheet())
	}
	index, err := faq.New(faq.Entries(sheets), l.res, faq.Options{Wordings: h.Wordings})
	if err != nil {
		return err
	}
	next := &shelf{index: index, sheets: map[string]faq.Sheet{}}
	for _, s := range sheets {
		next.sheets[s.ID] = s
	}
	l.now.Store(next)
	return nil
}

// sheet is the sheet as a content file would hold it.
func (s HouseSheet) sheet() faq.Sheet {
	return faq.Sheet{ID: s.ID, Title: s.Title, Ask: s.Ask, Answer: s.Answer, Confidence: faq.Sure, Verified: faq.Day{Time: s.At},
		Sources: []faq.Source{{Label: "Réponse de l'équipe", Ref: french.Day(s.At)}}, Contact: "l'équipe de la coopérative"}
}

// Overdue lists the ids of the sheets whose review date has passed.
func (l *Library) Overdue(at time.Time) []string {
	var out []string
	for _, s := range l.base {
		if !s.Review.IsZero() && s.Review.Before(at) {
			out = append(out, s.ID)
		}
	}
	return out
}

// Index is the engine behind the sheets.
func (l *Library) Index() *faq.Index { return l.now.Load().index }

// Amounts are the dated amounts.
func (l *Library) Amounts() *rights.Amounts { return l.amounts }

// placeholders lists the keys of {amount:key} in a text.
func placeholders(s string) []string {
	var out []string
	for {
		_, rest, ok := strings.Cut(s, "{amount:")
		if !ok {
			return out
		}
		key, after, ok := strings.Cut(rest, "}")
		if !ok {
			return out
		}
		out = append(out, key)
		s = after
	}
}

// fill writes the amounts of the date into a text.
func (l *Library) fill(s string, at time.Time) string {
	for _, key := range placeholders(s) {
		if v, ok := l.amounts.Format(key, at); ok {
			s = strings.ReplaceAll(s, "{amount:"+key+"}", v)
		}
	}
	return strings.TrimSpace(s)
}

// Ask implements [Sheets]. A doubtful sheet never answers flatly.
func (l *Library) Ask(question string, p *Person) Found {
	ctx := faq.Context{}
	for _, s := range []string{p.Profile.Situation, string(p.Profile.Status)} {
		if s != "" && s != string(Candidate) {
			ctx.Situations = append(ctx.Situations, s)
		}
	}
	r := l.now.Load().index.Ask(question, ctx)
	if len(ctx.Situations) > 0 && r.Outcome == faq.Answer {
		// A situation may choose between sheets; it may not make a question about
		// rights out of one that is not.
		if bare := l.now.Load().index.Ask(question, faq.Context{}); bare.Outcome == faq.None {
			r = bare
		}
	}
	f := Found{Outcome: string(r.Outcome)}
	if r.ID != nil {
		f.ID = *r.ID
	}
	for i, c := range r.Candidates {
		if i == 3 {
			break
		}
		f.Choices = append(f.Choices, Choice{ID: c.ID, Title: l.now.Load().sheets[c.ID].Title})
	}
	return f
}

// Answer implements [Sheets]: the short answer, what it depends on, and, for an
// uncertain sheet, what is not sure.
func (l *Library) Answer(id string, at time.Time) (Rich, bool) {
	s, ok := l.now.Load().sheets[id]
	if !ok {
		return nil, false
	}
	out := B(s.Title).Para(T(l.fill(s.Answer, at)))
	if s.Confidence == faq.Doubtful {
		out = out.Para(B("Je ne suis pas sûr. "), T(l.fill(s.Doubt, at)))
		if s.Contact != "" {
			out = out.Line(T("À demander : " + s.Contact))
		}
	}
	if !s.Review.IsZero() && s.Review.Before(at) {
		out = out.Para(B("Attention : "), T("cette réponse devait être relue le "+french.Day(s.Review.Time)+". Les montants ont pu changer. Demandez à une personne en cas de doute."))
	}
	if s.Example != "" {
		out = out.Para(T("Exemple : " + l.fill(s.Example, at)))
	}
	return out.Para(Rich{{Text: "Vérifié le " + french.Day(s.Verified.Time) + ".", Style: Italic}}), true
}

// EstimateKind implements [Sheets].
func (l *Library) EstimateKind(id string) string { return l.now.Load().sheets[id].Estimate }

// Estimate implements [Sheets]. Nothing of the facts is kept.
func (l *Library) Estimate(kind string, at time.Time, answers map[string]string) (Rich, error) {
	c, err := rights.CaseFrom(rights.Type(kind), at, answers)
	if err != nil {
		return nil, err
	}
	r := rights.Estimate(l.amounts, c)
	if r.Error != "" {
		return nil, errors.New(r.Error)
	}
	return T(rights.Tell(c, r).Text()), nil
}

// Source implements [Sheets].
func (l *Library) Source(id string, _ time.Time) (Rich, bool) {
	s, ok := l.now.Load().sheets[id]
	if !ok {
		return nil, false
	}
	out := B("D'où vient cette réponse")
	for _, src := range s.Sources {
		if strings.HasPrefix(src.Ref, "https://") {
			out = out.Line(T("• "), A(src.Label, src.Ref))
			continue
		}
		out = out.Line(T("• " + src.Label + " : " + src.Ref))
	}
	out = out.Line(T("Vérifié le " + french.Day(s.Verified.Time) + "."))
	if s.Contact != "" {
		out = out.Line(T("En cas de doute : " + s.Contact + "."))
	}
	return out, true
}
