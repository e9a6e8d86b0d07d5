package faq

import (
	"slices"
)

// cueRule is a turn of phrase that shows what kind of answer is wanted.
type cueRule struct {
	words []string
	bit   uint32
}

// cueRules gives each kind of question a bit, in alphabetical order of kinds.
func cueRules(kinds map[string][]string) []cueRule {
	var names []string
	for k := range kinds {
		names = append(names, k)
	}
	slices.Sort(names)
	var rules []cueRule
	for i, k := range names {
		for _, phrase := range kinds[k] {
			rules = append(rules, cueRule{words: split(fold(phrase)), bit: 1 << (i % 32)})
		}
	}
	return rules
}

// cues returns the kinds of question that words show, one bit a kind.
func (r *Resources) cuesOf(words []string) uint32 {
	var mask uint32
	for _, rule := range r.cues {
		if mask&rule.bit == 0 && containsRun(words, rule.words) {
			mask |= rule.bit
		}
	}
	return mask
}

func containsRun(words, run []string) bool {
	if len(run) == 0 {
		return false
	}
	for i := 0; i+len(run) <= len(words); i++ {
		if words[i] == run[0] && slices.Equal(words[i:i+len(run)], run) {
			return true
		}
	}
	return false
}
