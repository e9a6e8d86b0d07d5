package faq

import (
	"cmp"
	"math"
	"slices"
)

// speller proposes known words for an unknown one. It finds candidates that
// share letter pairs, sound alike or have the same consonants, then weighs
// them by edit cost and by how common they are.
type speller struct {
	words  []string
	score  []float32 // log of how common; words of the corpus count more
	pairs  [27 * 27][]uint16
	sounds map[string][]uint16
	bones  map[string][]uint16
	id     map[string]uint16
}

const (
	maxSpellWords = 1<<16 - 1
	maxWord       = 38 // bytes; longer words are not corrected
)

// correction is a proposed word; cost is its [editCost].
type correction struct {
	word string
	cost float32
	fit  float32 // the higher the better
}

// newSpeller builds a speller from words and how often each occurs.
func newSpeller(count map[string]float32) *speller {
	s := &speller{sounds: map[string][]uint16{}, bones: map[string][]uint16{}, id: make(map[string]uint16, len(count))}
	for w := range count {
		if len(w) >= 3 && !isNumber(w) {
			s.words = append(s.words, w)
		}
	}
	slices.SortFunc(s.words, func(a, b string) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b))
	})
	s.words = s.words[:min(len(s.words), maxSpellWords)]
	s.score = make([]float32, len(s.words))
	for i, w := range s.words {
		id := uint16(i)
		s.id[w] = id
		s.score[i] = float32(math.Log1p(float64(count[w])))
		eachPair(w, func(p int) {
			if l := s.pairs[p]; len(l) == 0 || l[len(l)-1] != id {
				s.pairs[p] = append(l, id)
			}
		})
		s.sounds[soundKey(w)] = append(s.sounds[soundKey(w)], id)
		if len(w) >= 5 {
			s.bones[skeleton(w)] = append(s.bones[skeleton(w)], id)
		}
	}
	return s
}

// eachPair calls f with each pair of neighbouring letters, edges included.
func eachPair(w string, f func(int)) {
	prev := 0
	for i := range len(w) {
		c := 0
		if w[i] >= 'a' && w[i] <= 'z' {
			c = int(w[i]-'a') + 1
		}
		f(prev*27 + c)
		prev = c
	}
	f(prev * 27)
}

// costLimit is the largest edit cost that still makes sense for a word.
func costLimit(n int) float32 {
	switch {
	case n <= 3:
		return 0.75
	case n <= 4:
		return 1.1
	case n <= 6:
		return 1.7
	case n <= 8:
		return 2.3
	}
	return 3
}

// correct returns up to n corrections, the best first. counts is scratch space
// of at least len(s.words), all zero; it is left so.
func (s *speller) correct(w string, n int, counts []uint8) []correction {
	if len(w) < 3 || len(w) > maxWord || isNumber(w) {
		return nil
	}
	var found []correction
	seen := map[uint16]bool{}
	limit := costLimit(len(w))
	try := func(id uint16, limit, discount float32) {
		if seen[id] {
			return
		}
		seen[id] = true
		if c := editCost(w, s.words[id], limit); c < limit {
			c *= discount
			found = append(found, correction{s.words[id], c, 0.16*s.score[id] - 1.6*c})
		}
	}
	for _, id := range s.sounds[soundKey(w)] {
		try(id, limit+0.5, 0.7)
	}
	if len(w) >= 3 && vowels(w)*4 <= len(w) {
		for _, id := range s.bones[skeleton(w)] {
			try(id, 6, 0.35)
		}
	}
	for _, id := range s.near(w, limit, counts) {
		try(id, limit, 1)
	}
	slices.SortFunc(found, func(a, b correction) int {
		return cmp.Or(cmp.Compare(b.fit, a.fit), cmp.Compare(a.word, b.word))
	})
	return found[:min(n, len(found))]
}

func vowels(w string) (n int) {
	for i := range len(w) {
		if isVowel(w[i]) {
			n++
		}
	}
	return n
}

// near returns the words that share most letter pairs with w.
func (s *speller) near(w string, limit float32, counts []uint8) []uint16 {
	const most = 60
	var touched []uint16
	eachPair(w, func(p int) {
		for _, id := range s.pairs[p] {
			if counts[id] == 0 {
				touched = append(touched, id)
			}
			counts[id]++
		}
	})
	// One edit breaks at most two or three pairs.
	need := max(1, len(w)+1-int(3*limit)-1)
	var buckets [48][]uint16
	for _, id := range touched {
		c := int(counts[id])
		counts[id] = 0
		gap := len(s.words[id]) - len(w)
		if c >= need && gap <= 4 && gap >= -3 {
			// Prefer words of the same length among equal pair counts.
			b := min(47, 2*c-max(gap, -gap)+4)
			buckets[max(0, b)] = append(buckets[max(0, b)], id)
		}
	}
	var out []uint16
	for b := len(buckets) - 1; b >= 0 && len(out) < most; b-- {
		out = append(out, buckets[b]...)
	}
	return out[:min(len(out), most)]
}

// known returns how common w is, or -1 when it is not in the vocabulary.
func (s *speller) known(w string) float32 {
	if id, ok := s.id[w]; ok {
		return s.score[id]
	}
	return -1
}
