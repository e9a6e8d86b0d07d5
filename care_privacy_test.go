package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"

	"filippo.io/age"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/flows/content"
	"github.com/coopconnexion/relais/storage/badger"
	"github.com/coopconnexion/relais/storage/engine"
)

// planted is in every answer and every text of a level of this co-operative,
// and nowhere else: wherever it turns up, something of a check-in has leaked.
const planted = "zinzolin"

// scores are what the members below get on a scale, as no other number of the
// program is written.
var scores = []string{"79.1666", "79,16", "79.17", "79,17", "89.2857", "89.29", "89,29", "20.8333", "20,83", "20.83"}

// kept are the names under which a check-in is kept.
var kept = []string{"cbi_personal", "cbi_work", `"pulses"`, `"levels"`, `"risks"`}

// plantedContent is the embedded content of the check-ins with planted words.
func plantedContent(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, marks := range map[string]*regexp.Regexp{
		"care/scales.yaml": regexp.MustCompile(`label: "([^"]+)"`),
		"care/texts.yaml":  regexp.MustCompile(`(Rien à signaler|baisse un peu|fatigue importante|m'alertent)`),
	} {
		data, err := fs.ReadFile(content.FS(), name)
		if err != nil {
			t.Fatal(err)
		}
		text := marks.ReplaceAllStringFunc(string(data), func(s string) string {
			if label, ok := strings.CutSuffix(s, `"`); ok {
				return label + " " + planted + `"`
			}
			return s + " " + planted
		})
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// ear hears everything that goes to the staff channel.
type ear struct {
	bot.Channel
	mu    sync.Mutex
	heard bytes.Buffer
}

func (e *ear) Deliver(ctx context.Context, l flows.Letter) (string, error) {
	data, err := json.Marshal(l)
	if err != nil {
		return "", err
	}
	e.mu.Lock()
	e.heard.Write(append(data, '\n'))
	e.mu.Unlock()
	return e.Channel.Deliver(ctx, l)
}

// journal is a log that several goroutines write.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

// spellings are the ways in which a word may stand in bytes: as it is, in
// base64 at each of its three positions, in hexadecimal, in UTF-16.
func spellings(word string) [][]byte {
	out := [][]byte{[]byte(word), []byte(hex.EncodeToString([]byte(word)))}
	for shift := range 3 {
		enc := base64.RawStdEncoding.EncodeToString(append(bytes.Repeat([]byte{'x'}, shift), word...))
		from := (shift*8 + 5) / 6
		out = append(out, []byte(enc[from:len(enc)-1]))
	}
	var wide []byte
	for _, u := range utf16.Encode([]rune(word)) {
		wide = append(wide, byte(u), byte(u>>8))
	}
	return append(out, wide)
}

// finds lists the words that stand somewhere in the bytes.
func finds(data []byte, words ...string) (found []string) {
	lower := bytes.ToLower(data)
	for _, w := range words {
		for _, s := range spellings(w) {
			if bytes.Contains(data, s) || bytes.Contains(lower, bytes.ToLower(s)) && bytes.Equal(s, []byte(w)) {
				found = append(found, w)
				break
			}
		}
	}
	return found
}

// levelWords are the words of the levels, as words.
var levelWords = regexp.MustCompile(`(?i)\b(orange|rouge|jaune|red|yellow|who-?5|cbi|burn-?out|épuis\w*)\b`)

// TestNothingOfACheckInLeavesTheMember is a whole story of check-ins on the
// real program with words and scores that stand nowhere else, and then a
// search for them in everything that staff, operators or a thief could read.
func TestNothingOfACheckInLeavesTheMember(t *testing.T) {
	dir := t.TempDir()
	log := &journal{}
	var staff *ear
	secrets := append([]string{planted}, scores...)
	secrets = append(secrets, kept...)
	t.Run("the story", func(t *testing.T) {
		d, p := openWhole(t, demoOptions{Data: dir, Date: "2026-11-03T09:00", ContentDir: plantedContent(t), Out: io.Discard,
			Log: slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))},
			func(d *demo) {
				staff = &ear{Channel: d.page.Desk()}
				d.app.deliverOn(bot.Served{Channel: d.page.Phones()}, bot.Served{Channel: staff})
			})
		secrets = append(secrets, tell(t, d, p)...)
		for _, m := range []string{"member1", "member2"} {
			if data, _ := json.Marshal(careOf(t, d, m)); len(finds(data, scores...)) == 0 {
				t.Fatalf("%s has no planted score, the search proves nothing: %s", m, data)
			}
		}
		lookInside(t, d, p, secrets)
	})
	if staff == nil {
		t.FailNow() // the program did not start
	}
	search := func(where string, data []byte) {
		t.Helper()
		if found := finds(data, secrets...); len(found) > 0 {
			t.Errorf("%s holds %q", where, found)
		}
	}
	search("the log", log.text.Bytes())
	search("the desk", staff.heard.Bytes())
	for where, text := range map[string]string{"the log": log.text.String(), "the desk": staff.heard.String()} {
		if w := levelWords.FindString(text); w != "" {
			t.Errorf("%s holds the word %q", where, w)
		}
	}
	if heard := staff.heard.String(); strings.Count(heard, "souhaite être rappelé") == 0 {
		t.Errorf("the desk heard of no request: %s", heard)
	}
	lookOnDisk(t, dir, search)
}

// lookInside searches what a running program gives: metrics, exports, a
// person's export, a backup with its envelope opened.
func lookInside(t *testing.T, d *demo, p page, secrets []string) {
	t.Helper()
	search := func(where string, data []byte) {
		t.Helper()
		if len(data) == 0 {
			t.Errorf("%s is empty", where)
		}
		if found := finds(data, secrets...); len(found) > 0 {
			t.Errorf("%s holds %q", where, found)
		}
		if w := levelWords.Find(data); w != nil && where != "backup" && where != "backup, opened" {
			t.Errorf("%s holds the word %q", where, w)
		}
	}
	operate := func(name string, args url.Values) []byte {
		t.Helper()
		var out bytes.Buffer
		if err := d.app.operate(t.Context(), name, args, strings.NewReader(""), &out); err != nil {
			t.Fatal(name, args, err)
		}
		return out.Bytes()
	}
	families, err := d.app.metrics.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var metrics strings.Builder
	for _, f := range families {
		metrics.WriteString(f.String() + "\n")
	}
	search("metrics", []byte(metrics.String()))
	for _, kind := range []string{"declarations", "members", "candidates", "indicators"} {
		for _, format := range []string{"csv", "json"} {
			search(kind+" as "+format, operate(opExport, url.Values{"kind": {kind}, "format": {format}}))
		}
		book := operate(opExport, url.Values{"kind": {kind}, "format": {"xlsx"}})
		z, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(f.Name, "xl/worksheets") || strings.HasPrefix(f.Name, "xl/shared") {
				search(kind+" as xlsx, "+f.Name, data)
			}
		}
	}
	for _, m := range []string{"member1", "member2", "member3"} {
		id, _, err := d.app.store.Owner(t.Context(), flows.Account{Channel: "web", ID: m})
		if err != nil {
			t.Fatal(err)
		}
		search("the export of "+m, operate(opPersonExport, url.Values{"id": {string(id)}}))
	}
	backup := operate(opBackup, nil)
	search("backup", backup)
	identity, err := age.NewScryptIdentity(d.app.backupPhrase)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := age.Decrypt(bytes.NewReader(backup), identity)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(opened)
	if err != nil {
		t.Fatal(err)
	}
	search("backup, opened", plain)
	var desk json.RawMessage
	p.get("/api/desk", &desk)
	search("the desk's page", desk)
}

// lookOnDisk searches every file and every row of the store. The phones'
// folder is left out: it plays the members' own messaging app.
func lookOnDisk(t *testing.T, dir string, search func(where string, data []byte)) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() && e.Name() == "phones" {
			return errFirst(err, fs.SkipDir)
		}
		if !e.Type().IsRegular() {
			return nil
		}
		data, err := os.ReadFile(path)
		files++
		search("the file "+e.Name(), append(data, e.Name()...))
		return err
	})
	if err != nil || files < 5 {
		t.Fatal(files, err)
	}
	phones := 0
	_ = filepath.WalkDir(filepath.Join(dir, "phones"), func(path string, e fs.DirEntry, _ error) error {
		data, _ := os.ReadFile(path)
		phones += len(finds(data, planted))
		return nil
	})
	if phones == 0 {
		t.Error("the members' phones show nothing planted: the search finds nothing")
	}
	eng, err := badger.Open(badger.Options{Dir: filepath.Join(dir, "db"), Mark: filepath.Join(dir, "mark"), Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	defer eng.Close()
	rows := 0
	err = eng.View(t.Context(), func(r engine.Reader) error {
		return r.Scan(nil, nil, func(row engine.Row) error {
			rows++
			search("a key of the store", row.Key)
			search("a row of the store", row.Value)
			return nil
		})
	})
	if err != nil || rows < 50 {
		t.Fatal(rows, err)
	}
}

func errFirst(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// tell is the story: one member answers on the private page, falls to the
// lowest level and asks to be called; one answers in the conversation, and
// shares nothing; one withdraws. It returns the links and sessions used.
func tell(t *testing.T, d *demo, p page) (secrets []string) {
	t.Helper()
	begin := func(who, energy string) {
		p.say(who, "/comment-je-vais")
		p.tap(who, "Oui")
		p.tap(who, energy)
	}
	for _, who := range []string{"member1", "member2", "member3"} {
		begin(who, "Bonne")
	}
	for _, energy := range []string{"Bonne", "Moyenne", "Bonne", "Basse", "À plat", "À plat"} {
		p.post("/api/clock", map[string]any{"advance": "336h"})
		for _, who := range []string{"member1", "member2"} {
			p.say(who, "/comment-je-vais")
			p.tap(who, "Répondre maintenant")
			p.tap(who, energy)
		}
	}
	// On the page: 5 × Souvent and 1 × Toujours, 475/6 = 79.17; at work 625/7 = 89.29.
	p.say("member1", "/comment-je-vais")
	p.tap("member1", "Questions plus longues")
	p.tap("member1", "Sur une page privée")
	secrets = append(secrets, answerPage(t, p, func(name string) string {
		switch name {
		case "cbi_personal.p6", "cbi_work.w4", "cbi_work.w5", "cbi_work.w6":
			return "Toujours"
		case "cbi_work.w1", "cbi_work.w2":
			return "Énormément"
		case "cbi_work.w3":
			return "Moyennement"
		case "cbi_work.w7":
			return "Rarement"
		}
		return "Souvent"
	})...)
	p.expect("member1", planted)
	p.tap("member1", "Oui") // to be called
	p.tap("member1", "Oui, prévenir")
	c := p.card("contact")
	p.act(c, "take", "")
	// In the conversation: 5 × Rarement and 1 × Jamais, 125/6 = 20.83.
	p.say("member2", "/comment-je-vais")
	p.tap("member2", "Questions plus longues")
	p.tap("member2", "Répondre ici")
	for i := range 21 {
		switch {
		case i == 0:
			p.tap("member2", "Jamais ou presque")
		case i >= 6 && i < 9:
			p.tap("member2", "Un peu")
		default:
			p.tap("member2", "Rarement")
		}
	}
	p.expect("member2", planted)
	p.say("member2", "si je gagne 300e jperd mon rsa ?")
	// The third looks at the curve, withdraws and erases.
	p.say("member3", "/comment-je-vais")
	p.tap("member3", "Ma courbe")
	secrets = append(secrets, link(t, p, "member3"))
	p.say("member3", "/effacer-bien-etre")
	p.tap("member3", "Oui, arrêter et effacer")
	if err := d.app.settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	return secrets
}

// link is the token of the newest private link on a phone.
func link(t *testing.T, p page, who string) string {
	t.Helper()
	var c struct {
		Messages []struct{ Buttons []struct{ URL string } }
	}
	p.get("/api/chat?person="+who, &c)
	token := ""
	for _, m := range c.Messages {
		for _, b := range m.Buttons {
			if _, code, ok := strings.Cut(b.URL, "/prive/"); ok {
				token = code
			}
		}
	}
	if token == "" {
		t.Fatalf("%s has no private link", who)
	}
	return token
}

var choice = regexp.MustCompile(`name="([^"]+)" value="([^"]+)"> <span>([^<]*)</span>`)

// answerPage opens the private page of member1 and answers it. It returns the
// link's token, the session and the values sent.
func answerPage(t *testing.T, p page, pick func(name string) string) (secrets []string) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	token := link(t, p, "member1")
	at := p.url + "/prive/" + token
	r, err := browser.PostForm(at+"/ouvrir", nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatal(r.Status, err)
	}
	place, _ := url.Parse(at)
	secrets = append(secrets, token, jar.Cookies(place)[0].Value)
	form := url.Values{}
	for _, m := range choice.FindAllStringSubmatch(string(text), -1) {
		if strings.HasPrefix(m[3], pick(m[1])+" ") {
			form.Set(m[1], m[2])
			secrets = append(secrets, m[2])
		}
	}
	if len(form) != 21 {
		t.Fatalf("%d answers", len(form))
	}
	if r, err = browser.PostForm(at+"/envoyer", form); err != nil || r.StatusCode != http.StatusOK {
		t.Fatal(r, err)
	}
	if err := p.settle(); err != nil {
		t.Fatal(err)
	}
	return secrets
}

// settle waits until the answer to what was done beside the phones is there.
func (p page) settle() error {
	b, err := json.Marshal(map[string]any{"advance": "1m"})
	if err != nil {
		return err
	}
	r, err := http.Post(p.url+"/api/clock", "application/json", bytes.NewReader(b))
	if err != nil {
		return err
	}
	return r.Body.Close()
}
