package flows_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/coopconnexion/relais/flows"
)

var update = flag.Bool("update", false, "rewrite the transcripts from what is said now; then read the diff")

// TestTranscripts replays testdata/transcripts/*.txt: whole conversations, with
// the person re-read from JSON at every step. Lines that begin with one of
// > (typed) ! (tapped) !! (tapped twice) + (file) * (edited) ~> (unsupported) & (staff) @ (time
// passes) % (a member arrives by the link) are played; the rest is what came of it.
// The states of every questionnaire that no transcript visits are an error.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/transcripts/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	cover := map[string]map[string]bool{}
	var book *flows.Book
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			w := newWorld(t)
			book = w.book
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			w.play(string(data))
			got := strings.Join(w.log, "\n") + "\n"
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			} else if got != string(data) {
				t.Errorf("%s: what is said has changed; run go test ./flows -update and read the diff\n%s", file, firstDifference(string(data), got))
			}
			for flow, states := range w.cover {
				if cover[flow] == nil {
					cover[flow] = map[string]bool{}
				}
				for s := range states {
					cover[flow][s] = true
				}
			}
		})
	}
	reportCoverage(t, book, cover)
}

func reportCoverage(t *testing.T, book *flows.Book, cover map[string]map[string]bool) {
	if book == nil {
		return
	}
	var names []string
	for name := range book.Questionnaires() {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		states := book.Questionnaires()[name].States()
		states = states[:len(states)-1] // "done" is left as soon as it is reached
		seen := 0
		for _, s := range states {
			if cover[name][s] {
				seen++
			} else {
				t.Errorf("no transcript visits %s/%s", name, s)
			}
		}
		t.Logf("transcripts visit %d of %d states of %s", seen, len(states), name)
	}
}

func firstDifference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			g := "(end)"
			if i < len(b) {
				g = b[i]
			}
			return fmt.Sprintf("line %d\n  was: %s\n  now: %s", i+1, a[i], g)
		}
	}
	return "the transcript is longer now"
}

// play runs the input lines of a transcript.
func (w *world) play(script string) {
	for _, line := range strings.Split(script, "\n") {
		switch {
		case strings.HasPrefix(line, "> "):
			w.say(strings.ReplaceAll(line[2:], `\n`, "\n"))
		case strings.HasPrefix(line, "!! "):
			w.twice(line[3:])
		case strings.HasPrefix(line, "! "):
			w.tap(line[2:])
		case strings.HasPrefix(line, "+ "):
			w.upload(line[2:])
		case strings.HasPrefix(line, "* "):
			w.edit(line[2:])
		case strings.HasPrefix(line, "~> "):
			w.logf("%s", line)
			w.apply(flows.Input{Role: flows.RolePerson, Kind: flows.KindUnsupported, Text: line[3:], From: w.from, Message: fmt.Sprintf("msg%d", w.n)})
		case strings.HasPrefix(line, "& say "):
			w.logf("%s", line)
			w.apply(flows.Input{Role: flows.RoleStaff, Kind: flows.KindSay, Text: line[6:], By: "admin", About: "p1"})
		case strings.HasPrefix(line, "& "):
			w.staff(line)
		case strings.HasPrefix(line, "@ "):
			d, err := time.ParseDuration(line[2:])
			if err != nil {
				w.t.Fatalf("%q: %v", line, err)
			}
			w.pass(d)
		case strings.HasPrefix(line, "% "):
			w.arrive(line)
		case strings.HasPrefix(line, "step "):
			w.logf("%s", line)
			w.step, _ = time.ParseDuration(line[5:])
		case strings.HasPrefix(line, "# "):
			w.logf("%s", line)
		case line == "BLOCK" || line == "UNBLOCK":
			w.logf("%s", line)
			w.apply(flows.Input{Role: flows.RolePerson, Kind: map[string]flows.Kind{"BLOCK": flows.KindGone, "UNBLOCK": flows.KindBack}[line], From: w.from})
		}
	}
}

// staff plays "& CARD ACTION [by:U2] [v:1] [TEXT]".
func (w *world) staff(line string) {
	w.logf("%s", line)
	f := strings.SplitN(line[2:], " ", 3)
	in := flows.Input{Role: flows.RoleStaff, Kind: flows.KindAct, Card: f[0], Action: f[1], By: "admin", About: "p1"}
	if c := w.desk[f[0]]; c != nil {
		in.Version = c.Version
	}
	if len(f) == 3 {
		words := strings.Fields(f[2])
		for len(words) > 0 && (strings.HasPrefix(words[0], "by:") || strings.HasPrefix(words[0], "v:")) {
			if by, ok := strings.CutPrefix(words[0], "by:"); ok {
				in.By = by
			} else {
				_, _ = fmt.Sscanf(words[0], "v:%d", &in.Version)
			}
			words = words[1:]
		}
		in.Text = strings.Join(words, " ")
	}
	w.apply(in)
}

// arrive makes a member from "key=value …" who opens the link.
func (w *world) arrive(line string) {
	w.logf("%s", line)
	fields := map[string]string{}
	for _, kv := range strings.Fields(line[2:]) {
		k, v, _ := strings.Cut(kv, "=")
		fields[k] = v
	}
	w.member(fields)
}

// twice presses the same button twice, as an impatient thumb does.
func (w *world) twice(label string) {
	w.logf("!! %s", label)
	data := w.find(label)
	w.press(data)
	w.press(data)
}

func (w *world) upload(what string) {
	w.logf("+ %s", what)
	name, mime, _ := strings.Cut(what, " ")
	size := int64(1000)
	if strings.Contains(what, "huge") {
		size = 30 << 20
		mime = strings.TrimSpace(strings.TrimSuffix(mime, "huge"))
	}
	w.apply(flows.Input{Role: flows.RolePerson, Kind: flows.KindFile, From: w.from, Message: fmt.Sprintf("msg%d", w.n),
		File: &flows.FileRef{Channel: "telegram", ID: "file", Name: name, Mime: mime, Size: size, Photo: mime == "image/jpeg"}})
}

// edit plays "* OLD => NEW": the message that said OLD now says NEW.
func (w *world) edit(line string) {
	w.logf("* %s", line)
	old, now, _ := strings.Cut(line, " => ")
	w.apply(flows.Input{Role: flows.RolePerson, Kind: flows.KindEdit, Text: now, Message: w.typed[old], From: w.from})
}

// TestSessionOfAnOlderVersionContinues loads a session saved by version 1 of a
// questionnaire whose questions have since changed.
func TestSessionOfAnOlderVersionContinues(t *testing.T) {
	old := []byte(`name: plain
version: 1
title: Essai
summary: true
send: Envoyer
questions:
  - {key: a, kind: text, short: A, text: "Un ?", help: h}
  - {key: gone, kind: text, short: G, text: "Parti ?", help: h}
  - {key: c, kind: choice, short: C, text: "Trois ?", help: h, options: [{value: x, label: X}, {value: y, label: Y}]}
`)
	if _, errs := flows.ParseQuestionnaire(old); len(errs) > 0 {
		t.Fatal(errs)
	}
	w := newWorld(t)
	w.play("> /start\n! 18 ans\n! D'accord\n! 📝\n! Commencer\n! 12 questions\n! ☐ Être libre\n! ✔ C'est bon")
	var doc map[string]any
	if err := json.Unmarshal(w.person, &doc); err != nil {
		t.Fatal(err)
	}
	s := doc["session"].(map[string]any)
	s["version"] = 0                                                      // saved by an older release
	s["state"] = "q2bis"                                                  // at a question that was removed since
	s["answers"].(map[string]any)["zz"] = map[string]any{"v": "1"}        // with an answer nobody asks for now
	s["answers"].(map[string]any)["form"] = map[string]any{"v": "medium"} // and an option that is gone
	w.person, _ = json.Marshal(doc)
	w.say("oui")
	p := w.load()
	if p.Session.Flow != "pretest" || p.Session.State == "q2bis" {
		t.Fatalf("the session is stuck: %+v", p.Session)
	}
	if _, kept := p.Session.Answers["q1"]; !kept {
		t.Error("an answer given before was lost")
	}
	w.tap("⏸ Pause")
	w.tap("▶ Reprendre")
	if p = w.load(); p.Session.Flow != "pretest" {
		t.Errorf("not resumed: %+v", p.Session)
	}
}
