package faq

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// Case is a question with the ids that answer it; no id means that it is out of
// scope and must not be answered.
type Case struct {
	Question string
	Right    []string
	// Situations of the person, see [Context]; usually none.
	Situations []string
}

// ReadCases reads lines "question<TAB>id|id2" or "question<TAB>none", with an
// optional third column of the person's situations, "rsa|cape". Blank lines and
// lines that start with # are skipped. All bad lines come in one error.
func ReadCases(r io.Reader) ([]Case, error) {
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, 1<<20)
	var cases []Case
	var problems []error
	for line := 1; sc.Scan(); line++ {
		text := strings.TrimRight(sc.Text(), "\r")
		if strings.TrimSpace(text) == "" || strings.HasPrefix(text, "#") {
			continue
		}
		cols := strings.Split(text, "\t")
		if len(cols) < 2 || strings.TrimSpace(cols[0]) == "" || strings.TrimSpace(cols[1]) == "" {
			problems = append(problems, fmt.Errorf("line %d: write the question, a tab, then an id or none", line))
			continue
		}
		c := Case{Question: cols[0]}
		if want := strings.TrimSpace(cols[1]); !strings.EqualFold(want, "none") {
			c.Right = strings.Split(want, "|")
		}
		if len(cols) > 2 && strings.TrimSpace(cols[2]) != "" {
			c.Situations = strings.Split(strings.TrimSpace(cols[2]), "|")
		}
		cases = append(cases, c)
	}
	if err := sc.Err(); err != nil {
		problems = append(problems, err)
	}
	if len(cases) == 0 && len(problems) == 0 {
		problems = append(problems, errors.New("no question in the file"))
	}
	return cases, errors.Join(problems...)
}

// Report measures an index on cases. Shares are 0 to 1; In is in scope, Out is
// out of scope.
type Report struct {
	In, Out     int
	Top1, Top3  float64 // in scope: right first, right among the first three
	FlatRight   float64 // in scope: outcome answer, and right
	FlatWrong   float64 // in scope: outcome answer, and wrong
	Offered     float64 // in scope: outcome choices with the right one among three
	HeldBack    float64 // out of scope: outcome not answer
	HandedOver  float64 // out of scope: outcome none
	Precision   float64 // right among all flat answers, out of scope ones included
	AUROC       float64 // score of right first candidates against all the rest
	Confusions  []Confusion
	Calibration [10]struct{ N, Right int } // by tenth of the score
}

// Confusion is an entry found instead of the right one.
type Confusion struct {
	Want, Got string
	N         int
}

// Eval asks every case.
func Eval(x *Index, cases []Case) Report {
	var r Report
	var good, bad []float64
	var flat, flatRight int
	wrong := map[[2]string]int{}
	for _, c := range cases {
		res := x.Ask(c.Question, Context{Situations: c.Situations})
		right := rankOf(res, c.Right)
		tenth := &r.Calibration[min(9, int(res.Score*10))]
		tenth.N++
		if right == 1 {
			tenth.Right++
			good = append(good, res.Score)
		} else {
			bad = append(bad, res.Score)
		}
		if res.Outcome == Answer {
			flat++
			if right == 1 {
				flatRight++
			}
		}
		r.add(c, res, right)
		if len(c.Right) > 0 && right != 1 && len(res.Candidates) > 0 {
			wrong[[2]string{c.Right[0], res.Candidates[0].ID}]++
		}
	}
	r.shares()
	r.AUROC = auroc(good, bad)
	r.Precision = share(float64(flatRight), flat)
	for k, n := range wrong {
		r.Confusions = append(r.Confusions, Confusion{k[0], k[1], n})
	}
	slices.SortFunc(r.Confusions, func(a, b Confusion) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Want, b.Want), cmp.Compare(a.Got, b.Got))
	})
	return r
}

// rankOf is the place of the first right candidate, from 1, or 0.
func rankOf(res Result, right []string) int {
	for i, c := range res.Candidates {
		if slices.Contains(right, c.ID) {
			return i + 1
		}
	}
	return 0
}

func (r *Report) add(c Case, res Result, right int) {
	if len(c.Right) == 0 {
		r.Out++
		if res.Outcome != Answer {
			r.HeldBack++
		}
		if res.Outcome == None {
			r.HandedOver++
		}
		return
	}
	r.In++
	if right == 1 {
		r.Top1++
	}
	if right >= 1 && right <= 3 {
		r.Top3++
	}
	switch {
	case res.Outcome == Answer && right == 1:
		r.FlatRight++
	case res.Outcome == Answer:
		r.FlatWrong++
	case res.Outcome == Choices && right >= 1 && right <= 3:
		r.Offered++
	}
}

func (r *Report) shares() {
	for _, v := range []*float64{&r.Top1, &r.Top3, &r.FlatRight, &r.FlatWrong, &r.Offered} {
		*v = share(*v, r.In)
	}
	r.HeldBack, r.HandedOver = share(r.HeldBack, r.Out), share(r.HandedOver, r.Out)
}

func share(v float64, n int) float64 {
	if n == 0 {
		return math.NaN()
	}
	return v / float64(n)
}

// auroc is the chance that a right one scores above another, ties counting
// half: the area under the ROC curve.
func auroc(good, bad []float64) float64 {
	if len(good) == 0 || len(bad) == 0 {
		return math.NaN()
	}
	slices.Sort(bad)
	var sum float64
	for _, g := range good {
		below, _ := slices.BinarySearch(bad, g)
		upTo, _ := slices.BinarySearchFunc(bad, g, func(v, g float64) int {
			if v <= g {
				return -1
			}
			return 1
		})
		sum += float64(below) + float64(upTo-below)/2
	}
	return sum / float64(len(good)) / float64(len(bad))
}
