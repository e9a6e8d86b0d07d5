package care

import (
	"errors"
	"fmt"
	"io/fs"
	"unicode/utf16"
)

const textsFile = "care/texts.yaml"

// maxText is Telegram's limit on one message, in UTF-16 units.
const maxText = 4096

// Texts are the French texts of the check-ins, as written in care/texts.yaml.
// Placeholders: {duty}, {referent}, {days}.
type Texts struct {
	Consent            string `yaml:"consent"`
	ConsentNobody      string `yaml:"consent_nobody"` // when paging is off
	Thanks             string `yaml:"thanks"`         // after a pulse
	Green              string `yaml:"green"`
	Yellow             string `yaml:"yellow"`
	Orange             string `yaml:"orange"`
	Red                string `yaml:"red"`
	Doctor             string `yaml:"doctor"`
	WeighsIntro        string `yaml:"weighs_intro"`
	WeighsOrganisation string `yaml:"weighs_organisation"`
	WeighsPerson       string `yaml:"weighs_person"`
	WeighsNothing      string `yaml:"weighs_nothing"`
	Ideas              string `yaml:"ideas"`
	WarnWhat           string `yaml:"warn_what"` // before «Prévenir»: what is sent
	WarnDone           string `yaml:"warn_done"`
	WarnSeen           string `yaml:"warn_seen"`
	Pause              string `yaml:"pause"`
	Erased             string `yaml:"erased"`
	TooFew             string `yaml:"too_few"`
	Prorated           string `yaml:"prorated"`
	GroupFew           string `yaml:"group_few"`
}

// LoadTexts reads care/texts.yaml strictly. The error lists every missing or
// too long text.
func LoadTexts(content fs.FS) (Texts, error) {
	all := map[string]string{}
	if err := load(content, textsFile, &all); err != nil {
		return Texts{}, err
	}
	var t Texts
	if err := load(content, textsFile, &t); err != nil {
		return Texts{}, err
	}
	var errs []error
	for _, key := range textKeys {
		if blank(all[key]) {
			errs = append(errs, fmt.Errorf("care: %s: %s: no text", textsFile, key))
		}
		if len(utf16.Encode([]rune(all[key]))) > maxText {
			errs = append(errs, fmt.Errorf("care: %s: %s: a message holds %d characters", textsFile, key, maxText))
		}
	}
	return t, errors.Join(errs...)
}

// textKeys are the keys that must be there.
var textKeys = []string{
	"consent", "consent_nobody", "thanks", "green", "yellow", "orange", "red", "doctor",
	"weighs_intro", "weighs_organisation", "weighs_person", "weighs_nothing", "ideas",
	"warn_what", "warn_done", "warn_seen", "pause", "erased", "too_few", "prorated", "group_few",
}

// Of returns the text of a level.
func (t Texts) Of(l Level) string {
	switch l {
	case Yellow:
		return t.Yellow
	case Orange:
		return t.Orange
	case Red:
		return t.Red
	default:
		return t.Green
	}
}
