package faq

import (
	"math"
	"slices"
)

// The features of a candidate, in order. Shares and cosines are 0 to 1.
const (
	fAll      = iota // BM25F over the question's weight
	fAllTop          // the same, over the best entry's
	fAsk             // phrasings alone
	fIn              // body alone
	fCos             // best phrasing, tf-idf cosine
	fCosTop          // the same, over the best entry's
	fCosTitle        // the title's
	fCosMean         // mean of the best three phrasings
	fGram            // best phrasing, letter groups
	fGramTop         // the same, over the best entry's
	fGramTitle
	fCover     // best share of the question that one phrasing covers
	fBoth      // best harmonic mean of that share and the phrasing's own
	fPhrase    // share of that phrasing covered by the question
	fVec       // best phrasing, mean vectors
	fVecTitle  //
	fVecBody   // whole entry
	fSoft      // best word-by-word likeness, harmonic mean of both sides
	fSoftAsk   // its question's side
	fSoftTop   // fSoft over the best candidate's
	fPairs     // neighbouring words found in a phrasing
	fCue       // same kind of question: 1 same, -1 different, 0 not known
	fMany      // log of the number of phrasings
	fSituation // the person's situation is one of the entry's
	fRankAll   // 1 / rank by BM25F
	fRankGram  // by letter groups
	fRankVec   // by vectors
	fLength    // log of phrasing length over question length
	fExact     // the question is a phrasing, word for word
	fClass     // the classifier's log share
	fClassTop  // its share
	fClassVec  // its vector part
	fUsual     // mean log share of the phrasings that hold the question's words
	fLacks     // weighted part of the entry's typical words that the question lacks
	fNear      // BM25F of like entries, weighted by likeness
	fLead      // share of the question in the start of the body
	fTitle     // harmonic mean of the shares of question and title
	nFeatures
)

// FeatureNames names the features of a candidate, in the order of their values.
func FeatureNames() []string {
	return []string{"all", "all_top", "ask", "in", "cos", "cos_top", "cos_title", "cos_mean", "gram", "gram_top", "gram_title",
		"cover", "both", "phrase", "vec", "vec_title", "vec_body", "soft", "soft_ask", "soft_top", "pairs", "cue",
		"many", "situation", "rank_all", "rank_gram", "rank_vec", "length", "exact", "class", "class_p", "class_vec", "usual", "lacks", "near", "lead", "title"}
}

// candidate is an entry under consideration.
type candidate struct {
	doc   int32
	cheap float32
	f     [nFeatures]float64
	score float64 // the ranker's
	p     float64 // softmax over candidates
	best  int32   // its closest phrasing
}

// shortlist returns the entries worth a closer look.
func (x *Index) shortlist(q *query, s *scratch, n int) []candidate {
	out := make([]candidate, 0, len(x.entries))
	for d := range x.entries {
		c := candidate{doc: int32(d), best: x.first[d]}
		var top float32 = -1
		for u := x.first[d]; u < x.first[d+1]; u++ {
			if v := s.cos[u] + s.gram[u] + 0.5*s.vec[u]; v > top {
				top, c.best = v, u
			}
		}
		c.cheap = 1.2*s.all[d]/max(q.total, 0.1) + max(top, 0) + 0.4*s.docVec[d] + s.class[d]
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b candidate) int {
		switch {
		case a.cheap > b.cheap:
			return -1
		case a.cheap < b.cheap:
			return 1
		}
		return int(a.doc - b.doc)
	})
	return out[:min(n, len(out))]
}

// shortlisted is how many entries get features.
const shortlisted = 30

// candidates returns the shortlist with features.
func (x *Index) candidates(q *query, s *scratch, ctx Context) []candidate {
	list := x.shortlist(q, s, shortlisted)
	for i := range list {
		x.describe(&list[i], q, s, ctx)
	}
	compare(list, fAll, fAllTop)
	compare(list, fCos, fCosTop)
	compare(list, fGram, fGramTop)
	compare(list, fSoft, fSoftTop)
	x.near(list)
	rankBy(list, fAll, fRankAll)
	rankBy(list, fGram, fRankGram)
	rankBy(list, fVec, fRankVec)
	return list
}

func (x *Index) describe(c *candidate, q *query, s *scratch, ctx Context) {
	d, total := c.doc, max(q.total, 0.1)
	f := &c.f
	f[fAll], f[fAsk], f[fIn] = float64(s.all[d]/total), float64(s.ask[d]/total), float64(s.in[d]/total)
	first := x.first[d]
	f[fCosTitle], f[fGramTitle], f[fVecTitle] = float64(s.cos[first]), float64(s.gram[first]), float64(s.vec[first])
	f[fVecBody] = float64(s.docVec[d])
	f[fMany] = math.Log1p(float64(x.first[d+1] - first))
	x.describePhrasings(c, q, s)
	x.describeBest(c, q, s)
	f[fPairs] = x.pairShare(q, d)
	f[fSituation] = x.situation(d, ctx)
	f[fLead] = x.leadShare(q, d)
	f[fTitle] = harmonic(float64(s.cov[first]/total), min(1, float64(s.ucov[first]/max(x.utts[first].total, 0.1))))
	f[fUsual], f[fLacks] = x.usual(q, d)
	if x.classes != nil {
		f[fClass] = math.Log(max(float64(s.class[d]), 1e-6))
		f[fClassTop], f[fClassVec] = float64(s.class[d]), float64(s.classVec[d])
	}
}

// describePhrasings sets the features that are a best over phrasings.
func (x *Index) describePhrasings(c *candidate, q *query, s *scratch) {
	f, total := &c.f, max(q.total, 0.1)
	var top [3]float64
	for u := x.first[c.doc]; u < x.first[c.doc+1]; u++ {
		cos := float64(s.cos[u])
		f[fCos], f[fGram], f[fVec] = max(f[fCos], cos), max(f[fGram], float64(s.gram[u])), max(f[fVec], float64(s.vec[u]))
		cover := float64(s.cov[u] / total)
		f[fCover] = max(f[fCover], cover)
		phrase := min(1, float64(s.ucov[u]/max(x.utts[u].total, 0.1)))
		if h := harmonic(cover, phrase); h > f[fBoth] {
			f[fBoth], f[fPhrase] = h, phrase
		}
		for i := range top {
			if cos > top[i] {
				cos, top[i] = top[i], cos
			}
		}
	}
	n := min(3, int(x.first[c.doc+1]-x.first[c.doc]))
	f[fCosMean] = (top[0] + top[1] + top[2]) / float64(n)
}

func harmonic(a, b float64) float64 {
	if a+b <= 0 {
		return 0
	}
	return 2 * a * b / (a + b)
}

// describeBest sets the features of the closest phrasing, and the costly
// comparison word by word of the closest few.
func (x *Index) describeBest(c *candidate, q *query, s *scratch) {
	f := &c.f
	u := &x.utts[c.best]
	if !x.without(PartCues) && q.cues != 0 && u.cues != 0 {
		f[fCue] = -1
		if q.cues&u.cues != 0 {
			f[fCue] = 1
		}
	}
	f[fLength] = math.Log(float64(1+len(u.terms)) / float64(1+len(q.slots)))
	if s.gram[c.best] > 0.995 {
		f[fExact] = 1
	}
	for k := x.first[c.doc]; k < x.first[c.doc+1]; k++ {
		// Only phrasings near the best one can win.
		if k != c.best && s.cos[k]+s.gram[k]+0.5*s.vec[k] < 0.75*(s.cos[c.best]+s.gram[c.best]+0.5*s.vec[c.best]) {
			continue
		}
		ask, phrase := x.softMatch(q, &x.utts[k])
		if h := harmonic(float64(ask), float64(phrase)); h > f[fSoft] {
			f[fSoft] = h
		}
		f[fSoftAsk] = max(f[fSoftAsk], float64(ask))
	}
}

// pairShare returns the weighted share of the question's neighbouring words
// that stand together in a phrasing of entry d.
func (x *Index) pairShare(q *query, d int32) float64 {
	var total, found float32
	for _, p := range q.pairs {
		total += p.w
		if slices.ContainsFunc(p.keys, func(k uint64) bool { return slices.Contains(x.ubig[d], k) }) {
			found += p.w
		}
	}
	if total == 0 {
		return 0
	}
	return float64(found / total)
}

func (x *Index) situation(d int32, ctx Context) float64 {
	if x.without(PartContext) {
		return 0
	}
	for _, s := range ctx.Situations {
		if slices.Contains(x.entries[d].Situations, s) {
			return 1
		}
	}
	return 0
}

// near sets how well the entries about the same subject match: an entry among
// many good ones is likelier than a lone one.
func (x *Index) near(list []candidate) {
	if x.docVec == nil {
		return
	}
	for i := range list {
		var sum, weight float64
		for j := range list {
			if i == j {
				continue
			}
			w := x.sameSubject(list[i].doc, list[j].doc)
			w *= w
			sum += w * list[j].f[fAll]
			weight += w
		}
		list[i].f[fNear] = sum / (weight + 1)
	}
}

// leadShare is the weighted share of the question's words that stand in the
// start of the entry's body, where its subject is told.
func (x *Index) leadShare(q *query, d int32) float64 {
	if q.total == 0 {
		return 0
	}
	var sum float32
	for i := range q.slots {
		var in float32
		for _, r := range q.slots[i].readings {
			if p := x.posting(r.term, d); p != nil && p.lead {
				in = max(in, r.w*x.idf[r.term])
			}
		}
		sum += min(in, q.slots[i].weight)
	}
	return float64(sum / q.total)
}

// compare sets feature to as feature from over the best candidate's.
func compare(list []candidate, from, to int) {
	var top float64
	for i := range list {
		top = max(top, list[i].f[from])
	}
	for i := range list {
		if top > 0 {
			list[i].f[to] = list[i].f[from] / top
		}
	}
}

// rankBy sets feature to as 1 / rank by feature from; equals share the better
// rank.
func rankBy(list []candidate, from, to int) {
	for i := range list {
		rank := 1
		for j := range list {
			if list[j].f[from] > list[i].f[from] {
				rank++
			}
		}
		list[i].f[to] = 1 / float64(rank)
	}
}
