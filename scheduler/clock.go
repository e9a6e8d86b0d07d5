package scheduler

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Clock is a clock that can be moved forward by hand: the demo's. On the way it
// wakes what comes due, in order, at the hour at which it would have happened.
type Clock struct {
	mu     sync.Mutex // one move at a time
	offMu  sync.RWMutex
	offset time.Duration
	zone   *time.Location
	beats  *Scheduler
	// settle returns once the letters written so far are delivered.
	settle func(context.Context) error
	// spoken counts the letters written so far.
	spoken func() uint64
}

// maxMove is how far the clock moves at once.
const maxMove = 3 * 366 * 24 * time.Hour

// maxHops bounds one move, whatever the reminders do.
const maxHops = 100_000

// NewClock returns a clock that shows start now and then runs at the pace of
// the real one.
func NewClock(start time.Time, zone *time.Location) *Clock {
	return &Clock{offset: time.Until(start), zone: zone}
}

// Drive connects the clock to what it wakes. Before it, moving fails.
func (c *Clock) Drive(s *Scheduler, settle func(context.Context) error, spoken func() uint64) {
	c.beats, c.settle, c.spoken = s, settle, spoken
}

// Now is the time shown.
func (c *Clock) Now() time.Time {
	c.offMu.RLock()
	defer c.offMu.RUnlock()
	return time.Now().Add(c.offset).In(c.zone)
}

func (c *Clock) set(t time.Time) {
	c.offMu.Lock()
	defer c.offMu.Unlock()
	if d := time.Until(t); d > c.offset {
		c.offset = d
	}
}

// Advance moves the clock forward by d.
func (c *Clock) Advance(ctx context.Context, d time.Duration) error {
	return c.To(ctx, c.Now().Add(d))
}

// To moves the clock forward to t, never back.
func (c *Clock) To(ctx context.Context, t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.Now()
	if t.Before(now) {
		return fmt.Errorf("to: the clock shows %s and only moves forward", now.Format(time.RFC3339))
	}
	if t.Sub(now) > maxMove {
		return errors.New("to: three years at once at most")
	}
	for range maxHops {
		if err := c.beat(ctx); err != nil {
			return err
		}
		next, ok := c.next(ctx)
		if !ok || next.After(t) {
			break
		}
		c.set(next)
	}
	c.set(t)
	return c.beat(ctx)
}

// Next moves the clock to the next reminder that says something; false when
// nothing is planned any more.
func (c *Clock) Next(ctx context.Context) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.spoken()
	limit := c.Now().Add(maxMove)
	for range 500 {
		next, ok := c.next(ctx)
		if !ok || next.After(limit) {
			return false, nil
		}
		c.set(next)
		if err := c.beat(ctx); err != nil {
			return false, err
		}
		if c.spoken() != before {
			return true, nil
		}
	}
	return false, nil
}

// beat wakes all that is due, until nothing more is, and delivers.
func (c *Clock) beat(ctx context.Context) error {
	for range 1000 {
		n, err := c.beats.Beat(ctx)
		if err != nil {
			return err
		}
		if err := c.settle(ctx); err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
	}
	return nil
}

// next is the next moment at which something may wake. What is due but waits
// for the hours wakes when they open.
func (c *Clock) next(ctx context.Context) (time.Time, bool) {
	at, ok := c.beats.Reminders.NextDue(ctx)
	if !ok {
		return time.Time{}, false
	}
	if now := c.Now(); !at.After(now) {
		at = c.beats.Hours.Next(now)
		if !at.After(now) {
			at = now.Add(time.Minute)
		}
	}
	return at, true
}
