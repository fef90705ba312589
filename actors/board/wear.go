package board

import (
	"fmt"
	"strconv"
	"strings"
)

// Wear is what a card, and the kernel that wrote to it, say of its wear. Life and PreEOL are the words of JESD84-B50,
// which cards of the eMMC kind give; 0: not known.
type Wear struct {
	Life   uint8 `json:"life,omitempty"`    // of the two areas the worse: 1 up to 10 % used … 10 up to 100 %, 11 beyond
	PreEOL uint8 `json:"pre_eol,omitempty"` // 1 normal, 2 80 % of the reserved blocks used, 3 urgent
	Errors int   `json:"errors,omitempty"`  // of input and output that the kernel counted in this boot
}

// ParseWear reads LIFE_A:LIFE_B:PRE_EOL:ERRORS, numbers as C writes them, each of the first three perhaps empty.
func ParseWear(text string) (*Wear, error) {
	parts := strings.Split(text, ":")
	if len(parts) != 4 {
		return nil, fmt.Errorf("wear=%q is not LIFE_A:LIFE_B:PRE_EOL:ERRORS", text)
	}
	var n [4]uint64
	for i, p := range parts {
		if p == "" {
			continue
		}
		bits := 8
		if i == 3 {
			bits = 31
		}
		var err error
		if n[i], err = strconv.ParseUint(p, 0, bits); err != nil {
			return nil, fmt.Errorf("wear=%q: %q is no number of that kind", text, p)
		}
	}
	return &Wear{Life: uint8(max(n[0], n[1])), PreEOL: uint8(n[2]), Errors: int(n[3])}, nil
}

// Says is what is wrong with the card by its own words; empty: nothing.
func (w *Wear) Says() string {
	switch {
	case w == nil:
		return ""
	case w.PreEOL >= 2 && w.PreEOL <= 3:
		return "its card says that its reserved blocks are nearly used up"
	case w.Life == 11:
		return "its card says that its life is over"
	case w.Life == 10:
		return "its card says that 90 to 100 % of its life are used"
	case w.Errors > 0:
		return fmt.Sprintf("the kernel counted %d errors of its card while it was written last", w.Errors)
	}
	return ""
}
