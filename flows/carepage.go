package flows

import (
	"strconv"
	"strings"
	"time"

	"github.com/coopconnexion/relais/flows/care"
	"github.com/coopconnexion/relais/flows/french"
)

// The private page is on the co-operative's own server. A link works for one
// opening, for half an hour; opening it (by a button, so that a preview of the
// link opens nothing) makes a session; the page shows scales to answer, or the
// person's own curve. Nothing of it appears in the chat.

// Page is what a private page shows.
type Page struct {
	// Closed says that the link is used or too old; nothing else is set.
	Closed bool
	// Waiting is true until the person opens the link.
	Waiting bool
	Scales  []PageScale
	Curve   *Curve
	Expires time.Time
}

// PageScale is one scale to answer.
type PageScale struct {
	ID, Title, Credit, Intro string
	Items                    []PageItem
}

// PageItem is one question; the values of its choices are opaque.
type PageItem struct {
	Name    string // form field
	Text    string
	Choices []PageChoice
}

// PageChoice is one answer.
type PageChoice struct{ Value, Label string }

// Curve is the person's own pulses, for a picture with words beside it.
type Curve struct {
	Points []CurvePoint
	Words  []string // the same in plain French, one line a point
}

// CurvePoint is one pulse, 1 (à plat) to 5 (très bonne).
type CurvePoint struct {
	At    time.Time
	Value int
	Label string
}

// PageFor is what the private page of this token shows at a time. session is
// what opening gave; empty before.
func (b *Book) PageFor(p *Person, token, session string, at time.Time) Page {
	c, ok := CareOf(p)
	if !ok {
		return Page{Closed: true}
	}
	g := c.page(token)
	switch {
	case g == nil || !at.Before(g.Expires):
		return Page{Closed: true}
	case g.Opened.IsZero():
		return Page{Waiting: true, Expires: g.Expires}
	case session == "" || session != g.Session:
		return Page{Closed: true}
	}
	out := Page{Expires: g.Expires}
	purpose, list, _ := strings.Cut(g.For, "-")
	if purpose == "curve" {
		out.Curve = b.curve(&c)
		return out
	}
	t := turn{b: b, p: p}
	for _, id := range strings.Split(list, "-") {
		if s := b.care.scale(id); s.Installed() {
			out.Scales = append(out.Scales, t.pageScale(s, token))
		}
	}
	return out
}

func (c *Care) page(token string) *CarePage {
	for i := range c.Pages {
		if c.Pages[i].Token == token && token != "" {
			return &c.Pages[i]
		}
	}
	return nil
}

// pageScale is a scale with opaque values, bound to the link.
func (t *turn) pageScale(s care.Scale, link string) PageScale {
	out := PageScale{ID: s.ID, Title: s.Title, Credit: s.Credit, Intro: strings.TrimSpace(s.Intro)}
	for _, item := range s.Items {
		pi := PageItem{Name: s.ID + "." + item.ID, Text: item.Text}
		for _, ch := range s.Answers[item.Answers] {
			pi.Choices = append(pi.Choices, PageChoice{Value: t.pageToken(link, pi.Name, ch.Value), Label: ch.Label})
		}
		out.Items = append(out.Items, pi)
	}
	return out
}

func (t *turn) pageToken(link, name string, value int) string {
	return t.mac("page/" + link + "/" + name + "/" + strconv.Itoa(value))
}

func (b *Book) curve(c *Care) *Curve {
	labels := map[int]string{}
	item := b.care.scales.Pulse.Items[0]
	for _, ch := range b.care.scales.Pulse.Answers[item.Answers] {
		labels[ch.Value] = ch.Label
	}
	out := &Curve{}
	for _, p := range c.Pulses[max(0, len(c.Pulses)-26):] {
		out.Points = append(out.Points, CurvePoint{At: p.At, Value: p.X, Label: labels[p.X]})
		out.Words = append(out.Words, "Le "+french.DayMonth(p.At.In(b.set.Zone))+" : "+strings.ToLower(labels[p.X]))
	}
	return out
}

// pageInput is what a person did on the page.
func (t *turn) pageInput() {
	c, ok := CareOf(t.p)
	g := c.page(t.in.Fields["token"])
	if !ok || g == nil || !t.now.Before(g.Expires) {
		return
	}
	switch t.in.Fields["do"] {
	case "open":
		if g.Opened.IsZero() {
			g.Opened, g.Session = t.now, t.in.Fields["session"]
			t.saveCare(c)
		}
	case "send":
		if g.Session == "" || g.Session != t.in.Fields["session"] {
			return
		}
		answers := t.pageAnswers(g)
		g.Expires = t.now // one sending
		c.expirePages(t.now)
		t.concludeScales(&c, answers)
	}
}

// pageAnswers reads the opaque values sent.
func (t *turn) pageAnswers(g *CarePage) map[string]care.Answers {
	out := map[string]care.Answers{}
	_, list, _ := strings.Cut(g.For, "-")
	for _, id := range strings.Split(list, "-") {
		s := t.b.care.scale(id)
		for _, item := range s.Items {
			name := id + "." + item.ID
			for _, ch := range s.Answers[item.Answers] {
				if v := t.in.Fields[name]; v != "" && v == t.pageToken(g.Token, name, ch.Value) {
					if out[id] == nil {
						out[id] = care.Answers{}
					}
					out[id][item.ID] = ch.Value
				}
			}
		}
		if out[id] == nil && s.Installed() {
			out[id] = care.Answers{}
		}
	}
	return out
}
