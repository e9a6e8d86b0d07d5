package webtest

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Click clicks on the middle of the one visible element that matches a CSS
// selector, with a real mouse. It fails when something else lies above it.
func (p *Page) Click(selector string) {
	p.t.Helper()
	p.clickOn(fmt.Sprintf("document.querySelector(%s)", quote(selector)), selector)
}

// ClickText clicks on the visible button, link, label or summary with this
// text, all white space being equal. When several have it, the last one on the page is meant: in a
// conversation, the newest.
func (p *Page) ClickText(text string) {
	p.t.Helper()
	p.clickOn(fmt.Sprintf(`[...document.querySelectorAll("button, a, label, summary")].filter((e) =>
		e.checkVisibility() && e.textContent.replace(/\s+/g, " ").trim() === %s).at(-1)`, quote(text)), text)
}

// clickOn waits until the element that the expression finds is there, still,
// and not covered by another, then clicks on it.
func (p *Page) clickOn(find, name string) {
	p.t.Helper()
	var at struct {
		X, Y  float64
		Above string
	}
	p.Eval(fmt.Sprintf(`(async () => {
		const end = performance.now() + %d;
		const frame = () => new Promise((done) => setTimeout(done, 30));
		let above = "nothing there";
		while (performance.now() < end) {
			const e = %s;
			if (!e?.checkVisibility()) { await frame(); continue; }
			e.scrollIntoView({block: "center", behavior: "instant"});
			const before = e.getBoundingClientRect();
			await frame();
			const r = e.getBoundingClientRect();
			const x = r.x + r.width / 2, y = r.y + r.height / 2;
			const hit = document.elementFromPoint(x, y);
			if (before.x === r.x && before.y === r.y && hit && (e.contains(hit) || hit.contains(e))) return {x, y, above: ""};
			above = hit ? hit.outerHTML.slice(0, 120) : "nothing";
		}
		return {x: 0, y: 0, above};
	})()`, patience.Milliseconds()/2, find), &at)
	if at.Above != "" {
		p.Shot("failed-" + strings.ReplaceAll(p.t.Name(), "/", "-"))
		p.t.Fatalf("click on %q: covered by %s", name, at.Above)
	}
	for _, kind := range []string{"mouseMoved", "mousePressed", "mouseReleased"} {
		m := map[string]any{"type": kind, "x": at.X, "y": at.Y}
		if kind != "mouseMoved" {
			m["button"], m["clickCount"] = "left", 1
		}
		p.must("Input.dispatchMouseEvent", m)
	}
}

// Type writes a text into whatever has the focus.
func (p *Page) Type(text string) {
	p.t.Helper()
	p.must("Input.insertText", map[string]any{"text": text})
}

// keys are the keys that Press knows: code, Windows code, text.
var keys = map[string]struct {
	code int
	text string
}{
	"Tab": {9, ""}, "Enter": {13, "\r"}, "Escape": {27, ""}, "Space": {32, " "},
	"ArrowLeft": {37, ""}, "ArrowUp": {38, ""}, "ArrowRight": {39, ""}, "ArrowDown": {40, ""},
}

// Press presses and releases a key: Tab, Enter, Escape, Space or an arrow. A
// "Shift+" before it holds the shift key.
func (p *Page) Press(key string) {
	p.t.Helper()
	name, shifted := strings.CutPrefix(key, "Shift+")
	k, ok := keys[name]
	if !ok {
		p.t.Fatalf("press %q: unknown key", key)
	}
	m := map[string]any{"type": "keyDown", "key": name, "code": name, "windowsVirtualKeyCode": k.code}
	if name == "Space" {
		m["key"] = " "
	}
	if shifted {
		m["modifiers"] = 8
	}
	if k.text == "" {
		m["type"] = "rawKeyDown"
	} else {
		m["text"] = k.text
	}
	p.must("Input.dispatchKeyEvent", m)
	delete(m, "text")
	m["type"] = "keyUp"
	p.must("Input.dispatchKeyEvent", m)
}

// TabTo presses Tab until the focused element makes a JavaScript condition on
// e true, at most 120 times.
func (p *Page) TabTo(condition string) {
	p.t.Helper()
	for range 120 {
		p.Press("Tab")
		var met bool
		p.Eval(fmt.Sprintf("((e) => Boolean(%s))(document.activeElement)", condition), &met)
		if met {
			return
		}
	}
	p.Shot("failed-" + strings.ReplaceAll(p.t.Name(), "/", "-"))
	p.t.Fatalf("the Tab key never reaches: %s", condition)
}

// SetFile chooses a file in a file input.
func (p *Page) SetFile(selector, path string) {
	p.t.Helper()
	var doc struct{ Root struct{ NodeID int } }
	p.decode(p.must("DOM.getDocument", nil), &doc)
	var node struct{ NodeID int }
	p.decode(p.must("DOM.querySelector", map[string]any{"nodeId": doc.Root.NodeID, "selector": selector}), &node)
	p.must("DOM.setFileInputFiles", map[string]any{"nodeId": node.NodeID, "files": []string{path}})
}

// Shot writes a picture of the window to RELAIS_SHOTS/name.png; without that
// folder it does nothing.
func (p *Page) Shot(name string) {
	p.t.Helper()
	dir := os.Getenv("RELAIS_SHOTS")
	if dir == "" {
		return
	}
	_ = p.eval(`Promise.race([new Promise((done) => setTimeout(done, 1500)),
		Promise.allSettled(document.getAnimations().filter((a) => a.effect.getComputedTiming().iterations !== Infinity).map((a) => a.finished))])`, nil)
	var shot struct{ Data string }
	p.decode(p.must("Page.captureScreenshot", map[string]any{"format": "png"}), &shot)
	png, err := base64.StdEncoding.DecodeString(shot.Data)
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// Axe runs axe-core on the page as it stands and fails the test for every
// breach of WCAG 2.2 A and AA and of its best practices.
func (p *Page) Axe() {
	p.t.Helper()
	dir := os.Getenv("RELAIS_AXE")
	if dir == "" {
		p.t.Fatal("RELAIS_AXE must be the folder of the npm package axe-core (npm install --prefix DIR axe-core; DIR/node_modules/axe-core)")
	}
	source, err := os.ReadFile(filepath.Join(dir, "axe.min.js"))
	if err != nil {
		p.t.Fatal(err)
	}
	p.Eval("typeof axe === 'undefined' ? (function () {"+string(source)+"\n}).call(window) : undefined", nil)
	var found []struct {
		ID, Impact, Help string
		Nodes            []struct {
			HTML           string
			Target         []any
			FailureSummary string
		}
	}
	p.Eval(`axe.run(document, {resultTypes: ["violations"]}).then((r) => r.violations.map((v) => ({
		id: v.id, impact: v.impact, help: v.help,
		nodes: v.nodes.map((n) => ({html: n.html.slice(0, 200), target: n.target, failureSummary: n.failureSummary})),
	})))`, &found)
	for _, v := range found {
		for _, n := range v.Nodes {
			p.t.Errorf("axe %s (%s): %s\n  %v %s\n  %s", v.ID, v.Impact, v.Help, n.Target, n.HTML, n.FailureSummary)
		}
	}
}
