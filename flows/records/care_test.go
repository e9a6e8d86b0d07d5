package records

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/flows/care"
)

func TestCareIndicators(t *testing.T) {
	half := care.Share{Percent: 45}
	published := []care.Release{
		{Quarter: "2026-T3"},
		{Quarter: "2026-T4", Enough: true, Total: &care.Cell{AtLeast: 20, Alert: care.Share{Percent: 20},
			Levels: map[string]care.Share{"vert": {Percent: 65}, "jaune": {Percent: 15}, "orange": {Percent: 15}, "rouge": {Percent: 10, OrLess: true}}},
			Axes: []care.Axis{{Item: "r6", Name: "Insécurité", Share: care.Share{Percent: 90, OrMore: true}}}, Organisation: &half, Personal: &half},
	}
	people := slices.Values(sample())
	tab, err := Export("indicators", people, "2026-T4", published...)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := tab.Write(&b, "csv"); err != nil {
		t.Fatal(err)
	}
	want := `period,measure,group,count,suppressed,percent,bound
,members,all,,true,,
,members by cohort,unknown,,true,,
,members by situation,unknown,,true,,
,members by status,cape,,true,,
2026-10,declarations,all,,true,,
2026-10,declarations by state,correction,,true,,
2026-10,declarations by state,submitted,,true,,
2026-10,declarations by state,validated,,true,,
2026-T3,check-ins,all,,true,,
2026-T4,check-ins,all,20,false,,at_least
2026-T4,check-ins by level,orange or rouge,,false,20,
2026-T4,check-ins by level,vert,,false,65,
2026-T4,check-ins by level,jaune,,false,15,
2026-T4,check-ins by level,orange,,false,15,
2026-T4,check-ins by level,rouge,,false,10,at_most
2026-T4,what weighs at work,Insécurité,,false,90,at_least
2026-T4,mean risk,organisation,,false,45,
2026-T4,mean risk,personal,,false,45,
`
	if b.String() != want {
		t.Error(b.String())
	}
	if got := export(t, "indicators", "2026-T1", "csv", sample()); strings.Contains(got, "declarations") {
		t.Error(got)
	}
	if _, err := Export("declarations", people, "2026-T4"); err == nil {
		t.Error("declarations of a quarter")
	}
}

func TestWorkshopTable(t *testing.T) {
	w := flows.Workshop{Cohort: "LENS-3", Day: "2027-01-20", AtLeast: 10, Before: care.Share{Percent: 40}, After: care.Share{Percent: 10, OrLess: true}}
	for shown, want := range map[bool]string{
		true: `period,measure,group,count,suppressed,percent,bound
2027-01-20,low energy before the workshop,LENS-3,,false,40,
2027-01-20,low energy after the workshop,LENS-3,,false,10,at_most
`,
		false: `period,measure,group,count,suppressed,percent,bound
2027-01-20,low energy before the workshop,LENS-3,,true,,
2027-01-20,low energy after the workshop,LENS-3,,true,,
`,
	} {
		var b bytes.Buffer
		if err := WorkshopTable(w, shown).Write(&b, "csv"); err != nil || b.String() != want {
			t.Errorf("%v: %v\n%s", shown, err, b.String())
		}
	}
}
