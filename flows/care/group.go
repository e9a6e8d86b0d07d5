package care

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// MinGroup is the least number of respondents of anything published. It is a
// choice of the cooperative: no legal figure exists.
const MinGroup = 10

// Shares are published in steps of 5. From 90 up they are all given as 90 (90
// or more) and from 10 down as 10 (10 or less): in a group of ten, "everybody"
// would tell what each person answered.
const (
	shareStep = 5
	shareTop  = 90
	shareLow  = 10
)

// Respondent is one member's check-in of a quarter, without a name. Only
// Publish reads it; nothing of it leaves but counts of ten or more.
type Respondent struct {
	Group string // the one cut the cooperative chose (for example the status)
	Level Level
	Risks *Risks // nil when the questions about work were not answered
}

// Share is a published percentage.
type Share struct {
	Percent int `json:"percent"` // 10 to 90, in steps of 5
	// OrMore and OrLess mark the ends: "90 % or more", "10 % or less".
	OrMore bool `json:"or_more,omitempty"`
	OrLess bool `json:"or_less,omitempty"`
}

// String writes a share as people read it: "35 %", "90 % ou plus".
func (s Share) String() string {
	text := strconv.Itoa(s.Percent) + " %"
	switch {
	case s.OrMore:
		return text + " ou plus"
	case s.OrLess:
		return text + " ou moins"
	}
	return text
}

// shareOf rounds a percentage (0 to 100) and hides its ends.
func shareOf(percent float64) Share {
	p := int(math.Round(percent/shareStep)) * shareStep
	switch {
	case percent >= shareTop || p >= shareTop:
		return Share{Percent: shareTop, OrMore: true}
	case percent <= shareLow || p <= shareLow:
		return Share{Percent: shareLow, OrLess: true}
	}
	return Share{Percent: p}
}

// Cell is what is told of one group of ten respondents or more.
type Cell struct {
	Name string `json:"name"`
	// AtLeast is the number of respondents, rounded down to a multiple of 5.
	AtLeast int `json:"at_least"`
	// Alert is the share at orange or red.
	Alert Share `json:"alert"`
	// Levels gives the share of each level. It is nil when Alert is at one of
	// its ends: the parts would say more than the whole.
	Levels map[string]Share `json:"levels,omitempty"`
}

// Axis is the share of respondents for whom one axis of risk weighs.
type Axis struct {
	Item  string `json:"item"`
	Name  string `json:"name"`
	Short string `json:"short"`
	Share Share  `json:"share"`
}

// Release is what is published of one quarter. It is made once, after the
// quarter, and never again: two exports of the same quarter cannot differ.
type Release struct {
	Quarter string `json:"quarter"` // "2026-T4"
	// Enough is false under ten respondents: nothing else is filled in.
	Enough bool `json:"enough"`
	// Total or Groups, never both: the total less its groups would tell more
	// than each alone.
	Total  *Cell  `json:"total,omitempty"`
	Groups []Cell `json:"groups,omitempty"`
	Axes   []Axis `json:"axes,omitempty"`
	// Organisation and Personal are mean risks, what depends on the
	// organisation against what depends on the person.
	Organisation *Share `json:"organisation,omitempty"`
	Personal     *Share `json:"personal,omitempty"`
}

// Publish makes the release of a quarter, or returns the one made before. With
// cut, the levels are told group by group, groups under ten put together, and
// the total is left out; without, or when one group remains, the total alone.
// What is shown depends on how many answered, never on what they answered: a
// result held back because of its content would tell the content.
func Publish(quarter string, all []Respondent, risks Scale, cut bool, earlier []Release) Release {
	for _, r := range earlier {
		if r.Quarter == quarter {
			return r
		}
	}
	out := Release{Quarter: quarter}
	if len(all) < MinGroup {
		return out
	}
	out.Enough = true
	if groups := partition(all); cut && len(groups) > 1 {
		for _, g := range groups {
			out.Groups = append(out.Groups, cellOf(g.name, g.people))
		}
	} else {
		total := cellOf("Ensemble", all)
		out.Total = &total
	}
	out.work(all, risks)
	return out
}

// cellOf counts one group; the caller has checked its size.
func cellOf(name string, people []Respondent) Cell {
	var counts [Red + 1]int
	for _, p := range people {
		counts[p.Level]++
	}
	n := float64(len(people))
	c := Cell{Name: name, AtLeast: len(people) / 5 * 5}
	c.Alert = shareOf(100 * float64(counts[Orange]+counts[Red]) / n)
	if c.Alert.OrMore || c.Alert.OrLess {
		return c
	}
	c.Levels = map[string]Share{}
	for l := Green; l <= Red; l++ {
		c.Levels[l.String()] = shareOf(100 * float64(counts[l]) / n)
	}
	return c
}

// work fills in the axes and the means of those who answered about work.
func (r *Release) work(all []Respondent, risks Scale) {
	for _, item := range risks.Items {
		n, weighs := 0, 0
		for _, p := range all {
			if p.Risks == nil {
				continue
			}
			if _, ok := p.Risks.ByItem[item.ID]; ok {
				n++
				if p.Risks.Weighs(item.ID) {
					weighs++
				}
			}
		}
		if n >= MinGroup {
			r.Axes = append(r.Axes, Axis{Item: item.ID, Name: item.Axis, Short: item.Short,
				Share: shareOf(100 * float64(weighs) / float64(n))})
		}
	}
	r.Organisation = mean(all, func(x *Risks) Result { return x.Organisation })
	r.Personal = mean(all, func(x *Risks) Result { return x.Personal })
}

func mean(all []Respondent, half func(*Risks) Result) *Share {
	sum, n := 0.0, 0
	for _, p := range all {
		if p.Risks == nil {
			continue
		}
		if r := half(p.Risks); r.Scored {
			sum += r.Score
			n++
		}
	}
	if n < MinGroup {
		return nil
	}
	s := shareOf(sum / float64(n))
	return &s
}

// group is one part of a cut.
type group struct {
	name   string
	people []Respondent
}

// otherGroups is the name of the small groups put together.
const otherGroups = "Autres situations"

// partition cuts respondents by group. Groups under ten are put together; if
// they still are under ten, the smallest other group joins them: hiding one
// small group would let anybody find it as the rest.
func partition(all []Respondent) []group {
	byName := map[string][]Respondent{}
	for _, p := range all {
		byName[p.Group] = append(byName[p.Group], p)
	}
	groups := make([]group, 0, len(byName))
	for name, people := range byName {
		groups = append(groups, group{name, people})
	}
	slices.SortFunc(groups, func(a, b group) int {
		if d := len(a.people) - len(b.people); d != 0 {
			return d
		}
		return strings.Compare(a.name, b.name)
	})
	var rest []Respondent
	for len(groups) > 0 && (len(groups[0].people) < MinGroup || len(rest) > 0 && len(rest) < MinGroup) {
		rest = append(rest, groups[0].people...)
		groups = groups[1:]
	}
	slices.SortFunc(groups, func(a, b group) int { return strings.Compare(a.name, b.name) })
	if len(rest) > 0 {
		groups = append(groups, group{otherGroups, rest})
	}
	return groups
}
