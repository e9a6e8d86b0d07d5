//go:build ignore

package main

import (
	"math"

	"github.com/coopconnexion/relais/flows/faq"
)

// trainRank learns to order candidates: softmax over the list, the loss being
// minus the log of the share of the right ones.
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
	return s
}

func round(v float64) float64 { return math.Round(v*1e4) / 1e4 }

type list struct {
	f      [][]float64
	right  []bool
	weight float64
	ok     bool
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
		rows = append(rows, row{traces[i].Sure, y, all[i].weight})
		lists = append(lists, list{f: [][]float64{traces[i].Sure}})
	}
	mean, scale := standardise(lists, len(names))
	w := logistic(rows, mean, scale, dropped(names))
	s := faq.Scorer{Weights: map[string]float64{}, Bias: w[len(names)]}
	for k, n := range names {
		if w[k] != 0 {
			s.Weights[n] = round(w[k] / scale[k])
			s.Bias -= w[k] / scale[k] * mean[k]
		}
	}
	s.Bias = round(s.Bias)
	return s
}

// logistic fits a logistic regression; the last weight is the bias.
func logistic(rows []row, mean, scale []float64, skip []bool) []float64 {
	n := len(mean)
	w := make([]float64, n+1)
	adam := newAdam(len(w))
	for range 400 {
		g := make([]float64, len(w))
		var sum float64
		for _, r := range rows {
			d := r.w * (r.y - 1/(1+math.Exp(-linear(w[:n], r.f, mean, scale)-w[n])))
			for k := range n {
				g[k] += d * (r.f[k] - mean[k]) / scale[k]
			}
			g[n] += d
			sum += r.w
		}
		for k := range w {
			g[k] /= sum
			if k < n {
				g[k] -= *sureL2 * w[k]
			}
			if k < n && skip[k] {
				g[k] = 0
			}
		}
		adam.step(w, g, 0.05)
	}
	return w
}

// row is a first candidate's features, whether it was right, and its weight.
type row struct {
	f    []float64
	y, w float64
}
