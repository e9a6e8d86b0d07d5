package faq

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sort"
)

// vectorsMagic starts a vector file; the digit is the format's version.
const vectorsMagic = "RFV1"

// vectors are word vectors of stems, in rows of int8, and a lexicon of French
// words with how common they are. train_vectors.go makes the file.
//
// Layout, little-endian: magic, uint16 dimensions, uint32 number of stems, then
// per stem (sorted): uint8 length, bytes, float32 frequency (share of all
// words), float32 scale, dimensions × int8; uint32 number of words, then per word
// (sorted): uint8 length, bytes, uint8 log2 of its count.
type vectors struct {
	dim   int
	stems []string
	freq  []float32
	scale []float32
	rows  []int8
	words []string
	logs  []uint8
}

var errVectors = errors.New("the vector file is cut short or damaged; make it again with train_vectors.go")

// vectorReader reads little-endian fields and remembers the first error.
type vectorReader struct {
	r   *bytes.Reader
	err error
}

func (v *vectorReader) read(into any) {
	if v.err == nil {
		v.err = binary.Read(v.r, binary.LittleEndian, into)
	}
}

func (v *vectorReader) byte() byte {
	if v.err != nil {
		return 0
	}
	b, err := v.r.ReadByte()
	v.err = err
	return b
}

func (v *vectorReader) uint32() uint32 {
	var b [4]byte
	for i := range b {
		b[i] = v.byte()
	}
	return binary.LittleEndian.Uint32(b[:])
}

func (v *vectorReader) float32() float32 { return math.Float32frombits(v.uint32()) }

func (v *vectorReader) word() string {
	b := make([]byte, v.byte())
	for i := range b {
		b[i] = v.byte()
	}
	return string(b)
}

// parseVectors reads a vector file.
func parseVectors(raw []byte) (*vectors, error) {
	if len(raw) < 10 || string(raw[:4]) != vectorsMagic {
		return nil, fmt.Errorf("not a vector file: %w", errVectors)
	}
	in := &vectorReader{r: bytes.NewReader(raw[4:])}
	var dim uint16
	in.read(&dim)
	n := int(in.uint32())
	if in.err != nil || dim == 0 || dim > 512 || n*(int(dim)+10) > len(raw) {
		return nil, errVectors
	}
	v := &vectors{dim: int(dim), stems: make([]string, n), freq: make([]float32, n), scale: make([]float32, n), rows: make([]int8, n*int(dim))}
	for i := range n {
		v.stems[i], v.freq[i], v.scale[i] = in.word(), in.float32(), in.float32()
		for d := range v.dim {
			v.rows[i*v.dim+d] = int8(in.byte())
		}
	}
	words := int(in.uint32())
	if in.err != nil || words > len(raw) {
		return nil, errVectors
	}
	v.words, v.logs = make([]string, words), make([]uint8, words)
	for i := range words {
		v.words[i], v.logs[i] = in.word(), in.byte()
	}
	if in.err != nil || !sort.StringsAreSorted(v.stems) || !sort.StringsAreSorted(v.words) {
		return nil, errVectors
	}
	return v, nil
}

// row returns the row of a stem, or -1.
func (v *vectors) row(stem string) int {
	if v == nil {
		return -1
	}
	i := sort.SearchStrings(v.stems, stem)
	if i < len(v.stems) && v.stems[i] == stem {
		return i
	}
	return -1
}

// common returns log2 of how often a folded word occurs in general French
// administrative text, or -1 when it is not known.
func (v *vectors) common(word string) int {
	if v == nil {
		return -1
	}
	i := sort.SearchStrings(v.words, word)
	if i < len(v.words) && v.words[i] == word {
		return int(v.logs[i])
	}
	return -1
}

// smoothing of the frequency weight a/(a+p) of a word in the mean vector of a
// text (Arora, Liang, Ma, "A simple but tough-to-beat baseline for sentence
// embeddings", ICLR 2017).
const smoothing = 3e-4

// add adds weight × the vector of row i to sum.
func (v *vectors) add(sum []float32, i int, weight float32) {
	w := weight * v.scale[i] * smoothing / (smoothing + v.freq[i])
	for d, x := range v.rows[i*v.dim : (i+1)*v.dim] {
		sum[d] += w * float32(x)
	}
}

// inverseNorm returns 1 / the length of row i, or 0.
func (v *vectors) inverseNorm(i int) float32 {
	var s float64
	for _, x := range v.rows[i*v.dim : (i+1)*v.dim] {
		s += float64(x) * float64(x)
	}
	if s == 0 {
		return 0
	}
	return float32(1 / math.Sqrt(s))
}

func normalise(x []float32) {
	var n float32
	for _, a := range x {
		n += a * a
	}
	if n == 0 {
		return
	}
	n = 1 / float32(math.Sqrt(float64(n)))
	for i := range x {
		x[i] *= n
	}
}

func dot(a, b []float32) float32 {
	var s0, s1 float32
	i := 0
	for ; i+1 < len(a) && i+1 < len(b); i += 2 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
	}
	for ; i < len(a) && i < len(b); i++ {
		s0 += a[i] * b[i]
	}
	return s0 + s1
}
