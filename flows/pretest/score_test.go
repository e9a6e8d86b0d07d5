package pretest

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestCheckCases(t *testing.T) {
	// The worked case of the scales file, C3.
	ma := Of(Answers{2: 5, 6: 4, 9: 2}, MA)
	if !ma.Valid || math.Abs(ma.Value-83.3) > 0.05 {
		t.Errorf("MA = %+v, want 83.3", ma)
	}
	e := Of(Answers{4: 3, 8: Skipped, 11: 4, 16: 2}, E)
	if !e.Valid || math.Abs(e.Value-33.3) > 0.05 || e.Answered != 3 {
		t.Errorf("E = %+v, want 33.3 from 3 of 4", e)
	}
}

func TestMissingAnswersAreNeverZero(t *testing.T) {
	for d, a := range map[Dim]Answers{MA: {2: 5}, MC: {3: 5}, E: {4: 5, 8: 5}, P: {5: 5, 10: 5}, R: {12: 5}, C: {7: 5}} {
		if s := Of(a, d); s.Valid || s.Band() != Talk {
			t.Errorf("%s from too few answers: %+v %s", d, s, s.Band())
		}
	}
}

func TestBands(t *testing.T) {
	for v, want := range map[float64]string{0: Build, 34.9: Build, 35: Build + " / " + OnWay, 45: Build + " / " + OnWay, 46: OnWay, 64: OnWay, 65: OnWay + " / " + Strong, 75: OnWay + " / " + Strong, 76: Strong, 100: Strong} {
		if got := (Score{Value: v, Valid: true}).Band(); got != want {
			t.Errorf("band of %.1f = %q, want %q", v, got, want)
		}
	}
}

func TestQuality(t *testing.T) {
	all := func(x int) Answers {
		a := Answers{}
		for n := 1; n <= 20; n++ {
			a[n] = x
		}
		return a
	}
	if q := Check(all(3), nil); q.StraightLine || !q.AllMiddle || q.Reread() {
		t.Errorf("all in the middle is doubt: %+v", q)
	}
	if q := Check(all(5), []int64{900, 1000, 1200}); !q.StraightLine || !q.Contradiction || !q.Fast || !q.Reread() {
		t.Errorf("all at five, fast: %+v", q)
	}
	if q := Check(Answers{2: Unclear, 3: Unclear, 4: Unclear, 6: Unclear}, nil); !q.Reread() {
		t.Errorf("four not understood: %+v", q)
	}
	if q := Check(Answers{2: 5, 9: 5}, []int64{1499, 1501}); !q.Contradiction || q.Fast {
		t.Errorf("median 1500 is not fast: %+v", q)
	}
}

func TestSuggest(t *testing.T) {
	if s := Suggest(Answers{5: 1, 10: 1, 14: 1}, []string{"lire"}); len(s) != 2 || s[0].ID != "assisted" || s[1].ID != "idea" {
		t.Errorf("got %+v", s)
	}
	if s := Suggest(Answers{5: 5, 10: 5, 14: 5, 17: 4, 4: 1, 8: 1, 16: 1}, nil); len(s) != 2 || s[0].ID != "talk" || s[1].ID != "trial" {
		t.Errorf("got %+v", s)
	}
	if s := Suggest(Answers{}, nil); len(s) != 1 || s[0].ID != "talk" {
		t.Errorf("got %+v", s)
	}
}

func TestScoresStayInRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Answers{}
		for n := 1; n <= 20; n++ {
			a[n] = rapid.IntRange(-1, 5).Draw(t, "x")
		}
		for _, d := range Dims {
			if s := Of(a, d); s.Value < 0 || s.Value > 100 || s.Answered > s.Total {
				t.Fatalf("%+v", s)
			}
		}
		if len(Suggest(a, nil)) == 0 || len(Interview(a)) != 3 || Profile(a) == "" {
			t.Fatal("a card always has a suggestion, three questions and a profile")
		}
	})
}
