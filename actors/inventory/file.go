package inventory

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"

	"mozpool/persistence/strictyaml"
)

// ParsePower tells whether the text is a power address that a driver
// understands. It is asked for form only and must not reach out.
type ParsePower func(text string) error

// boardsFile is boards.yaml.
type boardsFile struct {
	Boards []boardEntry `yaml:"boards"`
}

// boardEntry is one board as it is written.
type boardEntry struct {
	Name     string            `yaml:"name"`
	ID       string            `yaml:"id"`
	MAC      MAC               `yaml:"mac"`
	Rack     string            `yaml:"rack"`
	Hardware string            `yaml:"hardware"`
	Power    string            `yaml:"power"`
	Address  addressText       `yaml:"address"`
	Place    string            `yaml:"place"`
	Console  string            `yaml:"console"`
	Labels   map[string]string `yaml:"labels"`
}

type addressText struct{ netip.Addr }

// UnmarshalText reads an IP address; empty text means none.
func (a *addressText) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	addr, err := netip.ParseAddr(string(text))
	if err != nil || addr.IsUnspecified() || addr.IsMulticast() {
		return &strictyaml.RemedyError{What: fmt.Sprintf("%q is no address of a board", text),
			Remedy: "write it as 10.91.0.101, or leave it out: it is learned from the board"}
	}
	a.Addr = addr.Unmap()
	return nil
}

// safeName is what a board may be called: names go into URLs, folders and host
// names, and are typed by people.
var safeName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$`)

// CheckName tells whether a board, a rack or a label may have this name:
// letters, digits, dots, dashes and underscores, beginning with a letter or
// digit, 63 at most.
func CheckName(name string) error {
	if safeName.MatchString(name) {
		return nil
	}
	return &strictyaml.RemedyError{What: fmt.Sprintf("%q cannot be a name", name),
		Remedy: "use letters, digits, dots, dashes and underscores, beginning with a letter or digit, at most 63"}
}

// LoadFile reads the boards of a file in the format of boards.yaml. The specs
// are in the order of the file, with the path as their Source. After problems
// none are returned: a bad file changes nothing. The error is that of reading
// the file; fs.ErrNotExist means that there are no boards yet.
func LoadFile(path string, power ParsePower) ([]Spec, strictyaml.Problems, error) {
	f, err := OpenFile(path, power)
	if err != nil {
		return nil, nil, err
	}
	specs, problems := f.Boards()
	return specs, problems, nil
}

// File is a list of boards as it was written, for those who check it against other files.
type File struct {
	Specs []Spec // as far as they could be read, also those with problems
	c     checker
}

// OpenFile is LoadFile for those who go on to check what they know of the boards.
func OpenFile(path string, power ParsePower) (*File, error) {
	var file boardsFile
	doc, problems, err := strictyaml.ReadFile(path, &file)
	if err != nil {
		return nil, fmt.Errorf("read boards: %w", err)
	}
	return check(path, doc, file, problems, power), nil
}

// Wrong adds a problem of a field of the board at an index of Specs, unless one of that field is known.
func (f *File) Wrong(board int, key, what, remedy string) { f.c.add(board, key, what, remedy) }

// Boards are the specs, none if there are problems, and those, in the order of the file.
func (f *File) Boards() ([]Spec, strictyaml.Problems) {
	f.c.problems.Sort()
	if len(f.c.problems) > 0 {
		return nil, f.c.problems
	}
	return f.Specs, nil
}

// Parse is LoadFile for data that came from elsewhere; source names it.
func Parse(source string, data []byte, power ParsePower) ([]Spec, strictyaml.Problems) {
	var file boardsFile
	doc, problems := strictyaml.Decode(source, data, &file)
	return check(source, doc, file, problems, power).Boards()
}

func check(source string, doc *strictyaml.Document, file boardsFile, problems strictyaml.Problems, power ParsePower) *File {
	c := checker{doc: doc, power: power, problems: problems, bad: make(map[string]bool)}
	for _, p := range problems {
		c.bad[p.Path] = true
	}
	specs := make([]Spec, len(file.Boards))
	for i, e := range file.Boards {
		specs[i] = e.spec(source)
		c.board(i, specs[i])
	}
	c.duplicates(specs)
	return &File{Specs: specs, c: c}
}

func (e boardEntry) spec(source string) Spec {
	s := Spec{ID: e.ID, Name: e.Name, MAC: e.MAC, Rack: e.Rack, Hardware: e.Hardware, Power: e.Power,
		Address: e.Address.Addr, Place: e.Place, Console: e.Console, Labels: e.Labels, Source: source}
	if s.ID == "" {
		s.ID = s.Name
	}
	return s
}

// checker gathers the problems of one list of boards.
type checker struct {
	doc      *strictyaml.Document
	power    ParsePower
	problems strictyaml.Problems
	bad      map[string]bool // paths that have a problem already
}

func (c *checker) add(board int, key, what, remedy string) {
	p := c.doc.Problem(what, remedy, "boards", strconv.Itoa(board), key)
	if !c.bad[p.Path] {
		c.bad[p.Path] = true
		c.problems.Add(p)
	}
}

func (c *checker) addError(board int, key string, err error) {
	c.add(board, key, err.Error(), "")
}
