package flows

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/coopconnexion/relais/flows/care"
)

func (t *turn) scaleRows(scales []string) [][]Button {
	list := strings.Join(scales, "-")
	rows := [][]Button{row(t.btn("Répondre ici", "c.care.here."+list))}
	if t.b.set.PageURL != "" {
		rows[0] = append(rows[0], t.btn("Sur une page privée", "c.care.page."+list))
	}
	return append(rows, row(t.btn("Non merci", "c.care.later"), t.btn("Parler à quelqu'un", "c.human")))
}

func (t *turn) offerScales(c *Care, scales []string, key string) {
	t.saveCare(*c)
	t.say(t.msg(key), t.scaleRows(scales)...)
}

// beginScales asks the first item of the first scale.
func (t *turn) beginScales(c *Care, scales []string) {
	var known []string
	for _, id := range scales {
		if t.b.care.scale(id).Installed() {
			known = append(known, id)
		}
	}
	if len(known) == 0 {
		t.howAmI()
		return
	}
	c.Form = &CareForm{Scales: known, Answers: map[string]care.Answers{}, At: t.now}
	t.askItem(c)
}

// askItem asks the present item.
func (t *turn) askItem(c *Care) {
	f := c.Form
	s := t.b.care.scale(f.Scales[0])
	item := s.Items[f.Item]
	t.p.Turns++
	f.Turn, f.Key, f.At = t.p.Turns, t.key(), t.now
	text := B(item.Text).Line(T(fmt.Sprintf("%s, %d sur %d", s.Title, f.Item+1, len(s.Items))))
	if f.Item == 0 {
		if intro := strings.TrimSpace(s.Intro); intro != "" {
			text = T(intro).Para(text)
		}
		text = text.Para(Rich{{Text: s.Credit, Style: Italic}})
	}
	var rows [][]Button
	for _, ch := range s.Answers[item.Answers] {
		rows = append(rows, row(t.btn(ch.Label, fmt.Sprintf("h.%d.%s", f.Turn, t.token(f.Turn, strconv.Itoa(ch.Value))))))
	}
	rows = append(pair(rows), row(t.btn("Je passe", fmt.Sprintf("h.%d.!pass", f.Turn)), t.btn("Arrêter", "c.care.later")))
	t.saveCare(*c)
	t.do(Send{Key: f.Key, Class: ClassQuestion, Text: text, Rows: rows})
}

// takeItem keeps an answer, edits the question away and goes on.
func (t *turn) takeItem(c *Care, token string) {
	f := c.Form
	id := f.Scales[0]
	s := t.b.care.scale(id)
	item := s.Items[f.Item]
	t.do(Edit{Key: f.Key, Class: ClassReply, Text: t.msg("care.answered")})
	for _, ch := range s.Answers[item.Answers] {
		if t.token(f.Turn, strconv.Itoa(ch.Value)) != token {
			continue
		}
		if f.Answers == nil {
			f.Answers = map[string]care.Answers{}
		}
		a := cloneMap(f.Answers[id])
		if a == nil {
			a = care.Answers{}
		}
		a[item.ID] = ch.Value
		f.Answers[id] = a
	}
	f.Item++
	if f.Item < len(s.Items) {
		t.askItem(c)
		return
	}
	f.Scales, f.Item = f.Scales[1:], 0
	if len(f.Scales) > 0 {
		t.askItem(c)
		return
	}
	answers := f.Answers
	c.Form = nil
	t.concludeScales(c, answers)
}
