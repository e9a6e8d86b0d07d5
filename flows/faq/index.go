package faq

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
)

// Names of the learned models, files faq/NAME.json of the content.
const (
	ModelSheets = "model_sheets" // trained on our own sheets
	ModelCorpus = "model_corpus" // trained on a general corpus
)

// Options choose how an index behaves. The zero value is right for the sheets.
type Options struct {
	// Model is [ModelSheets] (the default) or [ModelCorpus].
	Model string
	// Wordings are phrasings that staff added at run time, by entry id.
	Wordings map[string][]string
	// Without switches parts off, for the ablation table; see [Parts].
	Without Parts
}

// Parts of the engine that can be switched off.
type Parts uint

// The parts, one bit each.
const (
	PartSpelling Parts = 1 << iota
	PartSynonyms
	PartVectors
	PartGrams
	PartPhrasings // the phrasings other than the title
	PartBody
	PartSMS
	PartStems
	PartCues
	PartContext
	PartClasses
)

// Index finds entries. It is immutable and safe for concurrent use.
type Index struct {
	res     *Resources
	opts    Options
	model   *Model
	entries []Entry
	stems   map[string]string // stems of known words
	book    *conceptBook
	spell   *speller
	terms   map[string]int32
	idf     []float32 // by term
	posts   [][]posting
	uposts  [][]upost // by term: phrasings that hold it
	utts    []utterance
	first   []int32    // first phrasing of each entry, and the end
	ubig    [][]uint64 // by entry: pairs of neighbouring stems of its phrasings
	grams   *gramIndex
	docVec  []float32      // mean vectors of entries
	rows    []int32        // by term: row of its vector, or -1; nil without vectors
	invNorm []float32      // by row: 1 / length of the vector
	concept []bool         // by term: a concept of the synonyms
	typical [][]termWeight // by entry: terms that most of its phrasings hold
	classes *classifier    // nil for a large corpus
	scratch *sync.Pool
}

// posting is a term in an entry: saturated BM25F weights, whole, of the
// phrasings alone, and of the body alone; share is the part of the entry's
// phrasings that hold the term.
type posting struct {
	doc          int32
	all, ask, in float32
	share        float32
	lead         bool // the term stands in the first words of the body
}

// upost is a term in a phrasing, weighted so that a phrasing has length 1.
type upost struct {
	utt int32
	w   float32
}

// utterance is one known phrasing of an entry.
type utterance struct {
	doc   int32
	terms []int32 // its content stems, in order, without repeats
	total float32 // sum of their idf
	cues  uint32
	vec   []float32 // unit mean vector, or zeros
}

var errNoEntries = errors.New("an index needs at least one entry")

// New builds an index of entries. It fails when an id is empty or double, when
// opts names an unknown model, or when wordings are given for an unknown id.
func New(entries []Entry, res *Resources, opts Options) (*Index, error) {
	if opts.Model == "" {
		opts.Model = ModelSheets
	}
	if opts.Model != ModelSheets && opts.Model != ModelCorpus {
		return nil, fmt.Errorf("unknown model %q; take %s or %s", opts.Model, ModelSheets, ModelCorpus)
	}
	merged, err := mergeWordings(entries, opts.Wordings)
	if err != nil {
		return nil, err
	}
	x := &Index{res: res, opts: opts, entries: merged, model: res.models[opts.Model]}
	if x.model == nil {
		x.model = handModel()
	}
	b := newBuilder(x)
	b.read()
	b.weigh()
	x.scratch = &sync.Pool{New: func() any { return newScratch(x) }}
	return x, nil
}

func mergeWordings(entries []Entry, extra map[string][]string) ([]Entry, error) {
	if len(entries) == 0 {
		return nil, errNoEntries
	}
	seen := make(map[string]bool, len(entries))
	out := slices.Clone(entries)
	for i, e := range out {
		if e.ID == "" || seen[e.ID] {
			return nil, fmt.Errorf("entry %d: id %q is empty or used twice", i+1, e.ID)
		}
		seen[e.ID] = true
		if more := extra[e.ID]; len(more) > 0 {
			out[i].Alt = append(slices.Clone(e.Alt), more...)
		}
	}
	for id := range extra {
		if !seen[id] {
			return nil, fmt.Errorf("wordings are given for %q, which no entry has", id)
		}
	}
	return out, nil
}

// With returns an index that judges with another model. It shares everything
// else with x.
func (x *Index) With(m *Model) *Index {
	y := *x
	y.model = m
	return &y
}

// Len returns the number of entries.
func (x *Index) Len() int { return len(x.entries) }

func (x *Index) without(p Parts) bool { return x.opts.Without&p != 0 }

// stemOf returns the stem of a folded word.
func (x *Index) stemOf(w string) string {
	if x.without(PartStems) {
		return w
	}
	if s, ok := x.stems[w]; ok {
		return s
	}
	return stem(w)
}

// inverseFrequency is the BM25 weight of a term found in df of n entries
// (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and
// Beyond", 2009), kept positive.
func inverseFrequency(df, n int) float32 {
	return float32(math.Log(1 + (float64(n-df)+0.5)/(float64(df)+0.5)))
}
