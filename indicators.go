package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"time"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/flows/care"
	"github.com/coopconnexion/relais/flows/group"
	"github.com/coopconnexion/relais/flows/records"
)

const (
	kindIndicators = "indicators"
	formatPDF      = "pdf"
)

// people are all documents.
func (a *app) people(ctx context.Context) ([]flows.Person, error) {
	var people []flows.Person
	err := a.store.Each(ctx, func(p flows.Person) error { people = append(people, p); return nil })
	return people, err
}

// houseNow is the house's document and what it keeps.
func (a *app) houseNow(ctx context.Context) (flows.Person, flows.House, error) {
	id, _ := a.house.Load().(flows.PersonID)
	p, err := a.store.Person(ctx, id)
	if err != nil {
		return p, flows.House{}, err
	}
	h, err := flows.HouseOf(p)
	return p, h, err
}

// figures are what the house is told of a quarter: those published before, or
// else those of now, with the page among the house's files. They hold nothing
// of one person.
func (a *app) figures(ctx context.Context, quarter string) (map[string]string, error) {
	q, err := care.ParseQuarter(quarter)
	if err != nil {
		return nil, err
	}
	p, house, err := a.houseNow(ctx)
	if err != nil {
		return nil, err
	}
	people, err := a.people(ctx)
	if err != nil {
		return nil, err
	}
	release := group.Publish(slices.Values(people), q, a.set.Zone, a.book.Scales().Risks, house.Quarters, p.Secret)
	var page bytes.Buffer
	if err := group.WriteQuarter(&page, release, house.Quarters, a.about()); err != nil {
		return nil, err
	}
	name := "indicators/" + q.String()
	if err := a.store.PutBlob(ctx, p.ID, name, &page); err != nil {
		return nil, err
	}
	fields, err := letter(flows.OpIndicators, release)
	if err == nil {
		fields["page"] = name
	}
	return fields, err
}

func letter(op string, figures any) (map[string]string, error) {
	data, err := json.Marshal(figures)
	return map[string]string{"op": op, "figures": string(data)}, err
}

// tellHouse hands figures to the house, which keeps them unless it has others.
func (a *app) tellHouse(ctx context.Context, id string, fields map[string]string) error {
	_, err := a.intake.Take(ctx, flows.Input{ID: id, At: a.now(), Role: flows.RoleSystem, Kind: flows.KindImport, From: flows.HouseAccount, Fields: fields})
	return err
}

// published are the quarters published up to now. A quarter that has ended is
// published first, should the reminder not have come yet.
func (a *app) published(ctx context.Context, q care.Quarter) ([]care.Release, error) {
	p, house, err := a.houseNow(ctx)
	if err != nil {
		return nil, err
	}
	end := q.End(a.set.Zone)
	if _, done := house.Release(q.String()); done || a.now().Before(end) || !p.Created.Before(end) {
		return house.Quarters, nil
	}
	fields, err := a.figures(ctx, q.String())
	if err != nil {
		return nil, err
	}
	if err := a.tellHouse(ctx, "indicators/"+q.String(), fields); err != nil {
		return nil, err
	}
	_, house, err = a.houseNow(ctx)
	return house.Quarters, err
}

// quarterOf is the quarter of a period: itself, that of the month, or the last
// one that ended.
func (a *app) quarterOf(period string) (care.Quarter, error) {
	if period == "" {
		return care.QuarterOf(a.now().In(a.set.Zone)).Previous(), nil
	}
	if q, err := care.ParseQuarter(period); err == nil {
		return q, nil
	}
	day, err := group.ParseDay(period+"-01", a.set.Zone)
	if err != nil || !records.Period(period) {
		return care.Quarter{}, withCode(exitUsage, fmt.Errorf("--period: cannot read %q; write 2026-10 or 2026-T4", period))
	}
	return care.QuarterOf(day), nil
}

// exportIndicators writes the counts and the published quarters, one quarter as
// a page, or the comparison of a workshop.
func (a *app) exportIndicators(ctx context.Context, args url.Values, out io.Writer) error {
	if args.Get("workshop") != "" || args.Get("date") != "" {
		return a.exportWorkshop(ctx, args, out)
	}
	period, format := args.Get("period"), args.Get("format")
	q, err := a.quarterOf(period)
	if err != nil {
		return err
	}
	published, err := a.published(ctx, q)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(published, func(r care.Release) bool { return r.Quarter == q.String() })
	switch {
	case format == formatPDF && i < 0:
		return withCode(exitInput, a.unpublished(q))
	case format == formatPDF:
		return group.WriteQuarter(out, published[i], published, a.about())
	case period == "":
	case i < 0:
		published = nil
	default:
		published = published[i : i+1]
	}
	people, err := a.people(ctx)
	if err != nil {
		return err
	}
	table, err := records.Export(kindIndicators, slices.Values(people), period, published...)
	if err != nil {
		return withCode(exitUsage, err)
	}
	if err := table.Write(out, format); err != nil || i >= 0 || period == "" {
		return err
	}
	return &notice{a.unpublished(q)}
}

// unpublished says why a quarter has no figures.
func (a *app) unpublished(q care.Quarter) error {
	if end := q.End(a.set.Zone); a.now().Before(end) {
		return fmt.Errorf("%s is not over: its check-ins are counted once, from %s on", q, end.Format("2006-01-02"))
	}
	return fmt.Errorf("%s: no check-ins were asked for in this quarter", q)
}

func (a *app) about() group.About {
	return group.About{Coop: a.set.Coop, Zone: a.set.Zone, Scales: a.book.Scales()}
}

// exportWorkshop writes the comparison of a workshop, made once.
func (a *app) exportWorkshop(ctx context.Context, args url.Values, out io.Writer) error {
	cohort := args.Get("workshop")
	day, err := group.ParseDay(args.Get("date"), a.set.Zone)
	if err != nil || cohort == "" {
		return withCode(exitUsage, errors.New("a workshop needs its cohort and its day: --workshop COHORT --date 2027-01-20"))
	}
	w, err := a.workshop(ctx, cohort, day)
	few := errors.Is(err, care.ErrTooFew)
	if err != nil && !few {
		return withCode(exitInput, err)
	}
	if args.Get("format") == formatPDF {
		err = group.WriteWorkshop(out, w, !few, a.about())
	} else {
		err = records.WorkshopTable(w, !few).Write(out, args.Get("format"))
	}
	if err == nil && few {
		return &notice{errors.New(flows.NotEnough)}
	}
	return err
}

// workshop makes the comparison and has the house keep it; what the house
// keeps is what is shown.
func (a *app) workshop(ctx context.Context, cohort string, day time.Time) (flows.Workshop, error) {
	people, err := a.people(ctx)
	if err != nil {
		return flows.Workshop{}, err
	}
	_, house, err := a.houseNow(ctx)
	if err != nil {
		return flows.Workshop{}, err
	}
	w, err := group.Compare(slices.Values(people), cohort, day, a.now(), house.Workshops)
	if err != nil {
		return w, err
	}
	fields, err := letter(flows.OpWorkshop, w)
	if err != nil {
		return w, err
	}
	if err := a.tellHouse(ctx, "workshop/"+w.Day, fields); err != nil {
		return w, err
	}
	if _, house, err = a.houseNow(ctx); err != nil {
		return w, err
	}
	return group.Compare(slices.Values(people), cohort, day, a.now(), house.Workshops)
}
