//go:build ignore

// Train learns the ranker and the confidence and writes them as one JSON file:
//
//	go run flows/faq/train.go -sheets -o flows/content/faq/model_sheets.json flows/faq/testdata/dev.tsv
//	go run flows/faq/train.go -corpus CORPUS.jsonl -o flows/content/faq/model_corpus.json CASES.tsv...
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
	"log"
	"math"
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
	rankN    = flag.Int("rank-trees", 0, "trees of the ranker")
	sureN    = flag.Int("sure-trees", 0, "trees of the confidence")
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
	res, err := faq.LoadResources(os.DirFS(*content))
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

// crossValidate prints honest figures, then trains on everything.
func crossValidate(all []example, rng *rand.Rand) *faq.Model {
	fold := map[string]int{}
	var order []string
	for _, e := range all {
		if _, ok := fold[e.group]; !ok {
			fold[e.group] = 0
			order = append(order, e.group)
		}
	}
	rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	for i, g := range order {
		fold[g] = i % *folds
	}
	// Out-of-fold rankers give the confidence honest features to learn from.
	traces := make([]faq.Trace, len(all))
	for k := range *folds {
		m := &faq.Model{Rank: trainRank(pick(all, func(e *example) bool { return fold[e.group] != k }))}
		m = bind(m)
		for i := range all {
			if fold[all[i].group] == k {
				traces[i] = all[i].ask(m)
			}
		}
	}
	p := make([]float64, len(all))
	for k := range *folds {
		in := func(i int) bool { return fold[all[i].group] != k }
		m := bind(&faq.Model{Sure: trainSure(all, traces, in)})
		for i := range all {
			if !in(i) {
				p[i] = m.Confidence(traces[i].Sure)
			}
		}
	}
	answer, choices := report(all, traces, p)
	m := &faq.Model{Rank: trainRank(all), AnswerFrom: answer, ChoicesFrom: choices}
	m.Sure = trainSure(all, traces, func(int) bool { return true })
	return bind(m)
}

func bind(m *faq.Model) *faq.Model {
	raw, err := json.Marshal(m)
	check(err)
	m, err = faq.ParseModel(raw)
	check(err)
	return m
}

func pick(all []example, keep func(*example) bool) []example {
	var out []example
	for i := range all {
		if keep(&all[i]) {
			out = append(out, all[i])
		}
	}
	return out
}

// report prints the figures of cross-validation and returns thresholds.
func report(all []example, traces []faq.Trace, p []float64) (answer, choices float64) {
	files := map[int]bool{}
	for _, e := range all {
		files[e.file] = true
	}
	var point []scored
	for file := -2; file < flag.NArg(); file++ {
		if !files[file] {
			continue
		}
		var in, top1, top3 int
		var good, bad []float64
		for i, e := range all {
			if e.file != file || len(traces[i].Candidates) == 0 {
				continue
			}
			c := traces[i].Candidates
			first := isRight(&e, c[0].ID)
			if *verbose && !first && (len(e.right) > 0 || file >= 0 && p[i] > 0.5) {
				fmt.Printf("%d\t%.2f\t%s\t%v\t%s %s %s\n", file, p[i], e.question, e.right, c[0].ID, c[1].ID, c[2].ID)
			}
			if len(e.right) > 0 {
				in++
				if first {
					top1++
				}
				if slices.ContainsFunc(c[:min(3, len(c))], func(c faq.TracedCandidate) bool { return isRight(&e, c.ID) }) {
					top3++
				}
			}
			if first {
				good = append(good, p[i])
			} else {
				bad = append(bad, p[i])
			}
			if file >= 0 {
				point = append(point, scored{p[i], first, len(e.right) > 0})
			}
		}
		log.Printf("file %2d: %4d in scope, top1 %.4f top3 %.4f, %d others, AUROC %.4f", file, in, share(top1, in), share(top3, in), len(bad)-(in-top1), auroc(good, bad))
	}
	return thresholds(point)
}

func share(a, b int) float64 { return float64(a) / math.Max(1, float64(b)) }

func auroc(good, bad []float64) float64 {
	var s float64
	for _, g := range good {
		for _, b := range bad {
			if g > b {
				s++
			} else if g == b {
				s += 0.5
			}
		}
	}
	return s / float64(len(good)) / float64(len(bad))
}

type scored struct {
	p            float64
	right, scope bool
}

// thresholds returns the lowest score from which flat answers are right often
// enough, and the score below which too little is right to offer choices. The
// aim must hold with a margin of one standard error, because a threshold
// chosen on some questions is optimistic on others.
func thresholds(all []scored) (answer, choices float64) {
	slices.SortFunc(all, func(a, b scored) int {
		if a.p > b.p {
			return -1
		}
		return 1
	})
	answer, choices = 0.99, 0.2
	var right float64
	for i, s := range all {
		if s.right {
			right++
		}
		n := float64(i + 1)
		prec := right / n
		if n >= 30 && prec-math.Sqrt(prec*(1-prec)/n) >= *aim-0.005 {
			answer = s.p
		}
	}
	var flat, flatRight, scope, out, outFlat, outHand float64
	var outs []float64
	for _, s := range all {
		if !s.scope {
			outs = append(outs, s.p)
		}
	}
	slices.Sort(outs)
	if len(outs) > 0 {
		choices = math.Min(outs[len(outs)*70/100], 0.35)
	}
	choices = math.Max(choices, 0.08)
	for _, s := range all {
		if s.scope {
			scope++
		} else {
			out++
			if s.p >= answer {
				outFlat++
			}
			if s.p < choices {
				outHand++
			}
		}
		if s.p >= answer {
			flat++
			if s.right {
				flatRight++
			}
		}
	}
	log.Printf("answer from %.3f, choices from %.3f: flat right %.3f, flat wrong in scope %.3f, precision %.3f, out of scope answered %.3f handed over %.3f",
		answer, choices, flatRight/scope, (flat-flatRight-outFlat)/scope, flatRight/math.Max(flat, 1), outFlat/math.Max(out, 1), outHand/math.Max(out, 1))
	return math.Round(answer*1e3) / 1e3, math.Round(choices*1e3) / 1e3
}

// trainRank learns to order candidates: softmax over the list, the loss being
// minus the log of the share of the right ones; a linear part by gradient
// descent, then boosted trees on the rest.
func trainRank(all []example) faq.Scorer {
	names := faq.FeatureNames()
	var lists []list
	for i := range all {
		if l := newList(&all[i]); l.ok {
			lists = append(lists, l)
		}
	}
	mean, scale := standardise(lists, len(names))
	w := make([]float64, len(names))
	skip := dropped(names)
	adam := newAdam(len(w))
	for range 250 {
		g := make([]float64, len(w))
		var sum float64
		for _, l := range lists {
			l.gradient(func(f []float64) float64 { return linear(w, f, mean, scale) }, func(i int, d float64) {
				for k := range w {
					g[k] += l.weight * d * (l.f[i][k] - mean[k]) / scale[k]
				}
			})
			sum += l.weight
		}
		for k := range w {
			g[k] = g[k]/sum - *rankL2*20*w[k]
			if skip[k] {
				g[k] = 0
			}
		}
		adam.step(w, g, 0.08)
	}
	s := faq.Scorer{Weights: map[string]float64{}}
	for k, n := range names {
		if w[k] != 0 {
			s.Weights[n] = round(w[k] / scale[k])
		}
	}
	s.Trees = boostRank(lists, names, s, skip)
	return s
}

func round(v float64) float64 { return math.Round(v*1e4) / 1e4 }

type list struct {
	f      [][]float64
	right  []bool
	weight float64
	ok     bool
	score  []float64
}

func newList(e *example) list {
	l := list{weight: e.weight}
	n := 0
	for _, c := range e.trace.Candidates {
		l.f = append(l.f, c.Features)
		l.right = append(l.right, isRight(e, c.ID))
		if isRight(e, c.ID) {
			n++
		}
	}
	l.ok = n > 0 && n < len(l.f)
	return l
}

// gradient calls add with each candidate's derivative of the log share of the
// right ones.
func (l *list) gradient(score func([]float64) float64, add func(int, float64)) {
	s := make([]float64, len(l.f))
	top := math.Inf(-1)
	for i, f := range l.f {
		s[i] = score(f)
		top = math.Max(top, s[i])
	}
	shares(s, l.right, top, add)
}

func shares(s []float64, right []bool, top float64, add func(int, float64)) {
	var all, good float64
	for i := range s {
		v := math.Exp(s[i] - top)
		all += v
		if right[i] {
			good += v
		}
	}
	for i := range s {
		v := math.Exp(s[i] - top)
		d := -v / all
		if right[i] {
			d += v / math.Max(good, 1e-300)
		}
		add(i, d)
	}
}

func linear(w, f, mean, scale []float64) float64 {
	var s float64
	for k := range w {
		s += w[k] * (f[k] - mean[k]) / scale[k]
	}
	return s
}

func standardise(lists []list, n int) (mean, scale []float64) {
	mean, scale = make([]float64, n), make([]float64, n)
	var c float64
	for _, l := range lists {
		for _, f := range l.f {
			c++
			for k := range mean {
				mean[k] += f[k]
				scale[k] += f[k] * f[k]
			}
		}
	}
	for k := range mean {
		mean[k] /= math.Max(c, 1)
		scale[k] = math.Max(math.Sqrt(math.Max(scale[k]/math.Max(c, 1)-mean[k]*mean[k], 0)), 1e-2)
	}
	return mean, scale
}

type adam struct {
	m, v []float64
	t    int
}

func newAdam(n int) *adam { return &adam{m: make([]float64, n), v: make([]float64, n)} }

// step climbs along g.
func (a *adam) step(w, g []float64, rate float64) {
	a.t++
	for k := range w {
		a.m[k] = 0.9*a.m[k] + 0.1*g[k]
		a.v[k] = 0.99*a.v[k] + 0.01*g[k]*g[k]
		mh, vh := a.m[k]/(1-math.Pow(0.9, float64(a.t))), a.v[k]/(1-math.Pow(0.99, float64(a.t)))
		w[k] += rate * mh / (math.Sqrt(vh) + 1e-8)
	}
}

func boostRank(lists []list, names []string, base faq.Scorer, skip []bool) []faq.Tree {
	if *rankN == 0 {
		return nil
	}
	w := make([]float64, len(names))
	for k, n := range names {
		w[k] = base.Weights[n]
	}
	var rows []row
	for i := range lists {
		l := &lists[i]
		l.score = make([]float64, len(l.f))
		for j, f := range l.f {
			for k := range w {
				l.score[j] += w[k] * f[k]
			}
			rows = append(rows, row{f: f})
		}
	}
	b := newBooster(rows, len(names), skip)
	var trees []faq.Tree
	for range *rankN {
		r := 0
		for i := range lists {
			l := &lists[i]
			start := r
			shares(l.score, l.right, slices.Max(l.score), func(j int, d float64) {
				b.rows[start+j].g = l.weight * d
				b.rows[start+j].h = l.weight * math.Max(math.Abs(d)*(1-math.Abs(d)), 1e-4)
			})
			r += len(l.f)
		}
		t := b.grow(3, 12, 0.12)
		trees = append(trees, t)
		r = 0
		for i := range lists {
			for j := range lists[i].score {
				lists[i].score[j] += value(t, b.rows[r].f)
				r++
			}
		}
	}
	return trees
}

// trainSure learns the probability that the first candidate is right, from
// traces made by rankers that had not seen the question.
func trainSure(all []example, traces []faq.Trace, in func(int) bool) faq.Scorer {
	names := faq.SureNames()
	var rows []row
	var lists []list
	for i := range all {
		if !in(i) || len(traces[i].Candidates) == 0 {
			continue
		}
		y := 0.0
		if isRight(&all[i], traces[i].Candidates[0].ID) {
			y = 1
		}
		rows = append(rows, row{f: traces[i].Sure, y: y, w: all[i].weight})
		lists = append(lists, list{f: [][]float64{traces[i].Sure}})
	}
	mean, scale := standardise(lists, len(names))
	skip := dropped(names)
	w := make([]float64, len(names)+1)
	adam := newAdam(len(w))
	for range 400 {
		g := make([]float64, len(w))
		var sum float64
		for _, r := range rows {
			d := r.w * (r.y - 1/(1+math.Exp(-linear(w[:len(names)], r.f, mean, scale)-w[len(names)])))
			for k := range names {
				g[k] += d * (r.f[k] - mean[k]) / scale[k]
			}
			g[len(names)] += d
			sum += r.w
		}
		for k := range w {
			g[k] /= sum
			if k < len(names) {
				g[k] -= *sureL2 * w[k]
				if skip[k] {
					g[k] = 0
				}
			}
		}
		adam.step(w, g, 0.05)
	}
	s := faq.Scorer{Weights: map[string]float64{}, Bias: w[len(names)]}
	for k, n := range names {
		if w[k] != 0 {
			s.Weights[n] = round(w[k] / scale[k])
			s.Bias -= w[k] / scale[k] * mean[k]
		}
	}
	s.Bias = round(s.Bias)
	s.Trees = boostSure(rows, names, s, skip)
	return s
}

func boostSure(rows []row, names []string, base faq.Scorer, skip []bool) []faq.Tree {
	if *sureN == 0 {
		return nil
	}
	score := make([]float64, len(rows))
	for i, r := range rows {
		score[i] = base.Bias
		for k, n := range names {
			score[i] += base.Weights[n] * r.f[k]
		}
	}
	b := newBooster(rows, len(names), skip)
	var trees []faq.Tree
	for range *sureN {
		for i := range b.rows {
			p := 1 / (1 + math.Exp(-score[i]))
			b.rows[i].g = rows[i].w * (rows[i].y - p)
			b.rows[i].h = rows[i].w * math.Max(p*(1-p), 1e-4)
		}
		t := b.grow(3, 10, 0.06)
		trees = append(trees, t)
		for i := range score {
			score[i] += value(t, b.rows[i].f)
		}
	}
	return trees
}

// row is one line of a boosting problem: features, gradient and curvature.
type row struct {
	f          []float64
	y, w, g, h float64
}

// booster grows regression trees over features cut into at most 32 steps.
type booster struct {
	rows []row
	cuts [][]float64
	bin  [][]uint8
	skip []bool
}

func newBooster(rows []row, n int, skip []bool) *booster {
	b := &booster{rows: slices.Clone(rows), cuts: make([][]float64, n), bin: make([][]uint8, n), skip: skip}
	for k := range n {
		vals := make([]float64, len(rows))
		for i, r := range rows {
			vals[i] = r.f[k]
		}
		sorted := slices.Clone(vals)
		slices.Sort(sorted)
		for q := 1; q < 32; q++ {
			// Candidate lists are mostly hopeless entries: cut finer at the top.
			at := 1 - math.Pow(1-float64(q)/32, 1.8)
			v := math.Round(sorted[int(at*float64(len(sorted)-1))]*1e4) / 1e4
			if len(b.cuts[k]) == 0 || v > b.cuts[k][len(b.cuts[k])-1] {
				b.cuts[k] = append(b.cuts[k], v)
			}
		}
		b.bin[k] = make([]uint8, len(rows))
		for i, v := range vals {
			at, _ := slices.BinarySearch(b.cuts[k], v)
			b.bin[k][i] = uint8(at)
		}
	}
	return b
}

// grow makes one tree of the given depth; lambda damps small leaves.
func (b *booster) grow(depth int, lambda, rate float64) faq.Tree {
	var t faq.Tree
	all := make([]int, len(b.rows))
	for i := range all {
		all[i] = i
	}
	t.Feature, t.Split, t.Left = []int{0}, []float64{0}, []int{0}
	b.node(&t, 0, all, depth, lambda, rate)
	return t
}

func (b *booster) node(t *faq.Tree, at int, rows []int, depth int, lambda, rate float64) {
	var g, h float64
	for _, i := range rows {
		g += b.rows[i].g
		h += b.rows[i].h
	}
	k, cut := -1, 0
	if depth > 0 {
		k, cut = b.split(rows, g, h, lambda)
	}
	if k < 0 {
		t.Split[at] = math.Round(rate*g/(h+lambda)*1e5) / 1e5
		return
	}
	var left, right []int
	for _, i := range rows {
		if int(b.bin[k][i]) <= cut {
			left = append(left, i)
		} else {
			right = append(right, i)
		}
	}
	l := len(t.Left)
	t.Feature = append(t.Feature, 0, 0)
	t.Split = append(t.Split, 0, 0)
	t.Left = append(t.Left, 0, 0)
	t.Feature[at], t.Split[at], t.Left[at] = k, b.cuts[k][cut], l
	b.node(t, l, left, depth-1, lambda, rate)
	b.node(t, l+1, right, depth-1, lambda, rate)
}

func (b *booster) split(rows []int, g, h, lambda float64) (feature, cut int) {
	feature = -1
	best := g*g/(h+lambda) + 1e-6
	for k := range b.bin {
		if b.skip[k] {
			continue
		}
		var bg, bh [33]float64
		var bn [33]int
		for _, i := range rows {
			c := b.bin[k][i]
			bg[c] += b.rows[i].g
			bh[c] += b.rows[i].h
			bn[c]++
		}
		var lg, lh float64
		ln := 0
		for c := range b.cuts[k] {
			lg += bg[c]
			lh += bh[c]
			ln += bn[c]
			if ln < 15 || len(rows)-ln < 15 {
				continue
			}
			if gain := lg*lg/(lh+lambda) + (g-lg)*(g-lg)/(h-lh+lambda); gain > best {
				best, feature, cut = gain, k, c
			}
		}
	}
	return feature, cut
}

func value(t faq.Tree, f []float64) float64 {
	i := 0
	for t.Left[i] != 0 {
		next := t.Left[i]
		if f[t.Feature[i]] > t.Split[i] {
			next++
		}
		i = next
	}
	return t.Split[i]
}
