package addition

import (
	"errors"
	"testing"
)

func TestAppended(t *testing.T) {
	t.Parallel()
	const entry = "- name: new\n  install: raw\n"
	for name, tc := range map[string]struct{ text, want string }{
		"no file":            {"", "images:\n" + entry},
		"no list":            {"hardware:\n  x: {live: l}\n", "hardware:\n  x: {live: l}\nimages:\n" + entry},
		"no last break":      {"images:\n- a", "images:\n- a\n" + entry},
		"list at the end":    {"# mine\nimages:\n- a # one\n\n- b\n# more to come\n", "# mine\nimages:\n- a # one\n\n- b\n# more to come\n" + entry},
		"list before":        {"images:\n- a\n\n# types\nhardware: {}\n", "images:\n- a\n" + entry + "\n# types\nhardware: {}\n"},
		"indented":           {"images:\n  - a\n  -\n    b\nhardware: {}\n", "images:\n  - a\n  -\n    b\n  - name: new\n    install: raw\nhardware: {}\n"},
		"empty, brackets":    {"images: [ ] # none\nhardware: {}\n", "images: # none\n" + entry + "hardware: {}\n"},
		"empty, null":        {"images: null\n", "images:\n" + entry},
		"empty, nothing":     {"images:   # none yet\n\nhardware: {}\n", "images:   # none yet\n" + entry + "\nhardware: {}\n"},
		"breaks of Windows":  {"images:\r\n- a\r\n", "images:\r\n- a\r\n- name: new\r\n  install: raw\r\n"},
		"comment in between": {"images:\n- a\n# about b\n- b\nhardware: {}\n", "images:\n- a\n# about b\n- b\n" + entry + "hardware: {}\n"},
		"not this images":    {"hardware:\n  images:\n    live: l\n", "hardware:\n  images:\n    live: l\nimages:\n" + entry},
	} {
		if got, err := appended(tc.text, entry); err != nil || got != tc.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, got, tc.want)
		}
	}
	for _, text := range []string{"images: [{name: a}]\n", "images: [\n  {name: a}]\n", "images: &x\n- a\n"} {
		if got, err := appended(text, entry); !errors.Is(err, errNotByHand) {
			t.Errorf("%q became %q, %v", text, got, err)
		}
	}
}
