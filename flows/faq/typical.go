package faq

import (
	"cmp"
	"math"
	"slices"
)

// Constants of an entry's typical terms.
const (
	typicalFrom = 0.3  // least share of the phrasings
	typicalMost = 12   // most terms kept
	shareFloor  = 0.03 // share given to a term that no phrasing holds
)

// typical notes, by entry, how many of its phrasings hold each term.
func (b *builder) typical() {
	x := b.x
	x.typical = make([][]termWeight, len(x.entries))
	held := make([]float32, len(x.idf))
	for d := range x.entries {
		n := float32(x.first[d+1] - x.first[d])
		var terms []int32
		for u := x.first[d]; u < x.first[d+1]; u++ {
			for _, t := range x.utts[u].terms {
				if held[t] == 0 {
					terms = append(terms, t)
				}
				held[t]++
			}
		}
		for _, t := range terms {
			share := held[t] / n
			held[t] = 0
			if p := x.posting(t, int32(d)); p != nil {
				p.share = share
			}
			if share >= typicalFrom {
				x.typical[d] = append(x.typical[d], termWeight{t, share * x.idf[t] * x.conceptShare(t)})
			}
		}
		slices.SortFunc(x.typical[d], func(a, b termWeight) int {
			return cmp.Or(cmp.Compare(b.w, a.w), cmp.Compare(a.term, b.term))
		})
		x.typical[d] = x.typical[d][:min(typicalMost, len(x.typical[d]))]
	}
}

// posting returns term t in entry d, or nil.
func (x *Index) posting(t, d int32) *posting {
	posts := x.posts[t]
	i, ok := slices.BinarySearchFunc(posts, d, func(p posting, d int32) int { return cmp.Compare(p.doc, d) })
	if !ok {
		return nil
	}
	return &posts[i]
}

// usual returns how usual the question's words are among the entry's
// phrasings, a mean log share, and the weighted part of the entry's typical
// words that the question lacks.
func (x *Index) usual(q *query, d int32) (log, lacks float64) {
	if q.total == 0 {
		return math.Log(shareFloor), 1
	}
	for i := range q.slots {
		sl := &q.slots[i]
		var share float32
		for _, r := range sl.readings {
			if p := x.posting(r.term, d); p != nil {
				share = max(share, r.w*p.share)
			}
		}
		log += float64(sl.weight/q.total) * math.Log(float64(share)+shareFloor)
	}
	var all, lost float64
	for _, t := range x.typical[d] {
		all += float64(t.w)
		lost += float64(t.w) * float64(1-q.holds(t.term))
	}
	if all > 0 {
		lacks = lost / all
	}
	return log, lacks
}

// holds returns how surely the question holds a term.
func (q *query) holds(t int32) float32 {
	var top float32
	for i := range q.slots {
		for _, r := range q.slots[i].readings {
			if r.term == t {
				top = max(top, min(1, r.w*1.2))
			}
		}
	}
	return top
}
