package records

import (
	"bytes"
	"encoding/csv"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"

	"github.com/coopconnexion/relais/flows"
)

func parse(t *testing.T, s string) ([]MemberRow, []RowProblem, []string) {
	t.Helper()
	rows, problems, unknown, err := ParseMembers(strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	return rows, problems, unknown
}

const whole = `name,status,email,phone,referent,cohort,situation,rsa_month,activity,since
Amina Benali,CAPE,Amina@Example.org,06 12 34 56 78,U123,2026-A,RSA,3,Couture,2026-10
"Dupont, Luc",cesa,,+33321691528,,,none,,"Menuiserie ""Chez Luc""",11/2026
`

func TestAWholeRow(t *testing.T) {
	rows, problems, unknown := parse(t, whole)
	want := []MemberRow{
		{Line: 2, Name: "Amina Benali", Status: flows.CAPE, Email: "Amina@Example.org", Phone: "+33612345678", Referent: "U123", Cohort: "2026-A", Situation: "rsa", RSAMonth: 3, Activity: "Couture", Since: "2026-10"},
		{Line: 3, Name: "Dupont, Luc", Status: flows.CESA, Phone: "+33321691528", Situation: "none", Activity: `Menuiserie "Chez Luc"`, Since: "2026-11"},
	}
	if !reflect.DeepEqual(rows, want) || problems != nil || unknown != nil {
		t.Errorf("%+v %v %v", rows, problems, unknown)
	}
	fields := map[string]string{"name": "Dupont, Luc", "status": "cesa", "phone": "+33321691528", "situation": "none", "activity": `Menuiserie "Chez Luc"`, "since": "2026-11"}
	if got := rows[1].Fields(); !reflect.DeepEqual(got, fields) {
		t.Error(got)
	}
	if rows[0].Fields()["rsa_month"] != "3" {
		t.Error(rows[0].Fields())
	}
}

func TestAsASpreadsheetSavesIt(t *testing.T) {
	want, _, _ := parse(t, "name,phone,activity\nZoé Lefèvre,0612345678,Œuvres d'art – été\n")
	table := "Nom ;Téléphone; ACTIVITÉ\r\nZoé Lefèvre;612345678;Œuvres d'art – été\r\n;;\r\n\r\n"
	w1252, err := charmap.Windows1252.NewEncoder().String(table)
	if err != nil {
		t.Fatal(err)
	}
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(strings.ReplaceAll(table, ";", "\t"))
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]string{
		"UTF-8": table, "UTF-8 with mark": "\ufeff" + table, "Windows-1252": w1252, "UTF-16 with tabs": utf16,
		"old Mac line ends": strings.ReplaceAll(table, "\r\n", "\r"),
		"everything quoted": "\"name\";\"phone\";\"activity\"\r\n\"Zoé Lefèvre\";\"+33 6 12 34 56 78\";\"Œuvres d'art – été\"\r\n",
		"quoted separators": "name,phone,\"activity\"\nZoé Lefèvre,'+33612345678,\"Œuvres d'art – été\"\n",
	} {
		rows, problems, unknown := parse(t, s)
		if !reflect.DeepEqual(rows, want) || problems != nil || unknown != nil {
			t.Errorf("%s: %+v %v %v", name, rows, problems, unknown)
		}
	}
	rows, _, _ := parse(t, "sep=;\r\n"+table)
	if len(rows) != 1 || rows[0].Line != 3 || rows[0].Name != want[0].Name {
		t.Errorf("sep=: %+v", rows)
	}
}

func TestBadRowsAreNamedByLineAndColumn(t *testing.T) {
	rows, problems, unknown := parse(t, `name,Status,E-mail,phone,referent,situation,RSA Month,since,commentaire
Amina,cape,a@x.fr,,,,,,
,cape,,,,,,,
Luc,cdi,no-address,12,amina,riche,13,octobre,
"Léa
Petit",cape,lea@x.fr,,,,,,"sur deux
lignes"
Zoé,cape,A@X.FR,,,,,,
Court,cape
Long,cape,l@x.fr,,,,,,a,b
Bon,associé,,,,,,,
bon,cesa,,,,,,,
`+`Guil"lemet,cape,,,,,,,
Fin,cape,,,,,,,
`)
	if want := []string{"commentaire"}; !reflect.DeepEqual(unknown, want) {
		t.Error(unknown)
	}
	var names []string
	for _, r := range rows {
		names = append(names, r.Name)
	}
	if got := strings.Join(names, "|"); got != "Amina|Léa Petit|Bon|Fin" {
		t.Error(got)
	}
	var got []string
	for _, p := range problems {
		got = append(got, p.String())
	}
	want := []string{
		"line 3, name: is missing; every member needs a name",
		"line 4, status: must be cape, cesa or associate",
		"line 4, email: is no e-mail address",
		"line 4, phone: is no telephone number; write 06 12 34 56 78 or +33 6 12 34 56 78",
		"line 4, referent: must be a Slack user id (U…, in their profile: Copy member ID)",
		"line 4, situation: must be rsa, are, ass, aah or none",
		"line 4, rsa_month: must be a month from 1 to 12",
		"line 4, since: must be a month such as 2026-10",
		"line 8, email: the same member as line 2; keep one",
		"line 9: has 2 columns, the first line has 9; quote values that hold the separator",
		"line 10: has 10 columns, the first line has 9; quote values that hold the separator",
		"line 12, name: the same member as line 11; keep one",
		"line 13: the quotes do not match; write \"\" for a quote inside quotes",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

func TestFilesThatAreNoMembersFile(t *testing.T) {
	for in, want := range map[string]string{
		"":                         "the file is empty",
		"Amina,cape\n":             "no column name",
		"name,nom\nA,B\n":          "two columns are both read as name",
		"PK\x03\x04...":            "this is a spreadsheet",
		"name\n\x00\x01":           "not a text file",
		"\"name\n":                 "the file is empty or its first line",
		"\xd0\xcf\x11\xe0\xa1\xb1": "this is a spreadsheet",
	} {
		if _, _, _, err := ParseMembers(strings.NewReader(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", in, err)
		}
	}
	if _, _, _, err := ParseMembers(bytes.NewReader(make([]byte, maxFile+1))); err == nil {
		t.Error("a huge file was read")
	}
}

func TestTheKeyIsStable(t *testing.T) {
	rows, _, _ := parse(t, "name,email,phone\nA B,X@Y.fr,0612345678\nA B,,06.12.34.56.79\n  Éa  b ,,\n")
	var keys []string
	for _, r := range rows {
		keys = append(keys, r.Key())
	}
	if got := strings.Join(keys, " | "); got != "email:x@y.fr | phone:+33612345679 | name:ea b" {
		t.Error(got)
	}
	if a := rows[0].Account(); a.Channel != "import" || a.ID != "email:x@y.fr" {
		t.Error(a)
	}
}

// TestAnExportOfTheMembersCanBeImportedAgain writes random members as the
// export does, reads them as the import does, and expects the same.
func TestAnExportOfTheMembersCanBeImportedAgain(t *testing.T) {
	word := rapid.StringMatching(`[=+@A-Za-zÀ-ÖØ-öø-ÿ0-9;,"'(-]{0,6}[A-Za-zÀ-ÖØ-öø-ÿ][=;,"' -]{0,3}[a-z]{0,5}`)
	rapid.Check(t, func(t *rapid.T) {
		p := flows.Profile{Name: squeeze(word.Draw(t, "name")), Status: rapid.SampledFrom([]flows.Status{flows.CAPE, flows.CESA, flows.Associate}).Draw(t, "status"),
			Cohort: squeeze(word.Draw(t, "cohort")), Activity: squeeze(word.Draw(t, "activity")), Phone: rapid.SampledFrom([]string{"", "+33612345678", "+33321691528"}).Draw(t, "phone"),
			Situation: rapid.SampledFrom([]string{"", "rsa", "none"}).Draw(t, "situation"), RSAMonth: rapid.IntRange(0, 12).Draw(t, "month"), Since: rapid.SampledFrom([]string{"", "2026-10"}).Draw(t, "since")}
		var b bytes.Buffer
		people := func(yield func(flows.Person) bool) { yield(flows.Person{ID: "p1", Profile: p}) }
		tab, err := Export("members", people, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := tab.Write(&b, "csv"); err != nil {
			t.Fatal(err)
		}
		rows, problems, _, err := ParseMembers(&b)
		if err != nil || len(problems) > 0 || len(rows) != 1 {
			t.Fatalf("%v %v %q", err, problems, b.String())
		}
		r := rows[0]
		got := flows.Profile{Name: r.Name, Status: r.Status, Cohort: r.Cohort, Activity: r.Activity, Phone: r.Phone, Situation: r.Situation, RSAMonth: r.RSAMonth, Since: r.Since}
		for _, s := range []*string{&p.Name, &p.Cohort, &p.Activity} {
			*s = squeeze(Unescape(*s))
		}
		if got != p {
			t.Fatalf("%+v became %+v", p, got)
		}
	})
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

func TestLinks(t *testing.T) {
	p := flows.Person{ID: "abc", Secret: "s", Profile: flows.Profile{Name: "=Luc, D", Status: flows.CAPE}}
	var b bytes.Buffer
	if err := WriteLinks(&b, []LinkRow{LinkFor(&p, "relais_bot"), LinkFor(&p, "")}); err != nil {
		t.Fatal(err)
	}
	code := flows.LinkCode(&p)
	want := "person_id,name,status,link\nabc,\"'=Luc, D\",cape,https://t.me/relais_bot?start=" + code + "\nabc,\"'=Luc, D\",cape,/start " + code + "\n"
	if b.String() != want {
		t.Error(b.String())
	}
}

func FuzzParseMembers(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte("sep=;\nnom;tel\nA;06"))
	f.Add([]byte("\xff\xfen\x00a\x00m\x00e\x00\n\x00a\x00"))
	f.Add([]byte("name,email\n\"a\nb\",x@y.z\n\"c"))
	f.Fuzz(func(t *testing.T, b []byte) {
		rows, problems, _, err := ParseMembers(bytes.NewReader(b))
		if err != nil && (len(rows) > 0 || len(problems) > 0) {
			t.Error("rows beside an error")
		}
		keys, last := map[string]bool{}, 1
		for _, r := range rows {
			if r.Name == "" || keys[r.Key()] || r.Line <= last || r.Key() == "name:" {
				t.Errorf("%+v", r)
			}
			keys[r.Key()], last = true, r.Line
		}
		// What was accepted is in normal form: written and read again, it is the same.
		var out bytes.Buffer
		w := csv.NewWriter(&out)
		_ = w.Write([]string{"name", "status", "email", "phone", "referent", "cohort", "situation", "rsa_month", "activity", "since"})
		for _, r := range rows {
			x := r.Fields()
			_ = w.Write([]string{Escape(x["name"]), x["status"], Escape(x["email"]), Escape(x["phone"]), x["referent"], Escape(x["cohort"]), x["situation"], x["rsa_month"], Escape(x["activity"]), x["since"]})
		}
		w.Flush()
		again, problems, _, err := ParseMembers(&out)
		if err != nil || len(problems) > 0 || len(again) != len(rows) {
			t.Fatalf("%v %v %q", err, problems, out.String())
		}
		for i := range rows {
			rows[i].Line = again[i].Line
			if again[i] != rows[i] {
				t.Errorf("%+v became %+v", rows[i], again[i])
			}
		}
	})
}
