//go:build ignore

// Train learns the ranker and the confidence and writes them as one JSON file:
//
//	go run ./flows/faq/train/*.go -sheets -o flows/content/faq/model_sheets.json flows/faq/testdata/dev.tsv
//	go run ./flows/faq/train/*.go -corpus CORPUS.jsonl -o flows/content/faq/model_corpus.json CASES.tsv...
//
// It learns from the given cases (see faq.ReadCases) and from the entries' own
// phrasings: each is asked with itself taken out of the index, and again with
// its whole entry taken out, when nothing should be answered. Files of cases of
// the same length are versions of the same questions and stay together.
// Everything is seeded: the same input gives the same file. The figures printed
// are of cross-validation by subject: a question is judged by a model that saw
// neither it nor any other question about the same entries.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"math/rand/v2"
	"os"
	"slices"
	"strings"

	"github.com/coopconnexion/relais/flows/faq"
)

var (
	content  = flag.String("content", "flows/content", "the content folder")
	sheets   = flag.Bool("sheets", false, "train on the content's sheets")
	corpus   = flag.String("corpus", "", "train on this corpus")
	out      = flag.String("o", "", "file to write; none = only measure")
	folds    = flag.Int("folds", 5, "folds of the cross-validation")
	rankL2   = flag.Float64("rank-l2", 4e-3, "weight decay of the ranker")
	sureL2   = flag.Float64("sure-l2", 3e-4, "weight decay of the confidence")
	selfW    = flag.Float64("self", 0.3, "weight of the entries' own phrasings")
	ghostW   = flag.Float64("ghost", 0.15, "weight of phrasings whose entry is hidden")
	noise    = flag.Float64("noise", 0.5, "share of own phrasings asked with typing errors")
	aim      = flag.Float64("aim", 0.95, "precision wanted of flat answers")
	drop     = flag.String("drop", "", "features left out, comma separated")
	verbose  = flag.Bool("v", false, "print the questions whose first candidate is wrong")
	without  = flag.Uint("without", 0, "parts switched off, see faq.Parts")
	contexts = flag.Bool("contexts", false, "ask half of the own phrasings with the entry's situation")
)

// example is a question asked, with what came back.
type example struct {
	question string
	group    string
	file     int // which cases file, or -1 for an own phrasing
	weight   float64
	right    []string
	trace    faq.Trace
	ask      func(*faq.Model) faq.Trace
}

func main() {
	flag.Parse()
	rng := rand.New(rand.NewPCG(7, 11))
	res, err := faq.LoadResources(withoutModels{os.DirFS(*content)})
	check(err)
	entries, name := load()
	opts := faq.Options{Model: name, Without: faq.Parts(*without)}
	var all []example
	all = append(all, fromCases(entries, res, opts)...)
	all = append(all, fromPhrasings(entries, res, opts, rng)...)
	log.Printf("%d examples", len(all))
	m := crossValidate(all, rng)
	if *out != "" {
		raw, err := json.Marshal(m)
		check(err)
		check(os.WriteFile(*out, append(raw, '\n'), 0o644))
	}
}

// withoutModels hides the models: an old one may not fit the features of today.
type withoutModels struct{ fs.FS }

func (w withoutModels) Open(name string) (fs.File, error) {
	if strings.HasPrefix(name, "faq/model_") {
		return nil, fs.ErrNotExist
	}
	return w.FS.Open(name)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func load() ([]faq.Entry, string) {
	if *sheets {
		s, err := faq.Load(os.DirFS(*content))
		check(err)
		return faq.Entries(s), faq.ModelSheets
	}
	f, err := os.Open(*corpus)
	check(err)
	defer f.Close()
	entries, err := faq.ReadCorpus(f)
	check(err)
	return entries, faq.ModelCorpus
}

func fromCases(entries []faq.Entry, res *faq.Resources, opts faq.Options) []example {
	x, err := faq.New(entries, res, opts)
	check(err)
	var all []example
	for i, name := range flag.Args() {
		f, err := os.Open(name)
		check(err)
		cases, err := faq.ReadCases(f)
		check(err)
		f.Close()
		for n, c := range cases {
			group := strings.Join(c.Right, "|")
			if group == "" {
				group = fmt.Sprint("none ", n)
			}
			all = append(all, ask(x, c, example{group: group, file: i, weight: 1, right: c.Right}))
		}
	}
	return all
}

func ask(x *faq.Index, c faq.Case, e example) example {
	ctx := faq.Context{Situations: c.Situations}
	e.question = c.Question
	e.trace = x.Trace(c.Question, ctx)
	e.ask = func(m *faq.Model) faq.Trace { return x.With(m).Trace(c.Question, ctx) }
	return e
}

// fromPhrasings asks the entries' own phrasings, hidden in turn.
func fromPhrasings(entries []faq.Entry, res *faq.Resources, opts faq.Options, rng *rand.Rand) []example {
	var all []example
	const turns = 8
	for turn := range turns {
		hidden := slices.Clone(entries)
		var cases []faq.Case
		n := 0
		for i, e := range hidden {
			var kept []string
			for _, alt := range e.Alt {
				n++
				if n%turns != turn {
					kept = append(kept, alt)
					continue
				}
				c := faq.Case{Question: spoil(alt, rng), Right: []string{e.ID}}
				if *contexts && rng.IntN(2) == 0 {
					c.Situations = e.Situations
				}
				cases = append(cases, c)
			}
			hidden[i].Alt = kept
		}
		x, err := faq.New(hidden, res, opts)
		check(err)
		for _, c := range cases {
			all = append(all, ask(x, c, example{group: c.Right[0], file: -1, weight: *selfW, right: c.Right}))
		}
	}
	return append(all, ghosts(entries, res, opts, rng)...)
}

// ghosts asks phrasings of entries that are not there.
func ghosts(entries []faq.Entry, res *faq.Resources, opts faq.Options, rng *rand.Rand) []example {
	var all []example
	const turns = 10
	order := rng.Perm(len(entries))
	for turn := range turns {
		var kept []faq.Entry
		var cases []faq.Case
		for k, i := range order {
			if e := entries[i]; k%turns != turn {
				kept = append(kept, e)
			} else if len(e.Alt) > 0 {
				cases = append(cases, faq.Case{Question: spoil(e.Alt[rng.IntN(len(e.Alt))], rng)}, faq.Case{Question: e.Title})
			}
		}
		x, err := faq.New(kept, res, opts)
		check(err)
		for n, c := range cases {
			all = append(all, ask(x, c, example{group: fmt.Sprint("ghost ", turn, n), file: -2, weight: *ghostW}))
		}
	}
	return all
}

// spoil adds typing errors to some texts.
func spoil(s string, rng *rand.Rand) string {
	if rng.Float64() >= *noise {
		return s
	}
	b := []rune(s)
	for i := 0; i < len(b); i++ {
		if rng.Float64() > 0.05 || b[i] == ' ' {
			continue
		}
		switch rng.IntN(4) {
		case 0:
			b = slices.Delete(b, i, i+1)
		case 1:
			if i+1 < len(b) {
				b[i], b[i+1] = b[i+1], b[i]
			}
		case 2:
			b = slices.Insert(b, i, b[i])
			i++
		case 3:
			b[i] = rune('a' + rng.IntN(26))
		}
	}
	return string(b)
}

func isRight(e *example, id string) bool { return slices.Contains(e.right, id) }

func dropped(names []string) []bool {
	d := make([]bool, len(names))
	for i, n := range names {
		d[i] = slices.Contains(strings.Split(*drop, ","), n)
	}
	return d
}
