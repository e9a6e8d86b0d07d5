package flows

import "strings"

// ConsentVersion is raised when the words of the consent change in substance.
const ConsentVersion = 1

// consented reports whether anything may be kept and said.
func (t *turn) consented() bool { return t.p.Consented("data") }

// linkAccount binds the account to the person whose code it brought.
func (t *turn) linkAccount() {
	if t.in.Code == "" || !t.v.Linked || t.p.Current() == t.in.From {
		return
	}
	if len(t.p.Accounts) > 0 && t.p.Current().Channel == t.in.From.Channel {
		return // the code was used by someone else: start says so
	}
	t.p.Accounts = append(t.p.Accounts, t.in.From)
	t.do(Link{Account: t.in.From})
}

// admitted lets a text through when there is consent; otherwise it asks for
// it, the age band first.
func (t *turn) admitted() bool {
	if t.consented() {
		return true
	}
	if t.p.Session.Flow == "" {
		then := t.p.Session.Args
		if t.p.Profile.Status.Member() {
			t.begin("member", then)
		} else {
			t.begin("welcome", then)
		}
		return false
	}
	if t.in.Kind == KindText {
		if _, _, isCommand := command(t.in.Text); !isCommand {
			t.answer()
			return false
		}
	}
	t.ask(t.msg("consent.first"))
	return false
}

// welcomeFlow is the first contact of somebody unknown.
func (b *Book) welcomeFlow() flow {
	return flow{
		vars: func(t *turn) map[string]string {
			note := ""
			if t.p.Session.Answers["age"].Value == string(AgeMinor) {
				note = "\n" + b.words("minor.note")
			}
			return map[string]string{"minor_note": note}
		},
		open: func(t *turn) { t.do(Remind{Name: remindForget, At: t.now.Add(forgetAfter), Anytime: true}) },
		finish: func(t *turn, outcome string) {
			switch outcome {
			case "too_young":
				t.say(t.msg("too.young"))
				t.forget = true
			case "refused":
				t.say(t.msg("refused"))
				t.forget = true
			case "human15":
				t.human15()
			default:
				t.accept(AgeBand(t.p.Session.Answers["age"].Value))
			}
		},
	}
}

// memberFlow asks a member who arrived by a link: no age question.
func (b *Book) memberFlow() flow {
	return flow{finish: func(t *turn, outcome string) {
		if outcome == "refused" {
			t.p.Session = Session{}
			t.consent(false)
			t.say(t.msg("member.refused"))
			return
		}
		t.accept(t.p.Profile.Age)
	}}
}

func (t *turn) consent(yes bool) {
	t.p.Consents = append(t.p.Consents, Consent{Name: "data", Version: ConsentVersion, Yes: yes, At: t.now})
}

// human15 leaves a person of 15 to humans: prénom and messages, for 30 days.
func (t *turn) human15() {
	t.p.Session = Session{}
	t.p.Profile.Age = "15"
	t.consent(true)
	t.do(Remind{Name: remindForget, At: t.now.AddDate(0, 0, 30), Anytime: true})
	t.openTicket("minor15")
	t.say(t.msg("human15"))
}

// accept records the consent and does what was asked for before it.
func (t *turn) accept(age AgeBand) {
	then := t.p.Session.Args["then"]
	t.p.Session = Session{}
	t.p.Profile.Age = age
	if !t.p.Profile.Status.Member() {
		t.p.Profile.Status = Candidate
	}
	t.consent(true)
	t.do(Unremind{Name: remindForget})
	if !t.p.Profile.Status.Member() {
		t.do(Remind{Name: remindRetention, At: t.now.AddDate(0, 6, 0), Anytime: true})
	}
	name, arg, _ := strings.Cut(then, " ")
	if name == "" || !t.memberCommandAfter(name, arg) {
		key := "accepted"
		if t.p.Profile.Status.Member() {
			key = "accepted.member"
		}
		t.say(t.msg(key, "who", t.greeting()), t.menuRows()...)
	}
}

// memberCommandAfter resumes what was asked for before consent.
func (t *turn) memberCommandAfter(name, arg string) bool {
	switch name {
	case "declare", "list", "pretest", "question", "data", "resume":
		t.lead = t.msg("accepted.short")
		return t.memberCommand(name, arg)
	}
	return false
}
