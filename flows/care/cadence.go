package care

import "time"

// Days between check-ins.
const (
	PulseDays       = 14
	MonthlyDays     = 28
	MonthlyEasyDays = 56 // after two good results and no alarm
	RecheckOrange   = 14
	RecheckRed      = 7
	ShareDays       = 30 // how long sharing a level with staff holds
)

// UntilMonthly is how many days after a monthly scale the next one is
// offered: 56 after two results above 50 in a row with no alarm, else 28. For
// a cooperative without the wording of WHO-5 pass the scores of CBI personal
// turned round (100 - score). A low usual pulse always gives 28.
func UntilMonthly(scores []float64, alarmSince, lowUsual bool) int {
	n := len(scores)
	if alarmSince || lowUsual || n < 2 || scores[n-1] <= who5Orange || scores[n-2] <= who5Orange {
		return MonthlyDays
	}
	return MonthlyEasyDays
}

// MayOffer says whether an alarm may offer the monthly scale now: at most once
// in 28 days. A zero last means never offered.
func MayOffer(last, now time.Time) bool {
	return last.IsZero() || !now.Before(last.AddDate(0, 0, MonthlyDays))
}

// Recheck is after how many days a level is looked at again; 0 means at the
// usual pace.
func Recheck(l Level) int {
	switch l {
	case Orange:
		return RecheckOrange
	case Red:
		return RecheckRed
	default:
		return 0
	}
}

// Triggers are what may offer the longer scales (CBI, then the questions about
// work). They can always be refused.
type Triggers struct {
	WHO5         *Result
	EarlierWHO5  []float64
	AlarmsInARow int  // pulse alarms without a good answer between
	Distress     bool // a message of distress
	Asked        bool // by the member
}

// OfferLonger says whether the longer scales are offered.
func OfferLonger(t Triggers) bool {
	if t.Asked || t.Distress || t.AlarmsInARow >= 2 {
		return true
	}
	if t.WHO5 == nil || !t.WHO5.Usable() {
		return false
	}
	return t.WHO5.Score <= who5Orange || -rise(t.EarlierWHO5, t.WHO5.Score) >= who5ReliableFall-tolerance
}
