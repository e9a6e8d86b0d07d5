package records

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"github.com/coopconnexion/relais/flows"
)

var (
	paris = time.FixedZone("", 3600)
	noon  = time.Date(2026, 11, 3, 12, 0, 0, 123456789, paris)
)

func declared(id flows.PersonID, name string, list ...flows.Declaration) flows.Person {
	return flows.Person{ID: id, Profile: flows.Profile{Name: name, Status: flows.CAPE}, Declarations: list}
}

func sent(ref, period, state string, cents ...int64) flows.Declaration {
	d := flows.Declaration{Reference: ref, Period: period, State: state}
	for i, c := range cents {
		d.Versions = append(d.Versions, flows.DeclarationVersion{RevenueCents: c, ExpensesCents: c / 10, ContributionCents: (c + 5) / 10, At: noon.Add(time.Duration(i) * time.Hour)})
	}
	return d
}

// sample is three members with what the exports must get right: a correction,
// a validation, a zero month, names that look like formulas.
func sample() []flows.Person {
	validated := sent("D-2026-10-0002", "2026-10", flows.DeclValidated, 123456)
	validated.Validated = &flows.Decided{Action: "validate", By: "U123", At: noon.Add(24 * time.Hour)}
	corrected := sent("D-2026-10-10000", "2026-10", flows.DeclCorrection, 100, 200)
	corrected.Validated = &flows.Decided{Action: "correct", By: "U9", At: noon}
	return []flows.Person{
		declared("p3", `=HYPERLINK("http://x")`, corrected, flows.Declaration{Reference: "none sent", Period: "2026-10"}),
		declared("p1", "Amina, née Benali", validated, sent("D-2026-09-0001", "2026-09", flows.DeclSubmitted, 0)),
		declared("p2", "Luc \"Lulu\"; =1+1", sent("D-2026-10-0001", "2026-10", flows.DeclSubmitted, 5)),
	}
}

func export(t *testing.T, kind, period, format string, people []flows.Person) string {
	t.Helper()
	tab, err := Export(kind, slices.Values(people), period)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := tab.Write(&b, format); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestDeclarationsAsCSV(t *testing.T) {
	got := export(t, "declarations", "", "csv", sample())
	want := `reference,person_id,name,status,period,revenue_cents,expenses_cents,contribution_cents,state,submitted_at,validated_at,validated_by,version
D-2026-09-0001,p1,"Amina, née Benali",cape,2026-09,0,0,0,submitted,2026-11-03T11:00:00Z,,,1
D-2026-10-0001,p2,"Luc ""Lulu""; '=1+1",cape,2026-10,5,0,1,submitted,2026-11-03T11:00:00Z,,,1
D-2026-10-0002,p1,"Amina, née Benali",cape,2026-10,123456,12345,12346,validated,2026-11-03T11:00:00Z,2026-11-04T11:00:00Z,U123,1
D-2026-10-10000,p3,"'=HYPERLINK(""http://x"")",cape,2026-10,200,20,20,correction,2026-11-03T12:00:00Z,,,2
`
	if got != want {
		t.Error(got)
	}
	people := sample()
	slices.Reverse(people)
	if export(t, "declarations", "", "csv", people) != want {
		t.Error("the order of the persons shows")
	}
	if got := export(t, "declarations", "2026-09", "csv", people); strings.Count(got, "\n") != 2 {
		t.Error(got)
	}
	if got := export(t, "declarations", "2020-01", "csv", people); strings.Count(got, "\n") != 1 {
		t.Error(got)
	}
}

func TestDeclarationsAsJSON(t *testing.T) {
	got := export(t, "declarations", "2026-10", "json", sample())
	var rows []map[string]any
	if err := json.Unmarshal([]byte(got), &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) != 3 || rows[1]["revenue_cents"] != float64(123456) || rows[1]["validated_by"] != "U123" || rows[0]["validated_at"] != nil || rows[2]["name"] != `=HYPERLINK("http://x")` || len(rows[0]) != 13 {
		t.Error(got)
	}
	if !strings.HasPrefix(got, "[\n{\"reference\":\"D-2026-10-0001\",\"person_id\":\"p2\",") {
		t.Error(got)
	}
	if got := export(t, "declarations", "", "json", nil); got != "[\n]\n" {
		t.Errorf("%q", got)
	}
}

func TestDeclarationsAsAWorkbook(t *testing.T) {
	f, err := excelize.OpenReader(strings.NewReader(export(t, "declarations", "", "xlsx", sample())))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := f.GetRows("declarations")
	if err != nil || len(rows) != 5 || strings.Join(rows[0], ",") != strings.Join(declarationColumns, ",") || rows[4][2] != `=HYPERLINK("http://x")` || rows[3][5] != "123456" {
		t.Fatal(err, rows)
	}
	for cell, want := range map[string]excelize.CellType{"F4": excelize.CellTypeUnset, "M4": excelize.CellTypeUnset, "C5": excelize.CellTypeSharedString, "A2": excelize.CellTypeSharedString} {
		if got, err := f.GetCellType("declarations", cell); err != nil || got != want {
			t.Errorf("%s: %v %v", cell, got, err)
		}
	}
	if formula, err := f.GetCellFormula("declarations", "C5"); formula != "" || err != nil {
		t.Error(formula, err)
	}
}

func TestMembersAndCandidates(t *testing.T) {
	yes := []flows.Consent{{Name: "data", Yes: true, At: noon}}
	taken := flows.PreTest{At: noon, Decision: &flows.Decided{Action: "orient", By: "U1", At: noon, Reason: "-1 place"}, Different: true,
		Answers: map[string]flows.Answer{"project": {Value: "private words"}}}
	people := []flows.Person{
		{ID: "m2", Profile: flows.Profile{Name: "Zoé", Status: flows.CESA, Phone: "+33612345678", RSAMonth: 3}, Accounts: []flows.Account{{Channel: "import", ID: "x"}}},
		{ID: "m1", Profile: flows.Profile{Name: "élodie", Status: flows.CAPE}, Consents: yes, Accounts: []flows.Account{{Channel: "import"}, {Channel: "telegram", ID: "42"}}, PreTests: []flows.PreTest{{At: noon.Add(-time.Hour)}}},
		{ID: "c1", Profile: flows.Profile{Name: "Ali", Age: flows.AgeMinor}, Consents: yes, PreTests: []flows.PreTest{taken}},
		{ID: "c2", Profile: flows.Profile{Age: flows.AgeAdult}, Consents: yes},
		{ID: "c3", Profile: flows.Profile{Name: "refused"}, Consents: append(yes, flows.Consent{Name: "data"})},
	}
	if got, want := export(t, "members", "", "csv", people), `person_id,name,status,email,phone,referent,cohort,situation,rsa_month,activity,since,channel,consented_at,seen_at
m1,élodie,cape,,,,,,,,,telegram,2026-11-03T11:00:00Z,
m2,Zoé,cesa,,'+33612345678,,,,3,,,,,
`; got != want {
		t.Error(got)
	}
	got := export(t, "candidates", "", "csv", people)
	if want := `person_id,name,age_band,status,consented_at,pretest_at,decision,decided_by,decided_at,reason,different
c2,,18+,candidate,2026-11-03T11:00:00Z,,,,,,
m1,élodie,,cape,2026-11-03T11:00:00Z,2026-11-03T10:00:00Z,,,,,
c1,Ali,16-17,candidate,2026-11-03T11:00:00Z,2026-11-03T11:00:00Z,orient,U1,2026-11-03T11:00:00Z,'-1 place,true
`; got != want {
		t.Error(got)
	}
}

func TestWhatCannotBeExported(t *testing.T) {
	if _, err := Export("salaries", slices.Values(sample()), ""); err == nil {
		t.Error("an unknown kind")
	}
	for _, p := range []string{"2026", "2026-13", "10/2026", "2026-1"} {
		if _, err := Export("declarations", slices.Values(sample()), p); err == nil {
			t.Error(p)
		}
	}
	if err := (Table{}).Write(&bytes.Buffer{}, "pdf"); err == nil {
		t.Error("an unknown format")
	}
}

func TestIndicatorsHideSmallGroups(t *testing.T) {
	var people []flows.Person
	add := func(n int, status flows.Status, situation string) {
		for range n {
			p := declared(flows.PersonID(fmt.Sprint(len(people))), "x", sent("D", "2026-10", flows.DeclSubmitted, 1))
			p.Profile.Status, p.Profile.Situation, p.Profile.Cohort = status, situation, "A"
			people = append(people, p)
		}
	}
	add(30, flows.CAPE, "rsa")
	add(12, flows.CESA, "are")
	add(1, flows.CESA, "aah")
	got := export(t, "indicators", "2026-10", "csv", people)
	if want := `period,measure,group,count,suppressed,percent,bound
,members,all,43,false,,
,members by cohort,A,43,false,,
,members by situation,aah,,true,,
,members by situation,are,,true,,
,members by situation,rsa,30,false,,
,members by status,cape,30,false,,
,members by status,cesa,13,false,,
2026-10,declarations,all,43,false,,
2026-10,declarations by state,submitted,43,false,,
`; got != want {
		t.Error(got)
	}
	if got := export(t, "indicators", "", "csv", people[:9]); strings.Contains(got, ",9,") || strings.Contains(got, "false") {
		t.Error(got)
	}
}

// TestAHiddenGroupCannotBeFoundBySubtraction checks the promise on random groups.
func TestAHiddenGroupCannotBeFoundBySubtraction(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.IntRange(1, 25), 1, 6).Draw(t, "sizes")
		groups, total := map[string]int{}, 0
		for i, n := range sizes {
			groups[fmt.Sprint(i)] = n
			total += n
		}
		hidden, sum := 0, 0
		for _, r := range parts(measure{"", "x", "x by y"}, groups) {
			if !r.Suppressed && r.Count < Smallest {
				t.Fatalf("%+v is shown", r)
			}
			if r.Suppressed {
				hidden++
				sum += groups[r.Group]
			}
		}
		if total >= Smallest && (hidden == 1 || (hidden > 0 && sum < Smallest)) {
			t.Fatalf("%v: %d hidden with %d persons", sizes, hidden, sum)
		}
	})
}

// dangerous is what a cell of the file must never be, whichever of the usual
// separators the spreadsheet takes.
var dangerous = regexp.MustCompile(`(?:^|[;\t\n])[ \x{a0}]*[=+\-@＝＋－＠]`)

func checkCSV(t interface{ Errorf(string, ...any) }, s string) {
	tab := Table{Name: "x", Columns: []string{"a", "b", "c"}, Rows: [][]Cell{{Text(s), Number(-12), Text(s)}}}
	var b bytes.Buffer
	if err := tab.Write(&b, "csv"); err != nil {
		t.Errorf("%v", err)
		return
	}
	rows, err := csv.NewReader(bytes.NewReader(b.Bytes())).ReadAll()
	if err != nil || len(rows) != 2 || len(rows[1]) != 3 {
		t.Errorf("%q: %v %q", s, err, b.String())
		return
	}
	for _, cell := range []string{rows[1][0], rows[1][2]} {
		if dangerous.MatchString(cell) || strings.HasPrefix(cell, "\t") || strings.ContainsRune(cell, '\r') {
			t.Errorf("%q is written as %q", s, cell)
		}
		if got, want := Unescape(cell), Unescape(Text(s).String()); got != want {
			t.Errorf("%q came back as %q, not %q", s, got, want)
		}
	}
	if rows[1][1] != "-12" {
		t.Errorf("the number became %q", rows[1][1])
	}
}

func TestCellsThatCouldBeFormulas(t *testing.T) {
	for in, want := range map[string]string{
		"=1+1": "'=1+1", "+33": "'+33", "-1": "'-1", "@x": "'@x", "\t=1": "'\t'=1", "\r=1": "\n'=1", " =1": " '=1", "plain - text": "plain - text",
		"a;=1": "a;'=1", "a, =1": "a, =1", "x\ty": "x\ty", "＝1": "'＝1", "": "", "'=1": "'=1", "l'été": "l'été", "\u00a0=1": "\u00a0'=1", "\x00=1": "'=1",
	} {
		if got := Escape(Text(in).String()); got != want {
			t.Errorf("%q: %q, not %q", in, got, want)
		}
		checkCSV(t, in)
	}
}

func FuzzCSV(f *testing.F) {
	for _, s := range []string{"=1", "\t\t=", "a;;=", "\n \n=", "\"", "'", "'=", "\r\n-", "\ufeff=", "x\x00y", "\xff="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkCSV(t, s) })
}

func TestShortenCountsAsASpreadsheetDoes(t *testing.T) {
	if got := shorten("a😀b", 2); got != "a" {
		t.Error(got)
	}
	if got := shorten("a😀b", 3); got != "a😀" {
		t.Error(got)
	}
}
