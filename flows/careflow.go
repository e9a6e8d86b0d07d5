package flows

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/coopconnexion/relais/flows/care"
)

// checkins is what the check-ins ask and say.
type checkins struct {
	scales care.Scales
	texts  care.Texts
}

func loadCheckins(content fs.FS) (checkins, []error) {
	var problems []error
	scales, err := care.LoadScales(content)
	if err != nil {
		problems = append(problems, err)
	}
	texts, err := care.LoadTexts(content)
	if err != nil {
		problems = append(problems, err)
	}
	return checkins{scales, texts}, problems
}

// scale is a scale by its id.
func (k checkins) scale(id string) care.Scale {
	for _, s := range []care.Scale{k.scales.WHO5, k.scales.Personal, k.scales.Work, k.scales.Risks} {
		if s.ID == id {
			return s
		}
	}
	return care.Scale{}
}

const (
	nudgePulse   = "pulse"
	nudgeMonthly = "monthly"
	pageLife     = 30 * time.Minute
)

// careText fills the placeholders of the check-ins' texts.
func (t *turn) careText(s string, days int) Rich {
	referent := t.b.set.Staff[t.p.Profile.Referent]
	if referent == "" {
		referent = "une personne de l'équipe"
	}
	return T(Fill(strings.TrimSpace(s), map[string]string{"referent": referent, "duty": "une personne de l'équipe", "days": strconv.Itoa(days)}))
}

// howAmI is /comment-je-vais: the consent first, then what can be done.
func (t *turn) howAmI() {
	switch {
	case !t.p.Profile.Status.Member():
		t.say(t.msg("care.members"), t.menuRow())
		return
	case t.p.Profile.Age != AgeAdult && t.p.Profile.Age != AgeUnknown:
		t.say(t.msg("care.minor"), row(t.btn("Parler à quelqu'un", "c.human")))
		return
	}
	c, ok := CareOf(t.p)
	if !ok {
		t.askCareConsent()
		return
	}
	if !c.Paused.IsZero() {
		c.Paused = time.Time{}
		t.saveCare(c)
	}
	t.say(t.msg("care.menu"), row(t.btn("Répondre maintenant", "c.care.pulse")),
		row(t.btn("Questions plus longues", "c.care.longer"), t.btn("Ma courbe", "c.care.curve")),
		row(t.btn("⏸ Pause", "c.care.pause"), t.btn("Arrêter et effacer", "c.care.erase")))
}

func (t *turn) askCareConsent() {
	text := t.b.care.texts.ConsentNobody
	if t.b.set.Duty {
		text = t.b.care.texts.Consent
	}
	t.say(t.careText(text, 0).Para(t.msg("care.adult")), row(t.btn("Oui, j'ai 18 ans ou plus", "c.care.yes"), t.btn("Non", "c.care.no")))
}

// careCommand handles the buttons of the check-ins' menu.
func (t *turn) careCommand(arg string) {
	what, rest, _ := strings.Cut(arg, ".")
	if what == "yes" || what == "no" {
		t.careConsent(what == "yes")
		return
	}
	c, ok := CareOf(t.p)
	if !ok {
		t.howAmI()
		return
	}
	switch what {
	case "pulse":
		t.askPulse(&c, Send{Key: t.key(), Class: ClassQuestion}, nil)
	case "longer":
		t.offerScales(&c, []string{t.b.care.scales.Personal.ID, t.b.care.scales.Work.ID, t.b.care.scales.Risks.ID}, "care.longer")
	case "monthly":
		t.offerScales(&c, []string{t.b.care.scales.Monthly().ID}, "care.monthly")
	case "here":
		t.beginScales(&c, strings.Split(rest, "-"))
	case "page":
		t.givePage(&c, "scales", strings.Split(rest, "-"))
	case "curve":
		t.givePage(&c, "curve", nil)
	case "later":
		c.Form = nil
		t.saveCare(c)
		t.say(t.msg("care.later"), t.menuRow())
	case "pause":
		t.pauseCare(&c)
	case "erase":
		t.say(t.msg("care.erase.sure"), row(t.btn("Oui, arrêter et effacer", "c.care.erased"), t.btn("Non, garder", "c.menu")))
	case "erased":
		t.eraseCare()
	default:
		t.careChoice(&c, what)
	}
}

func (t *turn) careConsent(yes bool) {
	t.p.Consents = append(t.p.Consents, Consent{Name: careModule, Version: 1, Yes: yes, At: t.now})
	if !yes {
		t.say(t.msg("care.refused"), t.menuRow())
		return
	}
	c := Care{Since: t.now}
	t.askPulse(&c, Send{Key: t.key(), Class: ClassQuestion}, t.msg("care.first"))
}

// pauseCare stops asking; what was answered stays.
func (t *turn) pauseCare(c *Care) {
	c.Paused, c.Form = t.now, nil
	t.saveCare(*c)
	t.say(t.careText(t.b.care.texts.Pause, 0), t.menuRow())
}

// eraseCare withdraws: nothing more is asked, and what was answered becomes
// unreadable on disk.
func (t *turn) eraseCare() {
	if _, ok := CareOf(t.p); !ok && len(t.p.Modules[careModule]) == 0 {
		t.say(t.msg("care.nothing"), t.menuRow())
		return
	}
	delete(t.p.Modules, careModule)
	t.p.Consents = append(t.p.Consents, Consent{Name: careModule, Version: 1, Yes: false, At: t.now})
	for key := range t.p.Nudges.Done {
		if strings.HasPrefix(key, "nudge/"+nudgePulse+"/") || strings.HasPrefix(key, "nudge/"+nudgeMonthly+"/") {
			delete(t.p.Nudges.Done, key)
		}
	}
	t.rekey = true
	t.say(t.careText(t.b.care.texts.Erased, 0), t.menuRow())
}

// token stands for an answer in a button, so that neither the channel nor a
// log can read it.
func (t *turn) token(turn int, value string) string {
	return t.mac(fmt.Sprintf("care/%d/%s", turn, value))[:7]
}

// askPulse asks the one-tap question, in the message given.
func (t *turn) askPulse(c *Care, m Send, intro Rich) {
	t.p.Turns++
	c.Asked = t.now
	c.Form = &CareForm{Scales: []string{nudgePulse}, Turn: t.p.Turns, Key: m.Key, At: t.now}
	text, rows := t.pulseView(c.Form.Turn)
	t.saveCare(*c)
	m.Text, m.Rows = intro.Para(text), rows
	t.do(m)
}

func (t *turn) pulseView(turn int) (Rich, [][]Button) {
	item := t.b.care.scales.Pulse.Items[0]
	var rows [][]Button
	for _, ch := range t.b.care.scales.Pulse.Answers[item.Answers] {
		rows = append(rows, row(t.btn(ch.Label, fmt.Sprintf("h.%d.%s", turn, t.token(turn, strconv.Itoa(ch.Value))))))
	}
	rows = append(pair(rows), row(t.btn("Je passe", fmt.Sprintf("h.%d.!pass", turn)), t.btn("⏸ Pause", "c.care.pause")), row(t.btn("🆘 Aide", "c.help")))
	return B(item.Text).Para(t.msg("care.line")), rows
}

// tapCare handles "TURN.TOKEN" of a pulse or a scale.
func (t *turn) tapCare(rest string) {
	turn, token, _ := strings.Cut(rest, ".")
	n, _ := strconv.Atoi(turn)
	c, ok := CareOf(t.p)
	if !ok || c.Form == nil || c.Form.Turn != n {
		t.toast = plain(t.msg("tap.stale"))
		return
	}
	t.toast = "C'est noté ✔"
	if c.Form.Scales[0] == nudgePulse {
		t.takePulse(&c, token)
		return
	}
	t.takeItem(&c, token)
}

// takePulse keeps the answer and edits the question away.
func (t *turn) takePulse(c *Care, token string) {
	key, turn := c.Form.Key, c.Form.Turn
	c.Form = nil
	t.do(Edit{Key: key, Class: ClassReply, Text: t.careText(t.b.care.texts.Thanks, 0)})
	x := 0
	for v := 1; v <= 5; v++ {
		if t.token(turn, strconv.Itoa(v)) == token {
			x = v
		}
	}
	if x == 0 { // passed over: a missing answer counts for nothing
		t.saveCare(*c)
		return
	}
	c.Pulses = append(c.Pulses, CarePulse{At: t.now, X: x})
	c.trim()
	p, err := care.Follow(c.pulses())
	if err == nil && p.Alarm != care.NoAlarm {
		t.pulseAlarm(c)
	} else {
		c.Alarms = 0
		t.rebase(c)
	}
	t.saveCare(*c)
}

// rebase begins a new baseline after a year of answers, if all is well.
func (t *turn) rebase(c *Care) {
	latest := -1.0
	if s := c.scores(t.b.care.scales.WHO5.ID); len(s) > 0 {
		latest = s[len(s)-1]
	}
	all := c.pulses()
	if kept := care.Rebase(all, latest); len(kept) < len(all) {
		c.Base += len(all) - len(kept)
	}
}

// pulseAlarm offers the monthly scale, at most once in 28 days. It never
// reaches anybody else.
func (t *turn) pulseAlarm(c *Care) {
	c.Alarms++
	if !care.MayOffer(c.Offered, t.now) {
		return
	}
	c.Offered = t.now
	c.Levels = append(c.Levels, CareLevel{At: t.now, Level: care.Yellow})
	scales := []string{t.b.care.scales.Monthly().ID}
	if care.OfferLonger(care.Triggers{AlarmsInARow: c.Alarms}) {
		scales = []string{t.b.care.scales.Personal.ID, t.b.care.scales.Work.ID, t.b.care.scales.Risks.ID}
	}
	t.say(t.careText(t.b.care.texts.Yellow, 0), t.scaleRows(scales)...)
}
