// Package safety reads every typed text before anything else does and says
// whether the person, or somebody near them, may be in danger.
//
// Two readers look at each text. The first one is a list of French patterns
// with guards, kept in content (safety/patterns.yaml). The second one is a
// small classifier on character n-grams (safety/ngram.bin) that may only raise
// the level the first one found. Neither sends, stores or logs anything: the
// caller acts on the [Finding].
//
// Levels follow one rule of thumb: a miss may be a death, a false alarm is one
// caring question. In doubt a text goes up. Crisis is a wish to die, a plan, a
// farewell, self-harm, an overdose, violence, a minor or a third person in
// danger. Distress is marked suffering without that, and also a negated
// mention of suicide, an old attempt or a bereavement by suicide.
package safety

import (
	"fmt"
	"io/fs"

	"github.com/coopconnexion/relais/flows/safety/ngram"
)

// Level is how serious a text reads. Levels are ordered: a higher one wins.
type Level int

// The three levels. None is the zero value.
const (
	None Level = iota
	Distress
	Crisis
)

// String returns "none", "distress" or "crisis", the words of the safety JSON.
func (l Level) String() string {
	switch l {
	case Crisis:
		return "crisis"
	case Distress:
		return "distress"
	default:
		return "none"
	}
}

// Kind says what a finding is about, so that the right text is shown.
type Kind string

// Kinds of findings. A finding of level None has KindNone.
const (
	KindNone       Kind = ""
	KindSuicide    Kind = "suicide"     // the person's own wish to die, self-harm or overdose
	KindViolence   Kind = "violence"    // violence suffered
	KindThreat     Kind = "threat"      // violence threatened to somebody
	KindMinor      Kind = "minor"       // a person under 18 in danger
	KindThirdParty Kind = "third_party" // somebody near the person wants to die
	KindSuffering  Kind = "suffering"   // marked suffering without a sign of danger
)

// Finding is what the readers say about one text. It never holds the text.
type Finding struct {
	Level  Level
	Kind   Kind   // the most urgent kind at this level
	Also   Kind   // a second kind at the same level, KindNone if there is none
	Reason string // the id of the pattern that decided; never a word of the text
}

// Reader reads texts. It is immutable and safe for concurrent use.
type Reader struct {
	words    *lexicon
	patterns []pattern
	guards   guards
	masks    []mask
	families families
	second   *ngram.Model
	raise    thresholds
}

// File names inside the content file system.
const (
	patternsFile = "safety/patterns.yaml"
	classesFile  = "safety/classes.yaml"
	modelFile    = "safety/ngram.bin"
)

// New builds a Reader from the content file system (safety/patterns.yaml,
// safety/classes.yaml and safety/ngram.bin). The error names the file and the pattern to fix.
func New(content fs.FS) (*Reader, error) {
	r, err := newPatternReader(content)
	if err != nil {
		return nil, err
	}
	raw, err := fs.ReadFile(content, modelFile)
	if err != nil {
		return nil, fmt.Errorf("safety: %s: %w", modelFile, err)
	}
	if r.second, err = ngram.Decode(raw); err != nil {
		return nil, fmt.Errorf("safety: %s: %w (train it again with flows/safety/train.go)", modelFile, err)
	}
	return r, nil
}

// Read returns the level of one typed text. It never panics and takes well
// under a millisecond for a chat message.
func (r *Reader) Read(text string) Finding {
	n := r.words.normalise(text)
	f, guarded := r.readPatterns(n)
	if r.second == nil || f.Level == Crisis {
		return f
	}
	return r.readSecond(n, f, guarded)
}

// Features returns what the second reader sees of a text: its buckets. The
// trainer needs them too.
func (r *Reader) Features(text string) []uint32 {
	return r.features(r.words.normalise(text))
}

func (r *Reader) features(n normal) []uint32 {
	buckets := make([]uint32, 0, 8*len(n.text))
	see := func(b uint32) { buckets = append(buckets, b) }
	// Harmless turns of phrase are out for this reader too.
	text := r.mask(n.text)
	ngram.Features(text, see)
	r.families.features(text, see)
	return buckets
}

// fewWords is up to where a text is short: too little for the classifier to
// call a crisis alone.
const fewWords = 4

// readSecond lets the classifier raise, and never lower, what patterns found.
// Guarded says that a guard had lowered a crisis to distress: then the
// classifier must be as sure as when it is alone.
func (r *Reader) readSecond(n normal, f Finding, guarded bool) Finding {
	if n.words < 2 {
		return f
	}
	p := r.second.Predict(r.features(n))
	distress, alone := r.raise.Distress, p.Crisis >= r.raise.Crisis
	if n.words <= fewWords {
		distress, alone = r.raise.Short, false
	}
	agree := f.Level == Distress && !guarded && p.Crisis >= r.raise.Agree
	switch {
	case agree || alone:
		kind := KindSuicide
		if f.Level == Distress && f.Kind != KindSuffering {
			kind = f.Kind
		}
		return Finding{Level: Crisis, Kind: kind, Reason: "second-reader-crisis"}
	case f.Level == Distress:
		return f
	case p.Crisis+p.Distress >= distress:
		return Finding{Level: Distress, Kind: KindSuffering, Reason: "second-reader-distress"}
	}
	return f
}
