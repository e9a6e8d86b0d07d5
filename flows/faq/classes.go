package faq

import (
	"math"
	"math/rand/v2"
)

// classifier is a softmax regression from words to entries, learned from the
// phrasings when the index is made. Where matching phrasings one by one sees
// what a question shares with each, it sees which words tell entries apart.
type classifier struct {
	n    int       // entries
	w    []float32 // term × entry
	bias []float32
	vec  []float32 // vector dimension × entry, by ridge regression
}

// Learning constants of the classifier. It is made for a small set with several
// phrasings an entry; a large corpus goes without.
const (
	classEntries = 300  // most entries for which it is learned
	classEpochs  = 14   // passes over the phrasings
	classRate    = 1.2  // first step
	classDecay   = 4e-5 // weight decay a step
	classRidge   = 8    // damping of the vector part
	classSeed    = 20261122
)

func (b *builder) classify() {
	x := b.x
	if len(x.entries) > classEntries || len(x.entries) < 2 || x.without(PartClasses) {
		return
	}
	c := &classifier{n: len(x.entries), w: make([]float32, len(x.idf)*len(x.entries)), bias: make([]float32, len(x.entries))}
	rng := rand.New(rand.NewPCG(classSeed, 1))
	order := rng.Perm(len(x.utts))
	p := make([]float32, c.n)
	feats := make([][]termWeight, len(x.utts))
	for i := range x.utts {
		feats[i] = x.phrasingFeatures(&x.utts[i])
	}
	steps := float32(classEpochs * len(order))
	for e := range classEpochs {
		for k, i := range order {
			rate := classRate * (1 - float32(e*len(order)+k)/steps)
			c.learn(feats[i], int(x.utts[i].doc), rate, p)
		}
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	}
	if x.rows != nil {
		c.vec = ridge(x)
	}
	x.classes = c
}

// termWeight is a term of a text, weighted.
type termWeight struct {
	term int32
	w    float32
}

// phrasingFeatures are the phrasing's terms by their idf, to length 1.
func (x *Index) phrasingFeatures(u *utterance) []termWeight {
	out := make([]termWeight, 0, len(u.terms))
	for _, t := range u.terms {
		out = append(out, termWeight{t, x.idf[t] * x.conceptShare(t)})
	}
	return unitLength(out)
}

// conceptShare makes a synonym group count less than the word itself.
func (x *Index) conceptShare(t int32) float32 {
	if x.concept[t] {
		return 0.7
	}
	return 1
}

// questionFeatures are the same for a question, through its readings.
func (x *Index) questionFeatures(q *query) []termWeight {
	var out []termWeight
	for i := range q.slots {
		for _, r := range q.slots[i].readings {
			w := r.w
			if x.concept[r.term] {
				w = 0.7
			}
			out = append(out, termWeight{r.term, w * x.idf[r.term]})
		}
	}
	return unitLength(out)
}

func unitLength(t []termWeight) []termWeight {
	var n float64
	for _, f := range t {
		n += float64(f.w) * float64(f.w)
	}
	if n = math.Sqrt(n); n > 0 {
		for i := range t {
			t[i].w /= float32(n)
		}
	}
	return t
}

// shares fills p with the entries' probabilities.
func (c *classifier) shares(f []termWeight, p []float32) {
	copy(p, c.bias)
	for _, t := range f {
		row := c.w[int(t.term)*c.n : int(t.term+1)*c.n]
		for k, w := range row {
			p[k] += t.w * w
		}
	}
	var top, sum float32
	for _, v := range p {
		top = max(top, v)
	}
	for k, v := range p {
		p[k] = exp32(v - top)
		sum += p[k]
	}
	for k := range p {
		p[k] /= sum
	}
}

// learn makes one step of gradient descent.
func (c *classifier) learn(f []termWeight, entry int, rate float32, p []float32) {
	c.shares(f, p)
	p[entry]--
	for _, t := range f {
		row := c.w[int(t.term)*c.n : int(t.term+1)*c.n]
		step := rate * t.w * 4
		for k := range row {
			row[k] -= step*p[k] + classDecay*row[k]
		}
	}
	for k := range c.bias {
		c.bias[k] -= 0.05 * rate * p[k]
	}
}

// ridge solves (VᵀV + damping) B = VᵀY for the phrasings' mean vectors V and
// their entries Y, by Gauss elimination on the small matrix.
func ridge(x *Index) []float32 {
	d, n := x.res.vectors.dim, len(x.entries)
	a := normalEquations(x, d, n)
	for i := range a {
		pivot := 1 / a[i][i] // positive: the matrix is positive definite
		for j := range a {
			if j == i || a[j][i] == 0 {
				continue
			}
			f := a[j][i] * pivot
			from, to := a[i][i:], a[j][i:]
			for k, v := range from {
				to[k] -= f * v
			}
		}
	}
	out := make([]float32, d*n)
	for i := range a {
		for k := range n {
			out[i*n+k] = float32(a[i][d+k] / a[i][i])
		}
	}
	return out
}

// normalEquations returns the rows of (VᵀV + damping | VᵀY).
func normalEquations(x *Index, d, n int) [][]float64 {
	a := make([][]float64, d)
	for i := range a {
		a[i] = make([]float64, d+n)
		a[i][i] = classRidge
	}
	for k := range x.utts {
		u := &x.utts[k]
		for i, vi := range u.vec {
			row, f := a[i], float64(vi)
			for j, vj := range u.vec[:i+1] {
				row[j] += f * float64(vj)
			}
			row[d+int(u.doc)] += f
		}
	}
	for i := range a {
		for j := range i {
			a[j][i] = a[i][j]
		}
	}
	return a
}

// judge fills the classifier's two scores by entry.
func (x *Index) judge(q *query, s *scratch) {
	c := x.classes
	if c == nil {
		return
	}
	c.shares(x.questionFeatures(q), s.class)
	if c.vec == nil {
		return
	}
	for i, v := range q.vec {
		for k := range s.classVec {
			s.classVec[k] += v * c.vec[i*c.n+k]
		}
	}
}
