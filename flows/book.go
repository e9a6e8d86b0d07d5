package flows

import (
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/coopconnexion/relais/flows/safety"
)

// Settings are the facts of one co-operative that the flows speak of. They
// come from the configuration and do not change while the program runs.
type Settings struct {
	Coop string // "CoopConnexion"
	// Contact is how to reach a human without the assistant.
	Contact string
	// Contribution is the co-operative's share of the revenue, in percent.
	Contribution decimal.Decimal
	// DueDay is the day of the next month on which a declaration is due.
	DueDay int
	Zone   *time.Location
	// PersonRate is how many inputs a minute one person may send before the
	// flood guard speaks; 0 is off.
	PersonRate int
	// Staff are displayed names by staff id.
	Staff map[string]string
	// BotName is the Telegram name of the bot, for deep links; may be empty.
	BotName string
	// PageURL is where the co-operative's own pages are reached; empty: none.
	PageURL string
	// Duty says that somebody answers pages of crisis.
	Duty bool
}

// SafetyReader reads every text first. Level is "crisis", "distress" or "none";
// Kind refines a crisis (violence, minor, third party).
type SafetyReader func(text string) (level, kind string)

// Found is what the fact sheets know about a question.
type Found struct {
	Outcome string // "answer", "choices", "none"
	ID      string
	Choices []Choice
}

// Choice is a sheet that may be meant.
type Choice struct{ ID, Title string }

// Sheets answers questions about rights.
type Sheets interface {
	// Ask finds the sheet for a question of this person.
	Ask(question string, p *Person) Found
	// Answer writes a sheet, in French, for the date.
	Answer(id string, at time.Time) (Rich, bool)
	// EstimateKind is the kind of estimate that a sheet leads to, or "".
	EstimateKind(id string) string
	// Estimate makes an estimate from the facts asked and writes it, in French.
	// The error is a French sentence.
	Estimate(kind string, at time.Time, answers map[string]string) (Rich, error)
	// Overdue lists the sheets whose review date has passed.
	Overdue(at time.Time) []string
	// Source writes where the answer comes from and when it was checked.
	Source(id string, at time.Time) (Rich, bool)
}

// Book holds everything that the assistant can say and do. Its Step is pure.
type Book struct {
	set    Settings
	texts  map[string]string
	quests map[string]*Questionnaire
	flows  map[string]flow
	safety SafetyReader
	net    safety.Texts
	care   checkins
	sheets Sheets
	hours  Hours
	staff  Hours
}

// flow is what a questionnaire means: how it starts, what its summary shows,
// what its end does.
type flow struct {
	vars     func(t *turn) map[string]string
	options  func(t *turn, q *Question) []Option // computed options of a question
	open     func(t *turn)                       // after the session was made
	answered func(t *turn, q *Question)          // after an answer was recorded
	summary  func(t *turn) Rich
	finish   func(t *turn, outcome string)
}

// NewBook reads the content and checks it. Every problem is reported at once.
func NewBook(content fs.FS, set Settings, reader SafetyReader, sheets Sheets) (*Book, []error) {
	quests, problems := LoadQuestionnaires(content)
	texts, errs := loadTexts(content)
	problems = append(problems, errs...)
	net, err := safety.LoadTexts(content)
	if err != nil {
		problems = append(problems, err)
	}
	checks, errs := loadCheckins(content)
	problems = append(problems, errs...)
	b := &Book{set: set, texts: texts, quests: quests, safety: reader, sheets: sheets, net: net, care: checks,
		hours: NudgeHours(set.Zone), staff: StaffHours(set.Zone)}
	b.flows = map[string]flow{
		"welcome":     b.welcomeFlow(),
		"member":      b.memberFlow(),
		"pretest":     b.pretestFlow(),
		"declaration": b.declarationFlow(),
	}
	for name := range b.flows {
		if quests[name] == nil {
			problems = append(problems, fmt.Errorf("questionnaires/%s.yaml is missing", name))
		}
	}
	for name, q := range quests {
		if _, ok := b.flows[name]; !ok {
			b.flows[name] = b.plainFlow(q)
		}
	}
	return b, problems
}

// Questionnaires lists the questionnaires by name.
func (b *Book) Questionnaires() map[string]*Questionnaire { return b.quests }

// Hours are the hours in which the assistant may speak unasked.
func (b *Book) Hours() Hours { return b.hours }

// Step decides on one input. See the order of attention in the design, A4.
func (b *Book) Step(v View, in Input) Decision {
	t := &turn{b: b, v: v, in: in, p: clonePerson(v.Person), now: in.At}
	switch in.Role {
	case RolePerson:
		t.person()
	case RoleStaff:
		t.staffInput()
	case RoleClock:
		t.wake()
	default:
		t.system()
	}
	if !t.forget {
		t.plan()
	}
	return Decision{Person: *t.p, Effects: t.fx, Toast: t.toast, Forget: t.forget, Rekey: t.rekey}
}

// clonePerson copies what a step changes in place, so that the view stays as
// it was and the step can be run again.
func clonePerson(p Person) *Person {
	c := p
	c.Accounts = append([]Account(nil), p.Accounts...)
	c.Consents = append([]Consent(nil), p.Consents...)
	c.Parked = append([]Session(nil), p.Parked...)
	c.PreTests = append([]PreTest(nil), p.PreTests...)
	c.Declarations = append([]Declaration(nil), p.Declarations...)
	for i := range c.Declarations {
		c.Declarations[i].Versions = append([]DeclarationVersion(nil), c.Declarations[i].Versions...)
		c.Declarations[i].History = append([]Decided(nil), c.Declarations[i].History...)
	}
	c.Tickets = append([]Ticket(nil), p.Tickets...)
	c.Files = append([]FileRef(nil), p.Files...)
	c.Cards = cloneMap(p.Cards)
	c.Modules = cloneMap(p.Modules)
	c.Nudges.Done = cloneMap(p.Nudges.Done)
	c.Nudges.Settled = cloneMap(p.Nudges.Settled)
	c.Flood.Kept = append([]Input(nil), p.Flood.Kept...)
	c.Session = cloneSession(p.Session)
	if p.Case != nil {
		e := *p.Case
		e.Answers = cloneMap(e.Answers)
		c.Case = &e
	}
	return &c
}

func cloneSession(s Session) Session {
	s.Answers = cloneMap(s.Answers)
	s.Args = cloneMap(s.Args)
	s.Former = cloneMap(s.Former)
	s.Order = append([]string(nil), s.Order...)
	s.Picked = append([]string(nil), s.Picked...)
	s.Millis = append([]int64(nil), s.Millis...)
	return s
}

func cloneMap[V any](m map[string]V) map[string]V {
	if m == nil {
		return nil
	}
	c := make(map[string]V, len(m))
	for k, v := range m {
		c[k] = v
	}
	return c
}

// person is the order of attention for what a person did.
func (t *turn) person() {
	t.revive()
	if t.in.Kind == KindGone {
		t.gone()
		return
	}
	if t.in.Kind == KindBack {
		t.welcomeBack()
		return
	}
	if t.in.Name != "" && t.p.Profile.Name == "" {
		t.p.Profile.Name = t.in.Name
	}
	if t.safetyNet() {
		return
	}
	if t.flooding() {
		return
	}
	t.attend()
}

// attend handles an input that passed the safety net and the flood guard.
func (t *turn) attend() {
	if t.v.Linked && t.in.Code != LinkCode(t.p) {
		// A code that leads here for another purpose (a private page) links nobody.
		t.say(t.msg("code.unknown"))
		return
	}
	t.linkAccount()
	switch t.in.Kind {
	case KindTap:
		if t.tap(); t.toast == "" { // the message may come later: the tap itself is always answered
			t.toast = "D'accord"
		}
	case KindText:
		t.text()
	case KindFile:
		t.file()
	case KindEdit:
		t.edited()
	default:
		t.unsupported()
	}
}

// text is a typed message: commands, then consent, then a human who holds the
// conversation, then the current question, then the sheets and the menu.
func (t *turn) text() {
	if strings.TrimSpace(t.in.Text) == "" {
		t.unsupported()
		return
	}
	if cmd, arg, ok := command(t.in.Text); ok && t.command(cmd, arg) {
		return
	}
	if !t.admitted() {
		return
	}
	if h := t.p.Held(); h != nil {
		t.relay(h)
		return
	}
	if t.pendingNote() || t.typedFact() {
		return
	}
	if t.p.Session.Flow != "" && t.answer() {
		return
	}
	if word, ok := bareCommand(t.in.Text); ok && t.command(word, "") {
		return
	}
	if t.sheet() {
		return
	}
	t.miss()
}
