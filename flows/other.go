package flows

import (
	"fmt"
	"strings"
)

// sheet answers a question about rights, at any moment.
func (t *turn) sheet() bool { return t.digress() }

// digress answers a question from the sheets and, in the middle of a
// questionnaire, asks the question again.
func (t *turn) digress() bool {
	if t.b.sheets == nil || !looksLikeQuestion(t.in.Text) {
		return false
	}
	f := t.b.sheets.Ask(t.in.Text, t.p)
	asks := strings.Contains(t.in.Text, "?")
	switch f.Outcome {
	case "answer":
		t.p.LastQuestion = cut(strings.TrimSpace(t.in.Text), 500)
		return t.showSheet(f.ID)
	case "choices":
		if t.quest() != nil && !asks && !wordy(t.in.Text) {
			return false
		}
		t.p.LastQuestion = cut(strings.TrimSpace(t.in.Text), 500)
		t.offerChoices(f)
		return true
	}
	if !asks && !(t.quest() == nil && t.p.OpenTicket() == nil && wordy(t.in.Text)) {
		return false
	}
	near := ""
	if len(f.Choices) > 0 {
		near = f.Choices[0].ID
	}
	t.handOver(t.in.Text, near)
	return true
}

// wordy tells a sentence from a slip.
func wordy(text string) bool { return len(strings.Fields(text)) >= 5 }

// offerChoices asks which sheet was meant.
func (t *turn) offerChoices(f Found) {
	var rows [][]Button
	for _, c := range f.Choices {
		rows = append(rows, row(t.btn(cut(c.Title, 60), "c.sheet."+c.ID)))
	}
	rows = append(rows, row(t.btn("Autre chose", "c.notmine")))
	t.say(t.msg("sheet.choices"), rows...)
}

// looksLikeQuestion keeps amounts, single words and thanks away from the
// sheets.
func looksLikeQuestion(text string) bool {
	f := strings.Fields(text)
	return len(f) >= 2 && len(text) >= 8 || (strings.Contains(text, "?") && len(text) > 4)
}

// showSheet answers with a sheet, then returns to the question.
func (t *turn) showSheet(id string) bool {
	body, ok := t.b.sheets.Answer(id, t.now)
	if !ok {
		return false
	}
	t.say(body, t.sheetRows(id)...)
	if t.quest() != nil {
		t.ask(t.msg("sheet.back"))
	}
	return true
}

// sheetRows are the ways on from an answer.
func (t *turn) sheetRows(id string) [][]Button {
	first := row(t.btn("Source", "c.source."+id), t.btn("Ce n'est pas ma question", "c.notmine."+id))
	if kind := t.b.sheets.EstimateKind(id); kind != "" {
		first = row(t.btn("Pour mon cas", "c.estimate."+kind), first[0], first[1])
	}
	return [][]Button{first,
		row(t.btn("👍 Utile", "c.useful."+id), t.btn("👎 Pas utile", "c.useless."+id)),
		row(t.btn("Parler à quelqu'un", "c.human"))}
}

// estimateRows are the estimates that can be made.
func (t *turn) estimateRows() [][]Button {
	return [][]Button{
		row(t.btn("🧮 Mon RSA", "c.estimate.rsa"), t.btn("🧮 Prime d'activité", "c.estimate.prime_activite")),
		row(t.btn("🧮 Mon chômage (ARE)", "c.estimate.complement_are"), t.btn("🧮 Mon ASS", "c.estimate.ass")),
		row(t.btn("🧮 Ouvrir des droits au chômage", "c.estimate.are_ouverture")),
	}
}

func (t *turn) sheetCommand(name, id string) {
	switch name {
	case "sheet":
		if t.b.sheets == nil || !t.showSheet(id) {
			t.say(t.msg("command.unknown"), t.menuRow())
		}
	case "source":
		if t.b.sheets != nil {
			if src, ok := t.b.sheets.Source(id, t.now); ok {
				t.say(src)
				return
			}
		}
		t.say(t.msg("command.unknown"), t.menuRow())
	case "useful":
		t.toast = "Merci ✔"
		t.toHouse("useful", "sheet", id)
	case "useless":
		t.toHouse("useless", "sheet", id)
		t.notUseful(id)
	case "notmine":
		t.notUseful(id)
	}
}

// notUseful passes the question on: the answer was not the right one.
func (t *turn) notUseful(id string) {
	if t.p.LastQuestion == "" {
		t.say(t.msg("sheet.notmine"), row(t.btn("Parler à quelqu'un", "c.human"), t.btn("Menu", "c.menu")))
		return
	}
	t.toast = "C'est transmis ✔"
	t.handOver(t.p.LastQuestion, id)
}

// miss answers what nobody understood: the words go to the team when a ticket
// is open; the third miss offers a person.
func (t *turn) miss() {
	if k := t.p.OpenTicket(); k != nil {
		t.relay(k)
		return
	}
	t.p.Session.Misses++
	if t.p.Session.Misses >= 3 {
		t.p.Session.Misses = 0
		t.say(t.msg("miss.person"), row(t.btn("Parler à quelqu'un", "c.human"), t.btn("Menu", "c.menu")))
		return
	}
	t.say(t.msg("miss"), t.menuRows()...)
}

// unsupported answers stickers, voices, places and the like kindly.
func (t *turn) unsupported() {
	if !t.consented() {
		t.admitted()
		return
	}
	key := "unsupported"
	switch t.in.Text {
	case "voice", "audio", "video", "location", "sticker", "contact":
		key = "unsupported." + t.in.Text
	}
	if t.in.Kind == KindText {
		key = "unsupported"
	}
	if h := t.p.Held(); h != nil {
		line := "(envoi que le robot ne peut pas transmettre)"
		if words := t.in.Fields["caption"]; words != "" {
			line += "\n" + words
		}
		t.threadLine(h.Key, T(line), true)
	}
	if t.quest() != nil {
		t.ask(t.msg(key))
		return
	}
	t.say(t.msg(key), t.menuRow())
}

// file takes a document where one is asked for, passes it to the human who
// holds the conversation, and is kind everywhere else.
func (t *turn) file() {
	if !t.consented() {
		t.admitted()
		return
	}
	qu := t.current()
	if t.in.File == nil {
		t.unsupported()
		return
	}
	if problem := fileProblem(t.in.File); problem != "" {
		if t.quest() != nil {
			t.ask(t.msg(problem))
			return
		}
		t.say(t.msg(problem), t.menuRow())
		return
	}
	switch h := t.p.OpenTicket(); {
	case qu != nil && qu.Kind == "document":
		t.takeDocument(qu)
	case h != nil:
		f := t.keepFile()
		text := "Fichier reçu : " + f.Name
		if caption := strings.TrimSpace(t.in.Text); caption != "" {
			text += "\n" + caption
		}
		h.Last = t.now
		t.threadFile(h.Key, f, text)
		t.react("👀")
	case t.lateDocuments():
	case t.quest() != nil:
		t.ask(t.msg("file.place"))
	default:
		t.say(t.msg("file.none"), t.menuRow())
	}
}

// fileProblem refuses what the team could not read.
func fileProblem(f *FileRef) string {
	switch {
	case f.Size > 20<<20:
		return "file.large"
	case !f.Photo && !strings.HasPrefix(f.Mime, "image/") && f.Mime != "application/pdf":
		return "file.kind"
	}
	return ""
}

// keepFile notes a file and has it fetched.
func (t *turn) keepFile() FileRef {
	f := *t.in.File
	f.Blob = fmt.Sprintf("f%d", len(t.p.Files)+1)
	if f.Name == "" {
		f.Name = "document-" + f.Blob[1:]
	}
	t.p.Files = append(t.p.Files, f)
	t.do(Fetch{File: f})
	return f
}

func (t *turn) takeDocument(qu *Question) {
	s := &t.p.Session
	a := s.Answers[qu.Key]
	limit := qu.Max
	if limit == 0 {
		limit = 20
	}
	if len(a.Values) >= limit {
		t.ask(t.msg("file.many"))
		return
	}
	f := t.keepFile()
	a.Skipped, a.Values = "", append(append([]string(nil), a.Values...), f.Blob)
	a.Shown = t.documentsShown(a)
	if s.Answers == nil {
		s.Answers = map[string]Answer{}
	}
	s.Answers[qu.Key] = a
	t.ask(t.msg("file.taken"))
}

// answerDocument reads words where a file is expected.
func (t *turn) answerDocument(qu *Question) bool {
	switch word, _ := bareDocument(t.in.Text); word {
	case "later":
		t.verb(qu, "later")
	case "done":
		t.verb(qu, "done")
	default:
		return t.misread(qu, t.msg("file.place.words"))
	}
	return true
}

func bareDocument(text string) (string, bool) {
	w, ok := verbWord(text)
	if ok && (w == "pause" || w == "skip") {
		return "later", true
	}
	if ok && w == "done" {
		return "done", true
	}
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "non", "aucun", "rien", "aucune", "pas de document", "j'ai pas", "j'en ai pas", "je n'en ai pas":
		return "later", true
	}
	return "", false
}

// edited treats a changed message as a correction of the answer it gave; it
// never runs a command or an answer again.
func (t *turn) edited() {
	if !t.consented() || t.in.Message == "" {
		t.admitted()
		return
	}
	s := &t.p.Session
	if s.Pending != nil && s.Pending.Message == t.in.Message {
		if qu := t.current(); qu != nil {
			t.answerValue(qu)
			return
		}
	}
	for key, a := range s.Answers {
		if a.Message != t.in.Message || t.quest() == nil {
			continue
		}
		t.correctByEdit(key, a)
		return
	}
	if t.sentWith(t.in.Message) {
		return
	}
	if h := t.p.Held(); h != nil {
		t.threadLine(h.Key, T("(message modifié) "+strings.TrimSpace(t.in.Text)), true)
		t.react("👀")
		return
	}
	if t.quest() != nil {
		t.ask(t.msg("edit.old"))
		return
	}
	t.say(t.msg("edit.old"), t.menuRow())
}

// correctByEdit asks whether the edited text replaces the answer.
func (t *turn) correctByEdit(key string, was Answer) {
	q, s := t.quest(), &t.p.Session
	qu := q.question(key)
	if qu == nil {
		t.ask(nil)
		return
	}
	a := Answer{Value: strings.TrimSpace(t.in.Text), Shown: strings.TrimSpace(t.in.Text)}
	if qu.Kind != "text" {
		read, problem := t.read(qu, t.in.Text)
		if problem != nil {
			t.ask(t.msg("edit.unread", "value", was.Shown))
			return
		}
		a = read
	}
	a.Message = t.in.Message
	if a.Value == was.Value {
		t.ask(t.msg("edit.same", "value", was.Shown))
		return
	}
	if s.Args == nil {
		s.Args = map[string]string{}
	}
	s.Args["edit"] = key
	s.Args["edit_value"], s.Args["edit_shown"] = a.Value, a.Shown
	t.askEdit(was, a)
}

func (t *turn) askEdit(was, now Answer) {
	s := &t.p.Session
	t.p.Turns++
	s.Turn = t.p.Turns
	s.Key = t.send(ClassQuestion, t.msg("edit.replace", "was", cut(was.Shown, 200), "value", cut(now.Shown, 200)),
		row(t.qbtn("Oui, remplacer", "!edit"), t.qbtn("Non, garder", "!noedit")))
}

// applyEdit takes the edited value, or leaves the answer as it was.
func (t *turn) applyEdit(yes bool) {
	s := &t.p.Session
	key := s.Args["edit"]
	if a, ok := s.Answers[key]; ok && yes {
		a.Value, a.Shown, a.Skipped = s.Args["edit_value"], s.Args["edit_shown"], ""
		s.Answers[key] = a
	}
	delete(s.Args, "edit")
	delete(s.Args, "edit_value")
	delete(s.Args, "edit_shown")
	t.ask(nil)
}
