package faq

import (
	"fmt"
	"io"
)

// variants are the rows of the ablation table.
func variants() []struct {
	label string
	parts Parts
} {
	return []struct {
		label string
		parts Parts
	}{
		{"complet", 0},
		{"sans correction des fautes", PartSpelling},
		{"sans synonymes", PartSynonyms},
		{"sans vecteurs de mots", PartVectors},
		{"sans groupes de lettres", PartGrams},
		{"sans autres formulations", PartPhrasings},
		{"sans texte des fiches", PartBody},
		{"sans formes SMS", PartSMS},
		{"sans racines de mots", PartStems},
		{"sans type de question", PartCues},
		{"sans classement appris des mots", PartClasses},
	}
}

// WriteAblation writes what each part of the engine is worth on cases: the
// figures with one part switched off at a time, the learned model being the
// same for all rows.
func WriteAblation(entries []Entry, res *Resources, opts Options, cases []Case, out io.Writer) error {
	if _, err := fmt.Fprintf(out, "%-34s %7s %7s %9s %9s %7s\n", "", "1re", "3 prem.", "dir.juste", "dir.faux", "AUROC"); err != nil {
		return err
	}
	for _, v := range variants() {
		opts.Without = v.parts
		x, err := New(entries, res, opts)
		if err != nil {
			return err
		}
		r := Eval(x, cases)
		if _, err := fmt.Fprintf(out, "%-34s %7.3f %7.3f %9.3f %9.3f %7.3f\n", v.label, r.Top1, r.Top3, r.FlatRight, r.FlatWrong, r.AUROC); err != nil {
			return err
		}
	}
	return nil
}
