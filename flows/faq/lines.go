package faq

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
)

// AskLines answers one question per line of in, in order. With asJSON it writes
// one JSON object a line; otherwise plain French. Blank lines are
// skipped. It stops at the first reading or writing error.
func AskLines(x *Index, in io.Reader, out io.Writer, asJSON bool) error {
	r := bufio.NewReaderSize(in, 64<<10)
	w := bufio.NewWriter(out)
	for {
		line, err := r.ReadString('\n')
		if q := strings.TrimSpace(line); q != "" {
			if werr := writeResult(w, x, x.Ask(q, Context{}), asJSON); werr != nil {
				return werr
			}
		}
		if err == io.EOF {
			return w.Flush()
		}
		if err != nil {
			return fmt.Errorf("read questions: %w", err)
		}
	}
}

func writeResult(w *bufio.Writer, x *Index, res Result, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		return enc.Encode(res)
	}
	switch res.Outcome {
	case Answer:
		fmt.Fprintf(w, "%s  %s (sûr à %.0f %%)\n", *res.ID, x.Title(*res.ID), 100*res.Score)
	case Choices:
		fmt.Fprintln(w, "Vous voulez dire :")
		for i, c := range res.Candidates[:min(3, len(res.Candidates))] {
			fmt.Fprintf(w, "  %d. %s  %s\n", i+1, c.ID, x.Title(c.ID))
		}
	default:
		fmt.Fprintln(w, "Je ne sais pas. Une personne de l'équipe peut répondre.")
	}
	return w.Flush()
}

// Title returns the title of an entry, or "".
func (x *Index) Title(id string) string {
	for i := range x.entries {
		if x.entries[i].ID == id {
			return x.entries[i].Title
		}
	}
	return ""
}

// WriteEval reads cases from in (see [ReadCases]), asks them all and writes
// the figures and the most frequent confusions.
func WriteEval(x *Index, in io.Reader, out io.Writer) error {
	cases, err := ReadCases(in)
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, Eval(x, cases).String())
	return err
}

// String lists the figures in plain French.
func (r Report) String() string {
	var b strings.Builder
	row := func(label string, v float64) {
		if math.IsNaN(v) { // no question of that kind in the file
			fmt.Fprintf(&b, "%-52s      –\n", label)
			return
		}
		fmt.Fprintf(&b, "%-52s %6.1f %%\n", label, 100*v)
	}
	fmt.Fprintf(&b, "%d questions, %d hors sujet\n", r.In, r.Out)
	row("bonne fiche en premier", r.Top1)
	row("bonne fiche dans les trois premières", r.Top3)
	row("réponse directe, juste", r.FlatRight)
	row("réponse directe, fausse", r.FlatWrong)
	row("bonne fiche dans les choix proposés", r.Offered)
	row("hors sujet : pas de réponse directe", r.HeldBack)
	row("hors sujet : passé à une personne", r.HandedOver)
	row("réponses directes justes (hors sujet compris)", r.Precision)
	fmt.Fprintf(&b, "%-52s %8.3f\n", "AUROC du score", r.AUROC)
	b.WriteString("score annoncé / part juste :")
	for i, t := range r.Calibration {
		if t.N > 0 {
			fmt.Fprintf(&b, " %d-%d %%: %.0f/%d", 10*i, 10*i+10, 100*float64(t.Right)/float64(t.N), t.N)
		}
	}
	b.WriteString("\n")
	for _, c := range r.Confusions[:min(15, len(r.Confusions))] {
		fmt.Fprintf(&b, "  attendu %-10s trouvé %-10s %d fois\n", c.Want, c.Got, c.N)
	}
	return b.String()
}
