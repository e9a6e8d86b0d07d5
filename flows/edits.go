package flows

import (
	"strings"
)

// edited treats a changed message as a correction of the answer it gave; it
// never runs a command or an answer again.
func (t *turn) edited() {
	if !t.consented() || t.in.Message == "" {
		t.admitted()
		return
	}
	s := &t.p.Session
	if s.Pending != nil && s.Pending.Message == t.in.Message {
		if qu := t.current(); qu != nil {
			t.answerValue(qu)
			return
		}
	}
	for key, a := range s.Answers {
		if a.Message != t.in.Message || t.quest() == nil {
			continue
		}
		t.correctByEdit(key, a)
		return
	}
	if t.sentWith(t.in.Message) {
		return
	}
	if h := t.p.Held(); h != nil {
		t.threadLine(h.Key, T("(message modifié) "+strings.TrimSpace(t.in.Text)), true)
		t.react("👀")
		return
	}
	if t.quest() != nil {
		t.ask(t.msg("edit.old"))
		return
	}
	t.say(t.msg("edit.old"), t.menuRow())
}

// correctByEdit asks whether the edited text replaces the answer.
func (t *turn) correctByEdit(key string, was Answer) {
	q, s := t.quest(), &t.p.Session
	qu := q.question(key)
	if qu == nil {
		t.ask(nil)
		return
	}
	a := Answer{Value: strings.TrimSpace(t.in.Text), Shown: strings.TrimSpace(t.in.Text)}
	if qu.Kind != "text" {
		read, problem := t.read(qu, t.in.Text)
		if problem != nil {
			t.ask(t.msg("edit.unread", "value", was.Shown))
			return
		}
		a = read
	}
	a.Message = t.in.Message
	if a.Value == was.Value {
		t.ask(t.msg("edit.same", "value", was.Shown))
		return
	}
	if s.Args == nil {
		s.Args = map[string]string{}
	}
	s.Args["edit"] = key
	s.Args["edit_value"], s.Args["edit_shown"] = a.Value, a.Shown
	t.askEdit(was, a)
}

func (t *turn) askEdit(was, now Answer) {
	s := &t.p.Session
	t.p.Turns++
	s.Turn = t.p.Turns
	s.Key = t.send(ClassQuestion, t.msg("edit.replace", "was", cut(was.Shown, 200), "value", cut(now.Shown, 200)),
		row(t.qbtn("Oui, remplacer", "!edit"), t.qbtn("Non, garder", "!noedit")))
}

// applyEdit takes the edited value, or leaves the answer as it was.
func (t *turn) applyEdit(yes bool) {
	s := &t.p.Session
	key := s.Args["edit"]
	if a, ok := s.Answers[key]; ok && yes {
		a.Value, a.Shown, a.Skipped = s.Args["edit_value"], s.Args["edit_shown"], ""
		s.Answers[key] = a
	}
	delete(s.Args, "edit")
	delete(s.Args, "edit_value")
	delete(s.Args, "edit_shown")
	t.ask(nil)
}
