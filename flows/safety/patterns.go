package safety

import (
	"regexp"
	"strings"
)

// pattern is one idea a text may express, in several expressions.
type pattern struct {
	id     string
	level  Level
	kind   Kind
	any    []rule
	down   []rule
	drop   []rule
	negate bool
	past   bool
	humour bool
	glued  bool
}

// mask is a harmless turn of phrase, taken out before the patterns are read,
// or a dangerous one rewritten so that later masks leave it alone.
type mask struct {
	any []rule
	to  string
}

// rule is one expression with the strings one of which a match must hold, so
// that most expressions are never run.
type rule struct {
	re    *regexp.Regexp
	needs []string
}

type guards struct {
	negation, after, past, recent, humour *regexp.Regexp
}

// find returns where the rule matches, or nil.
func (r rule) find(text string) []int {
	if !r.possible(text) {
		return nil
	}
	return r.re.FindStringIndex(text)
}

func (r rule) possible(text string) bool {
	if len(r.needs) == 0 {
		return true
	}
	for _, n := range r.needs {
		if strings.Contains(text, n) {
			return true
		}
	}
	return false
}

func anyMatch(rules []rule, text string) bool {
	for _, r := range rules {
		if r.find(text) != nil {
			return true
		}
	}
	return false
}

// readPatterns is the first reader: masks, then patterns, then guards. It also
// says whether a guard lowered a crisis to the distress it returns.
func (r *Reader) readPatterns(n normal) (best Finding, guarded bool) {
	text := r.mask(n.text)
	for i := range r.patterns {
		p := &r.patterns[i]
		if p.level < best.Level {
			break
		}
		level := r.levelOf(p, text, n)
		guarded = guarded || level == Distress && p.level == Crisis
		if level > best.Level {
			best = Finding{Level: level, Kind: p.kindAt(level), Reason: p.id}
		} else if level == best.Level && level != None && best.Also == KindNone && p.kind != best.Kind {
			best.Also = p.kindAt(level)
		}
	}
	return best.ordered(), guarded
}

// kindAt says what a finding is about after a guard lowered it.
func (p *pattern) kindAt(l Level) Kind {
	if l == Distress && p.level == Crisis && p.kind == KindSuicide {
		return KindSuffering
	}
	return p.kind
}

// ordered puts the kind that needs the other text first: a child before
// anything, the person's own life before the rest.
func (f Finding) ordered() Finding {
	rank := map[Kind]int{KindMinor: 5, KindSuicide: 4, KindThirdParty: 3, KindViolence: 2, KindThreat: 2, KindSuffering: 1}
	if f.Also == f.Kind {
		f.Also = KindNone
	}
	if rank[f.Also] > rank[f.Kind] {
		f.Kind, f.Also = f.Also, f.Kind
	}
	return f
}

func (r *Reader) mask(text string) string {
	for _, m := range r.masks {
		for _, rule := range m.any {
			if rule.possible(text) {
				text = rule.re.ReplaceAllLiteralString(text, m.to)
			}
		}
	}
	return text
}

// levelOf returns what one pattern says of a text once its guards spoke.
func (r *Reader) levelOf(p *pattern, text string, n normal) Level {
	level := None
	for _, rule := range p.any {
		if !rule.possible(text) {
			continue
		}
		for _, at := range rule.re.FindAllStringIndex(text, 4) {
			if l := r.guarded(p, text, at); l > level {
				level = l
			}
		}
		if level == p.level {
			return level
		}
	}
	if p.glued && level == None {
		for _, w := range n.glued {
			for _, rule := range p.any {
				if rule.re.MatchString(w) {
					return p.level
				}
			}
		}
	}
	return level
}

// guarded applies the guards of p to one match.
func (r *Reader) guarded(p *pattern, text string, at []int) Level {
	if len(p.drop) > 0 && anyMatch(p.drop, text) {
		return None
	}
	if p.level == Distress {
		return Distress
	}
	lowered := len(p.down) > 0 && anyMatch(p.down, text) ||
		p.humour && r.guards.humour.MatchString(text) ||
		p.past && r.guards.past.MatchString(text) && !r.guards.recent.MatchString(text) ||
		p.negate && r.negated(text, at)
	if lowered {
		return Distress
	}
	return p.level
}

// negated looks for a negation inside the match, right after it and in the
// three words before it. A new subject or sentence closes the window: "je ne peux plus, je veux
// mourir" is no negation.
func (r *Reader) negated(text string, at []int) bool {
	match := " " + text[at[0]:at[1]] + " "
	if r.guards.negation.MatchString(match) || r.guards.after.MatchString(text[at[1]:]) {
		return true
	}
	if strings.HasPrefix(match, " je ") {
		return false
	}
	before := strings.Fields(text[:at[0]])
	if len(before) > 4 {
		before = before[len(before)-4:]
	}
	for i := len(before) - 1; i >= 0; i-- {
		if before[i] == "." || before[i] == "et" || before[i] == "mais" {
			before = before[i+1:]
			break
		}
		if before[i] == "je" {
			before = before[i:]
			break
		}
	}
	return r.guards.negation.MatchString(" " + strings.Join(before, " ") + " ")
}
