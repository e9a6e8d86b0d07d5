package webtest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// Page is one window of the browser. Its methods fail the test on any error.
type Page struct {
	t       testing.TB
	b       *Browser
	session string

	mu     sync.Mutex
	faults []string
}

// Size is a window's size in CSS pixels.
type Size struct{ Width, Height int }

// Open opens a window, apart from all others (its own storage), and goes to
// url. When the test ends, an error in the page's console fails it.
func (b *Browser) Open(t testing.TB, url string, s Size) *Page {
	t.Helper()
	p := &Page{t: t, b: b}
	var apart struct{ BrowserContextID string }
	p.decode(p.must("Target.createBrowserContext", nil), &apart)
	var target struct{ TargetID string }
	p.decode(p.must("Target.createTarget", map[string]any{
		"url": "about:blank", "browserContextId": apart.BrowserContextID,
	}), &target)
	var attached struct{ SessionID string }
	p.decode(p.must("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}), &attached)
	p.session = attached.SessionID
	b.mu.Lock()
	b.sessions[p.session] = p
	b.mu.Unlock()
	for _, domain := range []string{"Page", "Runtime", "Log", "DOM"} {
		p.must(domain+".enable", nil)
	}
	t.Cleanup(func() { p.close(apart.BrowserContextID) })
	p.Resize(s)
	p.Go(url)
	return p
}

func (p *Page) close(apart string) {
	for _, f := range p.Faults() {
		p.t.Errorf("in the page: %s", f)
	}
	p.session = ""
	p.must("Target.disposeBrowserContext", map[string]any{"browserContextId": apart})
}

// Resize changes the size of the window.
func (p *Page) Resize(s Size) {
	p.t.Helper()
	p.must("Emulation.setDeviceMetricsOverride", map[string]any{
		"width": s.Width, "height": s.Height, "deviceScaleFactor": 1, "mobile": false,
	})
}

// Prefer sets a media feature, such as prefers-color-scheme to dark.
func (p *Page) Prefer(feature, value string) {
	p.t.Helper()
	p.must("Emulation.setEmulatedMedia", map[string]any{
		"features": []map[string]string{{"name": feature, "value": value}},
	})
}

// Go loads an address.
func (p *Page) Go(url string) {
	p.t.Helper()
	var nav struct{ ErrorText string }
	p.decode(p.must("Page.navigate", map[string]any{"url": url}), &nav)
	if nav.ErrorText != "" {
		p.t.Fatalf("go to %s: %s", url, nav.ErrorText)
	}
	p.Wait(`document.readyState === "complete" && location.href !== "about:blank"`)
}

// Eval runs a JavaScript expression, awaits it if it is a promise, and decodes
// its value into out unless out is nil.
func (p *Page) Eval(expression string, out any) {
	p.t.Helper()
	if err := p.eval(expression, out); err != nil {
		p.t.Fatal(err)
	}
}

func (p *Page) eval(expression string, out any) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	raw, err := p.b.call(ctx, p.session, "Runtime.evaluate", map[string]any{
		"expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true,
	})
	if err != nil {
		return err
	}
	var r struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return err
	}
	if e := r.ExceptionDetails; e != nil {
		return fmt.Errorf("%s: %s %s", short(expression), e.Text, e.Exception.Description)
	}
	if out == nil || r.Result.Value == nil {
		return nil
	}
	return json.Unmarshal(r.Result.Value, out)
}

// Wait returns once a JavaScript condition is true. It fails the test after a
// while, with a picture of what the page showed.
func (p *Page) Wait(condition string) {
	p.t.Helper()
	var ok bool
	err := p.eval(fmt.Sprintf(`new Promise((done) => {
		const end = performance.now() + %d;
		const look = () => {
			let met = false;
			try { met = Boolean(%s); } catch { met = false; }
			if (met || performance.now() > end) done(met);
			else setTimeout(look, 25);
		};
		look();
	})`, patience.Milliseconds()/2, condition), &ok)
	if err != nil && (strings.Contains(err.Error(), "context was destroyed") || strings.Contains(err.Error(), "navigated or closed")) {
		p.Wait(condition) // the page was just being replaced
		return
	}
	if err != nil || !ok {
		p.Shot("failed-" + strings.ReplaceAll(p.t.Name(), "/", "-"))
		p.t.Fatalf("never true: %s (%v)", short(condition), err)
	}
}

// heard notes what went wrong in the page.
func (p *Page) heard(m reply) {
	switch m.Method {
	case "Runtime.exceptionThrown":
		p.fault(string(m.Params))
	case "Runtime.consoleAPICalled":
		var c struct{ Type string }
		if json.Unmarshal(m.Params, &c) == nil && (c.Type == "error" || c.Type == "assert") {
			p.fault(string(m.Params))
		}
	case "Log.entryAdded":
		var l struct {
			Entry struct{ Level, Text, URL string }
		}
		if json.Unmarshal(m.Params, &l) == nil && l.Entry.Level == "error" {
			p.fault(l.Entry.Text + " " + l.Entry.URL)
		}
	}
}

func (p *Page) fault(s string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, s)
}

// Faults gives, once, the errors that the page's console showed: exceptions,
// refused requests, breaches of its content security policy.
func (p *Page) Faults() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.faults
	p.faults = nil
	return list
}

// must sends a command of the DevTools protocol.
func (p *Page) must(method string, params any) json.RawMessage {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	r, err := p.b.call(ctx, p.session, method, params)
	if err != nil {
		p.t.Fatal(err)
	}
	return r
}

func (p *Page) decode(raw json.RawMessage, out any) {
	p.t.Helper()
	if err := json.Unmarshal(raw, out); err != nil {
		p.t.Fatal(err)
	}
}

func short(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 200 {
		return string(r[:200]) + "…"
	}
	return s
}

// quote makes a JavaScript string.
func quote(s string) string {
	b, _ := json.Marshal(s) // a string can always be marshalled
	return string(b)
}
