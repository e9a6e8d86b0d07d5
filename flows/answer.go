package flows

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/coopconnexion/relais/flows/french"
)

// tap handles a button: of the question under way, of an older message, or one
// that was forged.
func (t *turn) tap() {
	payload, ok := t.payload(t.in.Button)
	if !ok {
		t.toast = plain(t.msg("tap.foreign"))
		if t.v.New {
			t.begin("welcome", nil)
		}
		return
	}
	kind, rest, _ := strings.Cut(payload, ".")
	if kind == "q" {
		t.tapQuestion(rest)
		return
	}
	if kind == "h" {
		t.tapCare(rest)
		return
	}
	if kind == "e" {
		t.tapFact(rest)
		return
	}
	if kind == "k" { // the safety net's own buttons
		t.tapCrisis(rest)
		return
	}
	cmd, arg, _ := strings.Cut(rest, ".")
	if !t.consented() && cmd != "help" && cmd != "human" {
		t.admitted()
		return
	}
	t.command(cmd, arg)
}

func plain(r Rich) string { return r.String() }

// tapQuestion handles "TURN.OPTION".
func (t *turn) tapQuestion(rest string) {
	turn, value, _ := strings.Cut(rest, ".")
	n, _ := strconv.Atoi(turn)
	s := &t.p.Session
	if t.quest() == nil || n != s.Turn {
		t.stale()
		return
	}
	t.toast = "C'est noté ✔"
	qu := t.current()
	if value == "!edit" || value == "!noedit" {
		t.applyEdit(value == "!edit")
		return
	}
	if strings.HasPrefix(value, "!") {
		t.verb(qu, value[1:])
		return
	}
	if qu == nil {
		t.stale()
		return
	}
	t.pick(qu, value)
}

// stale answers a button of a question that has passed: said once, and the
// present question is shown again when it has gone out of sight.
func (t *turn) stale() {
	t.toast = plain(t.msg("tap.stale"))
	if t.quest() != nil && t.idle().Seconds() > 60 {
		t.ask(t.msg("tap.here"))
		return
	}
	if t.quest() == nil && t.consented() && t.p.Held() == nil && t.now.Sub(t.p.Ended).Seconds() > 60 {
		t.menu()
	}
	if !t.consented() && t.quest() == nil {
		t.admitted()
	}
}

// pick takes one option, ticked or chosen.
func (t *turn) pick(qu *Question, value string) {
	s := &t.p.Session
	if qu.Kind == "multi" && value != "" {
		t.toggle(qu, value)
		return
	}
	for _, o := range t.optionsOf(qu) {
		if o.Value == value {
			t.record(qu, Answer{Value: value, Shown: o.Label})
			return
		}
	}
	s.Misses++
	t.ask(t.msg("choice.unread"))
}

// toggle ticks or unticks; the message is edited in place.
func (t *turn) toggle(qu *Question, value string) {
	s := &t.p.Session
	on, name := value[0] == '+', value[1:]
	o := qu.option(name)
	if o == nil {
		return
	}
	i := slices.Index(s.Picked, name)
	switch {
	case on && i < 0 && len(s.Picked) >= qu.Max:
		t.toast = plain(t.msg("multi.full", "max", fmt.Sprint(qu.Max)))
		return
	case on && i < 0:
		s.Picked = append(s.Picked, name)
		t.toast = "☑ " + o.Label
	case !on && i >= 0:
		s.Picked = slices.Delete(s.Picked, i, i+1)
		t.toast = "☐ " + o.Label
	default:
		return // the second tap of a double tap
	}
	body, rows := t.questionView(qu)
	t.do(Edit{Key: s.Key, Class: ClassReply, Text: body, Rows: rows})
}

// donePicking ends a multiple choice or the sending of documents.
func (t *turn) donePicking(qu *Question) {
	s := &t.p.Session
	if qu.Kind == "document" {
		a := s.Answers[qu.Key]
		a.Shown = t.documentsShown(a)
		t.record(qu, a)
		return
	}
	if len(s.Picked) == 0 {
		t.toast = plain(t.msg("multi.none"))
		t.ask(t.msg("multi.none"))
		return
	}
	var labels []string
	for _, v := range s.Picked {
		if o := qu.option(v); o != nil {
			labels = append(labels, o.Label)
		}
	}
	t.record(qu, Answer{Values: append([]string(nil), s.Picked...), Shown: strings.Join(labels, ", ")})
}

func (t *turn) documentsShown(a Answer) string {
	switch len(a.Values) {
	case 0:
		return "aucun"
	case 1:
		return "1 document"
	}
	return fmt.Sprintf("%d documents", len(a.Values))
}

// answer reads a typed text as the answer to the present question. It reports
// whether the text was dealt with.
func (t *turn) answer() bool {
	qu := t.current()
	s := &t.p.Session
	if s.Args["edit"] != "" && (french.Yes(t.in.Text) || french.No(t.in.Text)) {
		t.applyEdit(french.Yes(t.in.Text))
		return true
	}
	if qu == nil {
		return t.answerSummary()
	}
	if s.Pending != nil {
		switch {
		case french.Yes(t.in.Text):
			t.verb(qu, "yes")
			return true
		case french.No(t.in.Text):
			t.verb(qu, "no")
			return true
		}
	}
	if word, ok := verbWord(t.in.Text); ok && qu.Kind != "text" {
		return t.typedVerb(qu, word)
	}
	switch qu.Kind {
	case "choice", "scale", "consent", "info", "multi":
		return t.answerChoice(qu)
	case "text":
		return t.answerText(qu)
	case "document":
		return t.answerDocument(qu)
	}
	return t.answerValue(qu)
}

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
