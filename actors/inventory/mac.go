package inventory

import (
	"encoding/hex"
	"fmt"
	"strings"

	"mozpool/persistence/strictyaml"
)

// MAC is the hardware address of a board's network interface, in lower case
// with colons (52:54:00:01:00:01). The empty MAC is none.
type MAC string

// ParseMAC understands the usual notations: 52:54:00:01:00:01,
// 52-54-00-01-00-01, 5254.0001.0001 and 525400010001, in either case.
// Multicast addresses and that of all zeros belong to no board.
func ParseMAC(text string) (MAC, error) {
	bare, ok := bareMAC(strings.TrimSpace(text))
	raw, err := hex.DecodeString(bare)
	if !ok || err != nil || len(raw) != 6 {
		return "", &strictyaml.RemedyError{What: fmt.Sprintf("%q is no MAC address", text),
			Remedy: "write six pairs of hexadecimal digits: 52:54:00:01:00:01"}
	}
	if raw[0]&1 != 0 {
		return "", &strictyaml.RemedyError{What: fmt.Sprintf("%s is a multicast address, which no board has", text),
			Remedy: "copy the address from the board's label or from: mozpool board discovered"}
	}
	if bare == "000000000000" {
		return "", &strictyaml.RemedyError{What: "a MAC address of all zeros belongs to no board", Remedy: "write the board's own"}
	}
	pairs := make([]string, len(raw))
	for i, b := range raw {
		pairs[i] = hex.EncodeToString([]byte{b})
	}
	return MAC(strings.Join(pairs, ":")), nil
}

// bareMAC removes the separators of one notation, which must stand in the
// right places: a slip of the finger is not to become another address.
func bareMAC(s string) (string, bool) {
	s = strings.ToLower(s)
	switch len(s) {
	case 12:
		return s, true
	case 14:
		parts := strings.Split(s, ".")
		return strings.Join(parts, ""), len(parts) == 3 && len(parts[0]) == 4 && len(parts[1]) == 4
	case 17:
		parts := strings.Split(s, s[2:3])
		for _, p := range parts {
			if len(p) != 2 {
				return "", false
			}
		}
		return strings.Join(parts, ""), len(parts) == 6 && (s[2] == ':' || s[2] == '-')
	}
	return "", false
}

// Dashed is the form in which PXELINUX and U-Boot ask for it:
// 52-54-00-01-00-01.
func (m MAC) Dashed() string { return strings.ReplaceAll(string(m), ":", "-") }

// String gives the MAC in lower case with colons.
func (m MAC) String() string { return string(m) }

// UnmarshalText reads any notation of ParseMAC; empty text means none.
func (m *MAC) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*m = ""
		return nil
	}
	parsed, err := ParseMAC(string(text))
	if err != nil {
		return err
	}
	*m = parsed
	return nil
}
