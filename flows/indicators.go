package flows

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/coopconnexion/relais/flows/care"
)

// Group indicators are made once, after their quarter, and then kept by the
// house and never made again: who answers late, withdraws or leaves changes
// nothing of them, so that the difference of two exports tells of nobody. The
// house cannot read persons. When its reminder comes due it asks for the
// figures by a letter, and gets them as an input.

const remindIndicators = "indicators"

// Operations of the house about indicators: it asks with the first and is
// told with the other two, in these fields.
const (
	OpComputeIndicators = "compute-indicators" // quarter
	OpIndicators        = "indicators"         // figures: a care.Release as JSON; page: its page among the house's files
	OpWorkshop          = "workshop"           // figures: a Workshop as JSON
)

// Workshop is what is kept and shown of one workshop: how many of its group
// said their energy was low, before and after.
type Workshop struct {
	Cohort string `json:"cohort"`
	Day    string `json:"day"` // 2027-01-20
	// AtLeast is the number of people who answered both times, rounded down to
	// a multiple of 5.
	AtLeast int        `json:"at_least"`
	Before  care.Share `json:"before"`
	After   care.Share `json:"after"`
}

// WorkshopDays are the days before and after a workshop whose pulses count:
// three pulses at the usual pace. The day itself does not.
const WorkshopDays = 42

// Overlaps says whether the weeks of two workshops have a day in common. Two
// groups that differ by a few people, told over the same weeks, would tell of
// those few.
func (w Workshop) Overlaps(other Workshop) bool {
	a, errA := time.Parse(time.DateOnly, w.Day)
	b, errB := time.Parse(time.DateOnly, other.Day)
	if errA != nil || errB != nil {
		return true
	}
	return b.Sub(a).Abs() <= 2*WorkshopDays*24*time.Hour
}

func (h House) overlapping(w Workshop) bool {
	for _, other := range h.Workshops {
		if w.Overlaps(other) {
			return true
		}
	}
	return false
}

// Scales are the questions of the check-ins, for those who count groups.
func (b *Book) Scales() care.Scales { return b.care.scales }

// Release is the published quarter, if it is.
func (h House) Release(quarter string) (care.Release, bool) {
	for _, r := range h.Quarters {
		if r.Quarter == quarter {
			return r, true
		}
	}
	return care.Release{}, false
}

// dueQuarter is the quarter to publish next, and when: at the first open hour
// after its end. A quarter that ended before the house was there is not.
func (t *turn) dueQuarter(h House) (care.Quarter, time.Time) {
	zone := t.b.set.Zone
	q := care.QuarterOf(t.local())
	if last := q.Previous(); t.p.Created.Before(last.End(zone)) {
		if _, done := h.Release(last.String()); !done {
			return last, t.wholeMinute(t.b.staff.Next(t.now))
		}
	}
	return q, t.b.staff.Next(q.End(zone))
}

// remindQuarter sets the reminder at which the next quarter is published.
func (t *turn) remindQuarter(h House) {
	_, at := t.dueQuarter(h)
	t.do(Remind{Name: remindIndicators, At: at})
}

// askIndicators asks for the figures of the quarter that ended; should no
// answer come, it asks again on the next open day.
func (t *turn) askIndicators() {
	h, err := HouseOf(*t.p)
	if err != nil {
		return
	}
	q, at := t.dueQuarter(h)
	if at.After(t.now.Add(time.Hour)) {
		t.do(Remind{Name: remindIndicators, At: at})
		return
	}
	t.toHouse(OpComputeIndicators, "quarter", q.String())
	t.do(Remind{Name: remindIndicators, At: t.wholeMinute(t.nextWorkingDay())})
}

// publishQuarter keeps the figures of a quarter that is over, once, and shows
// them to staff.
func (t *turn) publishQuarter(h *House) {
	var r care.Release
	if json.Unmarshal([]byte(t.in.Fields["figures"]), &r) != nil {
		return
	}
	q, err := care.ParseQuarter(r.Quarter)
	if _, done := h.Release(r.Quarter); err != nil || done || t.now.Before(q.End(t.b.set.Zone)) {
		return
	}
	h.Quarters = append(append([]care.Release(nil), h.Quarters...), r)
	t.saveHouse(*h)
	key := cardIndicators + "/" + r.Quarter
	t.postCard(DeskStaff, key, cardIndicators)
	if page := t.in.Fields["page"]; r.Enough && page != "" {
		t.threadFile(key, FileRef{Blob: page, Name: "indicateurs-" + r.Quarter + ".pdf"}, "La page pour le document unique (DUERP), avec les graphiques.")
	}
}

// publishWorkshop keeps the comparison of a workshop, once.
func (t *turn) publishWorkshop(h *House) {
	var w Workshop
	if json.Unmarshal([]byte(t.in.Fields["figures"]), &w) != nil || w.Cohort == "" || w.Day == "" {
		return
	}
	if h.overlapping(w) {
		return
	}
	h.Workshops = append(append([]Workshop(nil), h.Workshops...), w)
}

const cardIndicators = "indicators"

// indicatorsText is the card of a quarter: figures of groups, in words.
func (t *turn) indicatorsText(quarter string, c CardState) (string, Rich, []Action) {
	title := "Indicateurs du trimestre"
	h, err := HouseOf(*t.p)
	r, ok := h.Release(quarter)
	q, bad := care.ParseQuarter(quarter)
	if err != nil || !ok || bad != nil {
		return title, nil, nil
	}
	body := B("Comment vont les membres : " + q.Words() + ".")
	for _, s := range IndicatorWords(r, h.Quarters) {
		body = body.Line(T(s))
	}
	if r.Enough {
		body = body.Para(T("La page pour le document unique (DUERP) est jointe dans le fil de cette carte."))
	}
	if !c.Open {
		if c.Decided != nil {
			body = body.Para(t.decisionLine(*c.Decided))
		}
		return title, body, nil
	}
	return title, body, []Action{{ID: "seen", Label: "Vu", Style: "primary"}}
}

// NotEnough is all that is said of fewer than ten people.
const NotEnough = "Pas assez de réponses : il en faut au moins 10. Aucun chiffre n'est montré, pour protéger chaque personne."

// IndicatorWords tells a quarter in short sentences; published are the other
// quarters, for the trend.
func IndicatorWords(r care.Release, published []care.Release) []string {
	if !r.Enough || r.Total == nil {
		return []string{NotEnough}
	}
	out := []string{
		fmt.Sprintf("Au moins %d personnes ont répondu.", r.Total.AtLeast),
		"Signes de fatigue importante (orange ou rouge) : " + r.Total.Alert.String() + " des réponses.",
	}
	if s := trendWords(r, published); s != "" {
		out = append(out, s)
	}
	out = append(out, workWords(r)...)
	return append(out, "Ce ne sont pas des diagnostics. Les chiffres sont arrondis et un peu brouillés, pour protéger chaque personne. Ils ne changent plus.")
}

// notable is the change, in points, from which a trend is named: below, twice
// the rounding could explain it.
const notable = 10

// trendWords compares with the quarter just before, when it was published.
func trendWords(r care.Release, published []care.Release) string {
	q, err := care.ParseQuarter(r.Quarter)
	if err != nil {
		return ""
	}
	for _, p := range published {
		if p.Quarter != q.Previous().String() || p.Total == nil {
			continue
		}
		before := "Le trimestre d'avant : " + p.Total.Alert.String() + ". "
		switch d := r.Total.Alert.Percent - p.Total.Alert.Percent; {
		case d >= notable:
			return before + "C'est plus haut. Un écart peut aussi venir du hasard."
		case d <= -notable:
			return before + "C'est plus bas. Un écart peut aussi venir du hasard."
		}
		return before + "C'est à peu près stable."
	}
	return ""
}

// workWords tells what weighs most at work, and on whom it depends.
func workWords(r care.Release) []string {
	if len(r.Axes) == 0 {
		return []string{"Questions sur le travail : pas assez de réponses."}
	}
	var list []string
	for _, a := range Heaviest(r.Axes, 3) {
		list = append(list, fmt.Sprintf("%s (%s)", lowerFirst(a.Short), a.Share))
	}
	out := []string{"Ce qui pèse le plus dans le travail : " + strings.Join(list, ", ") + "."}
	if r.Organisation != nil && r.Personal != nil {
		out = append(out, fmt.Sprintf("Risque moyen : %s pour ce qui dépend de l'organisation, %s pour ce qui dépend de chacun.",
			OutOf100(*r.Organisation), OutOf100(*r.Personal)))
	}
	return out
}

func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[n:]
}

// OutOf100 writes a mean risk: "45 sur 100".
func OutOf100(s care.Share) string { return strings.Replace(s.String(), "%", "sur 100", 1) }

// Heaviest are the n axes with the largest shares, in the order of the
// questions when equal.
func Heaviest(axes []care.Axis, n int) []care.Axis {
	out := append([]care.Axis(nil), axes...)
	for i := range out {
		for j := i; j > 0 && out[j-1].Share.Percent < out[j].Share.Percent; j-- {
			out[j-1], out[j] = out[j], out[j-1]
		}
	}
	return out[:min(n, len(out))]
}
