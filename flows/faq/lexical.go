package faq

import "math"

func exp32(v float32) float32 { return float32(math.Exp(float64(v))) }

func (x *Index) isConcept(t int32) bool { return x.concept[t] }

// scratch is the working memory of one question; arrays are zero between uses.
type scratch struct {
	counts []uint8 // by word of the speller

	all, ask, in []float32 // by entry: BM25F scores
	bestAll      []float32 // by entry: best reading of the current slot
	bestAsk      []float32
	bestIn       []float32
	docs         []int32 // entries touched by the current slot

	cos, cov, ucov []float32 // by phrasing: tf-idf cosine, share of the question, of the phrasing
	gram, vec      []float32 // by phrasing: letter groups, mean vectors
	bestCos        []float32
	bestCov        []float32
	bestUcov       []float32
	touched        []int32
	docVec         []float32 // by entry: mean vector of the body
	class          []float32 // by entry: the classifier's shares
	classVec       []float32
}

func newScratch(x *Index) *scratch {
	n, u := len(x.entries), len(x.utts)
	mem := make([]float32, 9*n+8*u)
	take := func(k int) []float32 {
		part := mem[:k:k]
		mem = mem[k:]
		return part
	}
	s := &scratch{
		all: take(n), ask: take(n), in: take(n), bestAll: take(n), bestAsk: take(n), bestIn: take(n), docVec: take(n), class: take(n), classVec: take(n),
		cos: take(u), cov: take(u), ucov: take(u), gram: take(u), vec: take(u), bestCos: take(u), bestCov: take(u), bestUcov: take(u),
	}
	if x.spell != nil {
		s.counts = make([]uint8, len(x.spell.words))
	}
	return s
}

func (s *scratch) reset() {
	for _, a := range [][]float32{s.all, s.ask, s.in, s.cos, s.cov, s.ucov, s.gram, s.vec, s.docVec, s.class, s.classVec} {
		clear(a)
	}
}

// lexical fills the scores by entry and by phrasing. For each slot only the
// best reading counts, so that a word with many possible corrections or
// synonyms weighs no more than a plain one.
func (x *Index) lexical(q *query, s *scratch) {
	for i := range q.slots {
		x.slotEntries(&q.slots[i], s)
		x.slotPhrasings(&q.slots[i], s)
	}
	var norm float32
	for i := range q.slots {
		norm += q.slots[i].weight * q.slots[i].weight
	}
	if norm = float32(math.Sqrt(float64(norm))); norm > 0 {
		for i := range s.cos {
			s.cos[i] /= norm
		}
	}
}

func (x *Index) slotEntries(sl *slot, s *scratch) {
	for _, r := range sl.readings {
		w := r.w * x.idf[r.term]
		for _, p := range x.posts[r.term] {
			if s.bestAll[p.doc] == 0 {
				s.docs = append(s.docs, p.doc)
			}
			s.bestAll[p.doc] = max(s.bestAll[p.doc], w*p.all)
			s.bestAsk[p.doc] = max(s.bestAsk[p.doc], w*p.ask)
			s.bestIn[p.doc] = max(s.bestIn[p.doc], w*p.in)
		}
	}
	for _, d := range s.docs {
		s.all[d] += s.bestAll[d]
		s.ask[d] += s.bestAsk[d]
		s.in[d] += s.bestIn[d]
		s.bestAll[d], s.bestAsk[d], s.bestIn[d] = 0, 0, 0
	}
	s.docs = s.docs[:0]
}

func (x *Index) slotPhrasings(sl *slot, s *scratch) {
	for _, r := range sl.readings {
		w := r.w * x.idf[r.term]
		for _, p := range x.uposts[r.term] {
			if s.bestCos[p.utt] == 0 {
				s.touched = append(s.touched, p.utt)
			}
			s.bestCos[p.utt] = max(s.bestCos[p.utt], w*p.w)
			s.bestCov[p.utt] = max(s.bestCov[p.utt], w)
			s.bestUcov[p.utt] = max(s.bestUcov[p.utt], w)
		}
	}
	for _, u := range s.touched {
		s.cos[u] += s.bestCos[u]
		s.cov[u] += min(s.bestCov[u], sl.weight)
		s.ucov[u] += s.bestUcov[u]
		s.bestCos[u], s.bestCov[u], s.bestUcov[u] = 0, 0, 0
	}
	s.touched = s.touched[:0]
}

// semantic fills the scores of letter groups and of mean vectors.
func (x *Index) semantic(q *query, s *scratch) {
	if x.grams != nil {
		x.grams.score(x.gramWords(q.words), s.gram)
	}
	if len(q.vec) == 0 {
		return
	}
	for i := range x.utts {
		if u := x.utts[i].vec; u != nil {
			s.vec[i] = dot(q.vec, u)
		}
	}
	dim := len(q.vec)
	for d := range x.entries {
		s.docVec[d] = dot(q.vec, x.docVec[d*dim:(d+1)*dim])
	}
}
