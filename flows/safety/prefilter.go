package safety

import (
	"regexp/syntax"
	"strings"
)

// maxNeeds bounds the strings looked for before an expression is run.
const maxNeeds = 80

// required returns strings one of which every match of expr contains, or nil
// when no such list of useful size exists.
func required(expr string) []string {
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil
	}
	return needs(tree)
}

func needs(t *syntax.Regexp) []string {
	switch t.Op {
	case syntax.OpLiteral:
		return []string{string(t.Rune)}
	case syntax.OpCapture, syntax.OpPlus:
		return needs(t.Sub[0])
	case syntax.OpRepeat:
		if t.Min >= 1 {
			return needs(t.Sub[0])
		}
	case syntax.OpConcat:
		return bestOf(t.Sub)
	case syntax.OpAlternate:
		return unionOf(t.Sub)
	}
	return nil
}

// bestOf keeps the part of a sequence whose shortest string is the longest.
func bestOf(subs []*syntax.Regexp) []string {
	var best []string
	for _, s := range subs {
		n := needs(s)
		if n != nil && (best == nil || score(n) > score(best)) {
			best = n
		}
	}
	return best
}

func score(n []string) int {
	least := 1 << 10
	for _, s := range n {
		least = min(least, len(strings.TrimSpace(s)))
	}
	return least*100 - len(n)
}

func unionOf(subs []*syntax.Regexp) []string {
	var all []string
	for _, s := range subs {
		n := needs(s)
		if n == nil || len(all)+len(n) > maxNeeds {
			return nil
		}
		all = append(all, n...)
	}
	return all
}
