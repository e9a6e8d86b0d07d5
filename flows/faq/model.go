package faq

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
)

// Model is what training learns: how to order candidates, how sure to be of
// the first one, and from which probability on to answer or to offer choices.
// train.go makes the file.
type Model struct {
	Rank Scorer `json:"rank"`
	Sure Scorer `json:"sure"`
	// AnswerFrom is the least probability for a flat answer.
	AnswerFrom float64 `json:"answer_from"`
	// ChoicesFrom is the least probability for offering choices.
	ChoicesFrom float64 `json:"choices_from"`
}

// Scorer is a bias and a weighted sum of features. (Boosted trees were tried on
// top: on questions not seen they gave nothing.)
type Scorer struct {
	Bias    float64            `json:"bias"`
	Weights map[string]float64 `json:"weights"`
	weights []float64
}

// ParseModel reads a model and checks that it fits the engine's features.
func ParseModel(raw []byte) (*Model, error) {
	m := &Model{}
	if err := json.Unmarshal(raw, m); err != nil {
		return nil, fmt.Errorf("not a model: %w", err)
	}
	if err := m.Rank.bind(FeatureNames()); err != nil {
		return nil, fmt.Errorf("rank: %w", err)
	}
	if err := m.Sure.bind(SureNames()); err != nil {
		return nil, fmt.Errorf("sure: %w", err)
	}
	return m, nil
}

// bind turns named weights into a row in the order of names.
func (s *Scorer) bind(names []string) error {
	s.weights = make([]float64, len(names))
	for name, w := range s.Weights {
		i := slices.Index(names, name)
		if i < 0 {
			return fmt.Errorf("unknown feature %q; train the model again", name)
		}
		s.weights[i] = w
	}
	return nil
}

// score returns the scorer's value for features f, in the order of the names it
// was bound to.
func (s *Scorer) score(f []float64) float64 {
	sum := s.Bias
	for i, w := range s.weights {
		sum += w * f[i]
	}
	return sum
}

// Confidence is the probability that a first candidate with these features (in
// the order of [SureNames]) is right.
func (m *Model) Confidence(f []float64) float64 { return logistic(m.Sure.score(f)) }

func logistic(v float64) float64 { return 1 / (1 + math.Exp(-v)) }

// handModel is a hand-set model for content without a trained one.
func handModel() *Model {
	m := &Model{
		Rank: Scorer{Weights: map[string]float64{"all": 6, "cos": 6, "gram": 4, "both": 4, "vec": 2, "soft": 4, "pairs": 1, "situation": 0.5, "cue": 0.3}},
		Sure: Scorer{Bias: -4.5, Weights: map[string]float64{"both": 3, "gram": 2, "soft": 2, "p": 2}},

		AnswerFrom: 0.75, ChoicesFrom: 0.2,
	}
	// The names are constants of this package: binding cannot fail.
	_ = m.Rank.bind(FeatureNames())
	_ = m.Sure.bind(SureNames())
	return m
}
