package bot

import (
	"math"
	"time"
)

// bucket is a token bucket that lives on the times it is given, so that it
// works on any clock: it only ever compares values of Options.Now.
type bucket struct {
	rate   float64 // tokens a second; 0: no limit
	burst  float64
	tokens float64
	last   time.Time
}

func newBucket(rate, burst float64) bucket {
	return bucket{rate: rate, burst: math.Max(1, burst)}
}

// fill adds what time has brought. A clock that went back brings nothing, and
// costs nothing.
func (b *bucket) fill(now time.Time) {
	switch {
	case b.last.IsZero():
		b.tokens = b.burst
	case now.After(b.last):
		b.tokens = math.Min(b.burst, b.tokens+b.rate*now.Sub(b.last).Seconds())
	}
	b.last = now
}

// ready reports whether a token is there.
func (b *bucket) ready(now time.Time) bool { return b.has(1, now) }

// has reports whether n tokens are there.
func (b *bucket) has(n float64, now time.Time) bool {
	if b.rate <= 0 {
		return true
	}
	b.fill(now)
	return b.tokens >= n
}

// take uses a token. What may not wait (a crisis) takes it on credit.
func (b *bucket) take(now time.Time) {
	if b.rate <= 0 {
		return
	}
	b.fill(now)
	b.tokens = math.Max(b.tokens-1, -b.burst)
}

// late says that the token just taken was used only at this time: what time
// brought until then does not count, or two messages could leave together.
func (b *bucket) late(used time.Time) {
	if b.rate > 0 && used.After(b.last) {
		b.last = used
	}
}

// give takes a token back that was not used.
func (b *bucket) give() {
	b.tokens = math.Min(b.burst, b.tokens+1)
}

// next is when a token will be there.
func (b *bucket) next(now time.Time) time.Time { return b.when(1, now) }

// when is the time at which n tokens will be there.
func (b *bucket) when(n float64, now time.Time) time.Time {
	if b.has(n, now) {
		return now
	}
	wait := (n - b.tokens) / b.rate * float64(time.Second)
	return now.Add(time.Duration(wait) + time.Microsecond)
}

// need is how many tokens a letter of this rank must find at its address. What
// may not wait goes on credit, nearly as much again as the burst: a platform
// that is pressed further refuses, and then everybody waits.
func (b *bucket) need(r rank) float64 {
	if r == rankCrisis {
		return 2 - b.burst
	}
	return 1
}

// full reports whether forgetting the bucket would change nothing.
func (b *bucket) full(now time.Time) bool {
	if b.rate <= 0 || b.last.IsZero() {
		return true
	}
	b.fill(now)
	return b.tokens >= b.burst
}

// The bounds of a pause that a platform asks for. Telegram was seen to ask for
// half a minute; a day, or less than nothing, is a fault of somebody.
const (
	minPause = time.Second
	maxPause = time.Hour
	// maxBackoff is the longest wait between attempts to reach a platform.
	maxBackoff = time.Minute
)

// backoff is the wait after the n-th failure in a row (from 1): 1 s, 2 s, 4 s…
// up to a minute, less up to a quarter by chance so that retries spread.
func backoff(n int, chance float64) time.Duration {
	d := maxBackoff
	if n < 7 {
		d = time.Second << max(0, n-1)
	}
	return min(d, maxBackoff) - time.Duration(chance*float64(d)/4)
}
