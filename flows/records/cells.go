package records

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/flows/french"
)

// cells read one column each into the row, or say what is wrong and the fix.
// Apart from the name, an empty cell never gets here.
var cells = map[string]func(r *MemberRow, v string) (wrong string){
	"name":      readName,
	"status":    readStatus,
	"email":     readEmail,
	"phone":     readPhone,
	"referent":  readReferent,
	"situation": readSituation,
	"rsa_month": readRSAMonth,
	"since":     readSince,
	"cohort":    func(r *MemberRow, v string) string { return readLine(&r.Cohort, v, 80) },
	"activity":  func(r *MemberRow, v string) string { return readLine(&r.Activity, v, 200) },
}

var (
	address  = regexp.MustCompile(`^[^\s@<>(),;:"]+@[^\s@<>(),;:"]+\.[^\s@<>(),;:".]+$`)
	slackID  = regexp.MustCompile(`^[UW][A-Z0-9_]+$`)
	sinceISO = regexp.MustCompile(`^([0-9]{4})-([0-9]{1,2})(-[0-9]{1,2})?$`)
	sinceFR  = regexp.MustCompile(`^(?:[0-9]{1,2}/)?([0-9]{1,2})/([0-9]{4})$`)
)

// readLine keeps a text of one line.
func readLine(to *string, v string, limit int) string {
	v = strings.Join(strings.Fields(v), " ")
	if len([]rune(v)) > limit {
		return "has more than " + strconv.Itoa(limit) + " characters"
	}
	*to = v
	return ""
}

func readName(r *MemberRow, v string) string {
	if french.Fold(v) == "" {
		return "is missing; every member needs a name"
	}
	return readLine(&r.Name, v, 80)
}

func readStatus(r *MemberRow, v string) string {
	switch french.Fold(v) {
	case "cape":
		r.Status = flows.CAPE
	case "cesa":
		r.Status = flows.CESA
	case "associate", "associe", "associee":
		r.Status = flows.Associate
	default:
		return "must be cape, cesa or associate"
	}
	return ""
}

func readEmail(r *MemberRow, v string) string {
	if !address.MatchString(v) || len(v) > 254 {
		return "is no e-mail address"
	}
	r.Email = v
	return ""
}

func readPhone(r *MemberRow, v string) string {
	e164, _, err := french.Phone(v)
	if err != nil {
		return "is no telephone number; write 06 12 34 56 78 or +33 6 12 34 56 78"
	}
	r.Phone = e164
	return ""
}

func readReferent(r *MemberRow, v string) string {
	if !slackID.MatchString(v) {
		return "must be a Slack user id (U…, in their profile: Copy member ID)"
	}
	r.Referent = v
	return ""
}

func readSituation(r *MemberRow, v string) string {
	switch s := french.Fold(v); s {
	case "rsa", "are", "ass", "aah", "none":
		r.Situation = s
	case "aucun", "aucune", "rien":
		r.Situation = "none"
	default:
		return "must be rsa, are, ass, aah or none"
	}
	return ""
}

func readRSAMonth(r *MemberRow, v string) string {
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > 12 {
		return "must be a month from 1 to 12"
	}
	r.RSAMonth = n
	return ""
}

func readSince(r *MemberRow, v string) string {
	year, m := "", ""
	if p := sinceISO.FindStringSubmatch(v); p != nil {
		year, m = p[1], p[2]
	} else if p := sinceFR.FindStringSubmatch(v); p != nil {
		year, m = p[2], p[1]
	}
	if len(m) == 1 {
		m = "0" + m
	}
	if !Period(year + "-" + m) {
		return "must be a month such as 2026-10"
	}
	r.Since = year + "-" + m
	return ""
}
