package addition

import (
	"errors"
	"regexp"
	"slices"
	"strings"
)

// errNotByHand says that the text has a shape that only its writer understands.
var errNotByHand = errors.New("its list of images has a form that nothing can be appended to")

var (
	imagesLine = regexp.MustCompile(`^images:[ \t]*(.*?)[ \t]*$`)
	nothing    = regexp.MustCompile(`^(\[[ \t]*\]|~|null)?[ \t]*(#.*)?$`)
	item       = regexp.MustCompile(`^( *)-\s`)
)

// appended gives text, that of images.yaml, with entry as the last of its images. Nothing else of the text changes, but
// for an empty list that is written as such. Whether the result means what it should, its strict reading decides.
func appended(text, entry string) (string, error) {
	lines := strings.SplitAfter(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	out, err := insert(lines, entry)
	if err == nil && strings.Contains(text, "\r\n") {
		out = strings.ReplaceAll(out, "\n", "\r\n")
	}
	return out, err
}

// insert works on lines, each with its line break, but perhaps the last.
func insert(lines []string, entry string) (string, error) {
	if n := len(lines); n > 0 && !strings.HasSuffix(lines[n-1], "\n") {
		lines[n-1] += "\n"
	}
	head := -1
	for i, line := range lines {
		if imagesLine.MatchString(strings.TrimSuffix(line, "\n")) {
			head = i
			break
		}
	}
	if head < 0 {
		return strings.Join(append(lines, "images:\n", entry), ""), nil
	}
	value := imagesLine.FindStringSubmatch(strings.TrimSuffix(lines[head], "\n"))[1]
	if !nothing.MatchString(value) {
		return "", errNotByHand
	}
	if listed, comment, _ := strings.Cut(value, "#"); strings.TrimSpace(listed) != "" {
		lines[head] = strings.TrimRight("images: "+prefixed("#", comment), " ") + "\n"
	}
	end, indent := block(lines, head+1)
	entry = indent + strings.ReplaceAll(strings.TrimSuffix(entry, "\n"), "\n", "\n"+indent) + "\n"
	return strings.Join(slices.Insert(lines, end, entry), ""), nil
}

func prefixed(by, text string) string {
	if text == "" {
		return ""
	}
	return by + text
}

// block finds where a list that begins at line from ends, and how far its items are indented. Comments and empty lines
// before the next key belong to that.
func block(lines []string, from int) (end int, indent string) {
	found := false
	next := len(lines)
	for i := from; i < len(lines); i++ {
		if m := item.FindStringSubmatch(lines[i]); m != nil && !found {
			indent, found = m[1], true
		}
		if !strings.ContainsRune(" \t-#\n", rune(lines[i][0])) {
			next = i
			break
		}
	}
	end = next
	for next < len(lines) && end > from && (lines[end-1][0] == '#' || strings.TrimSpace(lines[end-1]) == "") {
		end--
	}
	return end, indent
}
