package flows

import (
	"fmt"
	"strings"

	"github.com/coopconnexion/relais/flows/french"
)

// verbWord recognises a verb of the engine typed in full.
func verbWord(text string) (string, bool) {
	switch french.Fold(text) {
	case "retour", "precedent", "revenir", "en arriere", "reviens":
		return "back", true
	case "je passe", "passe", "passer", "suivant", "suivante", "skip":
		return "skip", true
	case "je ne comprends pas", "comprends pas", "je comprends pas", "jcomprends pas", "pas compris", "j ai pas compris", "je n ai pas compris", "jai pas compris", "c est quoi", "exemple", "un exemple", "?":
		return "unclear", true
	case "pause", "plus tard", "apres", "pas maintenant", "on verra", "je reviens", "demain":
		return "pause", true
	case "c est bon", "fini", "j ai fini", "termine", "ok", "voila", "c est tout":
		return "done", true
	}
	if strings.TrimSpace(text) == "?" || strings.TrimSpace(text) == "??" {
		return "unclear", true
	}
	return "", false
}

// typedVerb applies a verb that was typed, where the question knows it.
func (t *turn) typedVerb(qu *Question, word string) bool {
	switch {
	case word == "pause" && qu.Kind == "document" && qu.Later != "":
		word = "later"
	case word == "done" && len(qu.Options) > 0 && qu.Kind != "multi":
		return t.answerChoice(qu) // «ok» is a yes
	case word == "done" && qu.Kind != "multi" && qu.Kind != "document":
		return t.misread(qu, t.msg("choice.unread"))
	case word == "skip" && qu.Required:
		t.ask(t.msg("required"))
		return true
	case t.quest().Quiet && (word == "back" || word == "pause"):
		return t.misread(qu, t.msg("choice.unread"))
	}
	t.verb(qu, word)
	return true
}

// verb carries out a verb of the engine. qu is nil in the summary.
func (t *turn) verb(qu *Question, name string) {
	s := &t.p.Session
	if qu == nil {
		t.summaryVerb(name)
		return
	}
	switch name {
	case "yes":
		if s.Pending != nil {
			t.record(qu, *s.Pending)
		}
	case "no":
		s.Pending = nil
		t.ask(nil)
	case "unclear":
		t.unclear(qu)
	case "skip":
		if qu.Required {
			t.ask(t.msg("required"))
			return
		}
		t.record(qu, Answer{Skipped: "skip", Shown: "je passe"})
	case "keep":
		if a, ok := t.former(qu.Key); ok {
			t.record(qu, a)
			return
		}
		t.ask(nil)
	case "zero":
		t.record(qu, Answer{Value: "0", Shown: french.Euros(0)})
	case "later":
		t.record(qu, Answer{Skipped: "later", Shown: "plus tard"})
	case "done":
		t.donePicking(qu)
	case "back":
		t.back()
	case "pause":
		t.pause()
	default:
		t.stale()
	}
}

// unclear shows the example. A scored question may be left so: the second
// «Je ne comprends pas» counts as the answer, and is never held against anyone.
func (t *turn) unclear(qu *Question) {
	s := &t.p.Session
	if !qu.Required && s.Args["unclear"] == qu.Key {
		delete(s.Args, "unclear")
		t.record(qu, Answer{Skipped: "unclear", Shown: "je ne comprends pas"})
		return
	}
	if s.Args == nil {
		s.Args = map[string]string{}
	}
	s.Args["unclear"] = qu.Key
	t.toast = "Voici un exemple"
	t.ask(Mark(strings.TrimSpace(qu.Help), t.vars(t.flowVars())))
}

// back returns to the question answered last; its answer stays until replaced.
func (t *turn) back() {
	s := &t.p.Session
	s.Picked, s.Pending = nil, nil
	for len(s.Order) > 0 {
		last := s.Order[len(s.Order)-1]
		s.Order = s.Order[:len(s.Order)-1]
		if last == s.State || t.quest().question(last) == nil {
			continue
		}
		if t.to("back:" + last) {
			s.Picked = append([]string(nil), s.Answers[last].Values...)
			t.ask(nil)
			return
		}
	}
	t.ask(nil)
}

// pause parks the questionnaire; nothing is lost.
func (t *turn) pause() {
	name := t.p.Session.Flow
	title := t.quest().Title
	args := t.p.Session.Args
	if len(t.p.Session.Answers) == 0 {
		t.p.Session = Session{}
		t.say(t.msg("paused.empty"), row(t.btn("Menu", "c.menu")))
		return
	}
	t.park()
	t.say(t.msg("paused", "title", title), row(t.btn("▶ Reprendre", resumeData(name, args))), row(t.btn("Menu", "c.menu")))
}

func resumeData(name string, args map[string]string) string {
	d := "c.resume." + name
	if m := args["month"]; m != "" {
		d += "." + m
	}
	return d
}

// answerSummary reads a typed text in the summary or the list of answers.
func (t *turn) answerSummary() bool {
	s := &t.p.Session
	word := french.Fold(t.in.Text)
	switch {
	case s.State == stateChoose:
		for i, key := range t.correctable() {
			if word == fmt.Sprint(i+1) || word == french.Fold(t.quest().question(key).Short) {
				t.summaryVerb("fix:" + key)
				return true
			}
		}
	case french.Yes(t.in.Text), word == "envoyer", word == "envoie", word == "j envoie":
		t.summaryVerb("send")
		return true
	case french.No(t.in.Text), word == "corriger", word == "je corrige", word == "modifier":
		t.summaryVerb("choose")
		return true
	case word == "retour":
		t.summaryVerb("back")
		return true
	case word == "pause" || word == "plus tard":
		t.pause()
		return true
	}
	if t.digress() {
		return true
	}
	s.Misses++
	t.ask(t.msg("summary.unread"))
	return true
}

// summaryVerb carries out a button of the summary or of the list of answers.
func (t *turn) summaryVerb(name string) {
	s := &t.p.Session
	key, fix := strings.CutPrefix(name, "fix:")
	switch {
	case fix:
		t.fix(key)
	case name == "send":
		if missing := t.unanswered(); missing != nil {
			s.State = missing.Key
			t.ask(nil)
			return
		}
		if s.State != stateSummary || !t.to("send") {
			t.stale()
			return
		}
		t.do(Edit{Key: s.Key, Class: ClassDecor, Text: t.msg("summary.sent")})
		t.end("sent")
	case name == "choose" && t.to("choose"), name == "summary" && t.to("next:"+stateSummary):
		t.ask(nil)
	case name == "back":
		t.back()
	case name == "pause":
		t.pause()
	default:
		t.ask(nil)
	}
}

// fix asks one answer again, from the list of answers.
func (t *turn) fix(key string) {
	s := &t.p.Session
	if s.State == stateSummary && !t.to("choose") {
		t.ask(nil)
		return
	}
	if !t.to("fix:" + key) {
		t.ask(nil)
		return
	}
	s.Correcting = true
	s.Picked = append([]string(nil), s.Answers[key].Values...)
	t.ask(nil)
}

// correctable lists the keys of the answers that can be corrected, in order.
func (t *turn) correctable() []string {
	q := t.quest()
	var keys []string
	for i := range q.Questions {
		qu := &q.Questions[i]
		if qu.Kind != "info" && qu.Short != "" && qu.shown(t.p.Session.Answers) {
			keys = append(keys, qu.Key)
		}
	}
	return keys
}

// summaryView shows every answer before sending.
func (t *turn) summaryView() (Rich, [][]Button) {
	body := t.msg("summary.title")
	if f := t.b.flows[t.p.Session.Flow]; f.summary != nil {
		body = body.Para(f.summary(t))
	} else {
		body = body.Para(t.answersList())
	}
	return body, [][]Button{
		row(t.qbtn(t.quest().Send, "!send")),
		row(t.qbtn("✏ Corriger une réponse", "!choose")),
		row(t.qbtn("⏸ Pause", "!pause"), t.btn("🆘 Aide", "c.help")),
	}
}

// answersList is each answer on its line.
func (t *turn) answersList() Rich {
	var out Rich
	for _, key := range t.correctable() {
		a, ok := t.p.Session.Answers[key]
		if !ok {
			continue
		}
		out = out.Line(T("• "+t.quest().question(key).Short+" : "), B(cut(a.Shown, 200)))
	}
	return out
}

// cut shortens a text for display.
func cut(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}

// chooseView lists the answers to pick one to correct.
func (t *turn) chooseView() (Rich, [][]Button) {
	var rows [][]Button
	for _, key := range t.correctable() {
		label := t.quest().question(key).Short + " : " + t.p.Session.Answers[key].Shown
		rows = append(rows, row(t.qbtn(cut(label, 45), "!fix:"+key)))
	}
	return t.msg("choose.title"), append(rows, row(t.qbtn("↩ Retour au résumé", "!summary")))
}
