package faq

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// BM25F constants: saturation, weight of each field, length normalisation.
const (
	satur     = 1.2
	askBoost  = 4
	askNorm   = 0.6
	inNorm    = 0.65
	maxBody   = 4000 // bytes of a body that are read
	weakShare = 0.5  // of a weak word's idf
	leadWords = 40   // content words that count as its start
)

// termCount is how often an entry holds a term, by field.
type termCount struct {
	term    int32
	ask, in float32
	lead    bool
}

// builder gathers counts while an [Index] is made.
type builder struct {
	x      *Index
	counts [][]termCount // by entry
	df     []int32       // entries with the term in a phrasing or the body
	lenAsk []float32
	lenIn  []float32
	words  map[string]float32 // folded words of the corpus
	at     []int32            // by term: position in the current entry's counts, +1
	tokens []string
	ids    map[string]wordInfo
}

// wordInfo caches what a surface word becomes.
type wordInfo struct {
	stem string
	term int32 // -1 for a stop word
}

func newBuilder(x *Index) *builder {
	x.stems = make(map[string]string, 1<<14)
	x.terms = make(map[string]int32, 1<<14)
	x.bbig = map[uint64][]int32{}
	groups := x.res.groups
	if x.without(PartSynonyms) {
		groups = nil
	}
	b := &builder{x: x, words: make(map[string]float32, 1<<14), ids: make(map[string]wordInfo, 1<<14)}
	x.book = newConceptBook(groups, x.res.stop, b.stem)
	return b
}

// stem returns the stem of a folded word, remembering it.
func (b *builder) stem(w string) string {
	if b.x.without(PartStems) {
		return w
	}
	s, ok := b.x.stems[w]
	if !ok {
		s = stem(w)
		b.x.stems[w] = s
	}
	return s
}

func (b *builder) term(s string) int32 {
	id, ok := b.x.terms[s]
	if !ok {
		id = int32(len(b.x.terms))
		b.x.terms[s] = id
		b.df = append(b.df, 0)
		b.at = append(b.at, 0)
	}
	return id
}

// word returns what a folded word of the corpus becomes.
func (b *builder) word(w string) wordInfo {
	b.words[w]++
	info, ok := b.ids[w]
	if !ok {
		info = wordInfo{stem: b.stem(w), term: -1}
		if !b.x.res.stop[w] {
			info.term = b.term(info.stem)
		}
		b.ids[w] = info
	}
	return info
}

// read takes in every entry.
func (b *builder) read() {
	n := len(b.x.entries)
	b.counts = make([][]termCount, n)
	b.lenAsk, b.lenIn = make([]float32, n), make([]float32, n)
	b.x.ubig = make([][]uint64, n)
	for doc, e := range b.x.entries {
		b.x.first = append(b.x.first, int32(len(b.x.utts)))
		b.phrasing(doc, e.Title)
		if !b.x.without(PartPhrasings) {
			for _, alt := range e.Alt {
				b.phrasing(doc, alt)
			}
		}
		if !b.x.without(PartBody) {
			b.body(doc, e.Text)
		}
		b.finish(doc)
	}
	b.x.first = append(b.x.first, int32(len(b.x.utts)))
}

// content returns the stems and terms of the content words of a text.
func (b *builder) content(words []string) (stems []string, terms []int32) {
	for _, w := range words {
		if info := b.word(w); info.term >= 0 {
			stems, terms = append(stems, info.stem), append(terms, info.term)
		}
	}
	return stems, terms
}

func (b *builder) phrasing(doc int, text string) {
	words := b.x.expandSMS(split(fold(text)))
	stems, terms := b.content(words)
	for _, t := range terms {
		b.count(doc, t, 1, 0)
	}
	b.lenAsk[doc] += float32(len(terms))
	b.x.ubig[doc] = append(b.x.ubig[doc], pairsOf(terms)...)
	u := utterance{doc: int32(doc), cues: b.x.res.cuesOf(words)}
	for _, hit := range b.x.book.find(stems) {
		t := b.term(hit.concept)
		b.count(doc, t, 1, 0)
		terms = append(terms, t)
	}
	for _, t := range terms {
		if !slices.Contains(u.terms, t) {
			u.terms = append(u.terms, t)
		}
	}
	b.x.utts = append(b.x.utts, u)
}

// body counts the words of a body. Concepts are looked for in its start only,
// where the subject is.
func (b *builder) body(doc int, text string) {
	if len(text) > maxBody {
		text = text[:maxBody]
	}
	stems, terms := b.content(split(fold(text)))
	for i, t := range terms {
		b.count(doc, t, 0, 1)
		if i < leadWords {
			b.counts[doc][b.at[t]-1].lead = true
		}
		if i > 0 {
			key := pairKey(terms[i-1], t)
			if l := b.x.bbig[key]; len(l) == 0 || l[len(l)-1] != int32(doc) {
				b.x.bbig[key] = append(l, int32(doc))
			}
		}
	}
	b.lenIn[doc] = float32(len(terms))
	for _, hit := range b.x.book.find(stems) {
		t := b.term(hit.concept)
		b.count(doc, t, 0, 1)
		if hit.from < leadWords {
			b.counts[doc][b.at[t]-1].lead = true
		}
	}
}

func (b *builder) count(doc int, t int32, ask, in float32) {
	if b.at[t] == 0 {
		b.counts[doc] = append(b.counts[doc], termCount{term: t})
		b.at[t] = int32(len(b.counts[doc]))
		b.df[t]++
	}
	c := &b.counts[doc][b.at[t]-1]
	c.ask += ask
	c.in += in
}

// finish forgets the positions of the entry's terms.
func (b *builder) finish(doc int) {
	for _, c := range b.counts[doc] {
		b.at[c.term] = 0
	}
}

func pairKey(a, b int32) uint64 { return uint64(a)<<32 | uint64(uint32(b)) }

func pairsOf(terms []int32) []uint64 {
	var out []uint64
	for i := 1; i < len(terms); i++ {
		out = append(out, pairKey(terms[i-1], terms[i]))
	}
	return out
}

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
	for w := range b.x.stems {
		b.words[w]++
	}
	for w := range b.words {
		b.words[w] *= 4
	}
	if v := b.x.res.vectors; v != nil {
		for i, w := range v.words {
			if v.logs[i] >= 6 || b.words[w] > 0 {
				b.words[w] += float32(int(1)<<v.logs[i]) / 64
			}
		}
	}
	b.x.spell = newSpeller(b.words)
}

// sortedKeys returns the keys of m in order.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
