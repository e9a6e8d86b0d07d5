package safety

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/goccy/go-yaml"
)

const textsFile = "safety/texts.yaml"

// maxText is Telegram's limit on one message, in UTF-16 units.
const maxText = 4096

// Texts are the French texts of the safety net, as written in
// safety/texts.yaml. They are plain text; each line is a paragraph. {duty}
// stands for the person on duty (see [WithDuty]).
type Texts struct {
	// Checked is the day the numbers were last dialled, as YYYY-MM-DD.
	Checked string            `yaml:"checked"`
	Numbers map[string]string `yaml:"numbers"`

	Crisis         string `yaml:"crisis"`          // own life in danger
	CrisisMinor    string `yaml:"crisis_minor"`    // the same, to a person under 18
	Violence       string `yaml:"violence"`        // violence suffered
	ViolenceThreat string `yaml:"violence_threat"` // violence threatened
	ViolenceMinor  string `yaml:"violence_minor"`  // violence, to a person under 18
	Child          string `yaml:"child"`           // a child in danger, told by an adult
	ThirdParty     string `yaml:"third_party"`     // somebody near wants to die
	Distress       string `yaml:"distress"`        // before the direct question
	DistressMinor  string `yaml:"distress_minor"`  // the same, to a person under 18

	DirectQuestion    string `yaml:"direct_question"` // buttons Oui, Non, Je ne sais pas; the last counts as Oui
	InDanger          string `yaml:"in_danger"`       // ends every text of crisis; buttons Oui, Non
	InDangerYes       string `yaml:"in_danger_yes"`
	InDangerYesNobody string `yaml:"in_danger_yes_nobody"` // when nobody is on duty
	Paged             string `yaml:"paged"`                // during staffed hours, with consent
	PagedLater        string `yaml:"paged_later"`          // outside staffed hours, with consent
	NoReply           string `yaml:"no_reply"`             // nobody acknowledged in ten minutes
	FollowUp          string `yaml:"follow_up"`            // after fifteen minutes
	Stay              string `yaml:"stay"`                 // to anything written in between
}

// LoadTexts reads safety/texts.yaml. The error lists every missing text, every
// text over the limit of a message, and every emergency text without the
// numbers it must give.
func LoadTexts(content fs.FS) (Texts, error) {
	raw, err := fs.ReadFile(content, textsFile)
	if err != nil {
		return Texts{}, fmt.Errorf("safety: %s: %w", textsFile, err)
	}
	var t Texts
	if err := yaml.UnmarshalWithOptions(raw, &t, yaml.Strict()); err != nil {
		return Texts{}, fmt.Errorf("safety: %s: %w", textsFile, err)
	}
	if err := t.check(); err != nil {
		return Texts{}, fmt.Errorf("safety: %s: %w", textsFile, err)
	}
	return t, nil
}

// entry is one text with the numbers it must give.
type entry struct {
	key, text string
	must      []string
}

func (t Texts) entries() []entry {
	own := []string{"3114", "15", "112", "114"}
	return []entry{
		{"crisis", t.Crisis, own},
		{"crisis_minor", t.CrisisMinor, append([]string{"119", "3018", "0 800 235 236"}, own...)},
		{"violence", t.Violence, []string{"17", "112", "114", "3919", "119"}},
		{"violence_threat", t.ViolenceThreat, []string{"17", "112", "3114", "114"}},
		{"violence_minor", t.ViolenceMinor, []string{"17", "112", "114", "119", "3018"}},
		{"child", t.Child, []string{"119", "17", "15", "112", "114", "3114"}},
		{"third_party", t.ThirdParty, own},
		{"distress", t.Distress, []string{"3114", "0 805 65 505 0"}},
		{"distress_minor", t.DistressMinor, []string{"3114", "0 800 235 236", "119"}},
		{"direct_question", t.DirectQuestion, nil},
		{"in_danger", t.InDanger, nil},
		{"in_danger_yes", t.InDangerYes, []string{"15"}},
		{"in_danger_yes_nobody", t.InDangerYesNobody, []string{"15"}},
		{"paged", t.Paged, nil},
		{"paged_later", t.PagedLater, []string{"3114"}},
		{"no_reply", t.NoReply, []string{"3114", "15"}},
		{"follow_up", t.FollowUp, nil},
		{"stay", t.Stay, []string{"3114", "15", "112"}},
	}
}

func (t Texts) check() error {
	var errs []error
	if _, err := time.Parse(time.DateOnly, t.Checked); err != nil {
		errs = append(errs, errors.New("checked: write the day the numbers were dialled as YYYY-MM-DD"))
	}
	for _, e := range t.entries() {
		if strings.TrimSpace(e.text) == "" {
			errs = append(errs, fmt.Errorf("%s: no text", e.key))
		}
		if n := len(utf16.Encode([]rune(e.text))); n > maxText {
			errs = append(errs, fmt.Errorf("%s: %d characters, a message holds %d", e.key, n, maxText))
		}
		for _, number := range e.must {
			if !gives(e.text, number) {
				errs = append(errs, fmt.Errorf("%s: the number %s is missing", e.key, number))
			}
		}
	}
	return errors.Join(errs...)
}

// gives says whether a text names a number that is not part of a longer one.
func gives(text, number string) bool {
	return regexp.MustCompile(`(^|[^\d ]|[^\d] )` + regexp.QuoteMeta(number) + `($|[^\d ]| [^\d])`).MatchString(text)
}

// Reply returns the first text to give for a kind of finding. A minor gets the
// numbers made for them. It gives the text of a crisis when in doubt; the text
// of distress only for KindSuffering. The caller adds [Texts.InDanger] to a
// text of crisis and [Texts.DirectQuestion] to a text of distress.
func (t Texts) Reply(kind Kind, minor bool) string {
	switch {
	case kind == KindSuffering && minor:
		return t.DistressMinor
	case kind == KindSuffering:
		return t.Distress
	case kind == KindMinor && !minor:
		return t.Child
	case kind == KindThirdParty:
		return t.ThirdParty
	case (kind == KindViolence || kind == KindThreat || kind == KindMinor) && minor:
		return t.ViolenceMinor
	case kind == KindViolence:
		return t.Violence
	case kind == KindThreat:
		return t.ViolenceThreat
	case minor:
		return t.CrisisMinor
	}
	return t.Crisis
}

// WithDuty puts the name of the person on duty into a text.
func WithDuty(text, name string) string { return strings.ReplaceAll(text, "{duty}", name) }
