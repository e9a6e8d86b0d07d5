package main

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"

	"filippo.io/age"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/flows/records"
	"github.com/coopconnexion/relais/storage"
)

// The operations of an operator, which run inside serve or demo when one of
// them holds the store, and alone otherwise.
const (
	opImport       = "members-import"
	opExport       = "export"
	opPersonExport = "person-export"
	opPersonErase  = "person-erase"
	opBackup       = "backup"
	opVerify       = "verify"
)

// operate runs one operation.
func (a *app) operate(ctx context.Context, name string, args url.Values, in io.Reader, out io.Writer) error {
	switch name {
	case opImport:
		return a.importMembers(ctx, args.Get("partial") != "", in, out)
	case opExport:
		if args.Get("kind") == kindIndicators {
			return a.exportIndicators(ctx, args, out)
		}
		return a.export(ctx, args.Get("kind"), args.Get("period"), args.Get("format"), out)
	case opPersonExport:
		return a.exportPerson(ctx, flows.PersonID(args.Get("id")), out)
	case opPersonErase:
		return a.erasePerson(ctx, flows.PersonID(args.Get("id")), out)
	case opBackup:
		recipient, err := age.NewScryptRecipient(a.backupPhrase)
		if err != nil {
			return err
		}
		recipient.SetWorkFactor(backupWork)
		return a.store.Backup(ctx, out, recipient)
	case opAdditions:
		return a.writeAdditions(ctx, out)
	case opVerify:
		return verify(ctx, a.store, out)
	}
	return withCode(exitUsage, fmt.Errorf("unknown operation %q", name))
}

// backupWork is low on purpose: the phrase is derived from 256 random bits, so
// slowing down a search of it gains nothing.
const backupWork = 10

// backupPhrase derives the secret of backups from the master key: whoever holds
// the master key, and nobody else, can restore.
func backupPhrase(master []byte) (string, error) {
	key, err := hkdf.Key(sha256.New, master, nil, "relais backup", 32)
	return hex.EncodeToString(key), err
}

// importMembers reads a members file, good rows only with partial, and prints
// each member's link.
func (a *app) importMembers(ctx context.Context, partial bool, in io.Reader, out io.Writer) error {
	rows, problems, unknown, err := records.ParseMembers(in)
	if err != nil {
		return withCode(exitInput, err)
	}
	var said []error
	for _, c := range unknown {
		said = append(said, fmt.Errorf("column %q is not known and was left out", c))
	}
	for _, p := range problems {
		said = append(said, errors.New(p.String()))
	}
	if len(problems) > 0 && !partial {
		return withCode(exitInput, errors.Join(append(said, errors.New("nothing was imported; mend these rows, or keep the good ones with --partial"))...))
	}
	links, err := a.importRows(ctx, rows)
	if err := errors.Join(err, records.WriteLinks(out, links)); err != nil {
		return err
	}
	if len(said) > 0 {
		return &notice{errors.Join(said...)}
	}
	return nil
}

// notice is a remark that does not fail the command.
type notice struct{ err error }

func (n *notice) Error() string { return n.err.Error() }

func (a *app) importRows(ctx context.Context, rows []records.MemberRow) ([]records.LinkRow, error) {
	run := make([]byte, 8)
	if _, err := rand.Read(run); err != nil {
		return nil, err
	}
	bot := botName(a.dir)
	var links []records.LinkRow
	for _, r := range rows {
		in := flows.Input{ID: fmt.Sprintf("import/%s/%d", hex.EncodeToString(run), r.Line), At: a.now(), Role: flows.RoleSystem,
			Kind: flows.KindImport, From: r.Account(), Fields: r.Fields()}
		got, err := a.intake.Take(ctx, in)
		if err != nil {
			return links, fmt.Errorf("line %d: %w", r.Line, err)
		}
		p, err := a.store.Person(ctx, got.Person)
		if err != nil {
			return links, err
		}
		links = append(links, records.LinkFor(&p, bot))
	}
	return links, nil
}

// export writes one table.
func (a *app) export(ctx context.Context, kind, period, format string, out io.Writer) error {
	if period != "" && !records.Period(period) {
		return withCode(exitUsage, fmt.Errorf("--period: cannot read %q; write 2026-10", period))
	}
	people, err := a.people(ctx)
	if err != nil {
		return err
	}
	table, err := records.Export(kind, slices.Values(people), period)
	if err != nil {
		return withCode(exitUsage, err)
	}
	return table.Write(out, format)
}

// exportPerson writes all that is kept about a person, as JSON, without the
// check-ins: they belong to the member, and staff run this command.
func (a *app) exportPerson(ctx context.Context, id flows.PersonID, out io.Writer) error {
	x, err := a.store.ExportPerson(ctx, id)
	if err != nil {
		return withCode(exitInput, err)
	}
	flows.HideCare(&x.Person)
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	return enc.Encode(x)
}

func (a *app) erasePerson(ctx context.Context, id flows.PersonID, out io.Writer) error {
	if err := a.store.Erase(ctx, id); err != nil {
		return withCode(exitInput, err)
	}
	if _, err := a.intake.Take(ctx, flows.Input{ID: "erase/" + string(id), At: a.now(), Role: flows.RoleSystem, Kind: flows.KindImport,
		From: flows.HouseAccount, Fields: map[string]string{"op": "forget", "person": string(id)}}); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, "erased")
	return err
}

// verify reads everything and prints what was found.
func verify(ctx context.Context, s *storage.Store, out io.Writer) error {
	r, err := s.Verify(ctx)
	fmt.Fprintf(out, "%d persons, %d letters, %d reminders, %d rows, %d files, %d commits\n", r.Persons, r.Letters, r.Reminders, r.Rows, r.Files, r.Commits)
	for _, p := range r.Problems {
		fmt.Fprintln(out, p)
	}
	if err != nil {
		return err
	}
	if n := len(r.Problems); n > 0 {
		return withCode(exitInput, fmt.Errorf("%d problems", n))
	}
	fmt.Fprintln(out, "everything reads back")
	return nil
}
