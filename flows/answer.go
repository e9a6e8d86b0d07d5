package flows

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

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
