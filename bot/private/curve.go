package private

import (
	"fmt"
	"slices"
	"strings"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/flows/french"
)

// The picture's measures, in its own units: a phone shows about one a pixel.
const (
	pictureWidth, pictureHeight = 340, 236
	left, right                 = 84, 326 // of the points; the labels stand on the left
	top, step                   = 20, 44  // of the highest answer, and from one to the next
	levels                      = 5
)

// picture is a curve ready to be drawn.
type picture struct {
	Width, Height int
	Left, Right   int
	Lines         []line
	Dots          []dot
	Path          string // the points of the line that joins the dots
	First, Last   string // days at the two ends
	DateY         int
	Words         []string
	Summary       string // the description for those who do not see the picture
}

// line is one level of the picture.
type line struct {
	Y, TextY int
	Label    string
}

// dot is one answer.
type dot struct{ X, Y int }

// draw places each answer by its day, and its level above the others.
func (p *Pages) draw(c *flows.Curve) *picture {
	out := &picture{Width: pictureWidth, Height: pictureHeight, Left: left, Right: right, DateY: pictureHeight - 8, Words: c.Words}
	if len(c.Points) == 0 {
		return out
	}
	names := map[int]string{}
	from, to := c.Points[0].At, c.Points[len(c.Points)-1].At
	var path []string
	for _, pt := range c.Points {
		x := (left + right) / 2
		if span := to.Sub(from); span > 0 {
			x = left + int(float64(right-left)*(float64(pt.At.Sub(from))/float64(span)))
		}
		d := dot{X: x, Y: height(pt.Value)}
		out.Dots = append(out.Dots, d)
		path = append(path, fmt.Sprintf("%d,%d", d.X, d.Y))
		names[pt.Value] = pt.Label
	}
	out.Path = strings.Join(path, " ")
	for v := levels; v >= 1; v-- {
		out.Lines = append(out.Lines, line{Y: height(v), TextY: height(v) + 4, Label: names[v]})
	}
	out.First = french.DayMonth(from.In(p.opts.Zone))
	if len(c.Points) > 1 {
		out.Last = french.DayMonth(to.In(p.opts.Zone))
	}
	out.Summary = summary(c)
	return out
}

func height(value int) int { return top + (levels-min(max(value, 1), levels))*step }

// summary says what the picture shows, without judging it.
func summary(c *flows.Curve) string {
	values := make([]int, 0, len(c.Points))
	names := map[int]string{}
	for _, p := range c.Points {
		values = append(values, p.Value)
		names[p.Value] = strings.ToLower(p.Label)
	}
	if len(values) == 1 {
		return "Une réponse : " + names[values[0]] + "."
	}
	return fmt.Sprintf("%d réponses. La plus haute : %s. La plus basse : %s. La dernière : %s.",
		len(values), names[slices.Max(values)], names[slices.Min(values)], names[values[len(values)-1]])
}
