package faq

import "math"

// gramBuckets is the size of the hash space of letter groups.
const gramBuckets = 1 << 14

// gramIndex compares texts by their groups of three and four letters, which
// survive typing errors.
type gramIndex struct {
	idf   [gramBuckets]float32
	posts [gramBuckets][]upost
}

func newGramIndex(x *Index) *gramIndex {
	g := &gramIndex{}
	all := make([][]gramCount, len(x.utts))
	var df [gramBuckets]int
	i := 0
	for _, e := range x.entries {
		texts := []string{e.Title}
		if !x.without(PartPhrasings) {
			texts = append(texts, e.Alt...)
		}
		for _, t := range texts {
			all[i] = gramsOf(x.gramWords(x.expandSMS(split(fold(t)))))
			for _, c := range all[i] {
				df[c.bucket]++
			}
			i++
		}
	}
	for b := range g.idf {
		g.idf[b] = inverseFrequency(df[b], len(x.utts))
		g.posts[b] = make([]upost, 0, df[b])
	}
	for u, counts := range all {
		norm := g.norm(counts)
		for _, c := range counts {
			g.posts[c.bucket] = append(g.posts[c.bucket], upost{int32(u), c.n * g.idf[c.bucket] / norm})
		}
	}
	return g
}

// gramCount is a letter group and how often it occurs, dampened.
type gramCount struct {
	bucket uint16
	n      float32
}

func (g *gramIndex) norm(counts []gramCount) float32 {
	var s float64
	for _, c := range counts {
		w := float64(c.n * g.idf[c.bucket])
		s += w * w
	}
	return float32(math.Sqrt(max(s, 1e-9)))
}

// score adds to out, by phrasing, the cosine of words with each phrasing.
func (g *gramIndex) score(words []string, out []float32) {
	counts := gramsOf(words)
	norm := g.norm(counts)
	for _, c := range counts {
		w := c.n * g.idf[c.bucket] / norm
		for _, p := range g.posts[c.bucket] {
			out[p.utt] += w * p.w
		}
	}
}

// gramWords leaves out stop words, unless nothing would be left.
func (x *Index) gramWords(words []string) []string {
	var out []string
	for _, w := range words {
		if !x.res.stop[w] {
			out = append(out, w)
		}
	}
	if len(out) == 0 {
		return words
	}
	return out
}

// gramsOf counts the letter groups of words, edges of words included.
func gramsOf(words []string) []gramCount {
	buf := make([]byte, 0, 128)
	buf = append(buf, ' ')
	for _, w := range words {
		buf = append(append(buf, w...), ' ')
	}
	count := make(map[uint16]float32, 2*len(buf))
	var order []uint16
	for i := range buf {
		h := uint32(2166136261)
		for n := 0; n < 4 && i+n < len(buf); n++ {
			h = (h ^ uint32(buf[i+n])) * 16777619
			if n >= 2 {
				b := uint16((h ^ h>>14) % gramBuckets)
				if count[b] == 0 {
					order = append(order, b)
				}
				count[b]++
			}
		}
	}
	out := make([]gramCount, len(order))
	for i, b := range order {
		out[i] = gramCount{b, float32(math.Sqrt(float64(count[b])))}
	}
	return out
}
