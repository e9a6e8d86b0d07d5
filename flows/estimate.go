package flows

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/coopconnexion/relais/flows/rights"
)

// An estimate is a short conversation beside everything else: it asks only the
// facts that change the result, shows its steps, and keeps nothing: the facts
// live in the case under way and go with it.

// EstimateCase is an estimate under way.
type EstimateCase struct {
	Kind    string            `json:"kind"`
	Answers map[string]string `json:"answers,omitempty"`
	Fact    string            `json:"fact,omitempty"`
	Turn    int               `json:"turn"`
	Misses  int               `json:"misses,omitempty"`
	At      time.Time         `json:"at"`
}

// caseLife is how long an estimate waits for an answer; then its facts go.
const caseLife = 2 * time.Hour

// startEstimate begins with the first fact that is missing.
func (t *turn) startEstimate(kind string) {
	if t.b.sheets == nil || len(rights.Facts(rights.Type(kind))) == 0 {
		t.say(t.msg("command.unknown"), t.menuRow())
		return
	}
	t.p.Case = &EstimateCase{Kind: kind, Answers: map[string]string{}, At: t.now}
	t.do(Remind{Name: remindCase, At: t.now.Add(caseLife), Anytime: true})
	t.askFact(t.msg("estimate.start"))
}

// askFact asks the next fact, or tells the result.
func (t *turn) askFact(intro Rich) {
	c := t.p.Case
	f, more := rights.NextFact(rights.Type(c.Kind), c.Answers)
	if !more {
		t.tellEstimate()
		return
	}
	t.p.Turns++
	c.Fact, c.Turn, c.At = f.Key, t.p.Turns, t.now
	body := intro.Para(B(f.Question))
	if f.Help != "" {
		body = body.Line(T(f.Help))
	}
	var rows [][]Button
	for _, o := range factOptions(f) {
		rows = append(rows, row(t.btn(cut(o.Label, 45), fmt.Sprintf("e.%d.%s", c.Turn, o.Value))))
	}
	rows = pair(rows)
	if f.Optional {
		rows = append(rows, row(t.btn("Je ne sais pas", fmt.Sprintf("e.%d.!none", c.Turn))))
	}
	t.send(ClassQuestion, body, append(rows, row(t.btn("Arrêter le calcul", fmt.Sprintf("e.%d.!stop", c.Turn)), t.btn("🆘 Aide", "c.help")))...)
}

func factOptions(f rights.Fact) []rights.Option {
	switch f.Kind {
	case rights.YesNo:
		return []rights.Option{{Value: rights.Yes, Label: "Oui"}, {Value: rights.No, Label: "Non"}}
	case rights.Choice:
		return f.Options
	}
	return nil
}

// fact is the fact that is being asked, or false.
func (t *turn) fact() (rights.Fact, bool) {
	if t.p.Case == nil || t.now.Sub(t.p.Case.At) > caseLife {
		t.p.Case = nil
		return rights.Fact{}, false
	}
	for _, f := range rights.Facts(rights.Type(t.p.Case.Kind)) {
		if f.Key == t.p.Case.Fact {
			return f, true
		}
	}
	return rights.Fact{}, false
}

// tapFact handles "TURN.VALUE" of an estimate's buttons.
func (t *turn) tapFact(rest string) {
	turn, value, _ := strings.Cut(rest, ".")
	n, _ := strconv.Atoi(turn)
	f, ok := t.fact()
	if !ok || n != t.p.Case.Turn {
		t.toast = plain(t.msg("tap.stale"))
		return
	}
	t.toast = "C'est noté ✔"
	switch value {
	case "!stop":
		t.stopEstimate()
	case "!none":
		t.takeFact(f, "je ne sais pas")
	default:
		t.takeFact(f, value)
	}
}

// typedFact reads a typed answer to an estimate's question.
func (t *turn) typedFact() bool {
	f, ok := t.fact()
	if !ok {
		return false
	}
	switch strings.ToLower(strings.TrimSpace(t.in.Text)) {
	case "stop", "arreter", "arrêter", "annuler":
		t.stopEstimate()
		return true
	}
	if strings.Contains(t.in.Text, "?") && t.digress() {
		return true
	}
	t.takeFact(f, t.in.Text)
	return true
}

func (t *turn) takeFact(f rights.Fact, typed string) {
	v, err := f.Read(typed)
	if err != nil {
		t.p.Case.Misses++
		intro := T(err.Error())
		if t.p.Case.Misses >= 3 {
			intro = intro.Para(t.msg("estimate.hard"))
		}
		t.askFact(intro)
		return
	}
	answers := cloneMap(t.p.Case.Answers)
	if answers == nil {
		answers = map[string]string{}
	}
	answers[f.Key] = v
	t.p.Case.Answers, t.p.Case.Misses = answers, 0
	t.askFact(nil)
}

// tellEstimate shows the result with its steps, then forgets the facts.
func (t *turn) tellEstimate() {
	c := t.p.Case
	t.dropCase()
	text, err := t.b.sheets.Estimate(c.Kind, t.local(), c.Answers)
	if err != nil {
		t.say(t.msg("estimate.impossible", "why", err.Error()), row(t.btn("Recommencer", "c.estimate."+c.Kind), t.btn("Parler à quelqu'un", "c.human")))
	} else {
		t.say(text.Para(t.msg("estimate.kept")), row(t.btn("Refaire le calcul", "c.estimate."+c.Kind), t.btn("Parler à quelqu'un", "c.human")))
	}
	if t.quest() != nil {
		t.ask(t.msg("sheet.back"))
	}
}

func (t *turn) stopEstimate() {
	t.dropCase()
	if t.quest() != nil {
		t.ask(t.msg("estimate.stopped"))
		return
	}
	t.say(t.msg("estimate.stopped"), t.menuRow())
}

func (t *turn) dropCase() {
	t.p.Case = nil
	t.do(Unremind{Name: remindCase})
}
