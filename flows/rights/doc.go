// Package rights estimates what a person may receive: RSA, prime d'activité,
// ARE kept with a remuneration, ASS, and the opening of ARE.
//
// Every amount and rate is dated and comes from the content file amounts.yaml
// (see [LoadAmounts]), so that a past month is computed with the amounts of
// that month and a yearly change is one line of content. Computing is exact,
// in decimals; only results are rounded, to the cent.
//
// [Estimate] is the one door: it takes a [Case] and returns a [Result] with
// the values, the steps in plain French, the sources and the warnings.
// [EstimateLines] does the same for one JSON case per line. [Facts],
// [CaseFrom] and [Tell] are what a conversation needs: the few questions to
// ask, the case made from the answers, and the words of the answer.
//
// The package is pure: it reads no clock and keeps nothing.
//
// Formulas: Code de l'action sociale et des familles (CASF) for RSA, Code de
// la sécurité sociale (CSS) for prime d'activité, règlement d'assurance
// chômage annexed to the convention of 15 November 2024 for ARE, Code du
// travail for ASS. Each estimator names its articles.
package rights
