//go:build ignore

// Train_vectors makes the word vectors and the lexicon that the engine embeds:
//
//	go run flows/faq/train_vectors.go -o flows/content/faq/vectors.bin TEXT...
//
// Each TEXT is a file of plain French, one paragraph a line. The method is
// skip-gram with negative sampling over stems (Mikolov et al., "Distributed
// Representations of Words and Phrases and their Compositionality", 2013), on
// one thread with a fixed seed, so that the same texts give the same file.
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"sort"

	"github.com/coopconnexion/relais/flows/faq"
)

const (
	window   = 6
	negative = 6
	rate0    = 0.05
	sample   = 2e-4
	minStem  = 8  // a stem needs this many occurrences for a vector
	minWord  = 12 // a word needs this many for the lexicon
)

func main() {
	out := flag.String("o", "vectors.bin", "file to write")
	dim := flag.Int("dim", 64, "dimensions")
	epochs := flag.Int("epochs", 6, "passes over the texts")
	keep := flag.Int("keep", 16000, "most frequent stems kept")
	flag.Parse()
	t := &trainer{dim: *dim, rng: rand.New(rand.NewPCG(1, 2)), stemOf: map[string]string{}, words: map[string]int{}}
	for _, name := range flag.Args() {
		if err := t.read(name); err != nil {
			log.Fatal(err)
		}
	}
	t.vocabulary(*keep)
	log.Printf("%d words, %d stems, %d lexicon entries", t.total, len(t.stems), len(t.words))
	t.train(*epochs)
	if err := os.WriteFile(*out, t.encode(), 0o644); err != nil {
		log.Fatal(err)
	}
}

type trainer struct {
	dim    int
	rng    *rand.Rand
	stemOf map[string]string
	words  map[string]int
	lines  [][]string
	total  int

	stems []string
	count []int
	ids   [][]int32
	table []int32
	in    []float32
	ctx   []float32
}

func (t *trainer) read(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 16<<20)
	for sc.Scan() {
		var line []string
		for _, w := range faq.Words(sc.Text()) {
			t.words[w]++
			t.total++
			s, ok := t.stemOf[w]
			if !ok {
				s = faq.Stem(w)
				t.stemOf[w] = s
			}
			line = append(line, s)
		}
		t.lines = append(t.lines, line)
	}
	return sc.Err()
}

func (t *trainer) vocabulary(keep int) {
	count := map[string]int{}
	for _, line := range t.lines {
		for _, s := range line {
			count[s]++
		}
	}
	for s, n := range count {
		if n >= minStem && (s[0] < '0' || s[0] > '9') && len(s) < 32 {
			t.stems = append(t.stems, s)
		}
	}
	sort.Slice(t.stems, func(i, j int) bool {
		a, b := t.stems[i], t.stems[j]
		return count[a] > count[b] || count[a] == count[b] && a < b
	})
	t.stems = t.stems[:min(keep, len(t.stems))]
	sort.Strings(t.stems)
	id := map[string]int32{}
	for i, s := range t.stems {
		id[s] = int32(i)
		t.count = append(t.count, count[s])
		for range int(math.Pow(float64(count[s]), 0.75)/8) + 1 {
			t.table = append(t.table, int32(i))
		}
	}
	for _, line := range t.lines {
		var ids []int32
		for _, s := range line {
			if i, ok := id[s]; ok {
				ids = append(ids, i)
			}
		}
		if len(ids) > 1 {
			t.ids = append(t.ids, ids)
		}
	}
	t.lines = nil
}

func (t *trainer) train(epochs int) {
	n := len(t.stems) * t.dim
	t.in, t.ctx = make([]float32, n), make([]float32, n)
	for i := range t.in {
		t.in[i] = (t.rng.Float32() - 0.5) / float32(t.dim)
	}
	grad := make([]float32, t.dim)
	for e := range epochs {
		t.rng.Shuffle(len(t.ids), func(i, j int) { t.ids[i], t.ids[j] = t.ids[j], t.ids[i] })
		for k, line := range t.ids {
			done := (float64(e) + float64(k)/float64(len(t.ids))) / float64(epochs)
			t.line(t.subsample(line), float32(rate0*math.Max(1-done, 1e-3)), grad)
		}
		log.Printf("epoch %d of %d", e+1, epochs)
	}
}

// subsample drops frequent stems at random.
func (t *trainer) subsample(line []int32) []int32 {
	out := line[:0:0]
	for _, i := range line {
		f := float64(t.count[i]) / float64(t.total)
		if t.rng.Float64() < math.Sqrt(sample/f)+sample/f {
			out = append(out, i)
		}
	}
	return out
}

func (t *trainer) line(ids []int32, rate float32, grad []float32) {
	for pos, target := range ids {
		w := 1 + t.rng.IntN(window)
		for j := max(0, pos-w); j <= min(len(ids)-1, pos+w); j++ {
			if j != pos {
				t.pair(ids[j], target, rate, grad)
			}
		}
	}
}

func (t *trainer) pair(word, target int32, rate float32, grad []float32) {
	v := t.in[int(word)*t.dim : int(word+1)*t.dim]
	clear(grad)
	for n := range negative + 1 {
		c, label := target, float32(1)
		if n > 0 {
			c, label = t.table[t.rng.IntN(len(t.table))], 0
			if c == target {
				continue
			}
		}
		u := t.ctx[int(c)*t.dim : int(c+1)*t.dim]
		var s float32
		for d := range v {
			s += v[d] * u[d]
		}
		g := (label - sigmoid(s)) * rate
		for d := range v {
			grad[d] += g * u[d]
			u[d] += g * v[d]
		}
	}
	for d := range v {
		v[d] += grad[d]
	}
}

func sigmoid(x float32) float32 {
	switch {
	case x > 8:
		return 1
	case x < -8:
		return 0
	}
	return float32(1 / (1 + math.Exp(-float64(x))))
}

func (t *trainer) encode() []byte {
	var b bytes.Buffer
	put := func(x any) {
		if err := binary.Write(&b, binary.LittleEndian, x); err != nil {
			log.Fatal(err)
		}
	}
	word := func(s string) { b.WriteByte(byte(len(s))); b.WriteString(s) }
	b.WriteString("RFV1")
	put(uint16(t.dim))
	put(uint32(len(t.stems)))
	for i, s := range t.stems {
		word(s)
		put(float32(t.count[i]) / float32(t.total))
		row := t.in[i*t.dim : (i+1)*t.dim]
		var top float32
		for _, x := range row {
			top = max(top, max(x, -x))
		}
		put(top / 127)
		for _, x := range row {
			put(int8(math.Round(float64(x / top * 127))))
		}
	}
	var words []string
	for w, n := range t.words {
		if n >= minWord && w[0] > '9' && len(w) > 1 && len(w) < 32 {
			words = append(words, w)
		}
	}
	sort.Strings(words)
	put(uint32(len(words)))
	for _, w := range words {
		word(w)
		b.WriteByte(byte(math.Log2(float64(t.words[w]))))
	}
	fmt.Fprintf(os.Stderr, "%d bytes, %d words in the lexicon\n", b.Len(), len(words))
	return b.Bytes()
}
