//go:build faults

// Package fault names the places where the crash tests kill the process. In a
// normal build they cost nothing. Built with the tag "faults",
// RELAIS_FAULT=name:n kills the process with SIGKILL when the place called name
// is passed for the n-th time.
//
// The places: send-before and send-after (around one attempt of delivery),
// poll-after-commit (one update of a batch is on disk) and
// poll-before-confirm (all of them are, Telegram does not know yet).
package fault

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
)

// target reads RELAIS_FAULT once: the place and the passage that kills.
var target = sync.OnceValues(func() (string, int64) {
	name, n, _ := strings.Cut(os.Getenv("RELAIS_FAULT"), ":")
	at, err := strconv.ParseInt(n, 10, 64)
	if err != nil || at < 1 {
		at = 1
	}
	return name, at
})

var passed atomic.Int64

// Point is a place where a crash test may kill the process.
func Point(name string) {
	want, at := target()
	if name != want || passed.Add(1) != at {
		return
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // the signal takes a moment: nothing may happen after this point
}
