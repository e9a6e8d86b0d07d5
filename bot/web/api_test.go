package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coopconnexion/relais/flows"
)

// client talks to a demo's handler.
type client struct {
	t testing.TB
	h http.Handler
}

func newClient(p *program) client { return client{p.t, p.demo.Handler(p)} }

func (c client) do(r *http.Request) *httptest.ResponseRecorder {
	if r.Host == "example.com" {
		r.Host = "127.0.0.1:8080"
	}
	w := httptest.NewRecorder()
	c.h.ServeHTTP(w, r)
	return w
}

// get decodes the answer to a GET.
func get[T any](c client, path string) T {
	c.t.Helper()
	w := c.do(httptest.NewRequest("GET", path, nil))
	if w.Code != http.StatusOK {
		c.t.Fatalf("GET %s: %d %s", path, w.Code, w.Body)
	}
	var v T
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		c.t.Fatalf("GET %s: %v in %s", path, err, w.Body)
	}
	return v
}

// post sends JSON and returns the status and the decoded answer.
func (c client) post(path, body string) (int, map[string]any) {
	c.t.Helper()
	w := c.do(httptest.NewRequest("POST", path, strings.NewReader(body)))
	var v map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		c.t.Fatalf("POST %s: %v in %s", path, err, w.Body)
	}
	return w.Code, v
}

func (c client) upload(person, name string, content []byte) (int, map[string]any) {
	c.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	if err := form.WriteField("person", person); err != nil {
		c.t.Fatal(err)
	}
	part, err := form.CreateFormFile("file", name)
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := part.Write(content); err != nil {
		c.t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		c.t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/api/file", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	w := c.do(r)
	var v map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		c.t.Fatalf("upload: %v in %s", err, w.Body)
	}
	return w.Code, v
}

type chatView struct{ Messages []message }

type deskJSON struct {
	Cards   []cardAnswer
	Threads []thread
	Staff   []Staff
}

// echo answers every text with a question, closes it when it is tapped, and
// posts a card that staff can decide on.
func echo(p *program, in flows.Input) string {
	yesNo := [][]flows.Button{{{Label: "Oui", Data: "yes"}, {Label: "Non", Data: "no"}}, {{Label: "Aide", URL: "https://example.org/"}}}
	card := flows.Card{
		ID: string(in.About) + ":pretest", Person: in.About, Kind: "pretest", Title: "Pré-test", Body: flows.B("Envie forte"), Version: 1,
		Actions: []flows.Action{{ID: "take", Label: "Prendre en charge"}, {ID: "refer", Label: "Orienter ailleurs", Ask: "Pourquoi ?", Required: true}},
	}
	switch in.Kind {
	case flows.KindText:
		p.react(in.About, in.Message, "👀")
		p.send(in.About, flows.Send{Key: "q", Text: flows.T("Vous êtes prêt ").Add(flows.B("maintenant"), flows.T(" ?")), Rows: yesNo})
	case flows.KindTap:
		p.edit(in.About, flows.Edit{Key: "q", Text: flows.T("Noté.")})
		p.post(in.About, flows.Post{Key: "pretest", Card: &card})
		return "C’est noté."
	case flows.KindFile:
		p.send(in.About, flows.Send{Key: "f", Text: flows.T("Document reçu."), Blob: "recu", FileName: "reçu.pdf"})
	case flows.KindAct:
		card.Actions, card.Version = nil, 2
		p.post(in.About, flows.Post{Key: "pretest", Update: true, Card: &card})
		p.post(in.About, flows.Post{Key: "l1", Thread: "pretest", Text: flows.T("Décision prise."), By: in.By})
	case flows.KindSay:
		p.send(in.About, flows.Send{Text: flows.T(in.Name + " : " + in.Text), By: in.Name})
	}
	return ""
}

func TestConversation(t *testing.T) {
	p := newProgram(t, t.TempDir(), echo)
	c := newClient(p)
	if people := get[[]map[string]string](c, "/api/people"); len(people) != 4 || people[0]["id"] != "candidate" || people[0]["role"] != "candidate" {
		t.Fatalf("people: %v", people)
	}
	if code, v := c.post("/api/say", `{"person":"candidate","text":"Bonjour"}`); code != 200 {
		t.Fatal(code, v)
	}
	m := get[chatView](c, "/api/chat?person=candidate").Messages
	if len(m) != 2 || m[0].From != "person" || m[0].Text != "Bonjour" || m[1].From != "bot" {
		t.Fatalf("chat: %+v", m)
	}
	if m[0].Reaction == nil || *m[0].Reaction != "👀" {
		t.Errorf("reaction: %v", m[0].Reaction)
	}
	if m[1].Text != "Vous êtes prêt maintenant ?" || m[1].Rich[1].Style != flows.Bold {
		t.Errorf("text: %+v", m[1])
	}
	if b := m[1].Buttons; len(b) != 3 || b[0] != (button{ID: "yes", Label: "Oui"}) || b[2] != (button{Label: "Aide", URL: "https://example.org/", Row: 1}) {
		t.Errorf("buttons: %+v", b)
	}
	code, v := c.post("/api/tap", `{"person":"candidate","message":"`+m[1].ID+`","button":"yes"}`)
	if code != 200 || v["toast"] != "C’est noté." {
		t.Fatal(code, v)
	}
	after := get[chatView](c, "/api/chat?person=candidate").Messages
	if len(after) != 2 || after[1].ID != m[1].ID || after[1].Text != "Noté." || len(after[1].Buttons) != 0 {
		t.Errorf("an edit changes the message in place: %+v", after)
	}
	if code, _ := c.post("/api/tap", `{"person":"candidate","message":"`+m[1].ID+`","button":"yes"}`); code != 200 {
		t.Errorf("a late tap on a button taken away must reach the flows, got %d", code)
	}
	in := p.inputs()
	if in[0].Message != m[0].ID || in[0].From != account("candidate") || in[0].Role != flows.RolePerson || in[0].At != start {
		t.Errorf("text input: %+v", in[0])
	}
	if in[1].Kind != flows.KindTap || in[1].Button != "yes" || in[1].Message != m[1].ID || in[1].ID == in[2].ID {
		t.Errorf("tap input: %+v", in[1])
	}
}

func TestDesk(t *testing.T) {
	p := newProgram(t, t.TempDir(), echo)
	c := newClient(p)
	c.post("/api/say", `{"person":"member1","text":"Bonjour"}`)
	m := get[chatView](c, "/api/chat?person=member1").Messages
	c.post("/api/tap", `{"person":"member1","message":"`+m[1].ID+`","button":"yes"}`)
	d := get[deskJSON](c, "/api/desk")
	if len(d.Cards) != 1 || d.Cards[0].ID != "p-member1:pretest" || d.Cards[0].Person != "member1" || !d.Cards[0].Open || len(d.Cards[0].Actions) != 2 || d.Cards[0].Text != "Envie forte" || d.Cards[0].At.IsZero() {
		t.Fatalf("card: %+v", d.Cards)
	}
	if len(d.Threads) != 1 || d.Threads[0].Person != "member1" || len(d.Staff) != 2 {
		t.Fatalf("threads: %+v", d.Threads)
	}
	if code, v := c.post("/api/desk/act", `{"card":"p-member1:pretest","action":"refer","text":" ","staff":"admin"}`); code != 400 || v["field"] != "text" {
		t.Errorf("a reason is required: %d %v", code, v)
	}
	if code, v := c.post("/api/desk/act", `{"card":"p-member1:pretest","action":"refer","text":"Projet hors champ","staff":"advisor"}`); code != 200 {
		t.Fatal(code, v)
	}
	last := p.inputs()[2]
	if last.Kind != flows.KindAct || last.About != "p-member1" || last.Card != "pretest" || last.Action != "refer" || last.By != "advisor" || last.Version != 1 || last.Role != flows.RoleStaff || last.Text != "Projet hors champ" {
		t.Errorf("act input: %+v", last)
	}
	if code, v := c.post("/api/desk/say", `{"person":"member1","text":"Je vous appelle","staff":"admin"}`); code != 200 {
		t.Fatal(code, v)
	}
	d = get[deskJSON](c, "/api/desk")
	if len(d.Cards) != 1 || d.Cards[0].Open {
		t.Errorf("a decided card stays, marked: %+v", d.Cards)
	}
	lines := d.Threads[0].Messages
	if len(lines) != 2 || lines[0].From != "staff" || lines[0].By != "Accompagnement" || lines[1].Text != "Je vous appelle" || lines[1].By != "Administration" {
		t.Errorf("thread: %+v", lines)
	}
	m = get[chatView](c, "/api/chat?person=member1").Messages
	if got := m[len(m)-1]; got.From != "staff" || got.Text != "Administration : Je vous appelle" {
		t.Errorf("what the person sees: %+v", got)
	}
	if code, _ := c.post("/api/desk/act", `{"card":"p-member1:pretest","action":"take","staff":"admin"}`); code != 200 {
		t.Errorf("a late click must reach the flows, got %d", code)
	}
}

func TestRefusals(t *testing.T) {
	p := newProgram(t, t.TempDir(), echo)
	c := newClient(p)
	c.post("/api/say", `{"person":"candidate","text":"Bonjour"}`)
	before := len(p.inputs())
	for _, x := range []struct {
		name, path, body string
		code             int
		names            string
	}{
		{"no JSON", "/api/say", `{`, 400, "body"},
		{"wrong type", "/api/say", `{"person":"candidate","text":3}`, 400, "text"},
		{"unknown person", "/api/say", `{"person":"nobody","text":"x"}`, 400, "person"},
		{"empty text", "/api/say", `{"person":"candidate","text":" \n"}`, 400, "text"},
		{"long text", "/api/say", `{"person":"candidate","text":"` + strings.Repeat("é", 4097) + `"}`, 400, "text"},
		{"huge body", "/api/say", `{"person":"candidate","text":"` + strings.Repeat("x", maxBody) + `"}`, 413, ""},
		{"unknown message", "/api/tap", `{"person":"candidate","message":"99","button":"yes"}`, 400, "message"},
		{"someone else's message", "/api/tap", `{"person":"member1","message":"2","button":"yes"}`, 400, "message"},
		{"unknown button", "/api/tap", `{"person":"candidate","message":"2","button":"forged"}`, 400, "button"},
		{"empty button", "/api/tap", `{"person":"candidate","message":"2","button":""}`, 400, "button"},
		{"unknown card", "/api/desk/act", `{"card":"x:y","action":"take","staff":"admin"}`, 400, "card"},
		{"unknown staff", "/api/desk/act", `{"card":"x:y","action":"take","staff":"boss"}`, 400, "staff"},
		{"no staff", "/api/desk/say", `{"person":"candidate","text":"x"}`, 400, "staff"},
		{"unheard person", "/api/desk/say", `{"person":"member3","text":"x","staff":"admin"}`, 400, "person"},
		{"empty answer", "/api/desk/say", `{"person":"candidate","text":"","staff":"admin"}`, 400, "text"},
		{"no file", "/api/file", `{}`, 400, "file"},
		{"clock: nothing", "/api/clock", `{}`, 400, "advance"},
		{"clock: two things", "/api/clock", `{"advance":"1h","next":true}`, 400, "advance"},
		{"clock: backwards", "/api/clock", `{"advance":"-1h"}`, 400, "advance"},
		{"clock: past", "/api/clock", `{"to":"2020-01-01T00:00:00Z"}`, 400, "to"},
		{"clock: no date", "/api/clock", `{"to":"demain"}`, 400, "to"},
		{"unknown address", "/api/nothing", `{}`, 404, ""},
	} {
		code, v := c.post(x.path, x.body)
		text, _ := v["error"].(string)
		if code != x.code || v["field"] != x.names || text == "" || !strings.HasPrefix(text, x.names) {
			t.Errorf("%s: %d %v, want %d naming %q", x.name, code, v, x.code, x.names)
		}
	}
	if code, _ := c.upload("nobody", "a.txt", []byte("x")); code != 400 {
		t.Errorf("upload for nobody: %d", code)
	}
	if code, v := c.upload("candidate", "a.txt", nil); code != 400 || v["field"] != "file" {
		t.Errorf("empty upload: %d %v", code, v)
	}
	if code, v := c.upload("candidate", "big.pdf", make([]byte, maxFile+1)); code != 413 || v["field"] != "file" {
		t.Errorf("large upload: %d %v", code, v)
	}
	if w := c.do(httptest.NewRequest("GET", "/api/chat?person=nobody", nil)); w.Code != 400 {
		t.Errorf("chat of nobody: %d", w.Code)
	}
	if got := len(p.inputs()); got != before {
		t.Errorf("refused requests became %d inputs", got-before)
	}
	p.refuse = errors.New("disk full")
	if code, v := c.post("/api/say", `{"person":"candidate","text":"Perdu ?"}`); code != 503 || strings.Contains(v["error"].(string), "disk") {
		t.Errorf("a store that refuses: %d %v", code, v)
	}
	for _, m := range get[chatView](c, "/api/chat?person=candidate").Messages {
		if m.Text == "Perdu ?" {
			t.Error("a text that was not kept is shown as if it were")
		}
	}
}

func TestStartCode(t *testing.T) {
	p := newProgram(t, t.TempDir(), echo)
	c := newClient(p)
	for text, code := range map[string]string{"/start abc-123": "abc-123", "/start": "", "bonjour abc": "", "/start a b": ""} {
		c.post("/api/say", `{"person":"candidate","text":"`+text+`"}`)
		in := p.inputs()
		if got := in[len(in)-1]; got.Code != code || got.Text != text {
			t.Errorf("%q: code %q, want %q", text, got.Code, code)
		}
	}
}

func TestClock(t *testing.T) {
	p := newProgram(t, t.TempDir(), echo)
	c := newClient(p)
	p.wakes = []wake{{at: start.Add(50 * time.Hour), say: func(p *program) {
		p.send("p-member2", flows.Send{Key: "n", Class: flows.ClassNudge, Text: flows.T("C’est le moment.")})
	}}}
	now := func(v map[string]any) string { s, _ := v["now"].(string); return s }
	if v := get[map[string]any](c, "/api/clock"); now(v) != "2026-12-01T09:00:00+01:00" {
		t.Errorf("now: %v", v)
	}
	for _, x := range []struct{ body, now string }{
		{`{"advance":"24h"}`, "2026-12-02T09:00:00+01:00"},
		{`{"to":"2026-12-02T10:30:00+01:00"}`, "2026-12-02T10:30:00+01:00"},
		{`{"next":true}`, "2026-12-03T11:00:00+01:00"},
	} {
		if code, v := c.post("/api/clock", x.body); code != 200 || now(v) != x.now || v["moved"] != true {
			t.Errorf("%s: %d %v", x.body, code, v)
		}
	}
	if m := get[chatView](c, "/api/chat?person=member2").Messages; len(m) != 1 || m[0].Text != "C’est le moment." {
		t.Errorf("the reminder is delivered before the answer: %+v", m)
	}
	if code, v := c.post("/api/clock", `{"next":true}`); code != 200 || v["moved"] != false {
		t.Errorf("no reminder left: %d %v", code, v)
	}
}

func TestFiles(t *testing.T) {
	p := newProgram(t, t.TempDir(), echo)
	c := newClient(p)
	png := append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 32)...)
	if code, v := c.upload("member1", "../../etc/mon\u202ereçu.png", png); code != 200 {
		t.Fatal(code, v)
	}
	m := get[chatView](c, "/api/chat?person=member1").Messages
	if len(m) != 2 || m[0].From != "person" || m[0].File == nil || m[0].File.Name != "monreçu.png" || !m[0].File.Image || m[1].File == nil {
		t.Fatalf("chat: %+v", m)
	}
	ref := *p.inputs()[0].File
	if ref.Channel != ChannelName || ref.Mime != "image/png" || !ref.Photo || ref.Size != int64(len(png)) {
		t.Errorf("reference: %+v", ref)
	}
	r, err := p.demo.Phones().(*phones).Fetch(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got, png) {
		t.Errorf("fetched %d bytes, %v", len(got), err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	for _, id := range []string{"../screens.jsonl", "", strings.Repeat("0", 32)} {
		if _, err := p.demo.Phones().(*phones).Fetch(t.Context(), flows.FileRef{ID: id}); err == nil {
			t.Errorf("fetched %q", id)
		}
	}
	w := c.do(httptest.NewRequest("GET", m[0].File.URL, nil))
	if w.Code != 200 || !bytes.Equal(w.Body.Bytes(), png) || w.Header().Get("Content-Type") != "image/png" {
		t.Errorf("served: %d %v", w.Code, w.Header())
	}
	if h := w.Header(); h.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") {
		t.Errorf("unsafe headers: %v", h)
	}
	w = c.do(httptest.NewRequest("GET", m[1].File.URL, nil))
	if w.Code != 200 || w.Body.String() != "%PDF-1.7 recu" || w.Header().Get("Content-Type") != "application/pdf" {
		t.Errorf("stored file: %d %s", w.Code, w.Body)
	}
	c.upload("member1", "page.html", []byte("<!doctype html><script>alert(1)</script>"))
	m = get[chatView](c, "/api/chat?person=member1").Messages
	w = c.do(httptest.NewRequest("GET", m[2].File.URL, nil))
	if w.Header().Get("Content-Type") != "application/octet-stream" {
		t.Errorf("a page must not be served as one: %v", w.Header())
	}
	for _, id := range []string{"999", "x", m[1].ID + "0"} {
		if w := c.do(httptest.NewRequest("GET", "/api/file/"+id, nil)); w.Code != 404 {
			t.Errorf("file %s: %d", id, w.Code)
		}
	}
}

func TestGuard(t *testing.T) {
	p := newProgram(t, t.TempDir(), echo)
	c := newClient(p)
	for host, code := range map[string]int{
		"127.0.0.1:8080": 200, "localhost:9": 200, "[::1]:8080": 200, "LOCALHOST": 200, "192.168.1.20:8080": 200,
		"evil.example": 421, "evil.example:8080": 421, "127.0.0.1.evil.example": 421, "localhost.evil.example": 421,
	} {
		r := httptest.NewRequest("GET", "/api/people", nil)
		r.Host = host
		if w := c.do(r); w.Code != code {
			t.Errorf("host %s: %d, want %d", host, w.Code, code)
		}
	}
	for origin, code := range map[string]int{
		"http://127.0.0.1:8080": 200, "": 200, "http://127.0.0.1:9090": 403, "https://evil.example": 403, "null": 403,
	} {
		r := httptest.NewRequest("POST", "/api/say", strings.NewReader(`{"person":"candidate","text":"x"}`))
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		if w := c.do(r); w.Code != code {
			t.Errorf("origin %q: %d, want %d", origin, w.Code, code)
		}
	}
	w := c.do(httptest.NewRequest("GET", "/", nil))
	if w.Code != 200 || !strings.Contains(w.Body.String(), `lang="fr"`) || strings.Contains(w.Header().Get("Content-Security-Policy"), "unsafe") {
		t.Errorf("page: %d %v", w.Code, w.Header())
	}
	if strings.Contains(w.Body.String(), "style=") || strings.Contains(w.Body.String(), "onclick=") {
		t.Error("the page has inline code, which its policy forbids")
	}
	for _, path := range []string{"/page/main.js", "/page/base.css", "/page/icon.svg"} {
		if w := c.do(httptest.NewRequest("GET", path, nil)); w.Code != 200 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}
