package faq

// vectors sets the mean vectors of phrasings and bodies, and the vector rows
// of terms.
func (b *builder) vectors() {
	x := b.x
	v := x.res.vectors
	if v == nil || x.without(PartVectors) {
		return
	}
	x.rows = make([]int32, len(x.idf))
	for s, t := range x.terms {
		x.rows[t] = int32(v.row(s))
	}
	x.invNorm = make([]float32, len(v.stems))
	for i := range x.invNorm {
		x.invNorm[i] = v.inverseNorm(i)
	}
	x.docVec = make([]float32, len(x.entries)*v.dim)
	for t, posts := range x.posts {
		if x.rows[t] < 0 {
			continue
		}
		for _, p := range posts {
			v.add(x.docVec[int(p.doc)*v.dim:int(p.doc+1)*v.dim], int(x.rows[t]), p.in+p.ask)
		}
	}
	for d := range x.entries {
		normalise(x.docVec[d*v.dim : (d+1)*v.dim])
	}
	mem := make([]float32, len(x.utts)*v.dim)
	for i := range x.utts {
		u := &x.utts[i]
		u.vec = mem[i*v.dim : (i+1)*v.dim]
		for _, t := range u.terms {
			if x.rows[t] >= 0 {
				v.add(u.vec, int(x.rows[t]), 1)
			}
		}
		normalise(u.vec)
	}
}

// alike returns the cosine of two words' vectors, by row.
func (x *Index) alike(a, b int) float32 {
	v := x.res.vectors
	ra, rb := v.rows[a*v.dim:(a+1)*v.dim], v.rows[b*v.dim:(b+1)*v.dim]
	var s int32
	for i, p := range ra {
		s += int32(p) * int32(rb[i])
	}
	return float32(s) * x.invNorm[a] * x.invNorm[b]
}

// softMatch compares the question and a phrasing word by word: each word of
// one side takes its most alike word of the other. It returns the weighted
// mean over the question's words and over the phrasing's words.
func (x *Index) softMatch(q *query, u *utterance) (ofQuestion, ofPhrasing float32) {
	if x.rows == nil || len(u.terms) == 0 || q.total == 0 {
		return 0, 0
	}
	var best [maxSlots]float32
	var sum, total float32
	for _, t := range u.terms {
		if x.concept[t] {
			continue
		}
		var top float32
		for i := range q.slots {
			c := x.slotTerm(&q.slots[i], t)
			best[i] = max(best[i], c)
			top = max(top, c)
		}
		sum += x.idf[t] * top
		total += x.idf[t]
	}
	for i := range q.slots {
		ofQuestion += q.slots[i].weight * best[i]
	}
	return ofQuestion / q.total, sum / max(total, 1e-6)
}

// slotTerm is how alike a slot and a term are, 0 to 1.
func (x *Index) slotTerm(sl *slot, t int32) float32 {
	for _, r := range sl.readings {
		if r.term == t {
			return r.w
		}
	}
	if sl.row < 0 || x.rows[t] < 0 {
		return 0
	}
	return max(0, x.alike(sl.row, int(x.rows[t]))) * 0.9 * max(sl.known, 0.5)
}
