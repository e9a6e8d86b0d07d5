package care

// Borders of the levels. WHO-5: 50 asks to look further (raw 12 is 48), 28 is
// where depression is likely (Topp et al. 2015). CBI: 50 is high, 75 the next
// band (Kristensen et al. 2005).
const (
	who5Orange = 50
	who5Red    = 28
	cbiOrange  = 50
	cbiRed     = 75
)

// Evidence is all that decides a level: the results at hand and the earlier
// scores of the same person, oldest first. Nil means not asked.
type Evidence struct {
	PulseAlarm bool

	WHO5, Personal, Work                      *Result
	EarlierWHO5, EarlierPersonal, EarlierWork []float64

	// Previous is the level of the check-in before this one, if there was one
	// with a scale.
	Previous    Level
	HasPrevious bool
}

// Reason is why a level was reached.
type Reason string

// The reasons, from the rules of the levels.
const (
	ReasonPulse        Reason = "pulse_alarm"
	ReasonWHO5Watch    Reason = "who5_fall_10"
	ReasonWHO5Low      Reason = "who5_50"
	ReasonWHO5Fall     Reason = "who5_fall_20"
	ReasonWHO5VeryLow  Reason = "who5_28"
	ReasonPersonalHigh Reason = "cbi_personal_50"
	ReasonPersonalRise Reason = "cbi_personal_rise"
	ReasonPersonalTop  Reason = "cbi_personal_75"
	ReasonWorkHigh     Reason = "cbi_work_50"
	ReasonWorkRise     Reason = "cbi_work_rise"
	ReasonWorkTop      Reason = "cbi_work_75"
	ReasonWorse        Reason = "orange_twice_and_worse"
)

// Verdict is a level and the rules that gave it.
type Verdict struct {
	Level   Level
	Reasons []Reason
}

func (v *Verdict) reach(l Level, why Reason) {
	v.Level = max(v.Level, l)
	v.Reasons = append(v.Reasons, why)
}

// Judge returns the level of a check-in. Any rule suffices. Results that are
// not usable (too few answers, prorated) decide nothing.
func Judge(e Evidence) Verdict {
	var v Verdict
	if e.PulseAlarm {
		v.reach(Yellow, ReasonPulse)
	}
	worse := v.who5(e)
	worse = v.cbi(e.Personal, e.EarlierPersonal, personalRise,
		ReasonPersonalHigh, ReasonPersonalRise, ReasonPersonalTop) || worse
	worse = v.cbi(e.Work, e.EarlierWork, workRise,
		ReasonWorkHigh, ReasonWorkRise, ReasonWorkTop) || worse
	if v.Level == Orange && e.HasPrevious && e.Previous == Orange && worse {
		v.reach(Red, ReasonWorse)
	}
	return v
}

// who5 applies the rules of WHO-5 and says whether it is worse than last time.
func (v *Verdict) who5(e Evidence) bool {
	if e.WHO5 == nil || !e.WHO5.Usable() {
		return false
	}
	now := e.WHO5.Score
	switch {
	case now <= who5Red:
		v.reach(Red, ReasonWHO5VeryLow)
	case now <= who5Orange:
		v.reach(Orange, ReasonWHO5Low)
	}
	switch fall := -rise(e.EarlierWHO5, now); {
	case fall >= who5ReliableFall-tolerance:
		v.reach(Orange, ReasonWHO5Fall)
	case fall >= who5WatchFall-tolerance:
		v.reach(Yellow, ReasonWHO5Watch)
	}
	return len(e.EarlierWHO5) > 0 && now < e.EarlierWHO5[len(e.EarlierWHO5)-1]
}

// cbi applies the rules of one scale of the CBI and says whether it is worse
// than last time.
func (v *Verdict) cbi(r *Result, earlier []float64, reliable float64, high, risen, top Reason) bool {
	if r == nil || !r.Usable() {
		return false
	}
	switch {
	case r.Score >= cbiRed-tolerance:
		v.reach(Red, top)
	case r.Score >= cbiOrange-tolerance:
		v.reach(Orange, high)
	}
	if rise(earlier, r.Score) >= reliable-tolerance {
		v.reach(Orange, risen)
	}
	return len(earlier) > 0 && r.Score > earlier[len(earlier)-1]+tolerance
}

// AskDirectly says whether the direct safety question follows: at red, and
// after "always" to "I can't go on", which is not a question about suicide.
func AskDirectly(l Level, personal Answers) bool {
	return l == Red || personal[itemCannotGoOn] == 100
}

// itemCannotGoOn is « Vous dites-vous : Je n'en peux plus ? ».
const itemCannotGoOn = "p4"
