package inventory

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"mozpool/persistence/strictyaml"
)

// board checks one board by itself.
func (c *checker) board(i int, s Spec) {
	for _, must := range []struct{ key, value, remedy string }{
		{"name", s.Name, "give the board a name"},
		{"mac", string(s.MAC), "without the MAC its boot requests are not known; see: mozpool board discovered"},
		{"rack", s.Rack, "name the rack of mozpool.yaml that it is in"},
		{"hardware", s.Hardware, "name a hardware type of images.yaml"},
	} {
		if must.value == "" {
			c.add(i, must.key, called(s)+" has no "+must.key, must.remedy)
		}
	}
	if s.Name != "" {
		if err := CheckName(s.Name); err != nil {
			c.addError(i, "name", err)
		}
	}
	if s.ID != s.Name && (len(s.ID) > maxText || hasControl(s.ID)) {
		c.add(i, "id", "cannot be an id", fmt.Sprintf("use printable text of at most %d bytes", maxText))
	}
	if len(s.Place) > maxText || hasControl(s.Place) {
		c.add(i, "place", "cannot be a place", fmt.Sprintf("use one printable line of at most %d bytes", maxText))
	}
	if s.Power != "" && c.power != nil {
		if err := c.power(s.Power); err != nil {
			c.addError(i, "power", err)
		}
	}
	if s.Console != "" {
		if err := checkConsole(s.Console); err != nil {
			c.addError(i, "console", err)
		}
	}
	c.labels(i, s)
}

// maxText bounds ids, places and label values: a board's record has to stay
// small, see the journal.
const maxText = 128

func (c *checker) labels(i int, s Spec) {
	for _, key := range slices.Sorted(maps.Keys(s.Labels)) { // the first one is reported, and must stay the first
		if err := CheckLabel(key, s.Labels[key]); err != nil {
			c.addError(i, "labels", err)
		}
	}
}

// CheckLabel says what is wrong with a label's name or value, and what to do instead.
func CheckLabel(key, value string) *strictyaml.RemedyError {
	if CheckName(key) != nil {
		return &strictyaml.RemedyError{What: fmt.Sprintf("%q cannot be the name of a label", key), Remedy: "use letters, digits, dots, dashes and underscores"}
	}
	if len(value) > maxText || hasControl(value) || strings.Contains(value, ",") {
		return &strictyaml.RemedyError{What: fmt.Sprintf("%q cannot be the value of label %s", value, key),
			Remedy: fmt.Sprintf("use printable text without commas of at most %d bytes", maxText)}
	}
	return nil
}

func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// called names a board in a message, also one that has no name.
func called(s Spec) string {
	switch {
	case s.Name != "":
		return "board " + s.Name
	case s.MAC != "":
		return "the board with MAC " + s.MAC.String()
	}
	return "this board"
}

// duplicates reports whatever two boards share and may not. Each message names
// both boards and both lines.
func (c *checker) duplicates(specs []Spec) {
	type owner struct{ key, value string }
	first := make(map[owner]int, 5*len(specs))
	for i, s := range specs {
		for _, o := range []owner{
			{"name", strings.ToLower(s.Name)}, {"id", s.ID}, {"mac", string(s.MAC)},
			{"power", relayKey(s.Power)}, {"address", addressKey(s)},
		} {
			if o.value == "" {
				continue
			}
			if j, twice := first[o]; twice {
				c.twice(specs, j, i, o.key)
				continue
			}
			first[o] = i
		}
	}
}

var differ = map[string]string{
	"name": "names must differ, also beyond upper and lower case", "id": "ids must differ; the default is the name",
	"mac": "one of the two is a slip", "power": "one relay switches one board",
	"address": "addresses must differ, or be left out to be learned",
}

func (c *checker) twice(specs []Spec, first, second int, key string) {
	if key == "id" && specs[first].Name == specs[second].Name && specs[first].ID == specs[first].Name {
		return // the name says it already
	}
	line := c.doc.At("boards", strconv.Itoa(first), key).Line
	c.add(second, key, fmt.Sprintf("%s has the %s of %s on line %d", called(specs[second]), key, called(specs[first]), line), differ[key])
}

func addressKey(s Spec) string {
	if !s.Address.IsValid() {
		return ""
	}
	return s.Address.String()
}

// relay is the part of a power address that no two boards may share.
var relay = regexp.MustCompile(`^(.+?)(?::(\d+))?:bank(\d+):relay(\d+)$`)

// defaultRelayPort is the port of a relay board that names none.
const defaultRelayPort = "2101"

// relayKey gives power addresses of one relay the same key; "" for switches
// that may well serve several boards or that a person is (manual, exec:…).
func relayKey(power string) string {
	m := relay.FindStringSubmatch(strings.ToLower(power))
	if m == nil {
		return ""
	}
	port := m[2]
	if port == "" {
		port = defaultRelayPort
	}
	return m[1] + ":" + port + ":" + m[3] + ":" + m[4]
}
