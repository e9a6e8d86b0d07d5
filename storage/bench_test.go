package storage

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/coopconnexion/relais/flows"
)

// turnStep writes a document of about 2 KB and two letters.
func turnStep(v flows.View, in flows.Input) flows.Decision {
	d := flows.Decision{Person: v.Person}
	if v.New {
		for i := range 12 {
			d.Person.Files = append(d.Person.Files, flows.FileRef{Channel: "telegram", ID: fmt.Sprint(i), Name: strings.Repeat("facture ", 10), Mime: "image/jpeg", Size: 1})
		}
	}
	text := flows.T("Merci. Votre chiffre d'affaires du mois est noté. " + strings.Repeat("Une phrase courte. ", 10))
	rows := [][]flows.Button{{{Label: "Oui", Data: "0123456789abcdef"}, {Label: "Non", Data: "fedcba9876543210"}}}
	d.Effects = []flows.Effect{
		flows.Send{Class: flows.ClassReply, Text: text},
		flows.Send{Key: in.ID, Class: flows.ClassQuestion, Text: text, Rows: rows},
	}
	return d
}

func BenchmarkTurn(b *testing.B) {
	for _, par := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("callers=%d", par), func(b *testing.B) {
			s := open(b, b.TempDir(), func(o *Options) { o.Step = turnStep })
			var n atomic.Int64
			b.SetParallelism((par + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					i := int(n.Add(1))
					if _, err := s.Turn(context.Background(), said(i, fmt.Sprint(i%2000), "x")); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "turns/s")
		})
	}
}

// BenchmarkRekey withdraws: a document of about 2 KB, 300 messages sent and 20
// letters waiting, with one stored file.
func BenchmarkRekey(b *testing.B) {
	s := open(b, b.TempDir(), caring)
	take(b, s, said(0, "7", "file kept"))
	id, _, _ := s.Owner(context.Background(), tg("7"))
	for n := range 320 {
		take(b, s, said(1+n, "7", fmt.Sprint("ask ", n)))
		if n < 300 {
			send(b, s, uint64(2+n), "m")
		}
	}
	if err := s.PutBlob(context.Background(), id, "kept", strings.NewReader("x")); err != nil {
		b.Fatal(err)
	}
	n := 1000
	for b.Loop() {
		n++
		take(b, s, said(n, "7", "withdraw quietly"))
	}
}

// BenchmarkFsync is the yardstick: append 4 KiB to a file and sync it.
func BenchmarkFsync(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "f"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	page := make([]byte, 4096)
	for b.Loop() {
		if _, err := f.Write(page); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "syncs/s")
}
