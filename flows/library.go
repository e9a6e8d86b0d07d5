package flows

import (
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/coopconnexion/relais/flows/faq"
	"github.com/coopconnexion/relais/flows/french"
	"github.com/coopconnexion/relais/flows/rights"
)

// Library answers from the fact sheets, with the amounts of the day.
type Library struct {
	index   *faq.Index
	sheets  map[string]faq.Sheet
	amounts *rights.Amounts
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
	index, err := faq.New(faq.Entries(sheets), res, faq.Options{})
	if err != nil {
		return nil, append(problems, err)
	}
	l := &Library{index: index, amounts: amounts, sheets: map[string]faq.Sheet{}}
	for _, s := range sheets {
		l.sheets[s.ID] = s
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

// Index is the engine behind the sheets.
func (l *Library) Index() *faq.Index { return l.index }

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
	r := l.index.Ask(question, ctx)
	f := Found{Outcome: string(r.Outcome)}
	if r.ID != nil {
		f.ID = *r.ID
	}
	for i, c := range r.Candidates {
		if i == 3 {
			break
		}
		f.Choices = append(f.Choices, Choice{ID: c.ID, Title: l.sheets[c.ID].Title})
	}
	return f
}

// Answer implements [Sheets]: the short answer, what it depends on, and, for an
// uncertain sheet, what is not sure.
func (l *Library) Answer(id string, at time.Time) (Rich, bool) {
	s, ok := l.sheets[id]
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
	if s.Example != "" {
		out = out.Para(T("Exemple : " + l.fill(s.Example, at)))
	}
	return out.Para(Rich{{Text: "Vérifié le " + french.Day(s.Verified.Time) + ".", Style: Italic}}), true
}

// Source implements [Sheets].
func (l *Library) Source(id string, _ time.Time) (Rich, bool) {
	s, ok := l.sheets[id]
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
