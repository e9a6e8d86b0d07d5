package flows

import (
	"slices"
	"strings"
	"time"
)

// begin starts a questionnaire. One that was under way is parked, so that
// nothing is lost.
func (t *turn) begin(name string, args map[string]string) {
	q := t.b.quests[name]
	if q == nil {
		t.menu()
		return
	}
	t.park()
	t.p.Session = Session{Flow: name, Version: q.Version, State: q.Questions[0].Key, Args: args, Answers: map[string]Answer{}, Started: t.now}
	if f := t.b.flows[name]; f.open != nil {
		f.open(t)
	}
	if t.p.Session.Flow == name {
		t.ask(nil)
	}
}

// park keeps the session for later if it holds anything.
func (t *turn) park() {
	s := t.p.Session
	t.p.Session = Session{}
	if s.Flow == "" || len(s.Answers) == 0 || t.b.quests[s.Flow] == nil || t.b.quests[s.Flow].Quiet {
		return
	}
	t.unpark(s.Flow, s.Args)
	t.p.Parked = append(t.p.Parked, s)
}

// unpark takes a parked session out, if there is one of this flow and month.
func (t *turn) unpark(name string, args map[string]string) (Session, bool) {
	for i, s := range t.p.Parked {
		if s.Flow == name && (args["month"] == "" || s.Args["month"] == "" || s.Args["month"] == args["month"]) {
			t.p.Parked = append(append([]Session(nil), t.p.Parked[:i]...), t.p.Parked[i+1:]...)
			return cloneSession(s), true
		}
	}
	return Session{}, false
}

// resume takes a questionnaire up where it stood, or starts it.
func (t *turn) resume(name string, args map[string]string) {
	if t.p.Session.Flow == name {
		t.ask(t.msg("resumed"))
		return
	}
	s, ok := t.unpark(name, args)
	if !ok {
		t.begin(name, args)
		return
	}
	t.park()
	t.p.Session = s
	t.ask(t.msg("resumed"))
}

// quest is the questionnaire under way, or nil.
func (t *turn) quest() *Questionnaire { return t.b.quests[t.p.Session.Flow] }

// current is the question under way, or nil in the engine's own states. A
// question that a newer version removed is skipped; a changed one is asked
// again, with a word.
func (t *turn) current() *Question {
	q := t.quest()
	if q == nil {
		return nil
	}
	s := &t.p.Session
	if qu := q.question(s.State); qu != nil {
		return qu
	}
	if s.State == stateSummary || s.State == stateChoose {
		return nil
	}
	for i := range q.Questions {
		qu := &q.Questions[i]
		if _, done := s.Answers[qu.Key]; !done && qu.shown(s.Answers) {
			s.State, s.Changed = qu.Key, true
			return qu
		}
	}
	s.State = stateSummary
	return nil
}

// record stores the answer of the question under way and moves on.
func (t *turn) record(qu *Question, a Answer) {
	s := &t.p.Session
	a.Hash = qu.hash()
	if a.Message == "" {
		a.Message = t.in.Message
	}
	if t.in.Kind == KindTap {
		a.Message = ""
	}
	if !s.Asked.IsZero() && len(s.Millis) < 100 {
		s.Millis = append(s.Millis, t.now.Sub(s.Asked).Milliseconds())
	}
	if s.Answers == nil {
		s.Answers = map[string]Answer{}
	}
	if i := slices.Index(s.Order, qu.Key); i >= 0 {
		s.Order = slices.Delete(s.Order, i, i+1)
	}
	s.Order = append(s.Order, qu.Key)
	s.Answers[qu.Key] = a
	s.Pending, s.Picked, s.Misses = nil, nil, 0
	if f := t.b.flows[s.Flow]; f.answered != nil {
		f.answered(t, qu)
	}
	t.settleQuestion(qu, a)
	if o := qu.option(a.Value); o != nil && o.End != "" {
		t.end(o.End)
		return
	}
	t.advance(qu)
}

// settleQuestion takes the buttons away from the question just answered and
// writes the answer in their place, so that the chat stays readable.
func (t *turn) settleQuestion(qu *Question, a Answer) {
	s := &t.p.Session
	if s.Key == "" {
		return
	}
	label := qu.Short
	if label == "" {
		label = strings.Trim(firstLine(strings.TrimSpace(qu.Text)), "* ")
	}
	shown := a.Shown
	if qu.Kind == "info" || qu.Short == "" {
		t.do(Edit{Key: s.Key, Class: ClassDecor, Text: T("✔ " + shown)})
		return
	}
	t.do(Edit{Key: s.Key, Class: ClassDecor, Text: T("✔ " + label + " : " + shown)})
}

// advance goes to the next shown question, back to the summary after a
// correction, or to the end.
func (t *turn) advance(qu *Question) {
	s := &t.p.Session
	q := t.quest()
	if s.Correcting {
		s.Correcting = false
		if next := t.unanswered(); next == nil {
			t.to("fixed")
			t.ask(nil)
			return
		}
	}
	for i := q.byKey[qu.Key] + 1; i < len(q.Questions); i++ {
		next := &q.Questions[i]
		if !next.shown(s.Answers) {
			delete(s.Answers, next.Key) // its condition no longer holds
			continue
		}
		if _, done := s.Answers[next.Key]; done {
			continue
		}
		t.jump(next.Key)
		t.ask(nil)
		return
	}
	if q.Summary {
		t.jump(stateSummary)
		t.ask(nil)
		return
	}
	t.end("sent")
}

// unanswered is the first shown question without an answer, or nil.
func (t *turn) unanswered() *Question {
	q := t.quest()
	for i := range q.Questions {
		qu := &q.Questions[i]
		if _, done := t.p.Session.Answers[qu.Key]; !done && qu.shown(t.p.Session.Answers) {
			return qu
		}
	}
	return nil
}

// to runs one transition of the table. A transition that the table does not
// know is a defect of the engine: the session stays where it was, askable.
func (t *turn) to(event string) bool {
	next, err := t.quest().move(t.p.Session.State, event)
	if err != nil {
		return false
	}
	t.p.Session.State = next
	return true
}

// jump goes forward over answered questions, one allowed step at a time.
func (t *turn) jump(key string) {
	q := t.quest()
	for range len(q.Questions) + 1 {
		if t.p.Session.State == key || t.to("next:"+key) {
			return
		}
		if !t.stepForward() {
			t.p.Session.State = key
			return
		}
	}
}

// stepForward follows the table to the next question, shown or not.
func (t *turn) stepForward() bool {
	q := t.quest()
	i, ok := q.byKey[t.p.Session.State]
	if !ok {
		return false
	}
	for j := i + 1; j < len(q.Questions); j++ {
		if q.Questions[j].shown(t.p.Session.Answers) {
			return t.to("next:" + q.Questions[j].Key)
		}
	}
	return false
}

// end finishes the questionnaire with an outcome.
func (t *turn) end(outcome string) {
	name := t.p.Session.Flow
	f := t.b.flows[name]
	t.p.Ended = t.now
	f.finish(t, outcome)
	if t.p.Session.Flow == name {
		t.p.Session = Session{}
	}
}

// idle is how long the session has waited for an answer.
func (t *turn) idle() time.Duration { return t.now.Sub(t.p.Session.Asked) }
