package images

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"mozpool/persistence/strictyaml"
)

// sector is the unit of partition tables on the disks that boards have.
const sector = 512

// Partition is an entry of an image's partition table, in bytes from the start
// of the unpacked image.
type Partition struct {
	Number int    `json:"number"` // as Linux counts: 5 and up are logical
	Start  int64  `json:"start"`
	Size   int64  `json:"size"`
	Type   string `json:"type"` // "0x0c" from an MBR, a GUID's first group from a GPT
}

// String gives one line for messages: p1 (4MiB-68MiB, type 0x0c).
func (p Partition) String() string {
	return fmt.Sprintf("p%d (%s-%s, type %s)", p.Number, strictyaml.Size(p.Start), strictyaml.Size(p.Start+p.Size), p.Type)
}

func describeTable(table []Partition) string {
	if len(table) == 0 {
		return "it has no partition table"
	}
	lines := make([]string, len(table))
	for i, p := range table {
		lines[i] = p.String()
	}
	return "its partitions are " + strings.Join(lines, ", ")
}

// The types of MBR entries that matter here.
const (
	typeProtective = 0xee // a GPT follows
	typeExtended   = 0x05
	typeExtendedLB = 0x0f
	typeExtendedLX = 0x85
)

// readTable reads the partition table of an unpacked image. An image without
// one (a bare file system, a boot sector) has no partitions, which is no error.
func readTable(image io.Reader) ([]Partition, error) {
	disk := &forward{r: image}
	mbr := make([]byte, sector)
	if err := disk.readAt(0, mbr); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, nil // smaller than a sector
		}
		return nil, err
	}
	if !plausibleMBR(mbr) {
		return nil, nil
	}
	var table []Partition
	var extended int64
	for i := range 4 {
		e := mbrEntryAt(mbr, i)
		switch {
		case e.kind == 0 || e.sectors == 0:
		case e.kind == typeProtective:
			return readGPT(disk)
		case e.extended():
			extended = e.first
		default:
			table = append(table, e.partition(i+1, 0))
		}
	}
	if extended == 0 {
		return table, nil
	}
	logical, err := readLogical(disk, extended)
	return append(table, logical...), err
}

// plausibleMBR tells a partition table from a file system's boot sector, which
// ends in the same signature: boot flags are 0x00 or 0x80 and nothing else.
func plausibleMBR(mbr []byte) bool {
	if mbr[510] != 0x55 || mbr[511] != 0xaa {
		return false
	}
	for i := range 4 {
		if flag := mbr[446+16*i]; flag != 0 && flag != 0x80 {
			return false
		}
	}
	return true
}

// mbrEntry is one of the four of a boot record, in sectors.
type mbrEntry struct {
	kind           byte
	first, sectors int64
}

func mbrEntryAt(record []byte, i int) mbrEntry {
	e := record[446+16*i:]
	return mbrEntry{e[4], int64(binary.LittleEndian.Uint32(e[8:])), int64(binary.LittleEndian.Uint32(e[12:]))}
}

func (e mbrEntry) extended() bool {
	return e.kind == typeExtended || e.kind == typeExtendedLB || e.kind == typeExtendedLX
}

func (e mbrEntry) partition(number int, base int64) Partition {
	return Partition{Number: number, Start: (base + e.first) * sector, Size: e.sectors * sector, Type: fmt.Sprintf("0x%02x", e.kind)}
}

// readLogical follows the chain of extended boot records. Each describes one
// logical partition relative to itself, and the next record relative to the
// extended partition.
func readLogical(disk *forward, extended int64) ([]Partition, error) {
	var out []Partition
	record := make([]byte, sector)
	for at := extended; len(out) < maxPart; {
		if err := disk.readAt(at*sector, record); err != nil {
			return nil, fmt.Errorf("read the extended partition's record at sector %d: %w", at, err)
		}
		if !plausibleMBR(record) {
			return nil, fmt.Errorf("no partition record at sector %d, where the chain of logical partitions leads", at)
		}
		if e := mbrEntryAt(record, 0); e.kind != 0 && e.sectors > 0 {
			out = append(out, e.partition(5+len(out), at))
		}
		next := mbrEntryAt(record, 1)
		if !next.extended() || next.sectors == 0 {
			return out, nil
		}
		at = extended + next.first
	}
	return out, nil
}

// forward reads a stream at rising offsets, since a packed image cannot seek.
type forward struct {
	r  io.Reader
	at int64
}

func (f *forward) readAt(off int64, p []byte) error {
	if off < f.at {
		return fmt.Errorf("the partition table leads back to byte %d", off)
	}
	if _, err := io.CopyN(io.Discard, f.r, off-f.at); err != nil {
		return err
	}
	n, err := io.ReadFull(f.r, p)
	f.at = off + int64(n)
	return err
}
