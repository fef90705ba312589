package board

import "strings"

// CutTokens leaves 4 characters of each boot token in a text. A word of 26 characters that may be a token is taken for
// one, wherever it stands: a live environment logs its kernel's arguments, a script its variables.
func CutTokens(text string) string {
	var out strings.Builder
	done := 0
	for i := 0; i < len(text); {
		if !isWord(text[i]) {
			i++
			continue
		}
		start := i
		for i < len(text) && isWord(text[i]) {
			i++
		}
		if start > 0 && text[start-1] == '%' && i-start > 2 {
			start += 2 // %2F
		}
		if t, err := ParseToken(text[start:i]); err == nil {
			out.WriteString(text[done:start] + t.Short())
			done = i
		}
	}
	if done == 0 {
		return text
	}
	return out.String() + text[done:]
}

func isWord(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
