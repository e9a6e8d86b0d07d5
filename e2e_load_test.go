package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coopconnexion/relais/bot/telegram/telegramtest"
)

// The floors of the load test are generous: it shares its processors with the
// stand-in for Telegram and with other tests. The figures it prints are the
// result.
const (
	loadPeople  = 2000
	loadUpdates = 10_000
	floorRate   = 150 // updates a second on disk: only a fault of a whole order is caught; the aim is 2,000
	ceilingRSS  = 150 // MiB
)

// TestLoad: ten thousand updates from two thousand people wait when the program
// starts.
func TestLoad(t *testing.T) {
	w := newWorld(t, telegramtest.Options{Rate: -1, ChatRate: -1}, map[string]string{"RELAIS_TELEGRAM_RATE": "5000"})
	texts := []string{"/start", "bonjour", "18 ans et plus", "c'est quoi un CAPE ?", "/menu"}
	for i := range loadUpdates {
		text := texts[i/loadPeople]
		if i%2 == 0 && !strings.HasPrefix(text, "/") {
			text += fmt.Sprintf(" (%d)", i%loadPeople) // half of what people write is their own
		}
		w.telegram.Say(int64(100_000+i%loadPeople), text)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	w.serve()
	began := time.Now()
	if err := w.telegram.Wait(ctx, func() bool { return w.telegram.Pending() == 0 }); err != nil {
		t.Fatalf("%d updates wait: %v", w.telegram.Pending(), err)
	}
	onDisk := time.Since(began)
	if err := w.telegram.Wait(ctx, func() bool { return w.telegram.Calls("sendMessage") >= loadPeople && answered(w) == loadPeople }); err != nil {
		t.Fatalf("%d of %d people have an answer: %v", answered(w), loadPeople, err)
	}
	everybody := time.Since(began)
	rss := highWater(t, w.proc.cmd.Process.Pid)
	if code, _ := w.proc.stop(t, 11*time.Second); code != 0 {
		t.Errorf("exit code %d", code)
	}
	cpu := w.proc.cmd.ProcessState.UserTime() + w.proc.cmd.ProcessState.SystemTime()
	rate := float64(loadUpdates) / onDisk.Seconds()
	t.Logf("%d updates of %d people: all on disk after %.2f s (%.0f/s), everybody answered after %.2f s, %d messages; the program took %.2f s of processor time and %d MiB at most (%d processors)",
		loadUpdates, loadPeople, onDisk.Seconds(), rate, everybody.Seconds(), w.telegram.Calls("sendMessage"), cpu.Seconds(), rss, runtime.NumCPU())
	if rate < floorRate {
		t.Errorf("%.0f updates a second, want %d", rate, floorRate)
	}
	if rss > ceilingRSS {
		t.Errorf("%d MiB, want at most %d", rss, ceilingRSS)
	}
	w.well()
}

// answered counts the people who have a message.
func answered(w *world) int {
	n := 0
	for i := range loadPeople {
		if len(w.telegram.FromBot(int64(100_000+i))) > 0 {
			n++
		}
	}
	return n
}

// highWater is the peak of a process's memory in MiB; 0 where the system does
// not tell.
func highWater(t *testing.T, pid int) int {
	t.Helper()
	if runtime.GOOS != "linux" {
		return 0
	}
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if rest, ok := strings.CutPrefix(s.Text(), "VmHWM:"); ok {
			kb, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				t.Fatal(err)
			}
			return kb >> 10
		}
	}
	t.Fatal("no VmHWM")
	return 0
}
