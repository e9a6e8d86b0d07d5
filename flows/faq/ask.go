package faq

import (
	"cmp"
	"math"
	"slices"
)

// The features of the confidence: those of the first candidate, then these.
const (
	sP      = iota // softmax share of the first candidate
	sMargin        // its lead in the ranker's score
	sAlike         // softmax share of candidates about the same subject
	sEntropy
	sWords // log of the number of content words
	sFixed // share of words corrected
	sLost  // share of words nobody knows
	sTotal // log of the question's weight
	sFree  // weighted share of the question that the candidate lacks altogether
	sBest  // the ranker's score
	sPlain // the hardest single word: least likeness among weighty words
	nSure
)

// SureNames names the features of the confidence, in the order of their values.
func SureNames() []string {
	return append(FeatureNames(), "p", "margin", "alike", "entropy", "words", "fixed", "lost", "total", "free", "best", "plain")
}

// Ask answers a question. It never fails: a question without any known word
// has the outcome [None].
func (x *Index) Ask(question string, ctx Context) Result {
	t := x.trace(question, ctx)
	r := Result{Question: question, Outcome: None, Candidates: []Candidate{}}
	if len(t.list) == 0 {
		return r
	}
	r.Score = round(t.sure)
	for _, c := range t.list[:min(MaxCandidates, len(t.list))] {
		r.Candidates = append(r.Candidates, Candidate{ID: x.entries[c.doc].ID, Score: round(t.sure * c.p / t.list[0].p)})
	}
	switch {
	case t.sure >= x.model.AnswerFrom:
		r.Outcome = Answer
		r.ID = &r.Candidates[0].ID
	case t.sure >= x.model.ChoicesFrom, t.plain && t.sure >= x.model.ChoicesFrom/2:
		r.Outcome = Choices
	}
	return r
}

func round(p float64) float64 { return math.Round(p*1e4) / 1e4 }

// trace is a question with everything that led to its answer.
type trace struct {
	list  []candidate // the best first
	sureF []float64
	sure  float64
	plain bool // every word of the question is usual for the first candidate
}

func (x *Index) trace(question string, ctx Context) trace {
	s := x.scratch.Get().(*scratch)
	defer x.scratch.Put(s)
	s.reset()
	q := x.analyse(question, s)
	if len(q.words) == 0 {
		return trace{}
	}
	x.lexical(q, s)
	x.semantic(q, s)
	x.judge(q, s)
	t := trace{list: x.candidates(q, s, ctx)}
	for i := range t.list {
		t.list[i].score = x.model.Rank.score(t.list[i].f[:])
	}
	slices.SortStableFunc(t.list, func(a, b candidate) int { return cmp.Compare(b.score, a.score) })
	softmax(t.list)
	t.sureF = x.sureFeatures(q, t.list)
	t.sure = x.model.Confidence(t.sureF)
	t.plain = x.plain(q, t.list[0].doc)
	return t
}

// softmax sets the candidates' shares. list is not empty and sorted.
func softmax(list []candidate) {
	var sum float64
	for i := range list {
		list[i].p = math.Exp(list[i].score - list[0].score)
		sum += list[i].p
	}
	for i := range list {
		list[i].p /= sum
	}
}

func (x *Index) sureFeatures(q *query, list []candidate) []float64 {
	top := &list[0]
	f := append(slices.Clone(top.f[:]), make([]float64, nSure)...)
	g := f[nFeatures:]
	g[sP] = top.p
	g[sMargin] = 8
	if len(list) > 1 {
		g[sMargin] = min(8, top.score-list[1].score)
	}
	for i := range list {
		if p := list[i].p; p > 1e-9 {
			g[sEntropy] -= p * math.Log(p)
		}
		g[sAlike] += list[i].p * x.sameSubject(top.doc, list[i].doc)
	}
	n := float64(max(1, len(q.slots)))
	g[sWords] = math.Log1p(float64(len(q.slots)))
	g[sFixed], g[sLost] = float64(q.fixed)/n, float64(q.lost)/n
	g[sTotal] = math.Log1p(float64(q.total))
	g[sFree], g[sPlain] = x.lacking(q, top.doc)
	g[sBest] = top.score
	return f
}

// sameSubject is 1 for an entry and itself, and how alike two entries' mean
// vectors are above 0.6 otherwise.
func (x *Index) sameSubject(a, b int32) float64 {
	if a == b {
		return 1
	}
	if x.docVec == nil {
		return 0
	}
	dim := x.res.vectors.dim
	c := dot(x.docVec[int(a)*dim:int(a+1)*dim], x.docVec[int(b)*dim:int(b+1)*dim])
	return max(0, float64(c)-0.6) / 0.4
}

// plain tells whether the first candidate's phrasings hold every word of the
// question, one telling word at least: "rsa" alone is a subject, not a
// question, and deserves choices rather than a hand-over.
func (x *Index) plain(q *query, d int32) bool {
	tells := false
	for i := range q.slots {
		sl := &q.slots[i]
		held := false
		for _, r := range sl.readings {
			p := x.posting(r.term, d)
			held = held || p != nil && p.share > 0 && r.w >= 0.5
		}
		if !held {
			return false
		}
		tells = tells || !x.res.weak[sl.word]
	}
	return tells
}

// lacking returns the weighted share of the question's words that entry d has
// nowhere, and the likeness of the weighty word that fits its phrasings worst.
func (x *Index) lacking(q *query, d int32) (free, plain float64) {
	if q.total == 0 {
		return 1, 0
	}
	plain = 1
	for i := range q.slots {
		sl := &q.slots[i]
		var in float32
		for _, r := range sl.readings {
			if x.posting(r.term, d) != nil {
				in = max(in, r.w)
			}
		}
		free += float64(sl.weight / q.total * (1 - in))
		if float64(sl.weight) < 0.6*float64(q.total)/float64(len(q.slots)) {
			continue
		}
		top := in
		for u := x.first[d]; u < x.first[d+1]; u++ {
			for _, t := range x.utts[u].terms {
				if x.rows != nil {
					top = max(top, x.slotTerm(sl, t))
				}
			}
		}
		plain = min(plain, float64(top))
	}
	return free, plain
}
