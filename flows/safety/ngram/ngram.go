// Package ngram is the second reader of the safety net: a logistic regression
// on hashed words, word pairs and character n-grams. Its weights are a file of
// content, trained from the development examples by flows/safety/train.go.
package ngram

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Buckets is how many weights each of the two classes has.
const Buckets = 1 << 16

// magic marks a weight file and its version.
const magic = "RSN2"

// Model holds the weights of distress and crisis against none. It is
// immutable and safe for concurrent use.
type Model struct {
	distress, crisis []int8
	scale            [2]float32
	bias             [2]float32
}

// Probabilities of the three levels; they sum to 1.
type Probabilities struct {
	None, Distress, Crisis float64
}

// Predict reads the buckets of the features of a text.
func (m *Model) Predict(buckets []uint32) Probabilities {
	var d, c float64
	for _, i := range buckets {
		d += float64(m.distress[i])
		c += float64(m.crisis[i])
	}
	norm := 1 / math.Sqrt(float64(max(len(buckets), 1)))
	return Softmax(
		d*norm*float64(m.scale[0])+float64(m.bias[0]),
		c*norm*float64(m.scale[1])+float64(m.bias[1]))
}

// Softmax turns the scores of distress and crisis (none scores 0) into
// probabilities.
func Softmax(distress, crisis float64) Probabilities {
	top := max(0, distress, crisis)
	n, d, c := math.Exp(-top), math.Exp(distress-top), math.Exp(crisis-top)
	sum := n + d + c
	return Probabilities{None: n / sum, Distress: d / sum, Crisis: c / sum}
}

// Features calls see with the bucket of each word, pair of words, pair of
// words one apart and character n-gram (3 to 5 letters, never across words'
// outer spaces by more than one) of a normalised text.
func Features(text string, see func(bucket uint32)) {
	start := -1
	prev, before := "", ""
	for i := 0; i <= len(text); i++ {
		if i < len(text) && text[i] != ' ' {
			if start < 0 {
				start = i
			}
			continue
		}
		if start < 0 {
			continue
		}
		word := text[start:i]
		start = -1
		see(hash(1, word, ""))
		if prev != "" {
			see(hash(2, prev, word))
		}
		if before != "" {
			see(hash(3, before, word))
		}
		grams(word, see)
		before, prev = prev, word
	}
}

// Pair is the bucket of two families of words seen in one text, in this order.
func Pair(a, b string) uint32 { return hash(5, a, b) }

func grams(word string, see func(uint32)) {
	padded := " " + word + " "
	for size := 3; size <= 5; size++ {
		for i := 0; i+size <= len(padded); i++ {
			see(hash(4, padded[i:i+size], ""))
		}
	}
}

// hash is FNV-1a, folded into the buckets.
func hash(kind byte, a, b string) uint32 {
	h := (uint32(2166136261) ^ uint32(kind)) * 16777619
	for i := range len(a) {
		h = (h ^ uint32(a[i])) * 16777619
	}
	h *= 16777619 // a zero byte parts the two
	for i := range len(b) {
		h = (h ^ uint32(b[i])) * 16777619
	}
	return (h ^ h>>16) % Buckets
}

// Encode writes trained weights: the magic, two scales, two biases, then one
// byte a weight for distress and for crisis. Both slices hold Buckets weights.
func Encode(distress, crisis []float64, biasDistress, biasCrisis float64) []byte {
	out := []byte(magic)
	all := [2][]float64{distress, crisis}
	var scales [2]float64
	for k, ws := range all {
		for _, w := range ws {
			scales[k] = max(scales[k], math.Abs(w)/127)
		}
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(float32(scales[k])))
	}
	out = binary.LittleEndian.AppendUint32(out, math.Float32bits(float32(biasDistress)))
	out = binary.LittleEndian.AppendUint32(out, math.Float32bits(float32(biasCrisis)))
	for k, ws := range all {
		for _, w := range ws {
			q := 0.0
			if scales[k] > 0 {
				q = math.Round(w / scales[k])
			}
			out = append(out, byte(int8(q)))
		}
	}
	return out
}

const header = 4 + 4*4

// Decode reads a weight file. The error says what is wrong with it.
func Decode(raw []byte) (*Model, error) {
	if len(raw) < header || string(raw[:4]) != magic {
		return nil, errors.New("not a weight file of this version")
	}
	if len(raw) != header+2*Buckets {
		return nil, fmt.Errorf("weight file has %d bytes, want %d", len(raw), header+2*Buckets)
	}
	f := func(i int) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(raw[4+4*i:])) }
	m := &Model{scale: [2]float32{f(0), f(1)}, bias: [2]float32{f(2), f(3)}}
	for _, v := range []float32{f(0), f(1), f(2), f(3)} {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return nil, errors.New("weight file holds a number that is not finite")
		}
	}
	m.distress, m.crisis = signed(raw[header:header+Buckets]), signed(raw[header+Buckets:])
	return m, nil
}

func signed(b []byte) []int8 {
	out := make([]int8, len(b))
	for i, v := range b {
		out[i] = int8(v)
	}
	return out
}
