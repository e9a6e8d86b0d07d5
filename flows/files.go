package flows

import (
	"fmt"
	"strings"
)

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
