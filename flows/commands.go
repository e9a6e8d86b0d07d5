package flows

import (
	"fmt"
	"strings"
	"time"

	"github.com/coopconnexion/relais/flows/french"
)

// plainCommands need consent and nothing else.
var plainCommands = map[string]func(t *turn, arg string){
	"menu":     func(t *turn, _ string) { t.park(); t.menu() },
	"hello":    func(t *turn, _ string) { t.hello() },
	"thanks":   func(t *turn, _ string) { t.thanks() },
	"declare":  func(t *turn, arg string) { t.declare(arg) },
	"list":     func(t *turn, _ string) { t.listDeclarations() },
	"pretest":  func(t *turn, arg string) { t.pretest(arg) },
	"question": func(t *turn, _ string) { t.say(t.msg("question.ask"), t.estimateRows()...) },
	"simulate": func(t *turn, _ string) { t.say(t.msg("estimate.which"), t.estimateRows()...) },
	"estimate": func(t *turn, arg string) { t.startEstimate(arg) },
	"how-am-i": func(t *turn, _ string) { t.howAmI() },
	"care":     func(t *turn, arg string) { t.careCommand(arg) },
	"pause":    func(t *turn, _ string) { t.pauseAny() },
	"continue": func(t *turn, _ string) { t.takeUp() },
	"data":     func(t *turn, _ string) { t.myData() },
	"fewer":    func(t *turn, arg string) { t.fewer(arg) },
	"settle":   func(t *turn, arg string) { t.settle(arg) },
	"rdv":      func(t *turn, arg string) { t.answerAppointment(arg) },
	"add":      func(t *turn, _ string) { t.addToPretest() },
	"how":      func(t *turn, _ string) { t.say(t.pretestHow(), t.menuRow()) },
	"sheet":    func(t *turn, arg string) { t.sheetCommand("sheet", arg) },
	"source":   func(t *turn, arg string) { t.sheetCommand("source", arg) },
	"notmine":  func(t *turn, arg string) { t.sheetCommand("notmine", arg) },
	"useful":   func(t *turn, arg string) { t.sheetCommand("useful", arg) },
	"useless":  func(t *turn, arg string) { t.sheetCommand("useless", arg) },
	"resume": func(t *turn, arg string) {
		flow, month, _ := strings.Cut(arg, ".")
		t.resume(flow, monthArg(month))
	},
	"care-erase": func(t *turn, _ string) {
		if _, ok := CareOf(t.p); !ok {
			t.erase("")
			return
		}
		t.careCommand("erase")
	},
}

// memberCommand are the commands that need consent.
func (t *turn) memberCommand(name, arg string) bool {
	if do := plainCommands[name]; do != nil {
		do(t, arg)
	} else {
		t.say(t.msg("command.unknown"), t.menuRow())
	}
	return true
}

// pauseAny pauses the questionnaire under way, or else the check-ins.
func (t *turn) pauseAny() {
	c, ok := CareOf(t.p)
	switch {
	case t.quest() != nil:
		t.pause()
	case ok && c.Paused.IsZero():
		t.pauseCare(&c)
	default:
		t.say(t.msg("paused.empty"), row(t.btn("Menu", "c.menu")))
	}
}

func monthArg(month string) map[string]string {
	if month == "" {
		return nil
	}
	return map[string]string{"month": month}
}

func (t *turn) menuRow() []Button {
	return row(t.btn("Menu", "c.menu"), t.btn("Parler à quelqu'un", "c.human"))
}

// start always works: it greets, and shows where things stand.
func (t *turn) start() {
	if t.v.UnknownCode && t.in.Code != "" {
		t.say(t.msg("code.unknown"))
	}
	if t.in.Code != "" && t.v.Linked && t.p.Current() != t.in.From {
		t.say(t.msg("code.used"))
		return
	}
	if !t.consented() {
		t.p.Session = Session{}
		t.admitted()
		return
	}
	if h := t.p.Held(); h != nil {
		t.say(t.msg("held.still", "staff", t.name(h.Held)), row(t.btn("Menu", "c.menu")))
		return
	}
	t.park()
	t.hello()
}

// hello greets and shows the menu.
func (t *turn) hello() {
	if t.quest() != nil {
		t.ask(t.msg("hello.back"))
		return
	}
	t.say(t.msg("hello", "who", t.greeting()), t.menuRows()...)
}

func (t *turn) greeting() string {
	if t.p.Profile.Name == "" {
		return "Bonjour."
	}
	return "Bonjour " + t.p.Profile.Name + "."
}

func (t *turn) thanks() {
	if t.quest() != nil {
		t.ask(nil)
		return
	}
	t.say(t.msg("thanks"), t.menuRow())
}

// menu is what can be done now.
func (t *turn) menu() { t.say(t.msg("menu"), t.menuRows()...) }

func (t *turn) menuRows() [][]Button {
	var rows [][]Button
	for _, s := range t.p.Parked {
		q := t.b.quests[s.Flow]
		if q == nil {
			continue
		}
		label := "▶ Reprendre : " + q.Title
		if m := s.Args["month"]; m != "" {
			label = "▶ Reprendre : " + french.MonthName(m)
		}
		rows = append(rows, row(t.btn(cut(label, 45), resumeData(s.Flow, s.Args))))
	}
	if t.p.Profile.Status.Member() {
		rows = append(rows, row(t.btn("💶 Déclarer mon mois", "c.declare")), row(t.btn("Mes déclarations", "c.list"), t.btn("💚 Comment je vais", "c.how-am-i")))
	} else if len(t.p.PreTests) == 0 && !t.hasParked("pretest") {
		rows = append(rows, row(t.btn("📝 Parler de mon projet", "c.pretest")))
	} else if len(t.p.PreTests) > 0 {
		rows = append(rows, row(t.btn("Ajouter quelque chose à mon projet", "c.add")))
	}
	return append(rows, row(t.btn("❓ Poser une question", "c.question"), t.btn("Parler à quelqu'un", "c.human")))
}

func (t *turn) hasParked(flow string) bool {
	for _, s := range t.p.Parked {
		if s.Flow == flow {
			return true
		}
	}
	return false
}

// takeUp resumes the questionnaire left last.
func (t *turn) takeUp() {
	if t.quest() != nil {
		t.ask(nil)
		return
	}
	if n := len(t.p.Parked); n > 0 {
		s := t.p.Parked[n-1]
		t.resume(s.Flow, s.Args)
		return
	}
	t.say(t.msg("nothing.parked"), t.menuRows()...)
}

// help offers a human, the emergency numbers and the way on.
func (t *turn) help() {
	rows := [][]Button{row(t.btn("Parler à quelqu'un", "c.human"))}
	if t.quest() != nil {
		rows = append(rows, row(t.btn("▶ Revenir à ma question", "c.continue")))
	} else if t.consented() {
		rows = append(rows, row(t.btn("Menu", "c.menu")))
	}
	t.toast = "Voici l'aide"
	t.say(t.msg("help"), rows...)
}

// cancel stops what is under way. Nothing was sent, answers stay for a while.
func (t *turn) cancel() {
	q := t.quest()
	if _, asking := t.fact(); asking {
		t.stopEstimate()
		return
	}
	switch {
	case q == nil && !t.consented():
		t.admitted()
	case q == nil:
		t.say(t.msg("cancel.nothing"), t.menuRows()...)
	case q.Quiet:
		t.p.Session = Session{}
		t.say(t.msg("cancel.welcome"), row(t.btn("Recommencer", "c.start")))
	default:
		name, args, kept := t.p.Session.Flow, t.p.Session.Args, len(t.p.Session.Answers) > 0
		t.park()
		if !kept {
			t.p.Session = Session{}
			t.say(t.msg("cancel.done"), t.menuRows()...)
			return
		}
		t.say(t.msg("cancel.kept", "title", q.Title), row(t.btn("▶ Reprendre", resumeData(name, args))), row(t.btn("Menu", "c.menu")))
	}
}

// fewer keeps only the last reminder of each kind.
func (t *turn) fewer(arg string) {
	t.p.Profile.FewerReminders = arg != "no"
	if t.p.Profile.FewerReminders {
		t.say(t.msg("fewer"), row(t.btn("Remettre les rappels", "c.fewer.no")))
		return
	}
	t.say(t.msg("fewer.no"), t.menuRow())
}

// settle notes that a period is done elsewhere ("actualisation.2026-11").
func (t *turn) settle(arg string) {
	name, period, ok := strings.Cut(arg, ".")
	if !ok || name != nudgeActualisation {
		t.say(t.msg("command.unknown"), t.menuRow())
		return
	}
	if t.p.Nudges.Settled == nil {
		t.p.Nudges.Settled = map[string]time.Time{}
	}
	t.p.Nudges.Settled[name+"/"+period] = t.now
	t.cancelNudges(name, period, "settled")
	t.toast = "C'est noté ✔"
	t.say(t.msg("actualisation.done", "month", french.MonthName(period)))
}

// remember keeps what was asked for before consent, to do it afterwards.
func (t *turn) remember(name, arg string) {
	if name == "menu" || name == "hello" || name == "thanks" || name == "unknown" {
		return
	}
	if t.p.Session.Args == nil {
		t.p.Session.Args = map[string]string{}
	}
	t.p.Session.Args["then"] = fmt.Sprintf("%s %s", name, arg)
}
