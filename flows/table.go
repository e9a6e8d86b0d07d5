package flows

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/looplab/fsm"
)

// compile builds the table of transitions. Events are named after where they
// lead: "next:KEY" and "skip" lead forward over hidden questions, "back:KEY" to
// any earlier question, "fix:KEY" from the list of answers, "end" to the end.
func (q *Questionnaire) compile() {
	last := stateDone
	if q.Summary {
		last = stateSummary
	}
	n := len(q.Questions)
	for i := range q.Questions {
		from := q.Questions[i].Key
		reach := true
		for j := i + 1; j < n && reach; j++ {
			q.add("next:"+q.Questions[j].Key, from, q.Questions[j].Key)
			reach = len(q.Questions[j].cond) > 0 // a question always shown stops the look ahead
		}
		if reach {
			q.add("next:"+last, from, last)
		}
		if !q.Quiet {
			for j := range i {
				q.add("back:"+q.Questions[j].Key, from, q.Questions[j].Key)
			}
		}
		for _, o := range q.Questions[i].Options {
			if o.End != "" {
				q.add("end", from, stateDone)
				break
			}
		}
	}
	if q.Summary {
		q.addSummary()
	}
	initial := q.Questions[0].Key
	table := q.table
	q.pool = &sync.Pool{New: func() any { return fsm.NewFSM(initial, table, fsm.Callbacks{}) }}
}

func (q *Questionnaire) addSummary() {
	q.add("send", stateSummary, stateDone)
	q.add("choose", stateSummary, stateChoose)
	q.add("next:"+stateSummary, stateChoose, stateSummary)
	for i := range q.Questions {
		key := q.Questions[i].Key
		if q.Questions[i].Kind == "info" {
			continue
		}
		q.add("fix:"+key, stateChoose, key)
		q.add("fixed", key, stateSummary)
		q.add("back:"+key, stateSummary, key)
	}
}

func (q *Questionnaire) add(event, from, to string) {
	for i := range q.table {
		if q.table[i].Name == event && q.table[i].Dst == to {
			if !slices.Contains(q.table[i].Src, from) {
				q.table[i].Src = append(q.table[i].Src, from)
			}
			return
		}
	}
	q.table = append(q.table, fsm.EventDesc{Name: event, Src: []string{from}, Dst: to})
}

// move runs one transition and returns the new state. The machine is taken
// from a pool, set to the saved state and given back; one that failed is
// dropped (looplab/fsm #115: a failed machine may be stuck for ever).
func (q *Questionnaire) move(state, event string) (string, error) {
	m := q.pool.Get().(*fsm.FSM)
	m.SetState(state)
	err := m.Event(context.Background(), event)
	var same fsm.NoTransitionError
	if err != nil && !(errors.As(err, &same) && same.Err == nil) {
		return state, fmt.Errorf("questionnaire %s: %w", q.Name, err)
	}
	to := m.Current()
	q.pool.Put(m)
	return to, nil
}

// checkTable verifies that every state can be reached and has a way out.
func (q *Questionnaire) checkTable() []error {
	var problems []error
	out := map[string][]string{}
	for _, e := range q.table {
		for _, s := range e.Src {
			out[s] = append(out[s], e.Dst)
		}
	}
	reached := map[string]bool{}
	todo := []string{q.Questions[0].Key}
	for len(todo) > 0 {
		s := todo[0]
		todo = todo[1:]
		if reached[s] {
			continue
		}
		reached[s] = true
		todo = append(todo, out[s]...)
	}
	for _, s := range q.States() {
		if !reached[s] {
			problems = append(problems, fmt.Errorf("state %q can never be reached", s))
		}
		if s != stateDone && len(out[s]) == 0 {
			problems = append(problems, fmt.Errorf("state %q has no way out", s))
		}
	}
	return problems
}

// States lists every state, in order: the questions, then those of the engine.
func (q *Questionnaire) States() []string {
	var out []string
	for i := range q.Questions {
		out = append(out, q.Questions[i].Key)
	}
	if q.Summary {
		out = append(out, stateSummary, stateChoose)
	}
	return append(out, stateDone)
}

// Mermaid is the diagram of the questionnaire, as a Mermaid state diagram. The
// steps back are left out, to keep it readable.
func (q *Questionnaire) Mermaid() string {
	s := "stateDiagram-v2\n    [*] --> " + q.Questions[0].Key + "\n"
	for _, e := range q.table {
		if len(e.Name) > 5 && (e.Name[:5] == "back:" || e.Name[:4] == "fix:") {
			continue
		}
		for _, src := range e.Src {
			label := e.Name
			if len(label) > 5 && label[:5] == "next:" {
				label = "réponse"
			}
			s += fmt.Sprintf("    %s --> %s: %s\n", src, e.Dst, label)
		}
	}
	return s + "    " + stateDone + " --> [*]\n"
}
