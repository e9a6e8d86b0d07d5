package flows

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/coopconnexion/relais/flows/french"
)

// answerChoice reads a number, a label, or yes and no.
func (t *turn) answerChoice(qu *Question) bool {
	o := matchOption(t.optionsOf(qu), t.in.Text)
	if o == nil {
		return t.misread(qu, t.msg("choice.unread"))
	}
	if qu.Kind != "multi" {
		t.pick(qu, o.Value)
		return true
	}
	if !slices.Contains(t.p.Session.Picked, o.Value) {
		if len(t.p.Session.Picked) >= qu.Max {
			t.say(t.msg("multi.full", "max", fmt.Sprint(qu.Max)))
			return true
		}
		t.p.Session.Picked = append(t.p.Session.Picked, o.Value)
	}
	t.ask(nil)
	return true
}

// matchOption finds the option that a typed text names: its number, its label,
// the start of one label only, or a plain yes or no.
func matchOption(options []Option, text string) *Option {
	f := french.Fold(text)
	if n, err := strconv.Atoi(f); err == nil && n >= 1 && n <= len(options) {
		for i := range options {
			if french.Fold(options[i].Label) == f {
				return &options[i]
			}
		}
		return &options[n-1]
	}
	var found *Option
	for i := range options {
		label := french.Fold(options[i].Label)
		if label == f || options[i].Value == strings.TrimSpace(text) {
			return &options[i]
		}
		if len(f) >= 3 && strings.HasPrefix(label, f) {
			if found != nil {
				return nil
			}
			found = &options[i]
		}
	}
	if found != nil {
		return found
	}
	return matchYesNo(options, text)
}

func matchYesNo(options []Option, text string) *Option {
	if len(options) != 2 {
		return nil
	}
	if french.Yes(text) {
		for i := range options {
			if options[i].Value == "yes" || options[i].Value == "go" {
				return &options[i]
			}
		}
	}
	if french.No(text) {
		for i := range options {
			if options[i].Value == "no" {
				return &options[i]
			}
		}
	}
	return nil
}

// answerText takes the text as it is, unless it is a question that a sheet
// answers.
func (t *turn) answerText(qu *Question) bool {
	text := strings.TrimSpace(t.in.Text)
	if strings.Contains(text, "?") && t.digress() {
		return true
	}
	limit := qu.Max
	if limit == 0 {
		limit = 4000
	}
	if n := utf8.RuneCountInString(text); n > limit {
		t.ask(t.msg("text.long", "max", fmt.Sprint(limit), "n", fmt.Sprint(n)))
		return true
	}
	t.record(qu, Answer{Value: text, Shown: text})
	return true
}

// answerValue reads money, months, dates, phones and numbers. What was read is
// shown and confirmed before it counts.
func (t *turn) answerValue(qu *Question) bool {
	a, problem := t.read(qu, t.in.Text)
	if problem != nil {
		return t.misread(qu, problem)
	}
	a.Message = t.in.Message
	t.p.Session.Pending = &a
	t.p.Session.Misses = 0
	t.ask(nil)
	return true
}

// read turns a typed text into an answer, or says in French what to do.
func (t *turn) read(qu *Question, text string) (Answer, Rich) {
	switch qu.Kind {
	case "money":
		cents, err := french.Money(text)
		if err != nil {
			return Answer{}, t.msg(moneyProblem(err))
		}
		return Answer{Value: strconv.FormatInt(cents, 10), Shown: french.Euros(cents)}, nil
	case "month":
		m, err := french.Month(text, t.local())
		if err != nil {
			return Answer{}, t.msg(monthProblem(err))
		}
		if problem := t.monthRefused(m); problem != nil {
			return Answer{}, problem
		}
		return Answer{Value: m, Shown: french.MonthName(m)}, nil
	case "date":
		d, err := french.Date(text, t.local())
		if err != nil {
			return Answer{}, t.msg("date.unread")
		}
		return Answer{Value: d, Shown: d[8:] + "/" + d[5:7] + "/" + d[:4]}, nil
	case "phone":
		e, shown, err := french.Phone(text)
		if err != nil {
			return Answer{}, t.msg("phone.unread")
		}
		return Answer{Value: e, Shown: shown}, nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < qu.Low || (qu.High > 0 && n > qu.High) {
		return Answer{}, t.msg("number.unread")
	}
	return Answer{Value: strconv.Itoa(n), Shown: strconv.Itoa(n)}, nil
}

func moneyProblem(err error) string {
	switch err {
	case french.ErrWords:
		return "money.words"
	case french.ErrNegative:
		return "money.negative"
	case french.ErrSeveral:
		return "money.several"
	case french.ErrAmbiguous:
		return "money.ambiguous"
	case french.ErrTooLarge:
		return "money.large"
	}
	return "money.unread"
}

func monthProblem(err error) string {
	if err == french.ErrFuture {
		return "month.future"
	}
	return "month.unread"
}

// misread answers a text that the question cannot take: a question about
// rights is answered and the question asked again; otherwise the reason, then
// the example, then the offer of a person.
func (t *turn) misread(qu *Question, why Rich) bool {
	if t.digress() {
		return true
	}
	s := &t.p.Session
	s.Misses++
	switch {
	case s.Misses >= 3:
		t.say(t.msg("miss.person"), row(t.btn("Parler à quelqu'un", "c.human")))
		t.ask(nil)
	case s.Misses == 2 && qu.Help != "":
		t.ask(why.Para(T(strings.TrimSpace(qu.Help))))
	default:
		t.ask(why)
	}
	return true
}
