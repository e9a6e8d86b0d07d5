package faq

import (
	"math"
	"strings"
)

// weigh turns counts into the weights that searching needs.
func (b *builder) weigh() {
	x, n := b.x, len(b.x.entries)
	x.idf = make([]float32, len(b.df))
	for t, df := range b.df {
		x.idf[t] = inverseFrequency(int(df), n)
	}
	b.weaken()
	x.concept = make([]bool, len(b.df))
	for s, t := range x.terms {
		x.concept[t] = strings.HasPrefix(s, "§")
	}
	b.postings()
	b.utterances()
	if !x.without(PartGrams) {
		x.grams = newGramIndex(x)
	}
	b.vectors()
	b.typical()
	b.classify()
	b.speller()
}

// weaken makes words that say little about the subject count half.
func (b *builder) weaken() {
	x := b.x
	done := map[int32]bool{}
	half := func(term string) {
		if t, ok := x.terms[term]; ok && !done[t] {
			done[t] = true
			x.idf[t] *= weakShare
		}
	}
	for w := range x.res.weak {
		half(b.stem(w))
	}
	for i, group := range x.res.groups {
		if len(group) > 0 && x.res.weak[group[0]] {
			half(conceptName(i))
		}
	}
}

func mean(xs []float32) float32 {
	var s float32
	for _, v := range xs {
		s += v
	}
	return max(s/float32(max(1, len(xs))), 1)
}

func (b *builder) postings() {
	x := b.x
	x.posts = make([][]posting, len(b.df))
	for t, df := range b.df {
		x.posts[t] = make([]posting, 0, df)
	}
	avgAsk, avgIn := mean(b.lenAsk), mean(b.lenIn)
	for doc, counts := range b.counts {
		ka := 1 - askNorm + askNorm*b.lenAsk[doc]/avgAsk
		ki := 1 - inNorm + inNorm*b.lenIn[doc]/avgIn
		for _, c := range counts {
			ask, in := c.ask/ka, c.in/ki
			all := askBoost*ask + in
			x.posts[c.term] = append(x.posts[c.term], posting{
				doc: int32(doc), all: all / (satur + all), ask: ask / (0.4 + ask), in: in / (satur + in), lead: c.lead,
			})
		}
	}
	b.counts = nil
}

func (b *builder) utterances() {
	x := b.x
	x.uposts = make([][]upost, len(x.idf))
	for i := range x.utts {
		u := &x.utts[i]
		var norm float32
		for _, t := range u.terms {
			if x.isConcept(t) {
				continue
			}
			u.total += x.idf[t]
			norm += x.idf[t] * x.idf[t]
		}
		norm = float32(math.Sqrt(float64(max(norm, 1e-6))))
		for _, t := range u.terms {
			x.uposts[t] = append(x.uposts[t], upost{int32(i), x.idf[t] / norm})
		}
	}
}

// speller gathers the words that may be meant: those of the corpus, of the
// synonyms, and common French ones.
func (b *builder) speller() {
	if b.x.without(PartSpelling) {
		return
	}
	words := make(map[string]float32, 2*len(b.ids))
	for w := range b.x.stems {
		words[w] = 4 // those of the synonyms are here too
	}
	for w, info := range b.ids {
		words[w] += 4 * float32(info.n)
	}
	if v := b.x.res.vectors; v != nil {
		for i, w := range v.words {
			if v.logs[i] >= 6 || words[w] > 0 {
				words[w] += float32(int(1)<<v.logs[i]) / 64
			}
		}
	}
	b.x.spell = newSpeller(words)
}
