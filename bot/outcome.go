package bot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/coopconnexion/relais/flows"
)

// failed draws the consequences of an attempt that ended with an error.
func (j *job) failed(ctx context.Context, l flows.Letter, err error, took time.Duration) result {
	var retry *RetryError
	var rejected *RejectedError
	switch {
	case errors.Is(err, ErrGone):
		return j.goneFor(ctx, l)
	case errors.Is(err, ErrStop):
		return j.stopped(ctx, l)
	case errors.As(err, &retry):
		return j.retry(ctx, l, retry, took)
	case errors.As(err, &rejected):
		j.delivery.opt.Logger.Error("letter refused", "letter", l.ID, "channel", l.To.Channel,
			"class", l.Class, "cause", rejected.Cause)
		r := j.fail(ctx, l, flows.Delivery{State: flows.Failed, Reason: rejected.Cause, Ambiguous: l.Ambiguous})
		r.reached = true
		return r
	}
	return j.unknown(ctx, l, err, took)
}

// goneFor handles a person who blocked us: the flows are told first, so that a
// crash in between only repeats the refusal.
func (j *job) goneFor(ctx context.Context, l flows.Letter) result {
	j.report(ctx, flows.Input{ID: j.reportID("gone"), Kind: flows.KindGone, From: l.To, About: l.Person})
	r := j.finish(ctx, l, flows.Delivery{State: flows.Failed, Reason: "gone", Ambiguous: l.Ambiguous})
	r.gone, r.reached = true, true
	return r
}

// stopped puts the letter back and rests the channel.
func (j *job) stopped(ctx context.Context, l flows.Letter) result {
	j.delivery.opt.Logger.Error("channel refuses us: letters wait", "channel", l.To.Channel)
	j.alarm(l, "stopped")
	r := j.later(ctx, l, 0, false, "stopped")
	r.stop = true
	return r
}

// retry handles what surely did not arrive.
func (j *job) retry(ctx context.Context, l flows.Letter, e *RetryError, took time.Duration) result {
	after := e.After
	asked := after != 0
	if asked {
		after = j.bounded(l, after)
	} else {
		j.entry.tries++
		after = backoff(j.entry.tries, chance())
	}
	j.observe(l, flows.Pending, e.Partial, e.Cause, took)
	if l.Op == flows.OpFetch && !e.All && j.entry.tries >= mostRepeated {
		return j.fail(ctx, l, flows.Delivery{State: flows.Failed, Reason: e.Cause})
	}
	r := j.later(ctx, l, after, e.Partial, e.Cause)
	switch {
	case e.All && asked:
		r.pause = after
		// The pause of the channel is enough; the letter itself is ready after it.
	case e.All:
		r.down = true
	}
	return r
}

// bounded keeps a pause asked for by a platform within reason.
func (j *job) bounded(l flows.Letter, d time.Duration) time.Duration {
	b := min(max(d, minPause), maxPause)
	if b != d {
		j.delivery.opt.Logger.Warn("absurd pause asked for", "channel", l.To.Channel,
			"asked_s", int64(d.Seconds()), "kept_s", int64(b.Seconds()))
		j.alarm(l, "pause")
	}
	return b
}

// unknown handles an attempt of which nobody knows whether it arrived.
func (j *job) unknown(ctx context.Context, l flows.Letter, err error, took time.Duration) result {
	e := &j.entry
	cause, answered := "unknown", false
	var u *UnknownError
	if errors.As(err, &u) {
		cause, answered = u.Cause, u.Answered
	}
	if answered {
		e.answered++
	} else {
		e.unknown++
	}
	v := afterUnknown(e)
	j.observe(l, flows.Pending, v != repeat, cause, took)
	var r result
	switch v {
	case giveUp:
		r = j.finish(ctx, l, flows.Delivery{State: flows.Cancelled, Ambiguous: true, Reason: cause})
	case leaveIt, exhausted:
		j.delivery.opt.Logger.Error("letter given up", "letter", l.ID, "channel", l.To.Channel,
			"class", l.Class, "cause", cause)
		r = j.fail(ctx, l, flows.Delivery{State: flows.Failed, Ambiguous: true, Reason: cause})
	default:
		n := e.unknown + e.answered
		r = j.later(ctx, l, backoff(n, chance()), v != repeat, cause)
	}
	r.down, r.paused = answered, j.paused
	return r
}

// later records that the letter waits for another attempt.
func (j *job) later(ctx context.Context, l flows.Letter, after time.Duration, ambiguous bool, cause string) result {
	r := j.again(after)
	d := flows.Delivery{
		State: flows.Pending, NotBefore: r.notBefore, Reason: cause,
		Ambiguous: ambiguous || l.Ambiguous,
	}
	if err := j.record(ctx, d); err != nil {
		j.delivery.opt.Logger.Error("result not recorded", "letter", l.ID, "error", err)
	}
	return r
}

// fail tells the flows, then records the failure.
func (j *job) fail(ctx context.Context, l flows.Letter, d flows.Delivery) result {
	if worthTelling(l) {
		j.report(ctx, flows.Input{
			ID: j.reportID("failed"), Kind: flows.KindFailed, From: l.To, About: l.Person,
			Name: keyOfLetter(l), Text: d.Reason,
		})
	} else if l.Op == flows.OpPost {
		j.alarm(l, "desk")
	}
	return j.finish(ctx, l, d)
}

func (j *job) reportID(what string) string {
	return fmt.Sprintf("delivery/%d/%s", j.entry.ID, what)
}

// mostReports is how often a report is offered to a store that refuses it. The
// letter's own state says the same, so a lost report is not a lost letter.
const mostReports = 6

func (j *job) report(ctx context.Context, in flows.Input) {
	if j.delivery.opt.Report == nil {
		return
	}
	in.At, in.Role = j.delivery.opt.Now(), flows.RoleSystem
	for n := 1; n <= mostReports; n++ {
		_, err := j.delivery.opt.Report.Take(ctx, in)
		if err == nil {
			return
		}
		if Permanent(err) || !rest(ctx, backoff(n, chance())/8) {
			break
		}
	}
	j.delivery.opt.Logger.Error("report not taken", "letter", j.entry.ID, "kind", in.Kind)
}

func (j *job) alarm(l flows.Letter, code string) {
	if j.delivery.opt.Alarm != nil {
		j.delivery.opt.Alarm(l.To.Channel, code)
	}
}

// maxFile is the largest file that is fetched: Telegram's own limit for bots.
const maxFile = 20 << 20

// fetch copies a file from its channel into the person's blobs.
func (j *job) fetch(ctx context.Context, l flows.Letter) error {
	f, ok := j.channel.(Fetcher)
	if !ok || l.Fetch == nil || l.Fetch.File.Channel != j.channel.Name() {
		return &RejectedError{Cause: "no_such_file_channel"}
	}
	content, err := f.Fetch(ctx, l.Fetch.File)
	if err != nil {
		return err
	}
	defer content.Close()
	limited := &limitedReader{r: content, left: maxFile}
	if err := j.delivery.opt.Blobs.PutBlob(ctx, l.Person, l.Fetch.File.Blob, limited); err != nil {
		if limited.over {
			return &RejectedError{Cause: "file_too_big"}
		}
		return &RetryError{Cause: "blob"}
	}
	return nil
}

// limitedReader fails, instead of ending early, when the file is too big.
type limitedReader struct {
	r    io.Reader
	left int64
	over bool
}

func (l *limitedReader) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		l.over = true
		return 0, errors.New("file too big")
	}
	return n, err
}
