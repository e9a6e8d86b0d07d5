package rights

// Facts lists, in order, the facts to ask an ordinary person for an estimate.
// The rest is assumed, and said in [Told.Unknown].
func Facts(t Type) []Fact {
	switch t {
	case RSA:
		return rsaFacts()
	case PrimeActivite:
		return primeFacts()
	case ComplementARE:
		return complementFacts()
	case ASS:
		return assFacts()
	case AREOuverture:
		return openingFacts()
	}
	return nil
}

var (
	coupleFact = Fact{Key: "couple", Kind: YesNo, Question: "Vivez-vous en couple ?",
		Help: "Mariage, Pacs ou vie commune : la CAF regarde les deux."}
	childrenFact = Fact{Key: "enfants", Kind: Number, Most: 12, Question: "Combien d'enfants de moins de 25 ans sont à votre charge ?",
		Help: "Écrivez 0 si vous n'en avez pas."}
	housingFact = Fact{Key: "logement", Kind: Choice, Question: "Pour votre logement, quelle est votre situation ?",
		Options: []Option{
			{string(withAid), "J'ai une aide au logement"},
			{string(freeOfCharge), "Logé gratuitement ou propriétaire sans crédit"},
			{string(noForfait), "Ni l'un ni l'autre"},
		}}
	otherFact = Fact{Key: "autres", Kind: Money, Question: "Quelles autres sommes touche votre foyer par mois ?",
		Help: "Chômage, pension, allocations familiales… Pas l'aide au logement. Écrivez 0 s'il n'y a rien."}
)

func rsaFacts() []Fact {
	return []Fact{
		coupleFact, childrenFact,
		{Key: "revenus", Kind: Money, Question: "Combien votre foyer gagne-t-il par mois en travaillant ?",
			Help: "Faites la moyenne de 3 mois, avec le montant net social des bulletins. Écrivez 0 s'il n'y a rien."},
		otherFact, housingFact,
	}
}

func primeFacts() []Fact {
	return []Fact{
		coupleFact, childrenFact,
		{Key: "revenus", Kind: Money, Question: "Combien gagnez-vous par mois en travaillant ?",
			Help: "Faites la moyenne de 3 mois, avec le montant net social de vos bulletins."},
		{Key: "revenus_conjoint", Kind: Money, OnlyIf: "couple", Among: []string{Yes},
			Question: "Combien gagne l'autre personne du couple par mois en travaillant ?", Help: "Écrivez 0 s'il n'y a rien."},
		otherFact, housingFact,
	}
}

func complementFacts() []Fact {
	return []Fact{
		{Key: "are_jour", Kind: Money, Least: 5, Most: 300, Question: "Quel est votre montant d'ARE brut par jour ?",
			Help: "Il est écrit sur la notification de France Travail. Exemple : 40,12."},
		{Key: "remuneration", Kind: Money, Question: "Quelle rémunération brute aurez-vous ce mois-ci ?",
			Help: "C'est le brut du bulletin, pas le chiffre d'affaires. Écrivez 0 s'il n'y a rien."},
		{Key: "sjr", Kind: Money, Optional: true, Least: 5, Most: 600, Question: "Quel est votre salaire journalier de référence (SJR) ?",
			Help: "Il est aussi sur la notification. Vous pouvez répondre « je ne sais pas »."},
	}
}

func assFacts() []Fact {
	return []Fact{
		{Key: "cinq_ans", Kind: YesNo, Question: "Avez-vous travaillé 5 ans dans les 10 ans avant la fin de votre contrat ?"},
		{Key: "couple", Kind: YesNo, OnlyIf: "cinq_ans", Among: []string{Yes}, Question: "Vivez-vous en couple ?"},
		{Key: "ressources", Kind: Money, OnlyIf: "cinq_ans", Among: []string{Yes},
			Question: "Quelles sont les ressources de votre foyer par mois, en moyenne sur 12 mois ?",
			Help:     "Salaires, pensions, revenus de l'autre personne du couple. Sans l'ARE qui s'arrête, sans l'aide au logement."},
	}
}

func openingFacts() []Fact {
	lost := []string{"fin_cdd", "licenciement", "rupture_conventionnelle"}
	return []Fact{
		{Key: "motif", Kind: Choice, Question: "Comment votre dernier contrat s'est-il terminé ?", Options: []Option{
			{"fin_cdd", "Fin de CDD ou de mission"},
			{"licenciement", "Licenciement"},
			{"rupture_conventionnelle", "Rupture conventionnelle"},
			{"demission", "Démission"},
		}},
		{Key: "mois", Kind: Number, Most: 36, OnlyIf: "motif", Among: lost,
			Question: "Combien de mois avez-vous travaillé dans les 24 derniers mois ?",
			Help:     "À partir de 55 ans, comptez sur les 36 derniers mois."},
		{Key: "salaire", Kind: Money, Least: 50, OnlyIf: "motif", Among: lost, Question: "Quel était votre salaire brut par mois, en moyenne ?",
			Help: "Avec les primes. Il est sur vos bulletins de paie."},
		{Key: "age", Kind: Number, Least: 16, Most: 75, OnlyIf: "motif", Among: lost, Question: "Quel âge aviez-vous à la fin du contrat ?"},
		{Key: "temps_plein", Kind: YesNo, OnlyIf: "motif", Among: lost, Question: "Étiez-vous à temps plein ?"},
	}
}
