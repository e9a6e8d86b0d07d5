//go:build unix

// Package durable makes names and files last through a power cut.
package durable

import (
	"errors"
	"os"
)

// SyncDir makes the names in a directory durable.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// SyncRead syncs a file that is open for reading.
func SyncRead(f *os.File) error { return f.Sync() }
