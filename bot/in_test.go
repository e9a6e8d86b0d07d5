package bot

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/coopconnexion/relais/flows"
)

type take func() (flows.Outcome, error)

func (f take) Take(context.Context, flows.Input) (flows.Outcome, error) { return f() }

type forever struct{}

func (forever) Error() string   { return "never" }
func (forever) Permanent() bool { return true }

func TestInPassesErrorsAndCatchesPanics(t *testing.T) {
	full := errors.New("disk full")
	for _, tc := range []struct {
		name      string
		next      take
		is        error
		permanent bool
	}{
		{"taken", func() (flows.Outcome, error) { return flows.Outcome{Toast: "ok"}, nil }, nil, false},
		{"full disk", func() (flows.Outcome, error) { return flows.Outcome{}, full }, full, false},
		{"panic", func() (flows.Outcome, error) { panic("mots privés") }, ErrPermanent, true},
		{"permanent by method", func() (flows.Outcome, error) { return flows.Outcome{}, forever{} }, forever{}, true},
	} {
		var log bytes.Buffer
		observed := 0
		in := In{Next: tc.next, Logger: slog.New(slog.NewTextHandler(&log, nil)),
			Observe: func(string, flows.Kind, time.Duration, error) { observed++ }}
		_, err := in.Take(t.Context(), flows.Input{Kind: flows.KindText})
		if !errors.Is(err, tc.is) || Permanent(err) != tc.permanent || observed != 1 {
			t.Errorf("%s: %v, permanent %t, observed %d", tc.name, err, Permanent(err), observed)
		}
		if strings.Contains(log.String()+errString(err), "privés") {
			t.Errorf("%s: private words are out", tc.name)
		}
	}
}

func errString(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestBackoffStaysInItsBounds(t *testing.T) {
	for n := range 100 {
		for _, c := range []float64{0, 0.5, 1} {
			if d := backoff(n, c); d < 700*time.Millisecond || d > maxBackoff {
				t.Errorf("backoff(%d, %v) = %v", n, c, d)
			}
		}
	}
	if backoff(1, 0) != time.Second || backoff(4, 0) != 8*time.Second || backoff(20, 0) != time.Minute {
		t.Error("backoff does not double from a second to a minute")
	}
}
