package systemtest

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Geometry of the disks made here: one FAT16 partition behind the first MiB.
const (
	sector       = 512
	firstSector  = 2048 // where the partition begins, as fdisk aligns it
	clusterBytes = 2048
	reserved     = 1   // sectors before the first FAT
	rootEntries  = 512 // 32 bytes each
)

// FATDisk makes a disk of size bytes (a multiple of 1 MiB, at least 10 MiB: a
// FAT16 has no fewer than 4085 clusters) with an MBR and one FAT16 partition
// that holds files with 8.3 names in its root. U-Boot's fatload and Linux's
// vfat read it.
func FATDisk(size int, files map[string][]byte) ([]byte, error) {
	if size < 10<<20 || size > 120<<20 || size%(1<<20) != 0 {
		return nil, fmt.Errorf("disk of %d bytes: must be 10 to 120 whole MiB", size)
	}
	disk := make([]byte, size)
	sectors := size/sector - firstSector
	writeMBR(disk, sectors)
	fs := newFAT(disk[firstSector*sector:], sectors)
	for i, name := range slices.Sorted(maps.Keys(files)) {
		if err := fs.add(i, name, files[name]); err != nil {
			return nil, err
		}
	}
	return disk, nil
}

// writeMBR writes a partition table with one partition of type 0x0e (FAT16, LBA).
func writeMBR(disk []byte, sectors int) {
	entry := disk[446:462]
	entry[0] = 0x80
	entry[4] = 0x0e
	binary.LittleEndian.PutUint32(entry[8:], firstSector)
	binary.LittleEndian.PutUint32(entry[12:], uint32(sectors))
	disk[510], disk[511] = 0x55, 0xaa
}

// fat is a FAT16 file system that only grows.
type fat struct {
	part    []byte
	perFAT  int // sectors of one FAT
	data    int // first byte of cluster 2
	next    int // next free cluster
	highest int // first cluster beyond the end
}

// newFAT writes the boot sector and the two empty FATs (Microsoft's "FAT: General
// Overview of On-Disk Format", 1.03).
func newFAT(part []byte, sectors int) *fat {
	clusters := sectors * sector / clusterBytes
	fs := &fat{part: part, perFAT: (clusters*2+4)/sector + 1, next: 2}
	fs.data = (reserved+2*fs.perFAT)*sector + rootEntries*32
	fs.highest = 2 + (len(part)-fs.data)/clusterBytes
	copy(part, "\xeb\x3c\x90MOZPOOL ")
	le := binary.LittleEndian
	le.PutUint16(part[11:], sector)
	part[13] = clusterBytes / sector
	le.PutUint16(part[14:], reserved)
	part[16] = 2
	le.PutUint16(part[17:], rootEntries)
	part[21] = 0xf8
	le.PutUint16(part[22:], uint16(fs.perFAT))
	le.PutUint16(part[24:], 63)
	le.PutUint16(part[26:], 255)
	le.PutUint32(part[28:], firstSector)
	le.PutUint32(part[32:], uint32(sectors))
	part[36], part[38] = 0x80, 0x29
	copy(part[43:], "MOZPOOL    FAT16   ")
	part[510], part[511] = 0x55, 0xaa
	fs.link(0, 0xfff8)
	fs.link(1, 0xffff)
	return fs
}

// link writes an entry of both FATs.
func (fs *fat) link(cluster int, value uint16) {
	for n := range 2 {
		at := (reserved+n*fs.perFAT)*sector + 2*cluster
		binary.LittleEndian.PutUint16(fs.part[at:], value)
	}
}

// add writes a file into the root's entry number i.
func (fs *fat) add(i int, name string, content []byte) error {
	base, ext, _ := strings.Cut(strings.ToUpper(name), ".")
	if base == "" || len(base) > 8 || len(ext) > 3 || i >= rootEntries {
		return fmt.Errorf("file %q: not a short name, or the root is full", name)
	}
	count := (len(content) + clusterBytes - 1) / clusterBytes
	if fs.next+count > fs.highest {
		return fmt.Errorf("file %q: %d bytes do not fit on the disk any more", name, len(content))
	}
	entry := fs.part[(reserved+2*fs.perFAT)*sector+32*i:][:32]
	copy(entry, fmt.Sprintf("%-8s%-3s", base, ext))
	entry[11] = 0x20
	if count > 0 {
		binary.LittleEndian.PutUint16(entry[26:], uint16(fs.next))
	}
	binary.LittleEndian.PutUint32(entry[28:], uint32(len(content)))
	copy(fs.part[fs.data+(fs.next-2)*clusterBytes:], content)
	for n := range count {
		next := uint16(fs.next + n + 1)
		if n == count-1 {
			next = 0xffff
		}
		fs.link(fs.next+n, next)
	}
	fs.next += count
	return nil
}
