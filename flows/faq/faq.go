// Package faq finds the sheet that answers a question typed in French, or says
// that it does not know.
//
// A question goes through these steps:
//
//  1. normalisation: case, accents, apostrophes, SMS forms (fold.go, sms.go);
//  2. words become slots, each with weighted readings: the word itself, its
//     spelling corrections, its synonyms (query.go, spell.go, concepts.go);
//  3. every entry gets cheap scores: fielded BM25, tf-idf against each known
//     phrasing, character n-grams, word vectors (lexical.go, grams.go);
//  4. the best few dozen get features and a learned rank (features.go, model.go);
//  5. a learned confidence turns the first candidate's features into the
//     probability that it is right, and two thresholds turn that into one of
//     three outcomes: answer, choices, none (ask.go).
//
// The package is pure: it reads no clock, no file and no network; content comes
// in as an [io/fs.FS]. An [Index] is immutable and safe for concurrent use.
// Nothing in it keeps or logs a question.
package faq

// Outcome is what to do with a question.
type Outcome string

const (
	// Answer shows the first candidate's sheet.
	Answer Outcome = "answer"
	// Choices offers up to three candidates and "autre chose".
	Choices Outcome = "choices"
	// None hands the question to a human.
	None Outcome = "none"
)

// MaxCandidates is how many candidates a [Result] lists at most.
const MaxCandidates = 10

// MaxQuestion is how many bytes of a question are read; the rest is ignored.
const MaxQuestion = 2000

// Candidate is an entry that may answer the question. Score is the estimated
// probability, 0 to 1, that it is the right one.
type Candidate struct {
	ID    string  `json:"id"`
	Score float64 `json:"score"`
}

// Result is the answer to one question. Score is the calibrated probability
// that the first candidate is right; ID is its id when Outcome is [Answer] and
// nil otherwise.
type Result struct {
	Question   string      `json:"question"`
	Outcome    Outcome     `json:"outcome"`
	ID         *string     `json:"id"`
	Score      float64     `json:"score"`
	Candidates []Candidate `json:"candidates"`
}

// Context is what is known of the person who asks. The zero value means that
// nothing is known; it never hides an entry, it only makes some more likely.
type Context struct {
	// Situations are lower-case words such as "rsa", "are", "ass", "aah",
	// "cape", "cesa", compared with an entry's own.
	Situations []string
}

// Entry is one thing that can be found: a sheet, or a line of a corpus.
type Entry struct {
	ID    string   `json:"id"`
	Title string   `json:"title"`
	Alt   []string `json:"alt"`  // other known phrasings of the question
	Text  string   `json:"text"` // the body
	// Situations of the people whom the entry concerns most; may be empty.
	Situations []string `json:"-"`
}
