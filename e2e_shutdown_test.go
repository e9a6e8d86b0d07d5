package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coopconnexion/relais/bot/telegram/telegramtest"
)

// TestShutdown: the end under load, and what an operator runs meanwhile.
func TestShutdown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, telegramtest.Options{Rate: -1, ChatRate: -1}, fast)
	members := newDeclarants(w, 4, 1)
	addr := w.serve()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	<-live(ctx, t, members)

	t.Run("healthy", func(t *testing.T) {
		for path, want := range map[string]string{"/healthz": "ok", "/readyz": "ready", "/metrics": "relais_inputs_total"} {
			if got := get(t, "http://"+addr+path); !strings.Contains(got, want) {
				t.Errorf("%s: %q", path, got)
			}
		}
	})
	t.Run("a second instance is refused", func(t *testing.T) {
		_, errs, code := w.try("serve")
		if code != exitLater || strings.Count(strings.TrimSpace(errs), "\n") > 0 || !strings.Contains(errs, "relais: ") {
			t.Errorf("exit code %d, said %q", code, errs)
		}
	})
	t.Run("a wrong master key is refused", func(t *testing.T) {
		other := *w
		other.env = map[string]string{}
		for k, v := range w.env {
			other.env[k] = v
		}
		other.env["RELAIS_MASTER_KEY_FILE"] = newMasterKey(t)
		w.proc.stop(t, 11*time.Second)
		_, errs, code := other.try("serve")
		if code != exitConfig || !strings.Contains(errs, "key") {
			t.Errorf("exit code %d, said %q", code, errs)
		}
		w.serve()
	})
	backup := filepath.Join(t.TempDir(), "relais.backup")
	for _, state := range []string{"while it serves", "when nothing runs"} {
		t.Run("operator "+state, func(t *testing.T) {
			operate(t, w, members, backup)
		})
		if w.proc != nil {
			loadThenStop(t, w)
			w.proc = nil
		}
	}
	t.Run("restore", func(t *testing.T) {
		w.env["RELAIS_DATA_DIR"] = filepath.Join(t.TempDir(), "restored")
		w.run("restore", backup)
		w.run("verify")
		compare(t, w, members)
		if _, errs, code := w.try("restore", backup); code == exitOK {
			t.Errorf("restored over a store: %s", errs)
		}
	})
	w.log.noneOf(t, private(w, members))
}

// operate runs the operator's commands.
func operate(t *testing.T, w *world, members []*declarant, backup string) {
	t.Helper()
	compare(t, w, members)
	if rows := w.table("export", "members"); len(rows) != len(members) {
		t.Errorf("%d members", len(rows))
	}
	w.run("verify")
	if err := os.Remove(backup); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	w.run("backup", backup)
	data, err := os.ReadFile(backup)
	if err != nil || len(data) < 1000 {
		t.Fatalf("the backup has %d bytes: %v", len(data), err)
	}
	for _, d := range members {
		if strings.Contains(string(data), d.name) {
			t.Error("the backup can be read without the key")
		}
	}
	id := w.table("export", "members")[0]["person_id"]
	if one := w.run("person", "export", id); !strings.Contains(one, id) {
		t.Errorf("person export: %.200s", one)
	}
}

// loadThenStop ends the program in the middle of a lot of work, and checks that
// the rest is done after the next start.
func loadThenStop(t *testing.T, w *world) {
	t.Helper()
	const chats, each = 100, 20
	before := w.telegram.Calls("sendMessage")
	for i := range chats * each {
		w.telegram.Say(int64(900_000+i%chats), "bonjour")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := w.telegram.Wait(ctx, func() bool { return w.telegram.Calls("sendMessage") > before+10 }); err != nil {
		t.Fatal(err)
	}
	code, took := w.proc.stop(t, 11*time.Second)
	left := w.telegram.Pending()
	if code != exitOK || took > 10*time.Second {
		t.Errorf("exit code %d after %s", code, took)
	}
	w.serve()
	everybody := func() bool {
		for i := range chats {
			if len(w.telegram.FromBot(int64(900_000+i))) == 0 {
				return false
			}
		}
		return w.telegram.Pending() == 0
	}
	if err := w.telegram.Wait(ctx, everybody); err != nil {
		t.Errorf("somebody has no answer: %v", err)
	}
	if code, _ := w.proc.stop(t, 11*time.Second); code != exitOK {
		t.Errorf("exit code %d", code)
	}
	t.Logf("stopped under load in %s with %d of %d updates left at Telegram", took.Round(time.Millisecond), left, chats*each)
}

func get(t *testing.T, url string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
