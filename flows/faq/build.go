package faq

import "slices"

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
	at     []int32 // by term: position in the current entry's counts, +1
	ids    map[string]*wordInfo
}

// wordInfo caches what a surface word becomes.
type wordInfo struct {
	stem string
	term int32 // -1 for a stop word
	n    int   // how often it occurs
}

func newBuilder(x *Index) *builder {
	x.stems = make(map[string]string, 1<<14)
	x.terms = make(map[string]int32, 1<<14)
	groups := x.res.groups
	if x.without(PartSynonyms) {
		groups = nil
	}
	b := &builder{x: x, ids: make(map[string]*wordInfo, 1<<14)}
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
func (b *builder) word(w string) *wordInfo {
	info, ok := b.ids[w]
	if !ok {
		info = &wordInfo{stem: b.stem(w), term: -1}
		if !b.x.res.stop[w] {
			info.term = b.term(info.stem)
		}
		b.ids[w] = info
	}
	info.n++
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
