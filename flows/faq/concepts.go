package faq

import "slices"

// conceptRule says that a run of stems means a concept: "pole emploi" and
// "france travail" are the same one.
type conceptRule struct {
	stems   []string
	concept string // the term of the concept, "§" and a number
}

// conceptBook finds the synonyms' rules by their first stem.
type conceptBook struct {
	byFirst map[string][]conceptRule
}

// conceptHit is a run of content words that means a concept.
type conceptHit struct {
	from, to int // words [from, to)
	concept  string
}

func newConceptBook(groups [][]string, stop map[string]bool, stemOf func(string) string) *conceptBook {
	b := &conceptBook{byFirst: map[string][]conceptRule{}}
	for i, group := range groups {
		name := conceptName(i)
		for _, phrase := range group {
			var stems []string
			for _, w := range split(fold(phrase)) {
				if !stop[w] {
					stems = append(stems, stemOf(w))
				}
			}
			if len(stems) == 0 {
				continue
			}
			rule := conceptRule{stems: stems, concept: name}
			same := func(r conceptRule) bool { return r.concept == name && slices.Equal(r.stems, stems) }
			if !slices.ContainsFunc(b.byFirst[stems[0]], same) {
				b.byFirst[stems[0]] = append(b.byFirst[stems[0]], rule)
			}
		}
	}
	return b
}

func conceptName(i int) string {
	return "§" + string(rune('0'+i/1000)) + string(rune('0'+i/100%10)) + string(rune('0'+i/10%10)) + string(rune('0'+i%10))
}

// find returns the concepts of a run of content stems.
func (b *conceptBook) find(stems []string) []conceptHit {
	var hits []conceptHit
	for i := range stems {
		for _, rule := range b.byFirst[stems[i]] {
			if n := len(rule.stems); i+n <= len(stems) && slices.Equal(stems[i:i+n], rule.stems) {
				hits = append(hits, conceptHit{from: i, to: i + n, concept: rule.concept})
			}
		}
	}
	return hits
}
