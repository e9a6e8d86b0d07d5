// Package scheduler turns what is due into inputs. Cron is only a heartbeat;
// what is due, and when, is durable data of the store, so that a restart or an
// hour of downtime neither loses nor doubles a reminder.
package scheduler

import (
	"context"
	"log/slog"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/coopconnexion/relais/flows"
)

// Reminders is what the scheduler needs of the store.
type Reminders interface {
	// Due lists the reminders due at now, the earliest first, as wake inputs.
	// They stay until the wake is taken.
	Due(ctx context.Context, now time.Time, limit int) ([]flows.Input, error)
	// NextDue is when the next reminder comes due.
	NextDue(ctx context.Context) (time.Time, bool)
}

// Intake takes an input; it returns once the input is on disk.
type Intake interface {
	Take(ctx context.Context, in flows.Input) (flows.Outcome, error)
}

// Scheduler wakes what is due.
type Scheduler struct {
	Reminders Reminders
	Intake    Intake
	Hours     flows.Hours      // outside, only reminders marked «anytime» wake
	Now       func() time.Time // the program's clock
	Logger    *slog.Logger
}

// batch is how many reminders one beat looks at; the rest come a minute later.
const batch = 5000

// Run beats once a minute until ctx ends. A beat that is still at work when the
// next one comes is left alone; a panic is logged and the beat goes on.
func (s *Scheduler) Run(ctx context.Context) error {
	log := cronLog{s.Logger}
	c := cron.New(cron.WithLocation(time.UTC), cron.WithLogger(log),
		cron.WithChain(cron.SkipIfStillRunning(log), cron.Recover(log)))
	if _, err := c.AddFunc("* * * * *", func() { s.tick(ctx) }); err != nil {
		return err
	}
	s.tick(ctx) // what came due while we were away
	c.Start()
	<-ctx.Done()
	<-c.Stop().Done()
	return nil
}

func (s *Scheduler) tick(ctx context.Context) {
	if _, err := s.Beat(ctx); err != nil && ctx.Err() == nil {
		s.Logger.Error("beat failed", "cause", err.Error())
	}
}

// Beat wakes everything that is due now and may be woken now. It returns how
// many reminders it took.
func (s *Scheduler) Beat(ctx context.Context) (int, error) {
	now := s.Now()
	due, err := s.Reminders.Due(ctx, now, batch)
	if err != nil {
		return 0, err
	}
	open := s.Hours.MaySpeak(now)
	taken := 0
	for _, in := range due {
		if !open && in.Fields["anytime"] == "" {
			continue
		}
		in.At = now
		if _, err := s.Intake.Take(ctx, in); err != nil {
			return taken, err
		}
		taken++
	}
	return taken, nil
}

// cronLog passes cron's few messages on; they hold nothing of a person.
type cronLog struct{ l *slog.Logger }

func (c cronLog) Info(string, ...any) {}

func (c cronLog) Error(err error, msg string, _ ...any) {
	c.l.Error("heartbeat", "cause", msg, "error", err.Error())
}
