package faq

// editCost is the cost of turning the typed word into the true one: a
// Damerau-Levenshtein distance whose costs follow how people really err in
// French on a phone: a letter that is not heard, a doubled letter, a vowel
// left out, a neighbour key, two letters swapped. It returns limit or more as
// soon as the cost must reach limit.
func editCost(typed, truth string, limit float32) float32 {
	const width = 40
	n, m := len(typed), len(truth)
	if n >= width || m >= width || n == 0 || m == 0 {
		return limit
	}
	var rows [3][width]float32
	prev2, prev, cur := &rows[0], &rows[1], &rows[2]
	for j := 1; j <= m; j++ {
		prev[j] = prev[j-1] + missing(truth, j-1)
	}
	for i := 1; i <= n; i++ {
		cur[0] = prev[0] + extra(typed, i-1)
		best := cur[0]
		for j := 1; j <= m; j++ {
			c := prev[j-1] + swapCost(typed[i-1], truth[j-1])
			c = min(c, prev[j]+extra(typed, i-1), cur[j-1]+missing(truth, j-1))
			if i > 1 && j > 1 && typed[i-1] == truth[j-2] && typed[i-2] == truth[j-1] {
				c = min(c, prev2[j-2]+0.7)
			}
			cur[j] = c
			best = min(best, c)
		}
		if best >= limit {
			return limit
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[m]
}

func isVowel(c byte) bool {
	switch c {
	case 'a', 'e', 'i', 'o', 'u', 'y':
		return true
	}
	return false
}

// missing is the cost of the typed word lacking letter i of the true one.
func missing(truth string, i int) float32 {
	c := truth[i]
	switch {
	case i > 0 && truth[i-1] == c:
		return 0.3
	case c == 'h':
		return 0.4
	case i == len(truth)-1 && (c == 's' || c == 'e' || c == 't' || c == 'x' || c == 'd'):
		return 0.4
	case i == 0:
		return 1.2
	case isVowel(c):
		return 0.65
	}
	return 0.9
}

// extra is the cost of the typed word having a letter too many at i.
func extra(typed string, i int) float32 {
	c := typed[i]
	switch {
	case i > 0 && typed[i-1] == c:
		return 0.3
	case c == 'h':
		return 0.4
	case i == len(typed)-1 && (c == 's' || c == 'e' || c == 't' || c == 'x'):
		return 0.5
	case i == 0:
		return 1.1
	}
	return 0.9
}

// soundClass groups letters that are heard alike.
func soundClass(c byte) byte {
	switch c {
	case 'c', 'k', 'q':
		return 'k'
	case 's', 'z':
		return 's'
	case 'i', 'y':
		return 'i'
	case 'g', 'j':
		return 'j'
	case 'm', 'n':
		return 'n'
	}
	return c
}

func swapCost(a, b byte) float32 {
	switch {
	case a == b:
		return 0
	case soundClass(a) == soundClass(b) || a == 'c' && b == 's' || a == 's' && b == 'c':
		return 0.45
	case isVowel(a) && isVowel(b):
		return 0.7
	case neighbours(a, b):
		return 0.75
	}
	return 1
}

// neighbours tells whether two letters touch on an AZERTY keyboard.
func neighbours(a, b byte) bool {
	const top, mid, low = "azertyuiop", "qsdfghjklm", "wxcvbn"
	ra, ca := keyAt(a, top, mid, low)
	rb, cb := keyAt(b, top, mid, low)
	if ra < 0 || rb < 0 || ra-rb > 1 || rb-ra > 1 {
		return false
	}
	return ca-cb <= 1 && cb-ca <= 1
}

func keyAt(c byte, rows ...string) (row, col int) {
	for r, keys := range rows {
		for k := range len(keys) {
			if keys[k] == c {
				return r, k
			}
		}
	}
	return -1, -1
}

// soundKey is a rough phonetic key of a folded word: words that are heard
// alike in French mostly share it.
func soundKey(w string) string {
	b := make([]byte, 0, len(w))
	for i := 0; i < len(w); i++ {
		b = appendSound(b, w, &i)
	}
	for len(b) > 2 {
		if c := b[len(b)-1]; c != 't' && c != 'd' && c != 's' && c != 'e' && c != 'x' && c != 'r' {
			break
		}
		b = b[:len(b)-1]
	}
	return string(b)
}

func appendSound(b []byte, w string, i *int) []byte {
	c, rest := w[*i], w[*i:]
	next := byte(0)
	if len(rest) > 1 {
		next = rest[1]
	}
	out := soundClass(c)
	switch {
	case c == 'h':
		return b
	case c == 'p' && next == 'h':
		out, *i = 'f', *i+1
	case c == 'q' && next == 'u':
		*i++
	case c == 'g' && next == 'u':
		out, *i = 'g', *i+1
	case c == 'g' && next != 'e' && next != 'i':
		out = 'g'
	case c == 'c' && (next == 'e' || next == 'i'):
		out = 's'
	case c == 'e' && next == 'a' && len(rest) > 2 && rest[2] == 'u':
		out, *i = 'o', *i+2
	case c == 'a' && next == 'u':
		out, *i = 'o', *i+1
	case (c == 'a' || c == 'e') && next == 'i':
		out, *i = 'e', *i+1
	case c == 'e' && (next == 'n' || next == 'm'):
		out = 'a'
	}
	if len(b) > 0 && b[len(b)-1] == out {
		return b
	}
	return append(b, out)
}

// skeleton is the first letter and the consonants of a word, doubles merged:
// "chngmnt" and "changement" share it.
func skeleton(w string) string {
	b := make([]byte, 0, len(w))
	for i := range len(w) {
		if c := w[i]; (i == 0 || !isVowel(c)) && (len(b) == 0 || b[len(b)-1] != c) {
			b = append(b, c)
		}
	}
	return string(b)
}
