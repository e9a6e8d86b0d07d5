package faq

// Trace shows how a question was understood: it serves the training program
// and whoever wants to know why an answer came first.
type Trace struct {
	// Candidates are the entries looked at closely, the best first.
	Candidates []TracedCandidate
	// Sure are the confidence's features, in the order of [SureNames].
	Sure []float64
	// Score is the probability that the first candidate is right.
	Score float64
}

// TracedCandidate is a candidate with its features, in the order of
// [FeatureNames], and the ranker's score.
type TracedCandidate struct {
	ID       string
	Features []float64
	Score    float64
}

// Trace answers a question and shows its work.
func (x *Index) Trace(question string, ctx Context) Trace {
	t := x.trace(question, ctx)
	out := Trace{Sure: t.sureF, Score: t.sure}
	for i := range t.list {
		c := &t.list[i]
		out.Candidates = append(out.Candidates, TracedCandidate{ID: x.entries[c.doc].ID, Features: c.f[:], Score: c.score})
	}
	return out
}
