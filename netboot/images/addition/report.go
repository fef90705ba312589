package addition

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"mozpool/netboot/images"
)

// Report tells a person what the file holds, what of it goes where, and why.
func (a *Addition) Report() string {
	var b strings.Builder
	packed := "not packed"
	if a.File.Compression != images.Plain {
		packed = "packed with " + string(a.File.Compression)
	}
	fmt.Fprintf(&b, "%s: %s, %s; unpacks to %s\nsha256 %s\n", a.File.Path, sizeOf(a.File.Size), packed, sizeOf(a.File.Unpacked.Size), a.File.SHA256)
	a.reportPartitions(&b)
	b.WriteByte('\n')
	switch to := a.Image.Artifacts[0].To; {
	case to == "disk":
		fmt.Fprintf(&b, "Nothing is kept on %s where it goes: the whole is written to %s.\n", a.Hardware.Name, a.Hardware.Disk)
		return b.String()
	case a.File.Archive:
		fmt.Fprintf(&b, "It is an archive, unpacked into %s.\n", to)
	case len(a.Reached) > 0:
		fmt.Fprintf(&b, "The whole of it would overwrite %s of %s, where the boot loader lives.\n", areaList(a.Reached), a.Hardware.Name)
	}
	fmt.Fprintf(&b, "The boards' own partition table stays; it has to have %s.\n", a.needs())
	return b.String()
}

func (a *Addition) reportPartitions(b *strings.Builder) {
	switch {
	case a.File.TableError != "":
		fmt.Fprintf(b, "\nIts partition table cannot be read: %s.\n", a.File.TableError)
		return
	case len(a.File.Partitions) == 0:
		return
	}
	b.WriteByte('\n')
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(w, "PARTITION\tFROM\tSIZE\tTYPE\tON %s\n", a.Hardware.Name) // into memory, which never fails
	for _, p := range a.File.Partitions {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", placeOf(p), sizeOf(p.Start), sizeOf(p.Size), p.Type, a.fate(p))
	}
	_ = w.Flush() // into memory, which never fails
}

// fate is what becomes of a partition.
func (a *Addition) fate(p images.Partition) string {
	text := "left out"
	if areas := a.Hardware.Overwrites(placeOf(p), p.Size); len(areas) > 0 {
		text = "left out: the card's own is kept"
	}
	for _, s := range a.Image.Artifacts {
		if s.To == "disk" {
			text = "written with the whole"
		} else if s.Part == p.Number {
			text = "written to " + s.To
		}
	}
	if p.Start+p.Size > a.File.Unpacked.Size {
		text += "; ends beyond the end of the image: is the file complete?"
	}
	return text
}

// needs says which partitions the cards must have.
func (a *Addition) needs() string {
	var all []string
	for _, s := range a.Image.Artifacts {
		size := a.File.Unpacked.Size
		if i := slices.IndexFunc(a.File.Partitions, func(p images.Partition) bool { return p.Number == s.Part }); i >= 0 {
			size = a.File.Partitions[i].Size
		}
		all = append(all, fmt.Sprintf("%s with %s at least", s.To, sizeOf(size)))
	}
	return strings.Join(all, ", ")
}

// sizeOf writes a size for people.
func sizeOf(n int64) string {
	for _, u := range []struct {
		name string
		size int64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if n >= u.size {
			return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(n)/float64(u.size)), ".0") + " " + u.name
		}
	}
	return fmt.Sprintf("%d bytes", n)
}

// Entry is the image as an item of the list images in images.yaml, from its dash to its last line break.
func (a *Addition) Entry() string {
	var b strings.Builder
	fmt.Fprintf(&b, "- name: %s\n  hardware: [%s]\n  install: %s\n  artifacts:\n", quote(a.Image.Name), quote(a.Image.Hardware[0]), a.Image.Install)
	for _, s := range a.Image.Artifacts {
		fmt.Fprintf(&b, "  - {name: %s, file: %s", quote(s.Name), quote(s.File))
		if s.Part > 0 {
			fmt.Fprintf(&b, ", part: %d", s.Part)
		}
		fmt.Fprintf(&b, ", to: %s, sha256: %s}\n", s.To, quote(s.SHA256))
	}
	fmt.Fprintf(&b, "  verify: {kind: %s", a.Image.Verify.Kind)
	if a.Image.Verify.For > 0 {
		fmt.Fprintf(&b, ", for: %s", a.Image.Verify.For)
	}
	b.WriteString("}\n")
	return b.String()
}

// plain are texts that YAML reads as texts; numbers and dates begin with a digit, and some words are no texts either.
var (
	plain = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9._/-]*$`)
	words = regexp.MustCompile(`(?i)^(true|false|null|yes|no|on|off|y|n|nan|inf)$`)
)

func quote(s string) string {
	if plain.MatchString(s) && !words.MatchString(s) {
		return s
	}
	return strings.ReplaceAll(strconv.Quote(s), `\x`, `\u00`)
}
