//go:build ignore

package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/coopconnexion/relais/flows/faq"
)

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
	announce(all, answer, choices)
	return math.Round(answer*1e3) / 1e3, math.Round(choices*1e3) / 1e3
}

// announce prints what the thresholds would have done.
func announce(all []scored, answer, choices float64) {
	var flat, flatRight, scope, out, outFlat, outHand float64
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
}
