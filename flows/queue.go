package flows

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/coopconnexion/relais/flows/care"
	"github.com/coopconnexion/relais/flows/french"
)

// What spans people (the queue of questions without an answer, the wordings and
// sheets that staff added) belongs to the house: a document like a person's,
// kept and sealed in the same way. People's turns write to it by letters to the
// house channel, which come back as inputs about the house, once each.

// HouseChannel carries letters to the house.
const HouseChannel = "house"

// HouseAccount is the account under which the house is found.
var HouseAccount = Account{Channel: "import", ID: "house:questions"}

// House is what the house keeps.
type House struct {
	// Count numbers the groups; the oldest closed ones go.
	Count int `json:"count,omitempty"`
	// Groups are questions without an answer, grouped by likeness.
	Groups []QuestionGroup `json:"groups,omitempty"`
	// Wordings are phrasings that staff added, by sheet id.
	Wordings map[string][]string `json:"wordings,omitempty"`
	// Sheets are sheets that staff opened.
	Sheets []HouseSheet `json:"sheets,omitempty"`
	// Useful and Useless count the one-tap answers, by sheet.
	Useful  map[string]int `json:"useful,omitempty"`
	Useless map[string]int `json:"useless,omitempty"`
	// Quarters are the group indicators published, oldest first, and Workshops
	// the comparisons: made once and never again.
	Quarters  []care.Release `json:"quarters,omitempty"`
	Workshops []Workshop     `json:"workshops,omitempty"`
}

// QuestionGroup is one card of the queue.
type QuestionGroup struct {
	Key   string          `json:"key"` // card key "question/3"
	Asked []AskedQuestion `json:"asked"`
	Open  bool            `json:"open"`
	// Near is the sheet that was closest, if any.
	Near string `json:"near,omitempty"`
}

// AskedQuestion is one person's question.
type AskedQuestion struct {
	Person PersonID  `json:"person"`
	Name   string    `json:"name"`
	Text   string    `json:"text"`
	At     time.Time `json:"at"`
}

// HouseSheet is a sheet opened by staff: a title, an answer, who and when.
type HouseSheet struct {
	ID     string    `json:"id"`
	Title  string    `json:"title"`
	Ask    []string  `json:"ask"`
	Answer string    `json:"answer"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
}

const houseModule = "house"

// HouseOf reads what the house keeps.
func HouseOf(p Person) (House, error) {
	var h House
	if data := p.Modules[houseModule]; len(data) > 0 {
		if err := json.Unmarshal(data, &h); err != nil {
			return h, fmt.Errorf("house: %w", err)
		}
	}
	return h, nil
}

func (t *turn) saveHouse(h House) {
	data, err := json.Marshal(h)
	if err != nil {
		panic("house: " + err.Error()) // plain data always marshals
	}
	if t.p.Modules == nil {
		t.p.Modules = map[string][]byte{}
	}
	t.p.Modules[houseModule] = data
}

// toHouse writes to the house. The letter's fields come back as an input.
func (t *turn) toHouse(op string, kv ...string) {
	f := map[string]string{"op": op, "person": string(t.p.ID), "name": t.shownName()}
	for i := 0; i+1 < len(kv); i += 2 {
		f[kv[i]] = kv[i+1]
	}
	data, err := json.Marshal(f)
	if err != nil {
		panic("house: " + err.Error())
	}
	t.do(Post{Room: Account{Channel: HouseChannel, ID: "house"}, Key: t.key(), Text: T(string(data)), Class: ClassDesk})
}

// handOver passes a question that no sheet answers to the team, and says so.
func (t *turn) handOver(question, near string) {
	t.p.LastQuestion = ""
	t.toHouse("asked", "text", cut(strings.TrimSpace(question), 500), "near", near)
	if t.quest() != nil {
		t.lead = t.msg("sheet.none", "when", t.staffWhen())
		t.ask(t.msg("sheet.back"))
		return
	}
	t.say(t.msg("sheet.none", "when", t.staffWhen()), t.menuRow())
}

// houseInput is what happens to the house.
func (t *turn) houseInput() {
	h, err := HouseOf(*t.p)
	if err != nil {
		return // unreadable: left as it is, for a person to look at
	}
	f := t.in.Fields
	switch f["op"] {
	case "asked":
		t.queueQuestion(&h, AskedQuestion{Person: PersonID(f["person"]), Name: f["name"], Text: f["text"], At: t.now}, f["near"])
	case "useful":
		h.Useful = count(h.Useful, f["sheet"])
	case "useless":
		h.Useless = count(h.Useless, f["sheet"])
	case "forget":
		t.forgetQuestions(&h, PersonID(f["person"]))
	case OpIndicators:
		t.publishQuarter(&h)
	case OpWorkshop:
		t.publishWorkshop(&h)
	}
	t.saveHouse(h)
	t.remindQuarter(h)
	f1 := french.FirstOfMonth(t.local()).AddDate(0, 1, 0)
	t.do(Remind{Name: remindReview, At: t.b.staff.Next(t.day(f1.Year(), f1.Month(), 1))})
}

// review tells staff once a month which sheets are due for a check.
func (t *turn) review() {
	f := french.FirstOfMonth(t.local()).AddDate(0, 1, 0)
	t.do(Remind{Name: remindReview, At: t.b.staff.Next(t.day(f.Year(), f.Month(), 1))})
	if t.b.sheets != nil && len(t.b.sheets.Overdue(t.now)) > 0 {
		t.postCard(DeskStaff, "review/"+t.local().Format("2006-01"), "review")
	}
}

func (t *turn) reviewText(c CardState) (string, Rich, []Action) {
	list := t.b.sheets.Overdue(t.now)
	body := T(fmt.Sprintf("%d fiches ont passé leur date de relecture. Vérifiez les montants et les règles, puis changez leur date.", len(list)))
	body = body.Line(T(cut(strings.Join(list, ", "), 1500)))
	if !c.Open {
		return "Fiches à relire", body, nil
	}
	return "Fiches à relire", body, []Action{{ID: "seen", Label: "Vu, je m'en occupe", Style: "primary"}}
}

func count(m map[string]int, key string) map[string]int {
	m = cloneMap(m)
	if m == nil {
		m = map[string]int{}
	}
	m[key]++
	return m
}

// queueQuestion joins the question to an open group that is alike, or opens one.
func (t *turn) queueQuestion(h *House, q AskedQuestion, near string) {
	for i := range h.Groups {
		g := &h.Groups[i]
		if !g.Open || !alike(g.Asked[0].Text, q.Text) {
			continue
		}
		g.Asked = append(g.Asked, q)
		t.saveHouse(*h)
		t.updateCard(g.Key, true, nil)
		return
	}
	h.Count++
	key := "question/" + strconv.Itoa(h.Count)
	t.trimGroups(h)
	h.Groups = append(h.Groups, QuestionGroup{Key: key, Asked: []AskedQuestion{q}, Open: true, Near: near})
	t.saveHouse(*h)
	t.postCard(DeskStaff, key, "question")
}

// maxGroups bounds the house's document.
const maxGroups = 150

// trimGroups drops the oldest groups that are closed, and their cards.
func (t *turn) trimGroups(h *House) {
	for i := 0; i < len(h.Groups) && len(h.Groups) >= maxGroups; {
		if h.Groups[i].Open {
			i++
			continue
		}
		delete(t.p.Cards, h.Groups[i].Key)
		h.Groups = append(append([]QuestionGroup(nil), h.Groups[:i]...), h.Groups[i+1:]...)
	}
}

// alike compares two questions by their character trigrams (Jaccard ≥ 0.45).
func alike(a, b string) bool {
	x, y := trigrams(a), trigrams(b)
	both := 0
	for g := range x {
		if y[g] {
			both++
		}
	}
	union := len(x) + len(y) - both
	return union > 0 && float64(both) >= 0.45*float64(union)
}

func trigrams(s string) map[string]bool {
	r := []rune(" " + french.Fold(s) + " ")
	out := map[string]bool{}
	for i := 0; i+3 <= len(r); i++ {
		out[string(r[i:i+3])] = true
	}
	return out
}

// forgetQuestions takes the words of a person who was erased out.
func (t *turn) forgetQuestions(h *House, p PersonID) {
	for i := range h.Groups {
		g := &h.Groups[i]
		var kept []AskedQuestion
		for _, q := range g.Asked {
			if q.Person != p {
				kept = append(kept, q)
			}
		}
		if len(kept) == len(g.Asked) {
			continue
		}
		if len(kept) == 0 {
			kept, g.Open = []AskedQuestion{{Text: "(données effacées)", At: t.now}}, false
		}
		g.Asked = kept
		t.saveHouse(*h)
		t.updateCard(g.Key, g.Open, nil)
	}
}

// group is the group of a card key, or nil.
func (h *House) group(key string) *QuestionGroup {
	for i := range h.Groups {
		if h.Groups[i].Key == key {
			return &h.Groups[i]
		}
	}
	return nil
}
