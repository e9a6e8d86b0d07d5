// Package content holds every French text, questionnaire, fact sheet, dated
// amount and calendar of Relais as files that a non-developer can edit.
//
// The files are embedded in the program. An operator may replace any of them,
// file by file, with a directory of the same layout (see [Overlay]).
package content

import (
	"embed"
	"errors"
	"io/fs"
	"sort"
)

//go:embed all:*
var embedded embed.FS

// FS returns the embedded content. Its root holds the same files and folders
// as this package's directory.
func FS() fs.FS { return embedded }

// Overlay returns base with each file that also exists in over replaced by the
// one in over. Directories list the union of both. A nil over returns base.
func Overlay(base, over fs.FS) fs.FS {
	if over == nil {
		return base
	}
	return overlay{base: base, over: over}
}

type overlay struct{ base, over fs.FS }

func (o overlay) Open(name string) (fs.File, error) {
	info, err := fs.Stat(o.over, name)
	if err == nil && !info.IsDir() {
		return o.over.Open(name)
	}
	f, baseErr := o.base.Open(name)
	if errors.Is(baseErr, fs.ErrNotExist) && err == nil {
		return o.over.Open(name)
	}
	return f, baseErr
}

// ReadDir lists the union of both layers, sorted by name.
func (o overlay) ReadDir(name string) ([]fs.DirEntry, error) {
	base, baseErr := fs.ReadDir(o.base, name)
	over, overErr := fs.ReadDir(o.over, name)
	if baseErr != nil && overErr != nil {
		return nil, baseErr
	}
	byName := map[string]fs.DirEntry{}
	for _, e := range append(base, over...) {
		byName[e.Name()] = e
	}
	all := make([]fs.DirEntry, 0, len(byName))
	for _, e := range byName {
		all = append(all, e)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name() < all[j].Name() })
	return all, nil
}
