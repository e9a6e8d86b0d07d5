package private

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/flows"
)

func has(t *testing.T, what string, status, want int, page string, texts ...string) {
	t.Helper()
	if status != want {
		t.Errorf("%s: status %d, want %d", what, status, want)
	}
	for _, text := range texts {
		if !strings.Contains(page, text) {
			_, main, _ := strings.Cut(page, "<main>")
			t.Errorf("%s: %q is not on the page:\n%s", what, text, main)
		}
	}
}

const (
	isDoor   = "Ouvrir ma page"
	isClosed = "Cette page est fermée"
	isSent   = "C&#39;est envoyé"
	unsentIs = "Vos réponses ne sont pas parties."
	phone    = `<a href="tel:3114">3114</a>, gratuit, jour et nuit`
)

// TestAPreviewOpensNothing looks at a link as the preview of a messaging app
// does, a hundred times and in every way that reads.
func TestAPreviewOpensNothing(t *testing.T) {
	w := newWorld(t)
	w.member("nadia", "Bonne")
	token := w.link("nadia", false)
	for range 100 {
		status, page := (&browser{w: w}).get(token)
		has(t, "preview", status, http.StatusOK, page, isDoor, phone)
		if strings.Contains(page, "Nadia") || strings.Contains(page, "radio") {
			t.Fatal("a preview shows more than a door")
		}
	}
	(&browser{w: w}).do("HEAD", token, nil, "")
	(&browser{w: w}).get(token + "/ouvrir")
	(&browser{w: w}).get(token + "/envoyer")
	(&browser{w: w}).post(token, nil)
	if len(w.taken) > 0 {
		t.Errorf("looking did something: %v", w.taken)
	}
	me := &browser{w: w}
	if status, _ := me.post(token+"/ouvrir", nil); status != http.StatusSeeOther {
		t.Errorf("after the previews, opening gives %d", status)
	}
}

// TestTheScalesAreAnsweredOnThePage goes the whole way, and sends once.
func TestTheScalesAreAnsweredOnThePage(t *testing.T) {
	w := newWorld(t)
	w.member("nadia", "Bonne")
	token := w.link("nadia", false)
	me := &browser{w: w}
	r := me.do("POST", token+"/ouvrir", nil, "")
	if r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != "/relais/prive/"+token {
		t.Fatalf("opening: %s to %q", r.Status, r.Header.Get("Location"))
	}
	status, page := me.get(token)
	has(t, "open", status, http.StatusOK, page, "21 questions", "Je passe", "Vous sentez-vous fatigué·e ?", "Kristensen", "Gollac", "Envoyer mes réponses", "10 h 30", phone)
	if n := strings.Count(page, "<fieldset>"); n != 21 {
		t.Errorf("%d questions", n)
	}
	form := fill(page, func(_, label string) bool { return label == "Souvent" || label == "Beaucoup" })
	status, page = me.post(token+"/envoyer", form)
	has(t, "send", status, http.StatusOK, page, isSent, "Revenez à la conversation", phone)
	c := care(t, w, "nadia")
	if len(c.Results) != 2 || c.Results[0].Result.Score != 75 || len(c.Risks) != 8 {
		t.Errorf("kept: %+v", c)
	}
	taken := len(w.taken)
	status, page = me.post(token+"/envoyer", form) // a second tap
	has(t, "send again", status, http.StatusOK, page, isSent)
	status, page = (&browser{w: w}).post(token+"/envoyer", form) // another device
	has(t, "send from elsewhere", status, http.StatusGone, page, unsentIs, phone)
	status, page = me.get(token)
	has(t, "after sending", status, http.StatusGone, page, isClosed)
	if len(w.taken) != taken || len(care(t, w, "nadia").Results) != 2 {
		t.Error("answers were taken twice")
	}
}

func care(t *testing.T, w *world, id flows.PersonID) flows.Care {
	t.Helper()
	p := w.people[id]
	c, ok := flows.CareOf(&p)
	if !ok {
		t.Fatal("no check-ins")
	}
	return c
}

// TestOneOpeningWins lets twenty browsers open one link at the same time.
func TestOneOpeningWins(t *testing.T) {
	w := newWorld(t)
	w.member("nadia", "Bonne")
	token := w.link("nadia", false)
	var all sync.WaitGroup
	devices := make([]*browser, 20)
	for i := range devices {
		devices[i] = &browser{w: w}
		all.Go(func() { devices[i].post(token+"/ouvrir", nil) })
	}
	all.Wait()
	in := 0
	for _, b := range devices {
		status, page := b.get(token)
		if status == http.StatusOK && strings.Contains(page, "fieldset") {
			in++
			continue
		}
		has(t, "loser", status, http.StatusGone, page, isClosed, "/comment-je-vais", phone)
		if b.cookie != nil {
			t.Error("a browser that lost has a session")
		}
	}
	if in != 1 {
		t.Errorf("%d browsers are in", in)
	}
}

// TestWhatIsRefused tries every wrong key to a page that is open elsewhere.
func TestWhatIsRefused(t *testing.T) {
	w := newWorld(t)
	w.member("nadia", "Bonne")
	w.member("karim", "Basse")
	token, other := w.link("nadia", false), w.link("karim", false)
	me, him := &browser{w: w}, &browser{w: w}
	me.post(token+"/ouvrir", nil)
	him.post(other+"/ouvrir", nil)
	_, page := me.get(token)
	form := fill(page, func(_, label string) bool { return label == "Toujours" })
	stranger := &browser{w: w}
	forger := &browser{w: w, cookie: &http.Cookie{Name: cookieName, Value: "AAAAAAAAAAAAAAAAAAAAAAAAAA"}}
	empty := &browser{w: w, cookie: &http.Cookie{Name: cookieName, Value: ""}}
	swapped := &browser{w: w, cookie: him.cookie}
	for name, b := range map[string]*browser{"without a session": stranger, "a forged session": forger, "an empty session": empty, "the session of another link": swapped} {
		status, page := b.get(token)
		has(t, name+", look", status, http.StatusGone, page, isClosed)
		status, page = b.post(token+"/ouvrir", nil)
		has(t, name+", open", status, http.StatusGone, page, isClosed)
		status, page = b.post(token+"/envoyer", form)
		has(t, name+", send", status, http.StatusGone, page, unsentIs)
	}
	if c := care(t, w, "nadia"); len(c.Results) > 0 {
		t.Errorf("a stranger answered: %+v", c.Results)
	}
	status, _ := me.get(token)
	if status != http.StatusOK {
		t.Error("the owner was thrown out by strangers")
	}
}

// TestForgedAnswers sends what the page never offered.
func TestForgedAnswers(t *testing.T) {
	w := newWorld(t)
	w.member("nadia", "Bonne")
	token := w.link("nadia", false)
	me := &browser{w: w}
	me.post(token+"/ouvrir", nil)
	_, page := me.get(token)
	good := fill(page, func(_, label string) bool { return label == "Souvent" })
	form := url.Values{"do": {"open"}, "session": {"mine"}, "token": {"another"}, "cbi_personal.p1": {"100"}, "cbi_personal.p2": {"-1"},
		"cbi_personal.p3": {good.Get("cbi_personal.p4")}, "cbi_personal.p9": {good.Get("cbi_personal.p1")}, "cbi_personal.p5": {good.Get("cbi_personal.p5")}}
	me.post(token+"/envoyer", form)
	in := w.taken[len(w.taken)-1]
	if len(in.Fields) != 4 || in.Fields["do"] != "send" || in.Fields["token"] != token || in.Fields["cbi_personal.p5"] == "" {
		t.Errorf("given on: %v", in.Fields)
	}
	if c := care(t, w, "nadia"); len(c.Results) != 2 || c.Results[0].Result.Scored || len(c.Risks) > 0 {
		t.Errorf("kept: %+v", c)
	}
}

func TestBodiesThatAreNoForm(t *testing.T) {
	w := newWorld(t)
	w.member("nadia", "Bonne")
	token := w.link("nadia", false)
	me := &browser{w: w}
	me.post(token+"/ouvrir", nil)
	taken := len(w.taken)
	for _, c := range []struct {
		name, body, kind string
		want             int
	}{
		{"huge", "a=" + strings.Repeat("x", maxBody), "application/x-www-form-urlencoded", http.StatusRequestEntityTooLarge},
		{"many fields", strings.Repeat("a=b&", maxBody), "application/x-www-form-urlencoded", http.StatusRequestEntityTooLarge},
		{"not a form", `{"do":"send"}`, "application/json", http.StatusBadRequest},
		{"no kind", "a=b", "", http.StatusBadRequest},
		{"broken", "a=%zz", "application/x-www-form-urlencoded", http.StatusBadRequest},
	} {
		status, page := read(me.do("POST", token+"/envoyer", strings.NewReader(c.body), c.kind))
		has(t, c.name, status, c.want, page, "réessayez", phone)
	}
	if len(w.taken) != taken {
		t.Error("a body that is no form was taken as answers")
	}
}

// TestALinkDiesByTheClock is half an hour, opened or not.
func TestALinkDiesByTheClock(t *testing.T) {
	w := newWorld(t)
	w.member("nadia", "Bonne")
	unopened := w.link("nadia", false)
	w.move(time.Second)
	token := w.link("nadia", true)
	me := &browser{w: w}
	me.post(token+"/ouvrir", nil)
	w.move(30*time.Minute - time.Second)
	status, page := me.get(token)
	has(t, "the last second", status, http.StatusOK, page, "Votre courbe")
	status, page = me.get(unopened)
	has(t, "unopened, too late", status, http.StatusGone, page, isClosed, phone)
	status, page = me.post(unopened+"/ouvrir", nil)
	has(t, "opening too late", status, http.StatusGone, page, isClosed)
	w.move(time.Second)
	status, page = me.get(token)
	has(t, "opened, too late", status, http.StatusGone, page, isClosed, "/comment-je-vais")
	status, page = me.post(token+"/envoyer", url.Values{})
	has(t, "sending too late", status, http.StatusGone, page, unsentIs)
}

// TestNobodyLearnsWhetherALinkExists compares all answers to links that do not
// work: unknown, malformed, too old, used, another member's code.
func TestNobodyLearnsWhetherALinkExists(t *testing.T) {
	w := newWorld(t)
	w.member("nadia", "Bonne")
	old := w.link("nadia", false)
	w.move(time.Hour)
	used := w.link("nadia", false)
	(&browser{w: w}).post(used+"/ouvrir", nil)
	p := w.people["nadia"]
	w.codes[flows.LinkCode(&p)] = "nadia"
	for _, act := range []struct{ method, path string }{{"GET", ""}, {"POST", "/ouvrir"}, {"POST", "/envoyer"}} {
		answers := map[string]string{}
		for name, token := range map[string]string{"unknown": "abcdefghijklmnopqrst", "malformed": "a%2f..%2f", "short": "a", "old": old, "used": used, "link code": flows.LinkCode(&p)} {
			r := (&browser{w: w}).do(act.method, token+act.path, strings.NewReader(""), "application/x-www-form-urlencoded")
			status, page := read(r)
			answers[fmt.Sprint(status, r.Header, page)] = name
			if strings.Contains(page, token) && token != "a" {
				t.Errorf("%s: the token is on the page", name)
			}
		}
		if len(answers) != 1 {
			t.Errorf("%s %s: %d different answers: %v", act.method, act.path, len(answers), answers)
		}
	}
}

// TestTheBrowserIsToldToKeepNothing looks at headers and the cookie.
func TestTheBrowserIsToldToKeepNothing(t *testing.T) {
	w := newWorld(t)
	w.member("nadia", "Bonne")
	token := w.link("nadia", false)
	me := &browser{w: w}
	responses := []*http.Response{me.do("GET", token, nil, ""), me.do("POST", token+"/ouvrir", nil, ""), me.do("GET", token, nil, ""), me.do("GET", "nothing", nil, "")}
	for i, r := range responses {
		for name, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY"} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("response %d: %s: %q", i, name, got)
			}
		}
		if csp := r.Header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; style-src 'sha256-") || !strings.Contains(csp, "form-action 'self'") || strings.Contains(csp, "unsafe") || strings.Contains(csp, "script") {
			t.Errorf("response %d: %s", i, csp)
		}
		if _, page := read(r); strings.Contains(page, "<script") || strings.Contains(page, "style=") || strings.Contains(page, "http") && i > 0 {
			t.Errorf("response %d holds more than its own", i)
		}
	}
	c := me.cookie
	if c == nil || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteStrictMode || c.Path != "/relais/prive/"+token || c.MaxAge < 1 || c.MaxAge > 30*60+1 || len(c.Value) < 26 {
		t.Errorf("cookie: %+v", c)
	}
	if strings.Contains(c.Value, token) || strings.Contains(token, c.Value) {
		t.Error("the session can be told from the link")
	}
}

// TestTwoTapsOnSend come at the same time: one counts, both hear the same.
func TestTwoTapsOnSend(t *testing.T) {
	w := newWorld(t)
	w.member("nadia", "Bonne")
	token := w.link("nadia", false)
	me := &browser{w: w}
	me.post(token+"/ouvrir", nil)
	_, page := me.get(token)
	form := fill(page, func(_, label string) bool { return label == "Rarement" })
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			status, page := (&browser{w: w, cookie: me.cookie}).post(token+"/envoyer", form)
			if status != http.StatusOK || !strings.Contains(page, isSent) {
				t.Errorf("a tap hears %d", status)
			}
		})
	}
	all.Wait()
	if c := care(t, w, "nadia"); len(c.Results) != 2 {
		t.Errorf("%d results", len(c.Results))
	}
}

// TestWhenTheStoreFails says so, keeps the page open, and logs no private word.
func TestWhenTheStoreFails(t *testing.T) {
	w := newWorld(t)
	w.member("nadia", "Bonne")
	token := w.link("nadia", false)
	me := &browser{w: w}
	w.broken = errors.New("disk of nadia " + token)
	for _, try := range []func() (int, string){
		func() (int, string) { return me.get(token) },
		func() (int, string) { return me.post(token+"/ouvrir", nil) },
		func() (int, string) { return me.post(token+"/envoyer", nil) },
	} {
		status, page := try()
		has(t, "broken", status, http.StatusServiceUnavailable, page, "réessayez", phone)
	}
	w.broken = nil
	me.post(token+"/ouvrir", nil)
	_, page := me.get(token)
	form := fill(page, func(_, label string) bool { return label == "Parfois" })
	for _, err := range []error{errors.New("x"), fmt.Errorf("%w: erased", bot.ErrPermanent)} {
		hold := w.pages.opts.Holder
		w.pages.opts.Intake = refusing{err}
		status, page := me.post(token+"/envoyer", form)
		if errors.Is(err, bot.ErrPermanent) {
			has(t, "erased meanwhile", status, http.StatusGone, page, unsentIs)
		} else {
			has(t, "not kept", status, http.StatusServiceUnavailable, page, "réessayez")
		}
		w.pages.opts.Holder = hold
	}
	w.pages.opts.Intake = w
	status, page := me.post(token+"/envoyer", form)
	has(t, "after the failure", status, http.StatusOK, page, isSent)
	for _, private := range []string{token, me.cookie.Value, "nadia", "Nadia", form.Get("cbi_personal.p1")} {
		if strings.Contains(w.log.String(), private) {
			t.Errorf("%q is in the log:\n%s", private, w.log.String())
		}
	}
}

// TestTheCurve shows at most 26 points, with the same in words.
func TestTheCurve(t *testing.T) {
	for _, c := range []struct {
		pulses []string
		dots   int
		texts  []string
	}{
		{[]string{"Je passe"}, 0, []string{"Vous n'avez pas encore répondu"}},
		{[]string{"Bonne"}, 1, []string{"Une réponse : bonne.", "Le 1er décembre"}},
		{[]string{"Très bonne", "Moyenne", "Basse"}, 3, []string{"3 réponses. La plus haute : très bonne. La plus basse : basse. La dernière : basse.", "La même chose en mots", `<title id="curve-title">`}},
		{many("Bonne", "Moyenne", 30), 26, []string{"26 réponses"}},
	} {
		w := newWorld(t)
		w.member("nadia", c.pulses...)
		token := w.link("nadia", true)
		me := &browser{w: w}
		me.post(token+"/ouvrir", nil)
		status, page := me.get(token)
		has(t, fmt.Sprint(len(c.pulses), " answers"), status, http.StatusOK, page, append(c.texts, phone, "L'équipe ne voit pas cette page")...)
		words := strings.Count(page, "<li>")
		if n := strings.Count(page, "<circle class=\"dot\""); n != c.dots || words != c.dots {
			t.Errorf("%d points and %d lines of words, want %d", n, words, c.dots)
		}
		status, page = me.post(token+"/envoyer", url.Values{"cbi_personal.p1": {"x"}})
		has(t, "a curve cannot be sent", status, http.StatusGone, page, unsentIs)
	}
}

func many(a, b string, n int) []string {
	var out []string
	for i := range n {
		out = append(out, []string{a, b}[i%2])
	}
	return out
}

type refusing struct{ err error }

func TestOptions(t *testing.T) {
	w := newWorld(t)
	o := w.pages.opts
	o.URL = "coop.example"
	if _, err := New(o); err == nil {
		t.Error("an address without a host was taken")
	}
	o = w.pages.opts
	o.Holder = nil
	if _, err := New(o); err == nil {
		t.Error("options without Holder were taken")
	}
	o = w.pages.opts
	o.URL, o.Logger = "http://127.0.0.1:8080", nil
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	w.member("nadia", "Bonne")
	token := w.link("nadia", false)
	rec := httptest.NewRecorder()
	p.ServeHTTP(rec, httptest.NewRequest("POST", "/prive/"+token+"/ouvrir", nil))
	if c := rec.Result().Cookies(); len(c) != 1 || c[0].Secure || c[0].Path != "/prive/"+token {
		t.Errorf("over http: %v", c)
	}
}
