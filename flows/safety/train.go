//go:build ignore

// Train writes content/safety/ngram.bin, the weights of the second reader,
// from the development examples. The result depends only on its inputs:
//
//	cd flows/safety && go run train.go
//
// With -folds 5 it also prints how the classifier does on examples left out,
// alone and with the patterns.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"sort"
	"strings"

	"github.com/coopconnexion/relais/flows/content"
	"github.com/coopconnexion/relais/flows/safety"
	"github.com/coopconnexion/relais/flows/safety/ngram"
)

const (
	epochs = 30
	rate   = 0.2
	decay  = 2e-5
	noisy  = 4 // misspelt copies of each example
)

// example is one labelled text with its features.
type example struct {
	text  string
	label int // 0 none, 1 distress, 2 crisis
	feats [][]uint32
}

func main() {
	folds := flag.Int("folds", 0, "also measure with this many folds")
	flag.Parse()
	reader, err := safety.New(content.FS())
	if err != nil {
		log.Fatal(err)
	}
	all := append(read("testdata/dev.tsv", reader), read("testdata/questions.tsv", reader)...)
	if *folds > 1 {
		measure(all, *folds)
	}
	d, c, bd, bc := fit(all)
	if err := os.WriteFile("../content/safety/ngram.bin", ngram.Encode(d, c, bd, bc), 0o644); err != nil {
		log.Fatal(err)
	}
}

func read(name string, r *safety.Reader) []example {
	f, err := os.Open(name)
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	rnd := rand.New(rand.NewPCG(7, 11))
	labels := map[string]int{"none": 0, "distress": 1, "crisis": 2}
	var out []example
	scan := bufio.NewScanner(f)
	for scan.Scan() {
		cols := strings.Split(scan.Text(), "\t")
		if len(cols) != 3 || cols[0] == "label" {
			continue
		}
		ex := example{text: cols[2], label: labels[cols[0]]}
		ex.feats = append(ex.feats, r.Features(cols[2]))
		for range noisy {
			ex.feats = append(ex.feats, r.Features(misspell(cols[2], rnd)))
		}
		out = append(out, ex)
	}
	return out
}

// misspell changes about one long word in four by one letter and drops one
// word in twelve, as a thumb does.
func misspell(text string, rnd *rand.Rand) string {
	words := strings.Fields(text)
	out := words[:0]
	for _, w := range words {
		r := []rune(w)
		if len(words) > 4 && rnd.IntN(12) == 0 {
			continue
		}
		if len(r) > 4 && rnd.IntN(4) == 0 {
			i := 1 + rnd.IntN(len(r)-2)
			switch rnd.IntN(3) {
			case 0:
				r = append(r[:i], r[i+1:]...)
			case 1:
				r[i], r[i+1] = r[i+1], r[i]
			default:
				r = append(r[:i+1], r[i:]...)
			}
		}
		out = append(out, string(r))
	}
	return strings.Join(out, " ")
}

// fit is a softmax regression by AdaGrad, none being the class of score zero.
func fit(all []example) (d, c []float64, bd, bc float64) {
	w := [2][]float64{make([]float64, ngram.Buckets), make([]float64, ngram.Buckets)}
	g := [2][]float64{make([]float64, ngram.Buckets), make([]float64, ngram.Buckets)}
	var b, gb [2]float64
	rnd := rand.New(rand.NewPCG(3, 5))
	for range epochs {
		for _, i := range rnd.Perm(len(all)) {
			ex := all[i]
			f := ex.feats[rnd.IntN(len(ex.feats))]
			norm := 1 / math.Sqrt(float64(max(len(f), 1)))
			var s [2]float64
			for k := range 2 {
				for _, j := range f {
					s[k] += w[k][j]
				}
				s[k] = s[k]*norm + b[k]
			}
			p := ngram.Softmax(s[0], s[1])
			for k, pk := range [2]float64{p.Distress, p.Crisis} {
				err := pk
				if ex.label == k+1 {
					err--
				}
				gb[k] += err * err
				b[k] -= 0.1 * err / (1 + math.Sqrt(gb[k]))
				for _, j := range f {
					grad := err*norm + decay*w[k][j]
					g[k][j] += grad * grad
					w[k][j] -= rate * grad / (0.05 + math.Sqrt(g[k][j]))
				}
			}
		}
	}
	return w[0], w[1], b[0], b[1]
}

// measure prints, for a range of thresholds, what examples left out get.
func measure(all []example, folds int) {
	rnd := rand.New(rand.NewPCG(1, 2))
	order := rnd.Perm(len(all))
	type seen struct {
		label int
		p     ngram.Probabilities
		text  string
	}
	var results []seen
	for k := range folds {
		var train, test []example
		for n, i := range order {
			if n%folds == k {
				test = append(test, all[i])
			} else {
				train = append(train, all[i])
			}
		}
		d, c, bd, bc := fit(train)
		m, err := ngram.Decode(ngram.Encode(d, c, bd, bc))
		if err != nil {
			log.Fatal(err)
		}
		for _, ex := range test {
			results = append(results, seen{ex.label, m.Predict(ex.feats[0]), ex.text})
		}
	}
	for _, t := range []float64{0.3, 0.4, 0.5, 0.6, 0.7, 0.8} {
		var crisis, any [3]int
		var n [3]int
		for _, r := range results {
			n[r.label]++
			if r.p.Crisis >= t {
				crisis[r.label]++
			}
			if r.p.Crisis+r.p.Distress >= t {
				any[r.label]++
			}
		}
		fmt.Printf("threshold %.1f: crisis on none %d/%d distress %d/%d crisis %d/%d | any on none %d distress %d crisis %d\n", t,
			crisis[0], n[0], crisis[1], n[1], crisis[2], n[2], any[0], any[1], any[2])
	}
	sort.Slice(results, func(i, j int) bool { return results[i].p.Crisis > results[j].p.Crisis })
	shown := 0
	for _, r := range results {
		if r.label == 0 && shown < 40 {
			fmt.Printf("%.2f %s\n", r.p.Crisis, r.text)
			shown++
		}
	}
}
