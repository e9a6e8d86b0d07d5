package records

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/flows/french"
)

// importChannel is the channel of a member whom nobody has heard yet.
const importChannel = "import"

// MemberRow is one good row of the members file, in normal form. Empty means
// not given.
type MemberRow struct {
	Line      int // in the file, from 1
	Name      string
	Status    flows.Status
	Email     string
	Phone     string // E.164
	Referent  string // Slack user id
	Cohort    string
	Situation string // rsa, are, ass, aah, none
	RSAMonth  int    // 1-12; 0 not given
	Activity  string
	Since     string // 2026-10
}

// RowProblem is a row that cannot be kept, and why. It never quotes the row.
type RowProblem struct {
	Line   int
	Column string // empty when it is about the whole row
	Text   string
}

// String is the line that an operator reads.
func (p RowProblem) String() string {
	if p.Column == "" {
		return fmt.Sprintf("line %d: %s", p.Line, p.Text)
	}
	return fmt.Sprintf("line %d, %s: %s", p.Line, p.Column, p.Text)
}

// Key is the identity of the member over several imports: the e-mail address,
// else the phone number, else the name. It is the id of the member's account
// in the channel "import".
func (r MemberRow) Key() string {
	switch {
	case r.Email != "":
		return "email:" + strings.ToLower(r.Email)
	case r.Phone != "":
		return "phone:" + r.Phone
	}
	return "name:" + french.Fold(r.Name)
}

// Account is the account that leads to the member before their first message.
func (r MemberRow) Account() flows.Account {
	return flows.Account{Channel: importChannel, ID: r.Key()}
}

// Fields is the row as the fields of an input of flows.KindImport. What the
// file leaves empty is left out: an import never takes away what is known.
func (r MemberRow) Fields() map[string]string {
	out := map[string]string{}
	set := func(key, v string) {
		if v != "" {
			out[key] = v
		}
	}
	set("name", r.Name)
	set("status", string(r.Status))
	set("email", r.Email)
	set("phone", r.Phone)
	set("referent", r.Referent)
	set("cohort", r.Cohort)
	set("situation", r.Situation)
	if r.RSAMonth > 0 {
		set("rsa_month", strconv.Itoa(r.RSAMonth))
	}
	set("activity", r.Activity)
	set("since", r.Since)
	return out
}

// headers are the columns, folded, with the names that French files give them.
var headers = map[string]string{
	"name": "name", "nom": "name", "nom complet": "name", "full name": "name",
	"status": "status", "statut": "status", "contrat": "status",
	"email": "email", "e mail": "email", "mail": "email", "courriel": "email",
	"phone": "phone", "telephone": "phone", "tel": "phone", "mobile": "phone",
	"referent": "referent", "cohort": "cohort", "cohorte": "cohort", "promotion": "cohort",
	"situation": "situation", "allocation": "situation",
	"rsa month": "rsa_month", "rsamonth": "rsa_month", "mois rsa": "rsa_month",
	"activity": "activity", "activite": "activity",
	"since": "since", "depuis": "since",
}

// ParseMembers reads a members file: a CSV with a header, in UTF-8, UTF-16 or
// Windows-1252, with commas, semicolons or tabs. Good rows and problems are
// both returned; the caller decides whether good rows are kept when others are
// not. The error is about the file as a whole.
func ParseMembers(r io.Reader) (rows []MemberRow, problems []RowProblem, unknown []string, err error) {
	text, err := decode(r)
	if err != nil {
		return nil, nil, nil, err
	}
	in := csv.NewReader(strings.NewReader(text.body))
	in.Comma = text.separator
	in.FieldsPerRecord = -1
	header, err := in.Read()
	if err != nil {
		return nil, nil, nil, errors.New("the file is empty or its first line cannot be read; it must name the columns, for example: name,status,email,phone")
	}
	columns, unknown, err := readHeader(header)
	if err != nil {
		return nil, nil, unknown, err
	}
	f := membersFile{columns: columns, seen: map[string]int{}}
	for {
		record, err := in.Read()
		if err == io.EOF {
			return f.rows, f.problems, unknown, nil
		}
		if bad := (*csv.ParseError)(nil); errors.As(err, &bad) {
			f.add(bad.StartLine+text.skipped, "", "the quotes do not match; write \"\" for a quote inside quotes")
			continue
		} else if err != nil {
			return nil, nil, unknown, err
		}
		line, _ := in.FieldPos(0)
		f.row(line+text.skipped, record)
	}
}

// readHeader maps the columns: at i stands the name of the i-th, or "".
func readHeader(header []string) (columns, unknown []string, err error) {
	columns = make([]string, len(header))
	seen := map[string]bool{}
	for i, h := range header {
		name, ok := headers[french.Fold(h)]
		switch {
		case strings.TrimSpace(h) == "":
		case !ok:
			unknown = append(unknown, strings.TrimSpace(clean(h)))
		case seen[name]:
			return nil, unknown, fmt.Errorf("two columns are both read as %s; keep one", name)
		default:
			columns[i], seen[name] = name, true
		}
	}
	if !seen["name"] {
		return nil, unknown, errors.New("there is no column name; the first line must name the columns, for example: name,status,email,phone")
	}
	return columns, unknown, nil
}

// membersFile gathers the rows of one file.
type membersFile struct {
	columns  []string
	seen     map[string]int // line by key
	rows     []MemberRow
	problems []RowProblem
}

func (f *membersFile) add(line int, column, text string) {
	f.problems = append(f.problems, RowProblem{line, column, text})
}

func (f *membersFile) row(line int, record []string) {
	if strings.TrimSpace(strings.Join(record, "")) == "" {
		return
	}
	for len(record) > len(f.columns) && strings.TrimSpace(record[len(record)-1]) == "" {
		record = record[:len(record)-1]
	}
	if len(record) != len(f.columns) {
		f.add(line, "", fmt.Sprintf("has %d columns, the first line has %d; quote values that hold the separator", len(record), len(f.columns)))
		return
	}
	r, before := MemberRow{Line: line}, len(f.problems)
	for i, name := range f.columns {
		v := strings.TrimSpace(Unescape(clean(record[i])))
		if name == "" || (v == "" && name != "name") {
			continue
		}
		if wrong := cells[name](&r, v); wrong != "" {
			f.add(line, name, wrong)
		}
	}
	if len(f.problems) > before {
		return
	}
	key := r.Key()
	if first, twice := f.seen[key]; twice {
		f.add(line, strings.SplitN(key, ":", 2)[0], fmt.Sprintf("the same member as line %d; keep one", first))
		return
	}
	f.seen[key] = line
	f.rows = append(f.rows, r)
}
