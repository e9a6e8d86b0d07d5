package flows

import (
	"fmt"
	"strings"
)

// ask shows where the questionnaire stands: a question, the summary, or the
// list of answers. intro, if any, comes first in the same message.
func (t *turn) ask(intro Rich) {
	s := &t.p.Session
	qu := t.current()
	if s.Changed || (qu != nil && t.quest().Version != s.Version) {
		intro = t.migrate(qu, intro)
	}
	s.Asked = t.now
	t.p.Turns++
	s.Turn = t.p.Turns
	var body Rich
	var rows [][]Button
	switch {
	case qu == nil && s.State == stateChoose:
		body, rows = t.chooseView()
	case qu == nil:
		s.State = stateSummary
		body, rows = t.summaryView()
	case s.Pending != nil:
		body, rows = t.pendingView(qu)
	default:
		body, rows = t.questionView(qu)
	}
	previous := s.Key
	s.Key = t.send(ClassQuestion, intro.Para(body), rows...)
	if last, ok := t.fx[len(t.fx)-1].(Send); ok {
		last.Replaces = previous
		t.fx[len(t.fx)-1] = last
	}
}

// migrate moves a session to the present version of its questionnaire: answers
// stay by key, an answer whose option is gone is asked again.
func (t *turn) migrate(qu *Question, intro Rich) Rich {
	s := &t.p.Session
	q := t.quest()
	changed := s.Changed
	for key, a := range s.Answers {
		old := q.question(key)
		if old == nil {
			delete(s.Answers, key)
			continue
		}
		if len(old.Options) > 0 && a.Value != "" && old.option(a.Value) == nil {
			delete(s.Answers, key)
			changed = true
		}
	}
	s.Version, s.Changed, s.Picked, s.Pending = q.Version, false, nil, nil
	if changed && qu != nil {
		return intro.Para(t.msg("question.changed"))
	}
	return intro
}

// questionView is the question with its buttons.
func (t *turn) questionView(qu *Question) (Rich, [][]Button) {
	s := &t.p.Session
	body := Mark(strings.TrimSpace(qu.Text), t.vars(t.flowVars()))
	var rows [][]Button
	for _, o := range t.optionsOf(qu) {
		label, value := o.Label, o.Value
		if qu.Kind == "multi" {
			label, value = t.tick(o)
		}
		rows = append(rows, row(t.qbtn(label, value)))
	}
	switch {
	case qu.Kind == "multi":
		rows = append(pair(rows), row(t.qbtn("✔ C'est bon", "!done")))
	case qu.Kind == "money" && qu.Zero != "":
		rows = append(rows, row(t.qbtn(qu.Zero, "!zero")))
	case qu.Kind == "document":
		rows = append(rows, t.documentButtons(qu))
	}
	if qu.Kind == "document" && len(s.Answers[qu.Key].Values) > 0 {
		body = body.Para(t.msg("document.count", "n", fmt.Sprint(len(s.Answers[qu.Key].Values))))
	}
	if a, ok := t.former(qu.Key); ok && qu.Kind != "document" && qu.Kind != "multi" && a.Shown != "" {
		rows = append(rows, row(t.qbtn(cut("↪ Garder : "+a.Shown, 45), "!keep")))
	}
	return body, append(rows, t.verbs(qu)...)
}

// former is the answer that may be kept: the one given before in this session,
// or the one of an earlier sending.
func (t *turn) former(key string) (Answer, bool) {
	if a, ok := t.p.Session.Answers[key]; ok {
		return a, true
	}
	a, ok := t.p.Session.Former[key]
	return a, ok
}

// pair puts short buttons two on a line.
func pair(rows [][]Button) [][]Button {
	var out [][]Button
	for i := 0; i < len(rows); i++ {
		if i+1 < len(rows) && len(rows[i]) == 1 && len(rows[i+1]) == 1 && len([]rune(rows[i][0].Label)) < 20 && len([]rune(rows[i+1][0].Label)) < 20 {
			out = append(out, row(rows[i][0], rows[i+1][0]))
			i++
			continue
		}
		out = append(out, rows[i])
	}
	return out
}

// tick shows an option of a multiple choice; its button carries the state that
// it leads to, so that a double tap counts once.
func (t *turn) tick(o Option) (label, value string) {
	for _, v := range t.p.Session.Picked {
		if v == o.Value {
			return "☑ " + o.Label, "-" + o.Value
		}
	}
	return "☐ " + o.Label, "+" + o.Value
}

func (t *turn) documentButtons(qu *Question) []Button {
	if len(t.p.Session.Answers[qu.Key].Values) > 0 {
		return row(t.qbtn("✔ J'ai tout envoyé", "!done"))
	}
	if qu.Later != "" {
		return row(t.qbtn(qu.Later, "!later"))
	}
	return row(t.qbtn("Je n'en ai pas", "!skip"))
}

// verbs are the ways out of every question: not understood, skip, back, pause,
// help.
func (t *turn) verbs(qu *Question) [][]Button {
	var help, move []Button
	if qu.Help != "" {
		help = append(help, t.qbtn("Je ne comprends pas", "!unclear"))
	}
	if !qu.Required && qu.Kind != "info" && qu.Kind != "document" {
		help = append(help, t.qbtn("Je passe", "!skip"))
	}
	if t.quest().Quiet {
		return [][]Button{append(help, t.btn("🆘 Aide", "c.help"))}
	}
	if len(t.p.Session.Order) > 0 && !t.p.Session.Correcting {
		move = append(move, t.qbtn("↩ Retour", "!back"))
	}
	move = append(move, t.qbtn("⏸ Pause", "!pause"), t.btn("🆘 Aide", "c.help"))
	if len(help) == 0 {
		return [][]Button{move}
	}
	return [][]Button{help, move}
}

// qbtn is a button of the question as it is asked now.
func (t *turn) qbtn(label, option string) Button {
	return t.btn(label, fmt.Sprintf("q.%d.%s", t.p.Session.Turn, option))
}

// pendingView echoes a reading and asks for a yes.
func (t *turn) pendingView(*Question) (Rich, [][]Button) {
	return t.msg("confirm", "value", t.p.Session.Pending.Shown), [][]Button{
		row(t.qbtn("Oui, c'est ça", "!yes"), t.qbtn("Non, je corrige", "!no")),
		row(t.btn("🆘 Aide", "c.help")),
	}
}

// flowVars are the placeholders of the questionnaire under way.
func (t *turn) flowVars() map[string]string {
	v := map[string]string{"step": t.progress()}
	if f := t.b.flows[t.p.Session.Flow]; f.vars != nil {
		for k, s := range f.vars(t) {
			v[k] = s
		}
	}
	return v
}

// progress is "3 sur 20" among the scored questions (q1, q2…) that are shown.
func (t *turn) progress() string {
	q := t.quest()
	at, all := 0, 0
	for i := range q.Questions {
		qu := &q.Questions[i]
		if qu.Key[0] != 'q' || !qu.shown(t.p.Session.Answers) {
			continue
		}
		all++
		if qu.Key == t.p.Session.State {
			at = all
		}
	}
	return fmt.Sprintf("%d sur %d", at, all)
}

// optionsOf are the options of a question, computed or written.
func (t *turn) optionsOf(qu *Question) []Option {
	if f := t.b.flows[t.p.Session.Flow]; f.options != nil {
		if o := f.options(t, qu); o != nil {
			return o
		}
	}
	return qu.Options
}
