package faq

import (
	"slices"
	"strings"
)

// reading is one way to understand a word of the question.
type reading struct {
	term int32   // -1 when no entry has it
	w    float32 // 1 when certain
}

// slot is a content word of the question with its readings, the best first.
type slot struct {
	word     string
	readings []reading
	weight   float32 // how much the word tells, an idf
	known    float32 // 1 in the vocabulary, less when corrected, 0 unknown
	row      int     // its word vector, or -1
	bound    bool    // part of a phrase, such as "prime" in "prime d'activité"
}

// query is an analysed question.
type query struct {
	words []string // after SMS forms and elisions
	slots []slot
	cues  uint32
	total float32 // sum of the slots' weights
	vec   []float32
	pairs []pair
	fixed int // words that were corrected
	lost  int // words that stayed unknown
}

// expandSMS replaces SMS forms by words.
func (x *Index) expandSMS(words []string) []string {
	if x.without(PartSMS) {
		return words
	}
	var out []string
	for i, w := range words {
		full, ok := x.res.sms[w]
		if ok && out == nil {
			out = append(make([]string, 0, len(words)+8), words[:i]...)
		}
		switch {
		case ok:
			out = append(out, full...)
		case out != nil:
			out = append(out, w)
		}
	}
	if out == nil {
		return words
	}
	return out
}

// knownWord tells whether a folded word is in the corpus or in common French.
func (x *Index) knownWord(w string) bool {
	return x.res.stop[w] || x.spell != nil && x.spell.known(w) >= 0 || x.res.vectors.common(w) >= 0
}

// unglue separates an elided article that was glued to its word: "lemployeur"
// gives "employeur" when that is a word and the whole is not.
func (x *Index) unglue(words []string) []string {
	out := make([]string, 0, len(words))
	for _, w := range words {
		rest := w
		if len(w) >= 4 && strings.IndexByte("ldjnmtsc", w[0]) >= 0 {
			rest = w[1:]
		} else if len(w) >= 5 && strings.HasPrefix(w, "qu") {
			rest = w[2:]
		}
		if rest != w && (isVowel(rest[0]) || rest[0] == 'h') && !x.knownWord(w) && x.knownWord(rest) {
			w = rest
		}
		out = append(out, w)
	}
	return out
}

// analyse reads a question.
func (x *Index) analyse(question string, s *scratch) *query {
	if len(question) > MaxQuestion {
		question = question[:MaxQuestion]
	}
	words := x.expandSMS(x.unglue(x.expandSMS(split(fold(question)))))
	q := &query{words: words}
	var stems []string
	for _, w := range words {
		if len(q.slots) >= maxSlots {
			break
		}
		stems = x.addSlots(q, stems, w, s)
	}
	q.cues = x.res.cuesOf(words)
	for _, hit := range x.book.find(stems) {
		t, ok := x.terms[hit.concept]
		if !ok {
			continue
		}
		for i := hit.from; i < hit.to; i++ {
			sl := &q.slots[i]
			w := float32(conceptWeight)
			if hit.to-hit.from > 1 {
				w = boundWeight
				sl.bound = true
			}
			sl.readings = append(sl.readings, reading{t, w * max(sl.known, 0.5)})
			sl.known = max(sl.known, 0.8)
		}
	}
	for i := range q.slots {
		if sl := &q.slots[i]; sl.bound {
			sl.loosen(x.concept)
		}
	}
	x.pairUp(q)
	x.finishQuery(q)
	return q
}

const (
	maxSlots      = 40
	conceptWeight = 0.85
	boundWeight   = 0.8 // of each word of a phrase that means a concept
	looseWeight   = 0.55
)

// addSlots adds the slots of one word and returns stems with theirs.
func (x *Index) addSlots(q *query, stems []string, w string, s *scratch) []string {
	if x.res.stop[w] {
		return stems
	}
	st := x.stemOf(w)
	for i := range q.slots {
		if q.slots[i].word == w {
			return stems
		}
	}
	sl := slot{word: w, row: x.res.vectors.row(st)}
	t, inTerms := x.terms[st]
	inVocabulary := x.knownWord(w)
	switch {
	case inTerms && (inVocabulary || isNumber(w) || x.spell == nil):
		sl.known = 1
		sl.readings = []reading{{t, 1}}
	case isNumber(w):
		return stems
	case inVocabulary && len(w) > 2:
		// A French word that no entry has: nothing to correct.
	case x.spell != nil:
		if inTerms {
			sl.readings, sl.known = []reading{{t, 0.6}}, 0.6
		}
		if parts := x.cut(w); parts != nil {
			q.fixed++
			for _, p := range parts {
				stems = x.addSlots(q, stems, p, s)
			}
			return stems
		}
		st = x.corrected(q, &sl, st, s)
	}
	if sl.known == 0 {
		q.lost++
	}
	q.slots = append(q.slots, sl)
	return append(stems, st)
}

// corrected adds the readings of the word's corrections and returns the stem
// of the best one.
func (x *Index) corrected(q *query, sl *slot, st string, s *scratch) string {
	var top float32
	for i, c := range x.spell.correct(sl.word, 4, s.counts) {
		cs := x.stemOf(c.word)
		if i == 0 {
			top = c.fit
			q.fixed++
			st = cs
			sl.known = max(sl.known, max(0.35, 1-0.22*c.cost))
			sl.row = x.res.vectors.row(cs)
		}
		if x.res.stop[c.word] {
			continue
		}
		w := max(0.35, 1-0.22*c.cost) * exp32(c.fit-top)
		if t, ok := x.terms[cs]; ok && w > 0.1 {
			sl.addReading(t, w)
		}
	}
	return st
}

func (sl *slot) addReading(t int32, w float32) {
	for i := range sl.readings {
		if sl.readings[i].term == t {
			sl.readings[i].w = max(sl.readings[i].w, w)
			return
		}
	}
	sl.readings = append(sl.readings, reading{t, w})
}

// loosen makes the word by itself count less: in "france travail" the word
// "travail" says nothing about work.
func (sl *slot) loosen(concept []bool) {
	for i := range sl.readings {
		if !concept[sl.readings[i].term] {
			sl.readings[i].w *= looseWeight
		}
	}
}

// cut finds two known words glued together, both in the corpus, or nil.
func (x *Index) cut(w string) []string {
	if len(w) < 7 || len(w) > 2*maxWord {
		return nil
	}
	var best []string
	var top float32 = 1.5
	for i := 2; i <= len(w)-3; i++ {
		a, b := w[:i], w[i:]
		if !x.res.stop[a] && (len(a) < 4 || x.spell.known(a) < 0) || x.spell.known(b) < 0 || x.res.stop[b] && len(b) < 4 {
			continue
		}
		if f := min(x.spell.known(b), max(x.spell.known(a), 3)); f > top {
			best, top = []string{a, b}, f
		}
	}
	return best
}

// pair is two neighbouring words of the question, in their best readings.
type pair struct {
	keys []uint64
	w    float32
}

// pairUp notes the neighbouring words, which tell more together than apart.
func (x *Index) pairUp(q *query) {
	for i := 1; i < len(q.slots); i++ {
		var p pair
		for _, a := range q.slots[i-1].readings[:min(2, len(q.slots[i-1].readings))] {
			for _, b := range q.slots[i].readings[:min(2, len(q.slots[i].readings))] {
				p.keys = append(p.keys, pairKey(a.term, b.term))
				p.w = max(p.w, a.w*x.idf[a.term]+b.w*x.idf[b.term])
			}
		}
		if p.w > 0 {
			q.pairs = append(q.pairs, p)
		}
	}
}

// finishQuery sets the slots' weights and the mean vector.
func (x *Index) finishQuery(q *query) {
	v := x.res.vectors
	if x.without(PartVectors) {
		v = nil
	}
	unknown := inverseFrequency(1, len(x.entries)) * 0.7
	if v != nil {
		q.vec = make([]float32, v.dim)
	}
	for i := range q.slots {
		sl := &q.slots[i]
		for _, r := range sl.readings {
			sl.weight = max(sl.weight, r.w*x.idf[r.term])
		}
		if len(sl.readings) == 0 {
			sl.weight = unknown
		}
		q.total += sl.weight
		if v != nil && sl.row >= 0 {
			v.add(q.vec, sl.row, max(sl.known, 0.6))
		}
	}
	normalise(q.vec)
	slices.SortStableFunc(q.slots, func(a, b slot) int {
		switch {
		case a.weight > b.weight:
			return -1
		case a.weight < b.weight:
			return 1
		}
		return 0
	})
}
