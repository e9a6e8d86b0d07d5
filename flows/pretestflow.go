package flows

import (
	"fmt"
	"strings"

	"github.com/coopconnexion/relais/flows/pretest"
)

const cardPretest = "pretest"

// pretestFlow is what the pre-test means: it prepares a meeting, decides
// nothing, and a person reads it.
func (b *Book) pretestFlow() flow {
	return flow{
		open: func(t *turn) {
			if t.p.Profile.Age == "15" {
				t.p.Session = Session{}
				t.human("")
			}
		},
		finish: func(t *turn, outcome string) {
			if outcome == "prefers_human" {
				t.p.Session = Session{}
				t.openTicket("meeting")
				t.say(t.msg("pretest.human", "when", t.staffWhen()), t.menuRow())
				return
			}
			t.submitPretest()
		},
	}
}

// pretest starts the questionnaire, or takes it up; a finished one can be
// corrected.
func (t *turn) pretest(arg string) {
	if t.p.Profile.Status.Member() {
		t.say(t.msg("pretest.member"), t.menuRow())
		return
	}
	if len(t.p.PreTests) > 0 {
		if arg == "correct" {
			t.correctPretest()
			return
		}
		t.say(t.msg("pretest.already"), t.pretestRows()...)
		return
	}
	t.resume("pretest", nil)
}

func (t *turn) pretestRows() [][]Button {
	return [][]Button{
		row(t.btn("✏ Corriger", "c.pretest.correct"), t.btn("Ajouter quelque chose", "c.add")),
		row(t.btn("Demander comment c'est calculé", "c.how")),
		row(t.btn("Effacer", "c.erase"), t.btn("Menu", "c.menu")),
	}
}

// correctPretest opens the summary of the answers sent.
func (t *turn) correctPretest() {
	last := t.p.PreTests[len(t.p.PreTests)-1]
	q := t.b.quests["pretest"]
	t.park()
	s := Session{Flow: "pretest", Version: last.Version, State: stateSummary, Answers: cloneMap(last.Answers), Started: t.now, Millis: last.Millis}
	for i := range q.Questions {
		if _, ok := s.Answers[q.Questions[i].Key]; ok {
			s.Order = append(s.Order, q.Questions[i].Key)
		}
	}
	t.p.Session = s
	t.ask(nil)
}

// submitPretest keeps the answers, shows the card to staff and tells the
// candidate what comes next, in words and without numbers.
func (t *turn) submitPretest() {
	s := t.p.Session
	p := PreTest{At: t.now, Started: s.Started, Version: s.Version, Short: s.Answers["form"].Value == "short", Answers: s.Answers, Millis: s.Millis}
	again := len(t.p.PreTests) > 0
	if again {
		before := t.p.PreTests[len(t.p.PreTests)-1]
		p.Added, p.Decision, p.Different = before.Added, before.Decision, before.Different
	}
	t.p.PreTests = append(t.p.PreTests, p)
	if n := p.Answers["name"]; n.Value != "" {
		t.p.Profile.Name = cut(n.Value, 60)
	}
	if ph := p.Answers["phone"]; ph.Value != "" {
		t.p.Profile.Phone = ph.Value
	}
	t.p.Session = Session{}
	if again {
		t.updateCard(cardPretest, p.Decision == nil, nil)
	} else {
		t.postCard(DeskStaff, cardPretest, cardPretest)
	}
	if t.p.Profile.Age == AgeMinor && p.Answers["project"].Value != "" {
		t.do(Remind{Name: remindMinorText, At: t.now.AddDate(0, 0, 30), Anytime: true})
	}
	t.say(t.pretestThanks(p), t.pretestRows()...)
}

var dimWords = map[pretest.Dim]string{
	pretest.MA: "votre envie",
	pretest.E:  "votre confiance pour agir",
	pretest.P:  "la préparation du projet",
	pretest.R:  "le temps et l'argent pour vivre",
	pretest.C:  "travailler avec les autres",
}

// pretestThanks is what the candidate hears.
func (t *turn) pretestThanks(p PreTest) Rich {
	out := t.msg("pretest.thanks")
	if p.Short {
		return out.Para(t.msg("pretest.next"))
	}
	a := rawAnswers(p)
	var strong, work []string
	for _, d := range []pretest.Dim{pretest.MA, pretest.E, pretest.P, pretest.R, pretest.C} {
		s := pretest.Of(a, d)
		switch {
		case s.IsStrong():
			strong = append(strong, dimWords[d])
		case s.IsWeak():
			work = append(work, dimWords[d])
		}
	}
	if len(strong) > 0 {
		out = out.Para(t.msg("pretest.strong", "list", strings.Join(strong, ", ")))
	}
	if len(work) > 2 {
		work = lowestTwo(a, work)
	}
	if len(work) > 0 {
		out = out.Para(t.msg("pretest.work", "list", strings.Join(work, ", ")))
	}
	return out.Para(t.msg("pretest.next"))
}

// lowestTwo keeps the two lowest dimensions, in words.
func lowestTwo(a pretest.Answers, words []string) []string {
	type pair struct {
		word string
		v    float64
	}
	var list []pair
	for d, w := range dimWords {
		for _, x := range words {
			if w == x {
				list = append(list, pair{w, pretest.Of(a, d).Value})
			}
		}
	}
	for i := range list {
		for j := i + 1; j < len(list); j++ {
			if list[j].v < list[i].v || (list[j].v == list[i].v && list[j].word < list[i].word) {
				list[i], list[j] = list[j], list[i]
			}
		}
	}
	return []string{list[0].word, list[1].word}
}

// rawAnswers turns stored answers into numbers.
func rawAnswers(p PreTest) pretest.Answers {
	a := pretest.Answers{}
	for n := 1; n <= 20; n++ {
		ans, ok := p.Answers[fmt.Sprintf("q%d", n)]
		switch {
		case !ok || ans.Skipped == "skip":
			a[n] = pretest.Skipped
		case ans.Skipped == "unclear":
			a[n] = pretest.Unclear
		case len(ans.Value) == 1 && ans.Value[0] >= '1' && ans.Value[0] <= '5':
			a[n] = int(ans.Value[0] - '0')
		}
	}
	return a
}

// pretestHow explains the arithmetic, with numbers, to whoever asks.
func (t *turn) pretestHow() Rich {
	if len(t.p.PreTests) == 0 {
		return t.msg("pretest.none")
	}
	p := t.p.PreTests[len(t.p.PreTests)-1]
	if p.Short {
		return t.msg("pretest.how.short")
	}
	out := t.msg("pretest.how")
	a := rawAnswers(p)
	names := map[pretest.Dim]string{pretest.MC: "la contrainte"}
	for d, w := range dimWords {
		names[d] = w
	}
	for _, d := range pretest.Dims {
		s := pretest.Of(a, d)
		line := fmt.Sprintf("• %s : %s", names[d], s.Band())
		if s.Valid {
			line = fmt.Sprintf("• %s : %.0f sur 100, %s (%d réponses sur %d)", names[d], s.Value, s.Band(), s.Answered, s.Total)
		}
		out = out.Line(T(line))
	}
	return out
}

// addToPretest waits for words to add to the card.
func (t *turn) addToPretest() {
	if len(t.p.PreTests) == 0 {
		t.pretest("")
		return
	}
	t.park()
	t.p.Session = Session{State: "note", Asked: t.now}
	t.say(t.msg("add.ask"))
}

// pendingNote takes the words after «Ajouter quelque chose».
func (t *turn) pendingNote() bool {
	if t.p.Session.Flow != "" || t.p.Session.State != "note" {
		return false
	}
	t.p.Session = Session{}
	last := &t.p.PreTests[len(t.p.PreTests)-1]
	last.Added = append(append([]string(nil), last.Added...), cut(strings.TrimSpace(t.in.Text), 1000))
	c := t.p.Cards[cardPretest]
	t.updateCard(cardPretest, c.Open, nil)
	t.say(t.msg("add.done"), t.menuRow())
	return true
}

// answerAppointment tells staff whether the date suits.
func (t *turn) answerAppointment(arg string) {
	if _, ok := t.p.Cards[cardPretest]; !ok {
		t.menu()
		return
	}
	if arg == "yes" {
		t.threadLine(cardPretest, T("✔ Le rendez-vous convient."), false)
		t.toast = "C'est noté ✔"
		t.say(t.msg("rdv.yes"), t.menuRow())
		return
	}
	t.threadLine(cardPretest, T("✖ Le rendez-vous ne convient pas. Proposez une autre date."), false)
	t.updateCard(cardPretest, true, nil)
	t.say(t.msg("rdv.no"), t.menuRow())
}
