package images

import (
	"fmt"
	"path"
	"strings"
)

// LackingError says that a file is not on this server yet, and may be on another (HTTP 503: ask again).
type LackingError struct {
	Image string // that needs it; empty: a running attempt
	Sums  []string
}

func (e *LackingError) Error() string {
	what := "a running attempt"
	if e.Image != "" {
		what = "image " + e.Image
	}
	return fmt.Sprintf("%s needs artifact %s, which is not on this server yet", what, strings.Join(e.Sums, ", "))
}

// lacking tells of an upload that is not here, and has it fetched, if others may have it; nil: f is none, or nobody has.
func (c *Catalogue) lacking(f File) error {
	folder, sum := path.Split(f.Path)
	if c.options.Lacking == nil || f.In != InStore || folder != UploadFolder+"/" {
		return nil
	}
	c.options.Lacking(sum)
	return &LackingError{Sums: []string{sum}}
}

// arriving tells of an image whose uploads alone keep it from being used here.
func (c *Catalogue) arriving(name string) error {
	for _, u := range c.unfit {
		if u.Name == name && c.options.Lacking != nil && len(u.Lacks) > 0 && len(u.Lacks) == len(u.Problems) {
			return &LackingError{Image: name, Sums: u.Lacks}
		}
	}
	return nil
}
