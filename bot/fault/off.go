//go:build !faults

// Package fault names the places where the crash tests kill the process. In a
// normal build they cost nothing. Built with the tag "faults",
// RELAIS_FAULT=name:n kills the process with SIGKILL when the place called name
// is passed for the n-th time.
//
// The places: send-before and send-after (around one attempt of delivery),
// poll-after-commit (one update of a batch is on disk) and
// poll-before-confirm (all of them are, Telegram does not know yet).
package fault

// Point is a place where a crash test may kill the process.
func Point(string) {}
