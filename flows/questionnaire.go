package flows

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/looplab/fsm"
)

// Questionnaire is a conversation written as data: questions named by key, in
// order. It compiles to a looplab/fsm table that says which question may follow
// which; what each answer means is in the flow's Go file.
type Questionnaire struct {
	Name    string `yaml:"name"`
	Version int    `yaml:"version"`
	Title   string `yaml:"title"`
	// Summary shows every answer before sending, and lets each be corrected.
	Summary bool   `yaml:"summary"`
	Send    string `yaml:"send"` // label of the button that sends
	// Nudge reminds an abandoned questionnaire after 24 and 72 hours.
	Nudge bool `yaml:"nudge"`
	// Quiet questionnaires have no back, pause or reminder (before consent).
	Quiet     bool                `yaml:"quiet"`
	Scales    map[string][]Option `yaml:"scales"`
	Questions []Question          `yaml:"questions"`

	byKey map[string]int
	table fsm.Events
	pool  *sync.Pool
}

// Question is one question. Text and Help are French.
type Question struct {
	Key      string   `yaml:"key"`
	Kind     string   `yaml:"kind"`  // see kinds
	Text     string   `yaml:"text"`  // light markup, {placeholders}
	Short    string   `yaml:"short"` // label in the summary
	Help     string   `yaml:"help"`  // the example behind «Je ne comprends pas»
	Options  []Option `yaml:"options"`
	Scale    string   `yaml:"scale"` // a named list of options
	Required bool     `yaml:"required"`
	Reversed bool     `yaml:"reversed"` // scored the other way round
	ShowIf   string   `yaml:"show_if"`
	// Max is the number of choices (multi), of characters (text, 4000 at most),
	// or of files (document, default 20).
	Max int `yaml:"max"`
	// Low and High bound a number.
	Low  int `yaml:"low"`
	High int `yaml:"high"`
	// Zero is the label of a one-tap amount of nothing; Later that of "documents
	// to follow".
	Zero  string `yaml:"zero"`
	Later string `yaml:"later"`

	cond []condition
}

// Option is one answer of a choice. End finishes the questionnaire at once,
// with this outcome.
type Option struct {
	Value string `yaml:"value"`
	Label string `yaml:"label"`
	End   string `yaml:"end"`
}

// The kinds of question.
var kinds = map[string]bool{"choice": true, "multi": true, "scale": true, "text": true, "money": true, "number": true, "date": true, "month": true, "phone": true, "document": true, "consent": true, "info": true}

// States of the engine beside the question keys.
const (
	stateSummary = "summary" // every answer, before sending
	stateChoose  = "choose"  // which answer to correct
	stateDone    = "done"
)

// LoadQuestionnaires reads questionnaires/*.yaml, strictly, and reports every
// problem at once.
func LoadQuestionnaires(fsys fs.FS) (map[string]*Questionnaire, []error) {
	files, err := fs.Glob(fsys, "questionnaires/*.yaml")
	if err != nil || len(files) == 0 {
		return nil, []error{fmt.Errorf("content: no file questionnaires/*.yaml")}
	}
	all := map[string]*Questionnaire{}
	var problems []error
	for _, name := range files {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", name, err))
			continue
		}
		q, errs := ParseQuestionnaire(data)
		for _, e := range errs {
			problems = append(problems, fmt.Errorf("%s: %w", name, e))
		}
		if q == nil {
			continue
		}
		if q.Name+".yaml" != path.Base(name) {
			problems = append(problems, fmt.Errorf("%s: name %q must be the file's name", name, q.Name))
		}
		all[q.Name] = q
	}
	return all, problems
}

// ParseQuestionnaire reads one questionnaire, compiles it and checks it.
func ParseQuestionnaire(data []byte) (*Questionnaire, []error) {
	q := &Questionnaire{}
	if err := yaml.UnmarshalWithOptions(data, q, yaml.Strict()); err != nil {
		return nil, []error{fmt.Errorf("not readable: %s", firstLine(err.Error()))}
	}
	problems := q.prepare()
	if len(problems) > 0 {
		return q, problems
	}
	q.compile()
	return q, q.checkTable()
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

var keyForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,19}$`)

// prepare resolves scales and conditions, and checks what can be read without
// the table.
func (q *Questionnaire) prepare() []error {
	var problems []error
	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if q.Name == "" || q.Version < 1 || q.Title == "" || len(q.Questions) == 0 {
		bad("name, version (≥ 1), title and questions are required")
	}
	if q.Summary && q.Send == "" {
		bad("send: the label of the sending button is missing")
	}
	q.byKey = map[string]int{}
	for i := range q.Questions {
		qu := &q.Questions[i]
		if _, dup := q.byKey[qu.Key]; dup || !keyForm.MatchString(qu.Key) || qu.Key == stateSummary || qu.Key == stateChoose || qu.Key == stateDone {
			bad("question %d: key %q is missing, reserved or used twice (small letters, digits, 20 at most)", i+1, qu.Key)
		}
		if qu.Scale != "" {
			qu.Options = q.Scales[qu.Scale]
		}
		cond, err := parseConditions(qu.ShowIf, q.byKey)
		if err != nil {
			bad("question %q: show_if: %w", qu.Key, err)
		}
		qu.cond = cond
		q.byKey[qu.Key] = i
		for _, p := range qu.problems() {
			bad("question %q: %s", qu.Key, p)
		}
	}
	return problems
}

// problems checks one question against the limits of every channel.
func (qu *Question) problems() []string {
	var out []string
	say := func(cond bool, s string) {
		if cond {
			out = append(out, s)
		}
	}
	say(!kinds[qu.Kind], fmt.Sprintf("unknown kind %q", qu.Kind))
	say(strings.TrimSpace(qu.Text) == "", "text is missing")
	say(utf8.RuneCountInString(qu.Text) > 3000, "text is longer than 3000 characters")
	say(qu.Kind != "info" && strings.TrimSpace(qu.Help) == "", "help (the example behind «Je ne comprends pas») is missing")
	say(utf8.RuneCountInString(qu.Help) > 900, "help is longer than 900 characters")
	choice := qu.Kind == "choice" || qu.Kind == "multi" || qu.Kind == "scale" || qu.Kind == "consent" || qu.Kind == "info"
	say(choice && len(qu.Options) == 0, "options are missing (or the scale is unknown)")
	say(len(qu.Options) > 40, "more than 40 options")
	say(qu.Kind == "multi" && qu.Max < 1, "max (number of choices) is missing")
	say(qu.Max < 0 || (qu.Kind == "text" && qu.Max > 4000), "max is out of range")
	seen := map[string]bool{}
	for _, o := range qu.Options {
		say(!optionForm.MatchString(o.Value) || seen[o.Value], fmt.Sprintf("option %q: value is missing, too long (24) or used twice", o.Value))
		say(strings.TrimSpace(o.Label) == "" || utf8.RuneCountInString(o.Label) > 60, fmt.Sprintf("option %q: label is missing or longer than 60 characters", o.Value))
		seen[o.Value] = true
	}
	return out
}

var optionForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9+_-]{0,23}$`)

// condition is one term of show_if: key == v, key != v, key in a|b.
type condition struct {
	key    string
	values []string
	not    bool
}

var conditionForm = regexp.MustCompile(`^([a-z][a-z0-9_]*) (==|!=|in) ([A-Za-z0-9+_|-]+)$`)

func parseConditions(s string, known map[string]int) ([]condition, error) {
	var out []condition
	for _, term := range strings.Split(s, " and ") {
		term = strings.TrimSpace(term)
		if term == "" {
			continue
		}
		m := conditionForm.FindStringSubmatch(term)
		if m == nil {
			return nil, fmt.Errorf("cannot read %q (key == value, key != value, key in a|b, joined by «and»)", term)
		}
		if _, ok := known[m[1]]; !ok {
			return nil, fmt.Errorf("%q is not an earlier question", m[1])
		}
		out = append(out, condition{key: m[1], values: strings.Split(m[3], "|"), not: m[2] == "!="})
	}
	return out, nil
}

// shown reports whether the question is asked, given earlier answers.
func (qu *Question) shown(answers map[string]Answer) bool {
	for _, c := range qu.cond {
		in := false
		for _, v := range c.values {
			in = in || answers[c.key].Value == v
		}
		if in == c.not {
			return false
		}
	}
	return true
}

// option returns the option of this value, or nil.
func (qu *Question) option(value string) *Option {
	for i := range qu.Options {
		if qu.Options[i].Value == value {
			return &qu.Options[i]
		}
	}
	return nil
}

// hash tells whether the question changed while it was being answered.
func (qu *Question) hash() string {
	h := sha256.New()
	fmt.Fprint(h, qu.Kind, qu.Text, qu.Options)
	return hex.EncodeToString(h.Sum(nil)[:4])
}

// question returns the question of this key, or nil.
func (q *Questionnaire) question(key string) *Question {
	if i, ok := q.byKey[key]; ok {
		return &q.Questions[i]
	}
	return nil
}
