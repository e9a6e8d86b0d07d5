package storage

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"
)

// BenchmarkMemory fills a store with 10,000 persons, reopens it, reads them
// all and reports the process's own memory in MiB. Run it alone:
// go test -run xxx -bench Memory -benchtime 1x ./storage
func BenchmarkMemory(b *testing.B) {
	dir := b.TempDir()
	s := open(b, dir, func(o *Options) { o.Step = turnStep })
	const persons, each = 10000, 2
	begin := time.Now()
	var wg sync.WaitGroup
	for g := range 64 {
		wg.Go(func() {
			for i := g; i < persons*each; i += 64 {
				take(b, s, said(i, fmt.Sprint(i%persons), "x"))
			}
		})
	}
	wg.Wait()
	speed, full := persons*each/time.Since(begin).Seconds(), resident(b)
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	debug.FreeOSMemory()
	begin = time.Now()
	s = open(b, dir)
	opened, idle := time.Since(begin), resident(b)
	for b.Loop() {
		if rep, err := s.Verify(context.Background()); err != nil || rep.Persons != persons || len(rep.Problems) > 0 {
			b.Fatalf("%+v %v", rep, err)
		}
	}
	b.ReportMetric(speed, "turns/s")
	b.ReportMetric(full, "MiB-full")
	b.ReportMetric(float64(opened.Milliseconds()), "ms-open")
	b.ReportMetric(idle, "MiB-opened")
	b.ReportMetric(resident(b), "MiB-verified")
}

// resident is the process's own memory, without mapped files (the kernel takes
// those back when it needs room).
func resident(b *testing.B) float64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0 // another system
	}
	for line := range strings.Lines(string(text)) {
		var kb float64
		if n, _ := fmt.Sscanf(line, "RssAnon: %f kB", &kb); n == 1 {
			return kb / 1024
		}
	}
	return 0
}
