package safety

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"sort"
	"strings"

	"github.com/goccy/go-yaml"
)

// source is the layout of safety/patterns.yaml.
type source struct {
	SMS      map[string]string `yaml:"sms"`
	Fuzzy    []string          `yaml:"fuzzy"`
	Known    []string          `yaml:"known"`
	Macros   []macro           `yaml:"macros"`
	Negation string            `yaml:"negation"`
	After    string            `yaml:"after"` // a negation right after a match
	Past     string            `yaml:"past"`
	Recent   string            `yaml:"recent"`
	Humour   string            `yaml:"humour"`
	Masks    []maskSource      `yaml:"masks"`
	Patterns []patternSource   `yaml:"patterns"`
	Raise    thresholds        `yaml:"raise"`
}

// thresholds are the probabilities from which the second reader raises a text.
type thresholds struct {
	Crisis   float64 `yaml:"crisis"`
	Agree    float64 `yaml:"agree"` // to crisis, when the patterns say distress
	Distress float64 `yaml:"distress"`
	Short    float64 `yaml:"short"` // to distress, for a text of few words
}

type macro struct {
	Name string `yaml:"name"`
	Is   string `yaml:"is"`
}

type maskSource struct {
	ID  string   `yaml:"id"`
	Any []string `yaml:"any"`
	To  string   `yaml:"to"` // what stands in its place; "_" when absent
}

type patternSource struct {
	ID    string   `yaml:"id"`
	Level string   `yaml:"level"`
	Kind  Kind     `yaml:"kind"`
	Any   []string `yaml:"any"`
	// Guards. Down lowers a crisis to distress, Drop cancels a pattern of
	// distress. Both are looked for in the whole text.
	Down   []string `yaml:"down"`
	Drop   []string `yaml:"drop"`
	Negate bool     `yaml:"negate"` // a negation lowers it to distress
	Past   bool     `yaml:"past"`   // an old date lowers it to distress
	Humour bool     `yaml:"humour"` // a laugh lowers it to distress
	Glued  bool     `yaml:"glued"`  // also read in words without spaces
}

// newPatternReader builds the first reader alone.
func newPatternReader(content fs.FS) (*Reader, error) {
	raw, err := fs.ReadFile(content, patternsFile)
	if err != nil {
		return nil, fmt.Errorf("safety: %s: %w", patternsFile, err)
	}
	var src source
	if err := yaml.UnmarshalWithOptions(raw, &src, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("safety: %s: %w", patternsFile, err)
	}
	r, err := src.compile()
	if err != nil {
		return nil, fmt.Errorf("safety: %s: %w", patternsFile, err)
	}
	if r.families, err = loadFamilies(content); err != nil {
		return nil, fmt.Errorf("safety: %s: %w", classesFile, err)
	}
	return r, nil
}

func (s *source) compile() (*Reader, error) {
	c := compiler{macros: strings.NewReplacer(s.macroPairs()...)}
	r := &Reader{words: newLexicon(s), raise: s.Raise}
	r.guards = guards{
		negation: c.regexp("negation", s.Negation),
		after:    c.regexp("after", s.After),
		past:     c.regexp("past", s.Past),
		recent:   c.regexp("recent", s.Recent),
		humour:   c.regexp("humour", s.Humour),
	}
	for _, m := range s.Masks {
		to := m.To
		if to == "" {
			to = "_"
		}
		r.masks = append(r.masks, mask{any: c.rules(m.ID, m.Any), to: to})
	}
	seen := map[string]bool{}
	for _, p := range s.Patterns {
		if p.ID == "" || seen[p.ID] {
			c.fail("pattern id %q is empty or used twice", p.ID)
		}
		seen[p.ID] = true
		r.patterns = append(r.patterns, c.pattern(p))
	}
	// The most serious patterns first: the first match decides.
	sort.SliceStable(r.patterns, func(i, j int) bool { return r.patterns[i].level > r.patterns[j].level })
	if len(r.patterns) == 0 {
		c.fail("no patterns: an empty safety net is refused")
	}
	if s.Raise.Crisis <= 0 || s.Raise.Agree <= 0 || s.Raise.Distress <= 0 || s.Raise.Short <= 0 {
		c.fail("raise.crisis, raise.agree, raise.distress and raise.short must be above 0")
	}
	return r, errors.Join(c.errs...)
}

// macroPairs lists <name> and its expansion; a macro may use earlier ones.
func (s *source) macroPairs() []string {
	var pairs []string
	for _, m := range s.Macros {
		is := m.Is
		if len(pairs) > 0 {
			is = strings.NewReplacer(pairs...).Replace(is)
		}
		pairs = append(pairs, "<"+m.Name+">", "(?:"+is+")")
	}
	return pairs
}

// compiler gathers every mistake of the file instead of stopping at the first.
type compiler struct {
	macros *strings.Replacer
	errs   []error
}

func (c *compiler) fail(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf(format, args...))
}

func (c *compiler) regexp(id, expr string) *regexp.Regexp {
	expr = c.macros.Replace(expr)
	if strings.TrimSpace(expr) == "" || strings.Contains(expr, "<") {
		c.fail("%s: %q is empty or uses an unknown <macro>", id, expr)
		return regexp.MustCompile(`\z.`)
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		c.fail("%s: %w", id, err)
		return regexp.MustCompile(`\z.`)
	}
	return re
}

func (c *compiler) rules(id string, exprs []string) []rule {
	if len(exprs) == 0 {
		c.fail("%s: no expression under any", id)
	}
	out := make([]rule, 0, len(exprs))
	for _, e := range exprs {
		re := c.regexp(id, `\b(?:`+e+`)\b`)
		out = append(out, rule{re: re, needs: required(re.String())})
	}
	return out
}

func (c *compiler) pattern(p patternSource) pattern {
	levels := map[string]Level{"crisis": Crisis, "distress": Distress}
	kinds := map[Kind]bool{KindSuicide: true, KindViolence: true, KindThreat: true, KindMinor: true, KindThirdParty: true, KindSuffering: true}
	if levels[p.Level] == None || !kinds[p.Kind] {
		c.fail("%s: level must be crisis or distress, and kind one of the six", p.ID)
	}
	out := pattern{
		id: p.ID, level: levels[p.Level], kind: p.Kind, any: c.rules(p.ID, p.Any),
		negate: p.Negate, past: p.Past, humour: p.Humour, glued: p.Glued,
	}
	if len(p.Down) > 0 {
		out.down = c.rules(p.ID+" down", p.Down)
	}
	if len(p.Drop) > 0 {
		if out.level == Crisis {
			c.fail("%s: drop is for distress; a crisis may only go down to distress", p.ID)
		}
		out.drop = c.rules(p.ID+" drop", p.Drop)
	}
	return out
}

func newLexicon(s *source) *lexicon {
	l := &lexicon{sms: s.SMS, fuzzy: map[int][]string{}, known: map[string]bool{}}
	for _, w := range s.Fuzzy {
		l.fuzzy[len(w)] = append(l.fuzzy[len(w)], w)
		l.known[w] = true
	}
	for _, w := range s.Known {
		l.known[w] = true
	}
	return l
}
