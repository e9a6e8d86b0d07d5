package group

import (
	"fmt"
	"slices"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/flows/care"
)

// bar is one line of a chart: a name, a share, a shade. The share is written
// beside it: the shade alone says nothing.
type bar struct {
	label string
	share care.Share
	shade [3]int
	words string // instead of the share: "45 sur 100"
}

// Shades: dark enough beside white (WCAG 1.4.11 asks 3:1), and apart in grey.
var (
	shadeGreen  = [3]int{112, 158, 112}
	shadeYellow = [3]int{190, 140, 20}
	shadeOrange = [3]int{190, 90, 20}
	shadeRed    = [3]int{130, 20, 30}
	shadeDark   = [3]int{50, 90, 140}
	shadeLight  = [3]int{110, 130, 150}
)

// Measures of a chart, in millimetres: bars begin at 0 % and end at 100 %.
const (
	labelWidth = 78.0
	barWidth   = 57.0
	barHeight  = 3.4
	barStep    = 4.7
)

// bars draws a chart of horizontal bars from 0 to 100, with marks each 25.
func (p *page) bars(list []bar) {
	x := left + labelWidth
	bottom := p.y + barStep*float64(len(list))
	p.pdf.SetLineWidth(0.15)
	p.pdf.SetDrawColor(190, 190, 190)
	for mark := 0; mark <= 100; mark += 25 {
		at := x + barWidth*float64(mark)/100
		p.pdf.Line(at, p.y, at, bottom)
	}
	for _, b := range list {
		p.bar(b, x)
	}
	p.ink(60, 60, 60)
	p.pdf.SetFont(family, "", 6.5)
	for mark := 0; mark <= 100; mark += 25 {
		p.pdf.SetXY(x+barWidth*float64(mark)/100-5, p.y)
		p.pdf.CellFormat(10, 3, fmt.Sprint(mark), "", 0, "C", false, 0, "")
	}
	p.ink(0, 0, 0)
	p.y += 3.4
}

func (p *page) bar(b bar, x float64) {
	pad := (barStep - barHeight) / 2
	p.pdf.SetFont(family, "", textSize)
	p.pdf.SetXY(left, p.y)
	p.pdf.CellFormat(labelWidth-2, barStep, b.label, "", 0, "L", false, 0, "")
	p.pdf.SetFillColor(b.shade[0], b.shade[1], b.shade[2])
	p.pdf.Rect(x, p.y+pad, barWidth*float64(b.share.Percent)/100, barHeight, "F")
	words := b.words
	if words == "" {
		words = b.share.String()
	}
	p.pdf.SetFont(family, "B", textSize)
	p.pdf.SetXY(x+barWidth+2, p.y)
	p.pdf.CellFormat(right-x-barWidth-2, barStep, words, "", 0, "L", false, 0, "")
	p.y += barStep
}

// levelNames are the levels in words, in order.
var levelNames = []struct {
	level care.Level
	name  string
	shade [3]int
}{
	{care.Green, "Vert : rien à signaler", shadeGreen},
	{care.Yellow, "Jaune : à surveiller", shadeYellow},
	{care.Orange, "Orange : fatigue importante", shadeOrange},
	{care.Red, "Rouge : fatigue très importante", shadeRed},
}

// figures draws the charts of a quarter.
func (p *page) figures(r care.Release, q care.Quarter, published []care.Release) {
	p.y++
	p.put(11, "B", fmt.Sprintf("Au moins %d personnes ont répondu.", r.Total.AtLeast))
	p.heading("Comment vont les personnes qui ont répondu (en % des réponses)")
	list := []bar{}
	for _, l := range levelNames {
		if share, ok := r.Total.Levels[l.level.String()]; ok {
			list = append(list, bar{label: l.name, share: share, shade: l.shade})
		}
	}
	p.bars(append(list, bar{label: "Orange ou rouge, ensemble", share: r.Total.Alert, shade: shadeDark}))
	p.put(smallSize, "", "Parts arrondies à 5 % : leur somme ne fait pas toujours 100 %.")
	p.work(r)
	p.trend(q, append(slices.Clone(published), r))
}

// work draws what weighs at work.
func (p *page) work(r care.Release) {
	p.heading("Ce qui pèse dans le travail (« souvent » ou « toujours », en % des réponses)")
	if len(r.Axes) == 0 {
		p.put(textSize, "", "Pas assez de réponses à ces questions.")
		return
	}
	var list []bar
	own := false
	for _, a := range r.Axes {
		shade := shadeDark
		if slices.Contains(ownItems, a.Item) {
			shade, own = shadeLight, true
		}
		list = append(list, bar{label: a.Name + " : " + a.Short, share: a.Share, shade: shade})
	}
	p.bars(list)
	if own {
		p.put(smallSize, "", "Barres foncées : les six axes des risques psychosociaux. Barres claires : deux questions propres aux entrepreneurs.")
	}
	if r.Organisation == nil || r.Personal == nil {
		return
	}
	p.heading("De quoi cela dépend (risque moyen, de 0 à 100)")
	p.bars([]bar{
		{label: "De l'organisation : la coopérative peut agir", share: *r.Organisation, shade: shadeDark, words: flows.OutOf100(*r.Organisation)},
		{label: "De chacun : se reposer, poser des limites", share: *r.Personal, shade: shadeLight, words: flows.OutOf100(*r.Personal)},
	})
}

// ownItems are the questions beside the six axes of Gollac and Bodier (2011).
var ownItems = []string{"r7", "r8"}

// shownQuarters is how many quarters the trend shows.
const shownQuarters = 4

// trend draws the latest quarters up to q, oldest first.
func (p *page) trend(q care.Quarter, published []care.Release) {
	p.heading("Trimestre après trimestre (orange ou rouge, en % des réponses)")
	var list []bar
	for range shownQuarters {
		if i := slices.IndexFunc(published, func(r care.Release) bool { return r.Quarter == q.String() }); i >= 0 {
			list = append(list, trendBar(q, published[i]))
		}
		q = q.Previous()
	}
	slices.Reverse(list)
	p.bars(list)
}

func trendBar(q care.Quarter, r care.Release) bar {
	if r.Total == nil {
		return bar{label: q.Words(), words: "pas assez de réponses"}
	}
	return bar{label: q.Words(), share: r.Total.Alert, shade: shadeDark}
}
