package flows

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/coopconnexion/relais/flows/content"
)

// turn is one step under way: what is known, what was decided so far.
type turn struct {
	b      *Book
	v      View
	in     Input
	p      *Person
	now    time.Time
	fx     []Effect
	toast  string
	forget bool
	rekey  bool // what was withdrawn becomes unreadable on disk
	n      int  // messages written in this turn, for their keys
	lead   Rich // said at the head of the next message
}

// local is now in the co-operative's zone.
func (t *turn) local() time.Time { return t.now.In(t.b.set.Zone) }

// key names the next message. It is the same when the step is run again.
func (t *turn) key() string {
	t.n++
	return fmt.Sprintf("m/%d/%d", t.p.Inputs, t.n)
}

// vars are the placeholders that every text may use.
func (t *turn) vars(more map[string]string) map[string]string {
	v := map[string]string{"coop": t.b.set.Coop, "contact": t.b.set.Contact, "name": t.p.Profile.Name}
	for k, s := range more {
		v[k] = s
	}
	return v
}

// msg is the text of this key in texts.yaml, with its placeholders filled.
func (t *turn) msg(key string, kv ...string) Rich {
	more := map[string]string{}
	for i := 0; i+1 < len(kv); i += 2 {
		more[kv[i]] = kv[i+1]
	}
	return Mark(t.b.words(key), t.vars(more))
}

// words is the raw text of a key; the content check makes sure that it exists.
func (b *Book) words(key string) string { return strings.TrimSpace(b.texts[key]) }

// say answers the person.
func (t *turn) say(text Rich, rows ...[]Button) string { return t.send(ClassReply, text, rows...) }

func (t *turn) send(class Class, text Rich, rows ...[]Button) string {
	k := t.key()
	s := Send{Key: k, Class: class, Text: t.lead.Para(text), Rows: rows}
	t.lead = nil
	if t.in.Role == RolePerson && t.p.Current() != t.in.From {
		to := t.in.From
		s.To = &to
	}
	t.fx = append(t.fx, s)
	return k
}

// do adds an effect.
func (t *turn) do(e Effect) { t.fx = append(t.fx, e) }

// react puts an emoji on the person's message.
func (t *turn) react(emoji string) {
	if t.in.Message != "" {
		t.do(React{Message: t.in.Message, Emoji: emoji})
	}
}

// btn makes a button that only this person's conversation accepts.
func (t *turn) btn(label, payload string) Button {
	return Button{Label: label, Data: payload + "~" + t.mac(payload)}
}

// mac binds a button to the person: 60 bits of HMAC-SHA256 under the person's
// secret.
func (t *turn) mac(payload string) string {
	h := hmac.New(sha256.New, []byte(t.p.Secret))
	h.Write([]byte(payload))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))[:10]
}

// payload returns what a genuine button says.
func (t *turn) payload(data string) (string, bool) {
	i := strings.LastIndexByte(data, '~')
	if i < 0 {
		return "", false
	}
	ok := hmac.Equal([]byte(t.mac(data[:i])), []byte(data[i+1:]))
	return data[:i], ok
}

// row is a line of buttons.
func row(b ...Button) []Button { return b }

// loadTexts reads texts.yaml: sentences by key. A file of the operator must
// hold every key of the embedded one.
func loadTexts(fsys fs.FS) (map[string]string, []error) {
	texts, err := readTexts(fsys)
	if err != nil {
		return nil, []error{err}
	}
	wanted, err := readTexts(content.FS())
	if err != nil {
		return nil, []error{err}
	}
	var problems []error
	for key := range wanted {
		if strings.TrimSpace(texts[key]) == "" {
			problems = append(problems, fmt.Errorf("texts.yaml: the text %q is missing", key))
		}
	}
	for key, s := range texts {
		if _, known := wanted[key]; !known {
			problems = append(problems, fmt.Errorf("texts.yaml: the text %q is not used by the program", key))
		}
		if len(s) > 3500 {
			problems = append(problems, fmt.Errorf("texts.yaml: the text %q is longer than 3500 bytes", key))
		}
	}
	return texts, problems
}

func readTexts(fsys fs.FS) (map[string]string, error) {
	data, err := fs.ReadFile(fsys, "texts.yaml")
	if err != nil {
		return nil, fmt.Errorf("texts.yaml: %w", err)
	}
	texts := map[string]string{}
	if err := yaml.UnmarshalWithOptions(data, &texts, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("texts.yaml: not readable: %s", firstLine(err.Error()))
	}
	return texts, nil
}
