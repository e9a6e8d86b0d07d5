package faq

// Words returns the folded words of a text: lower case, no accents, elided
// articles apart. The training programs use it so that they see what the
// engine sees.
func Words(text string) []string { return split(fold(text)) }

// Stem returns the stem of a folded word.
func Stem(word string) string { return stem(word) }
